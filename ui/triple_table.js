// Lists the triples of the evidence. Sees `element`, `props`, `watch`; every text is written with textContent.
const table = element.querySelector(".triple-table");
const body = table.querySelector("tbody");
const SELECT = "chat-with-graph:select";
const HOVER = "chat-with-graph:hover";

function cell(row, text, kind) {
  const td = row.insertCell();
  td.dir = "auto";
  td.textContent = text;
  if (kind) td.className = kind;
  return td;
}

function choose(id) {
  for (const row of body.rows) row.classList.toggle("chosen", row.dataset.id === id);
}

function draw() {
  const edges = (props.value && props.value.edges) || [];
  body.replaceChildren();
  for (const edge of edges) {
    const row = body.insertRow();
    row.dataset.id = edge.id;
    row.classList.toggle("used", edge.used);
    cell(row, edge.source_name);
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Show in the graph";
    button.textContent = edge.relation;
    cell(row, "").appendChild(button);
    cell(row, edge.target_name);
    cell(row, edge.role === "neighbour" ? "added" : edge.used ? "used" : "read", "part");
    cell(row, Number(edge.score).toFixed(2), "number");
  }
  const used = edges.filter((edge) => edge.used).length;
  const read = edges.filter((edge) => edge.role !== "neighbour").length;
  table.querySelector(".count").textContent = edges.length ? `${used || "none"} used of ${read} read` : "";
  table.hidden = edges.length === 0;
  table.dataset.triples = JSON.stringify(edges.map((edge) => [edge.source_name, edge.relation, edge.target_name]));
}

body.addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  if (!row) return;
  choose(row.dataset.id);
  document.dispatchEvent(new CustomEvent(SELECT, { detail: { id: row.dataset.id, from: "table" } }));
});

document.addEventListener(SELECT, (event) => {
  if (event.detail.from === "table") return;
  choose(event.detail.id);
  const row = body.querySelector("tr.chosen");
  if (row) row.scrollIntoView({ block: "nearest" });
});

document.addEventListener(HOVER, (event) => {
  for (const row of body.rows) row.classList.toggle("near", row.dataset.id === event.detail.id);
});

watch("value", draw);
draw();
