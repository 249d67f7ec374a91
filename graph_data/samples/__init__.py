"""Graphs that ship with the project, each with questions and gold answers. A sample is a folder here:

graph.tsv (head, relation, tail; no header), or nodes.* and edges.*, or scene.json; and questions.jsonl
with `{"question": ..., "answers": [...]}` on every line.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph_data.errors import UnknownSampleError
from graph_data.textual_graph import TextualGraph

DEFAULT = "countries"
_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The samples' names, the default first."""
    found = sorted(child.name for child in _FOLDER.iterdir() if child.is_dir() and child.name[0] not in "._")
    return sorted(found, key=lambda name: name != DEFAULT)


def path(name: str) -> Path:
    """A sample's folder. Raises: UnknownSampleError."""
    if name not in names():
        raise UnknownSampleError(f"there is no sample {name!r}; samples are {', '.join(names())}.")
    return _FOLDER / name


def load(name: str = DEFAULT) -> TextualGraph:
    """A sample's graph."""
    from graph_data.load import load as load_source

    graph = load_source(path(name))
    return replace(graph, report=replace(graph.report, source=name))


def questions(name: str = DEFAULT) -> list[dict[str, Any]]:
    """A sample's questions, each with "question" and "answers" (empty: the graph does not say)."""
    lines = (path(name) / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]
