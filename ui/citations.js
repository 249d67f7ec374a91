// Lists the triples that an answer follows from. Sees `element`, `props`, `watch`; texts are written with textContent.
const bar = element.querySelector(".citations");
const list = bar.querySelector("ol");
const HOVER = "chat-with-graph:hover";
const SELECT = "chat-with-graph:select";
const tell = (name, id) => document.dispatchEvent(new CustomEvent(name, { detail: { id, from: "citation" } }));

function item(citation) {
  const button = document.createElement("button");
  button.type = "button";
  button.dir = "auto";
  button.title = citation.text;
  button.textContent = citation.text;
  button.disabled = citation.id === null; // of a part that is not drawn
  for (const [event, id] of [["mouseenter", citation.id], ["focus", citation.id], ["mouseleave", null], ["blur", null]])
    button.addEventListener(event, () => tell(HOVER, id));
  button.addEventListener("click", () => tell(SELECT, citation.id));
  const row = document.createElement("li");
  row.appendChild(button);
  return row;
}

function draw() {
  const cited = (props.value && props.value.citations) || [];
  list.replaceChildren(...cited.map(item));
  bar.hidden = cited.length === 0;
}

watch("value", draw);
draw();
