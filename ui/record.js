// Saves the conversation as a file that the browser makes. Sees `element`, `props`, `watch`.
const bar = element.querySelector(".record");
const KINDS = { markdown: ["text/markdown", "md"], json: ["application/json", "json"] };

function draw() {
  bar.hidden = !props.value;
}

bar.addEventListener("click", (event) => {
  const as = event.target.dataset.as;
  if (!as || !props.value) return;
  const [type, ending] = KINDS[as];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([props.value[as]], { type: `${type};charset=utf-8` }));
  link.download = `conversation.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

watch("value", draw);
draw();
