// Draws the evidence with Cytoscape. Sees `element`, `props`, `watch`, `trigger`; graph text is only ever a canvas label or textContent.
const pane = element.querySelector(".graph-pane");
const part = (name) => pane.querySelector("." + name);
const canvas = part("canvas");
const details = part("details");
const SELECT = "chat-with-graph:select";
const HOVER = "chat-with-graph:hover";
const LABEL = 32; // characters of a label on the canvas; details show all
const FEW = 40; // nodes; so many have their names shown where none is used
const MANY = 25; // edges; past it an edge that is not used shows its label on hover only
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

const color = (name) => getComputedStyle(pane).getPropertyValue("--graph-" + name).trim();
const shorten = (text) => (text.length > LABEL ? text.slice(0, LABEL - 1) + "…" : text);

const styles = () => [
  { selector: "node", style: {
    label: "data(label)", color: color("text"), "font-size": 12, "font-family": "system-ui, sans-serif",
    "text-valign": "bottom", "text-margin-y": 4, "text-wrap": "wrap", "text-max-width": 120,
    "text-outline-color": color("back"), "text-outline-width": 2.5, "min-zoomed-font-size": 7.5,
    width: 20, height: 20, "border-width": 2, "border-color": color("line"), "background-color": color("back") } },
  { selector: "node[role='bridge']", style: {
    shape: "round-rectangle", width: 15, height: 15, "border-style": "dashed", "border-color": color("bridge") } },
  { selector: "node[role='neighbour']", style: {
    shape: "hexagon", width: 15, height: 15, "border-style": "dotted", "border-color": color("line") } },
  { selector: "node[role='endpoint']", style: { shape: "diamond", width: 23, height: 23, "border-color": color("endpoint") } },
  { selector: "node[role='terminal']", style: {
    shape: "ellipse", "background-color": color("terminal"), "border-style": "double", "border-width": 4,
    "border-color": color("terminal-rim"), width: "mapData(score, 0, 1, 14, 26)",
    height: "mapData(score, 0, 1, 14, 26)" } },
  { selector: "node[role='answer']", style: {
    shape: "star", width: 38, height: 38, "background-color": color("answer"), "border-color": color("answer-rim"),
    "font-weight": 700, "font-size": 14 } },
  { selector: "node[?used]", style: { "z-index": 5, "min-zoomed-font-size": 0 } },
  { selector: "node[!used]", style: { color: color("soft") } },
  { selector: "edge", style: {
    label: "data(label)", color: color("soft"), "font-size": 10, "font-family": "system-ui, sans-serif",
    "text-rotation": "autorotate", "text-outline-color": color("back"), "text-outline-width": 2.5,
    "min-zoomed-font-size": 7.5, "curve-style": "bezier", "target-arrow-shape": "triangle", "arrow-scale": 0.8,
    width: 1.2, "line-style": "dashed", "line-color": color("line"), "target-arrow-color": color("line") } },
  { selector: "edge[?used]", style: {
    width: 2.6, "line-style": "solid", "line-color": color("used"), "target-arrow-color": color("used"),
    color: color("text") } },
  { selector: "edge[role='neighbour']", style: { "line-style": "dotted" } },
  { selector: "edge.quiet", style: { label: "" } },
  { selector: "edge.near, edge.quiet:selected", style: { label: "data(label)", color: color("text"), "z-index": 8 } },
  { selector: ".near", style: {
    "overlay-color": color("used"), "overlay-opacity": 0.15, "overlay-padding": 5 } },
  { selector: ":selected", style: {
    "overlay-color": color("used"), "overlay-opacity": 0.22, "overlay-padding": 6, "z-index": 9 } },
];

const cy = cytoscape({ container: canvas, style: styles(), maxZoom: 3, minZoom: 0.1, boxSelectionEnabled: false });
pane.cytoscapeCore = cy; // for tests and for whoever debugs the page

// Places are -1..1; the drawing grows with the number of nodes and takes the shape of the pane.
function place(node, count) {
  const side = 50 + 45 * Math.sqrt(count) * (1 + count / 100);
  const shape = Math.min(2, Math.max(0.6, canvas.clientWidth / Math.max(1, canvas.clientHeight)));
  return { x: node.x * side * Math.sqrt(shape), y: (node.y * side) / Math.sqrt(shape) };
}

// Shows all, or the used part of a drawing too large to read as a whole.
function fit(all) {
  cy.resize();
  cy.fit(undefined, 44);
  const used = cy.elements("[?used]");
  if (!all && cy.zoom() < 0.6 && used.nonempty()) {
    const whole = cy.zoom();
    cy.fit(used, 48);
    if (cy.zoom() > 1.6 * whole) { cy.zoom(1.6 * whole); cy.center(used); } // with some of what is around it
  }
  if (cy.zoom() > 1.3) { cy.zoom(1.3); cy.center(all || used.empty() ? undefined : used); }
  const grow = Math.max(1, 0.85 / cy.zoom()); // what matters stays legible in a large drawing
  const plain = used.empty() && cy.nodes().length <= FEW; // nothing is used: all names are to be read
  cy.batch(() => cy.nodes().forEach((node) => {
    node.removeStyle();
    if (grow === 1 || !(plain || node.data("used"))) return;
    node.style({ "font-size": (plain ? 11 : 13) * grow, "min-zoomed-font-size": 0, "text-max-width": 140 * grow });
    const size = grow * (node.data("role") === "answer" ? 34 : 20);
    if (!plain) node.style({ width: size, height: size });
  }));
}

function draw() {
  const start = performance.now();
  cy.one("render", () => performance.measure("chat-with-graph:draw", { start }));
  const evidence = props.value;
  const nodes = (evidence && evidence.nodes) || [];
  const edges = (evidence && evidence.edges) || [];
  closeDetails();
  cy.batch(() => {
    cy.elements().remove();
    cy.add(nodes.map((node) => ({
      group: "nodes", data: { ...node, label: shorten(node.name) }, position: place(node, nodes.length) })));
    cy.add(edges.map((edge) => ({ 
      group: "edges", classes: edges.length > MANY && !edge.used ? "quiet" : "",
      data: { ...edge, label: shorten(edge.relation) } })));
  });
  fit();
  const names = (list) => JSON.stringify(list.map((node) => node.name));
  pane.dataset.nodes = names(nodes);
  pane.dataset.used = names(nodes.filter((node) => node.used));
  const empty = nodes.length === 0;
  part("empty").hidden = !empty;
  part("empty").textContent = evidence
    ? "Nothing in the graph fits the question." : "The part of the graph behind an answer appears here.";
  part("legend").hidden = part("tools").hidden = part("find").hidden = empty;
  part("find").value = "";
  canvas.setAttribute("aria-label", empty
    ? "No evidence yet" : `${nodes.length} nodes and ${edges.length} edges; the table below lists the same`);
  const left = evidence ? evidence.total_nodes - nodes.length : 0;
  const notes = [];
  if (evidence && evidence.abstained) notes.push("The graph does not say; this is the nearest it has");
  if (left > 0) notes.push(`${left} more nodes not drawn`);
  part("note").hidden = empty || notes.length === 0;
  part("note").textContent = notes.join(" · ");
}

const kinds = {
  answer: "answer", terminal: "found by the question", endpoint: "end of a found relation", bridge: "connects",
  neighbour: "a neighbour" };

function titleOf(data) {
  return data.source === undefined ? data.name : `${data.source_name} → ${data.relation} → ${data.target_name}`;
}

function factsOf(data) {
  if (data.role === "neighbour") return "added by you · not read for the answer";
  const kind = data.source !== undefined && data.role === "terminal" ? "found by the question" : kinds[data.role];
  return `${kind} · score ${Number(data.score).toFixed(2)} · ${data.used ? "used for the answer" : "read, not used"}`;
}

function showDetails(data) {
  const isNode = data.source === undefined;
  details.querySelector("strong").textContent = titleOf(data);
  details.querySelector(".facts").textContent = factsOf(data);
  const text = isNode ? (data.text === data.name ? "" : data.text) : (data.text === data.relation ? "" : data.text);
  details.querySelector(".text").textContent = text;
  details.querySelector(".more").hidden = !isNode;
  details.dataset.row = isNode ? data.row : "";
  details.hidden = false;
}

function closeDetails() {
  details.hidden = true;
  cy.elements().unselect();
}

function tell(id) {
  document.dispatchEvent(new CustomEvent(SELECT, { detail: { id, from: "graph" } }));
}

cy.on("tap", "node, edge", (event) => { showDetails(event.target.data()); tell(event.target.id()); });
cy.on("tap", (event) => { if (event.target === cy) { closeDetails(); tell(null); } });
cy.on("mouseover", "node, edge", (event) => {
  canvas.style.cursor = "pointer";
  canvas.title = `${titleOf(event.target.data())}\n${factsOf(event.target.data())}`;
  event.target.union(event.target.connectedEdges()).edges().addClass("near");
});
cy.on("mouseout", "node, edge", () => { canvas.style.cursor = canvas.title = ""; cy.edges().removeClass("near"); });
details.querySelector(".close").addEventListener("click", () => { closeDetails(); tell(null); });

part("tools").addEventListener("click", (event) => {
  const what = event.target.dataset.do;
  const middle = { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 };
  if (what === "fit") fit(true);
  if (what === "in") cy.zoom({ level: cy.zoom() * 1.3, renderedPosition: middle });
  if (what === "out") cy.zoom({ level: cy.zoom() / 1.3, renderedPosition: middle });
  if (what === "full") document.fullscreenElement ? document.exitFullscreen() : pane.requestFullscreen();
  if (what === "save") showSave(part("save").hidden);
  if (event.target.dataset.save) { save(event.target.dataset.save); showSave(false); }
});

function showSave(shown) {
  part("save").hidden = !shown;
  part("tools").querySelector("[data-do=save]").setAttribute("aria-expanded", String(shown));
}

function save(as) {
  const back = color("back");
  const made = {
    png: () => cy.png({ output: "blob", full: true, scale: 2, bg: back }),
    svg: () => new Blob([drawingAsSvg(cy, back)], { type: "image/svg+xml" }),
    graphml: () => new Blob([evidenceAsGraphml(props.value)], { type: "application/xml" }),
    json: () => new Blob([evidenceAsJson(props.value)], { type: "application/json" }),
  };
  saveAs(made[as](), `evidence.${as}`);
}

// Nodes whose name has what is typed stand out; Enter goes from one to the next.
let turn = 0;
const found = () => {
  const wanted = part("find").value.trim().toLocaleLowerCase();
  return wanted ? cy.nodes().filter((node) => node.data("name").toLocaleLowerCase().includes(wanted)) : cy.collection();
};
part("find").addEventListener("input", () => {
  turn = 0;
  cy.elements().unselect();
  found().select();
});
part("find").addEventListener("keydown", (event) => {
  const nodes = found();
  if (event.key !== "Enter" || nodes.empty()) return;
  const node = nodes[turn++ % nodes.length];
  cy.elements().unselect();
  node.select();
  showDetails(node.data());
  tell(node.id());
  cy.animate({ center: { eles: node } }, { duration: calm ? 0 : 200 });
});

// The question is only written; what to ask is for the visitor to say.
details.querySelector(".ask").addEventListener("click", () => {
  const box = document.querySelector("#question textarea");
  const name = details.querySelector("strong").textContent;
  if (!box) return;
  box.value = `What does the graph say about ${name}?`;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
});

// The server knows the graph; what it adds comes back as a new value.
details.querySelector(".expand").addEventListener("click", () => trigger("expand", { row: Number(details.dataset.row) }));

document.addEventListener(HOVER, (event) => {
  cy.elements().removeClass("near");
  if (!event.detail.id || !pane.isConnected) return;
  const chosen = cy.getElementById(event.detail.id);
  chosen.union(chosen.connectedNodes()).addClass("near");
});

document.addEventListener(SELECT, (event) => {
  if (event.detail.from === "graph" || !pane.isConnected) return;
  closeDetails();
  const chosen = event.detail.id ? cy.getElementById(event.detail.id) : cy.collection();
  if (chosen.empty()) return;
  chosen.select();
  showDetails(chosen.data());
  const box = chosen.renderedBoundingBox();
  const seen = box.x1 > 0 && box.y1 > 0 && box.x2 < canvas.clientWidth && box.y2 < canvas.clientHeight;
  if (!seen) cy.animate({ center: { eles: chosen } }, { duration: calm ? 0 : 200 });
});

new MutationObserver(() => cy.style(styles())).observe(document.body, { attributes: true, attributeFilter: ["class"] });
new ResizeObserver(() => fit()).observe(canvas);
watch("value", draw);
draw();
