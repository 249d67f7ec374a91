// Shows one sentence. Sees `element`, `props`, `watch`, `trigger`; it is written with textContent.
const notice = element.querySelector(".notice");
const cancel = notice.querySelector("button");

function draw() {
  const { text, kind } = props.value || { text: "", kind: "" };
  notice.querySelector("p").textContent = text;
  notice.dataset.kind = kind;
  notice.hidden = !props.value;
  cancel.hidden = kind !== "busy";
}

cancel.addEventListener("click", () => trigger("stop"));
watch("value", draw);
draw();
