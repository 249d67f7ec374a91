"""A pane: a component that shows graph text without ever reading it as HTML, Markdown or a template.

Gradio's HTML component executes `${...}` that arrives through `{{value}}` and renders `${value}` as raw HTML. So a
pane's template is a constant; its value is JSON that reaches the script as `props.value`, and the script writes it with
`textContent` or onto a canvas. Every part of the page that shows graph text is a pane, or the chat in plain text.
Panes are instances, not subclasses: Gradio writes a stub file beside each module that subclasses a component.
This module knows nothing of graphs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

HERE = Path(__file__).parent


def pane(template: str, *scripts: str, head: str = "", **options: Any) -> Any:
    """A component whose value, JSON or None, is drawn by a script of this package.

    Args:
        template: constant markup, without `${` and `{{`.
        scripts: names of the files beside this module that run, as one, once the pane is on the page. They see
            `element` and `props`, and redraw in `watch("value", ...)`.
        head: tags for the page's head, awaited before the script runs.
        options: as `gr.HTML` takes them, such as `elem_id`.

    Returns:
        A `gr.HTML`.
    """
    if "${" in template or "{{" in template:
        raise ValueError("a pane's template is constant: Gradio would execute placeholders in it")
    source = "\n".join((HERE / script).read_text(encoding="utf-8") for script in scripts)
    return gr.HTML(
        value=None, html_template=template, js_on_load=source, head=head or None, apply_default_css=False, **options
    )
