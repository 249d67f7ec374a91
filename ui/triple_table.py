"""The triple table: the triples of the evidence as a real table, the keyboard's and screen reader's equal of the graph.

The value is `ui.evidence.payload(...)`, or None. Used triples come first. A row's button
selects the edge in the graph pane.
"""

from __future__ import annotations

from typing import Any

from ui.pane import pane

TEMPLATE = """
<section class="triple-table" aria-label="Triples" data-triples="[]">
  <h2>Triples <span class="count"></span></h2>
  <div class="scroll" tabindex="0" role="region" aria-label="All triples of the evidence">
    <table><thead><tr><th scope="col">From</th><th scope="col">Relation</th><th scope="col">To</th>
    <th scope="col">Part</th><th scope="col" class="number">Score</th></tr></thead><tbody></tbody></table>
  </div>
</section>
"""


def triple_table(**options: Any) -> Any:
    """The evidence as a table. Options as `gr.HTML` takes them."""
    return pane(TEMPLATE, "triple_table.js", **options)
