"""The graph pane: the evidence as a graph. Its value is `ui.evidence.payload(...)`, or None before a question.

Roles differ by colour, shape and border; what the answer rests on is solid, the rest pale. The pane's element carries
`data-nodes` and `data-used`, JSON lists of the names drawn and of those used. Pointing at a node or an edge says in
short what it is; a click opens its details, and tells the page by a `chat-with-graph:select` event on the document, as
the triple table and the citations do. The button for a node's neighbours triggers the event `expand` with the
node's `row`.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.pane import HERE, pane

CYTOSCAPE = HERE / "static" / "cytoscape" / "cytoscape.min.js"

_KEY = '<svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path class="{0}" d="{1}"/></svg>{2}'
_CORNERS = (
    '<svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">'
    '<path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4"/></svg>'
)
_LEGEND = "".join(
    f"<li>{_KEY.format(role, path, label)}</li>"
    for role, path, label in (
        ("answer", "M8 1l2 4.7 5 .4-3.8 3.3 1.2 5L8 11.7l-4.4 2.7 1.2-5L1 6.1l5-.4z", "answer"),
        ("terminal", "M8 2a6 6 0 1 0 .01 0z", "found by the question"),
        ("endpoint", "M8 1l7 7-7 7-7-7z", "end of a found relation"),
        ("bridge", "M3 3h10v10H3z", "connects"),
        ("neighbour", "M5 2h6l4 6-4 6H5L1 8z", "added by you"),
    )
)

TEMPLATE = f"""
<section class="graph-pane" aria-label="Evidence graph" data-nodes="[]" data-used="[]">
  <div class="canvas" role="img" aria-label="No evidence yet"></div>
  <p class="empty">The part of the graph behind an answer appears here.</p>
  <ul class="legend" hidden>{_LEGEND}<li><i class="line used"></i>used</li><li><i class="line"></i>only read</li></ul>
  <div class="tools" hidden>
    <button type="button" data-do="in" aria-label="Zoom in" title="Zoom in">+</button>
    <button type="button" data-do="out" aria-label="Zoom out" title="Zoom out">−</button>
    <button type="button" data-do="fit" aria-label="Show all" title="Show all">⤢</button>
    <button type="button" data-do="full" aria-label="Full screen" title="Full screen">{_CORNERS}</button>
    <button type="button" data-do="save" aria-label="Save" title="Save" aria-expanded="false">⤓</button>
    <div class="save" hidden>
      <button type="button" data-save="png">PNG</button><button type="button" data-save="svg">SVG</button>
      <button type="button" data-save="graphml">GraphML</button><button type="button" data-save="json">JSON</button>
    </div>
  </div>
  <input class="find" type="search" placeholder="Find a node" aria-label="Find a node of the evidence" hidden>
  <p class="note" hidden></p>
  <div class="details" role="status" hidden>
    <button type="button" class="close" aria-label="Close details">×</button>
    <strong dir="auto"></strong><p class="facts"></p><p class="text" dir="auto"></p>
    <div class="more">
      <button type="button" class="ask">Ask about this</button>
      <button type="button" class="expand">Show neighbours</button>
    </div>
  </div>
</section>
"""


def graph_pane(**options: Any) -> Any:
    """The evidence as a graph. Options as `gr.HTML` takes them."""
    gr.set_static_paths([CYTOSCAPE])
    return pane(
        TEMPLATE,
        "graph_export.js",
        "graph_pane.js",
        head=f'<script src="gradio_api/file={CYTOSCAPE}"></script>',
        **options,
    )
