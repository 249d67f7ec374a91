"""The header: which graph the page talks to. Value: {name, nodes, edges} or None while none is open."""

from __future__ import annotations

from typing import Any

from ui.pane import pane

TEMPLATE = """
<header class="graph-header">
  <h1>Chat with a graph</h1>
  <p><strong class="name" dir="auto"></strong> <span class="size"></span></p>
</header>
"""


def graph_header(**options: Any) -> Any:
    """Title, the graph's name, and how large it is. Options as `gr.HTML` takes them."""
    return pane(TEMPLATE, "graph_header.js", **options)
