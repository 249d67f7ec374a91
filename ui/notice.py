"""A notice: one sentence to the user. Value: {text, kind: "done" | "busy" | "error"}, or None to show nothing."""

from __future__ import annotations

from typing import Any

from ui.pane import pane

TEMPLATE = '<p class="notice" role="status" dir="auto" hidden></p>'


def notice(**options: Any) -> Any:
    """A sentence, announced to screen readers. Options as `gr.HTML` takes them."""
    return pane(TEMPLATE, "notice.js", **options)
