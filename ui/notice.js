// Shows one sentence. Sees `element`, `props`, `watch`; it is written with textContent.
function draw() {
  const notice = element.querySelector(".notice");
  notice.textContent = props.value ? props.value.text : "";
  notice.dataset.kind = props.value ? props.value.kind : "";
  notice.hidden = !props.value;
}
watch("value", draw);
draw();
