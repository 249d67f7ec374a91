"""A notice: one sentence to the user. Value: {text, kind: "done" | "busy" | "error"}, or None to show nothing.

While it is busy there is a button that triggers the event `stop`.
"""

from __future__ import annotations

from typing import Any

from ui.pane import pane

TEMPLATE = """
<div class="notice" hidden>
  <p role="status" dir="auto"></p><button type="button" hidden>Cancel</button>
</div>
"""


def notice(**options: Any) -> Any:
    """A sentence, announced to screen readers. Options as `gr.HTML` takes them."""
    return pane(TEMPLATE, "notice.js", **options)
