"""The citations: the triples that an answer follows from, under the chat. Value: `ui.evidence.payload(...)`, or None.

Pointing at one, or reaching it by keyboard, lights its triple in the graph and the table, by a `chat-with-graph:hover`
event on the document; a click selects it, by a `chat-with-graph:select` event. Its script also names the parts of the
chat above it to screen readers.
"""

from __future__ import annotations

from typing import Any

from ui.pane import pane

TEMPLATE = """
<section class="citations" aria-label="What the answer follows from" hidden>
  <span aria-hidden="true">Follows from</span><ol></ol>
</section>
"""


def citations(**options: Any) -> Any:
    """The triples of the last answer, each a button. Options as `gr.HTML` takes them."""
    return pane(TEMPLATE, "citations.js", "chat_names.js", **options)
