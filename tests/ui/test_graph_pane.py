"""The graph pane as shipped: vendored Cytoscape unchanged, constant templates, scripts that write text as text."""

from __future__ import annotations

import hashlib
import re

import gradio as gr
import pytest

from ui.graph_header import graph_header
from ui.graph_pane import CYTOSCAPE, graph_pane
from ui.notice import notice
from ui.pane import HERE, pane
from ui.triple_table import triple_table

PANES = [graph_pane, graph_header, triple_table, notice]


def test_cytoscape_is_the_file_that_version_names() -> None:
    version = (CYTOSCAPE.parent / "VERSION").read_text()
    assert version.startswith("cytoscape 3.34.4\n")
    assert f"sha256 cytoscape.min.js: {hashlib.sha256(CYTOSCAPE.read_bytes()).hexdigest()}" in version
    assert "The Cytoscape Consortium" in (CYTOSCAPE.parent / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("make", PANES)
def test_a_pane_has_nothing_that_gradio_would_execute(make: type) -> None:
    with gr.Blocks():
        made = make()
    assert "${" not in made.html_template
    assert "{{" not in made.html_template
    assert made.css_template == ""


def test_a_template_with_a_placeholder_is_refused() -> None:
    with pytest.raises(ValueError, match="constant"):
        pane("<p>${value}</p>", "notice.js")


@pytest.mark.parametrize("script", sorted(HERE.glob("*.js")), ids=lambda path: path.name)
def test_scripts_never_write_markup(script: object) -> None:
    source = script.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    source = re.sub(r'(?m)^const (SVG|GRAPHML) = "http://[\w./]+";$', "", source)  # names of formats, never fetched
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|https?://", source
    )


def test_the_page_style_fetches_nothing() -> None:
    assert not re.search(r"url\(|@import|https?://", (HERE / "style.css").read_text())


@pytest.mark.parametrize("role", ["answer", "terminal", "endpoint", "bridge"])
def test_every_role_has_a_legend_and_a_style(role: str) -> None:
    with gr.Blocks():
        made = graph_pane()
    assert f'class="{role}"' in made.html_template
    assert f"node[role='{role}']" in made.js_on_load
