// Files of the evidence: picture or data, made in the browser. Text goes through the DOM, which escapes it.
const SVG = "http://www.w3.org/2000/svg";
const GRAPHML = "http://graphml.graphdrawing.org/xmlns";

// As data: what the pane was given, without places.
function evidenceAsJson(evidence) {
  const nodes = evidence.nodes.map(({ x, y, ...node }) => node);
  return JSON.stringify({ nodes, edges: evidence.edges }, null, 1);
}

function evidenceAsGraphml(evidence) {
  const file = document.implementation.createDocument(GRAPHML, "graphml");
  const make = (parent, name, attributes, text) => {
    const made = parent.appendChild(file.createElementNS(GRAPHML, name));
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = writable(text);
    return made;
  };
  const keys = { name: "string", text: "string", role: "string", score: "double", used: "boolean" };
  for (const [key, type] of Object.entries(keys))
    make(file.documentElement, "key", { id: key, for: "all", "attr.name": key, "attr.type": type });
  const graph = make(file.documentElement, "graph", { edgedefault: "directed" });
  const fill = (parent, data) => {
    for (const key of Object.keys(keys)) if (data[key] !== undefined) make(parent, "data", { key }, String(data[key]));
  };
  for (const node of evidence.nodes) fill(make(graph, "node", { id: node.id }), node);
  for (const { id, source, target, ...edge } of evidence.edges)
    fill(make(graph, "edge", { id, source, target }), { ...edge, name: edge.relation });
  return new XMLSerializer().serializeToString(file);
}

// Characters that XML has no place for are left out.
function writable(text) {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "");
}

// The drawing as it stands: lines, marks and labels at their places.
function drawingAsSvg(cy, back) {
  const box = cy.elements().boundingBox();
  const file = document.createElementNS(SVG, "svg");
  const make = (name, attributes, text) => {
    const made = file.appendChild(document.createElementNS(SVG, name));
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = writable(text);
  };
  const label = (at, text, style, size) => make("text", {
    x: at.x, y: at.y, "text-anchor": "middle", "font-family": "system-ui, sans-serif", "font-size": size,
    fill: style("color"), stroke: back, "stroke-width": 2.5, "paint-order": "stroke" }, text);
  file.setAttribute("viewBox", [box.x1 - 20, box.y1 - 20, box.w + 40, box.h + 40].join(" "));
  make("rect", { x: box.x1 - 20, y: box.y1 - 20, width: box.w + 40, height: box.h + 40, fill: back });
  cy.edges().forEach((edge) => {
    const [from, to] = [edge.sourceEndpoint(), edge.targetEndpoint()];
    make("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, stroke: edge.style("line-color"),
      "stroke-width": edge.data("used") ? 2.6 : 1.2, "stroke-dasharray": edge.data("used") ? "none" : "5 3" });
    if (edge.style("label")) label(edge.midpoint(), edge.data("label"), (name) => edge.style(name), 10);
  });
  const star = [...Array(10).keys()].map((i) => [i % 2 ? 0.42 : 1, (i * Math.PI) / 5 - Math.PI / 2]);
  cy.nodes().forEach((node) => {
    const { x, y } = node.position();
    const half = node.width() / 2;
    const look = { fill: node.style("background-color"), stroke: node.style("border-color"), "stroke-width": 2 };
    const corners = { answer: star.map(([r, a]) => [r * Math.cos(a), r * Math.sin(a)]),
      endpoint: [[0, -1], [1, 0], [0, 1], [-1, 0]], bridge: [[-1, -1], [1, -1], [1, 1], [-1, 1]] }[node.data("role")];
    if (corners) make("polygon", { points: corners.map(([a, b]) => `${x + half * a},${y + half * b}`).join(" "), ...look });
    else make("circle", { cx: x, cy: y, r: half, ...look });
    label({ x, y: y + half + 14 }, node.data("label"), (name) => node.style(name), 12);
  });
  return new XMLSerializer().serializeToString(file);
}

function saveAs(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
