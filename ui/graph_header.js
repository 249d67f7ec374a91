// Names the open graph. Sees `element`, `props`, `watch`; the name is written with textContent.
function draw() {
  const graph = props.value;
  const count = (n, what) => `${Number(n).toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
  element.querySelector(".name").textContent = graph ? graph.name : "";
  element.querySelector(".size").textContent = graph ? `${count(graph.nodes, "node")} · ${count(graph.edges, "edge")}` : "";
}
watch("value", draw);
draw();
