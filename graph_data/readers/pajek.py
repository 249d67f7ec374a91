"""Pajek .net files: *Vertices, *Arcs, *Edges, *Arcslist, *Edgeslist and *Matrix sections."""

from __future__ import annotations

import re
from pathlib import Path

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import Records, build, is_number
from graph_data.readers.files import read_text
from graph_data.readers.options import LoadOptions
from graph_data.textual_graph import TextualGraph

_WORD = re.compile(r'"([^"]*)"|(\S+)')
_SHAPES = {"ellipse", "box", "diamond", "triangle", "cross", "empty"}
_EDGE_DRAWING = {
    "w",
    "c",
    "p",
    "s",
    "a",
    "ap",
    "lp",
    "lr",
    "lphi",
    "lc",
    "la",
    "fos",
    "font",
    "h1",
    "h2",
    "a1",
    "a2",
    "k1",
    "k2",
}
_NODE_DRAWING = {
    "ic",
    "bc",
    "bw",
    "lc",
    "la",
    "lp",
    "lr",
    "lphi",
    "fos",
    "font",
    "phi",
    "r",
    "q",
    "s_size",
    "x_fact",
    "y_fact",
    "hks",
}
_SECTIONS = {"*vertices", "*arcs", "*edges", "*arcslist", "*edgeslist", "*matrix"}


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a Pajek file, plain or gzip."""
    file = read_text(path, options.encoding)
    records = Records(Findings(str(path), "Pajek", notes=list(file.notes)))
    section, relation, row = "", "", 0
    for number, line in enumerate(file.text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("%"):
            continue
        words = [quoted or word for quoted, word in _WORD.findall(line)]
        if line.startswith("*"):
            section, relation, row = words[0].lower(), _relation(words), 0
            if section not in _SECTIONS and section != "*network":
                records.findings.note(f"section {words[0]} left out")
            continue
        row += 1
        if section in _SECTIONS:
            _line(section, words, relation, row, number, records)
    if not records.nodes:
        raise GraphReadError(path, "no vertex was found; a *Vertices section was expected")
    if any(line.lower().startswith("*edges") for line in file.text.split("\n")):
        records.findings.note("undirected edges: each is kept once, as written")
    return build(records, options.name)


def _relation(words: list[str]) -> str:
    """`*Arcs :2 "is boss of"` names the relation of its section."""
    return words[2] if len(words) > 2 and words[1].startswith(":") else ""


def _line(section: str, words: list[str], relation: str, row: int, number: int, records: Records) -> None:
    named: dict[str, object] = {"relation": relation} if relation else {}
    if section == "*vertices":
        _vertex(words, records)
    elif len(words) < 2 and section != "*matrix":
        records.findings.drop(number, "an edge needs two vertices")
    elif section in ("*arcslist", "*edgeslist"):
        for target in words[1:]:
            records.edge(words[0], target, dict(named))
    elif section == "*matrix":
        for column, value in enumerate(words, 1):
            if value not in ("0", "0.0"):
                records.edge(str(row), str(column), {**named, "weight": value})
    else:
        weight = {"weight": words[2]} if len(words) > 2 and is_number(words[2]) else {}
        rest = _keyed(words[2 + len(weight) :], _EDGE_DRAWING)
        label = rest.pop("l", None)
        records.edge(words[0], words[1], {**({"relation": label} if label else named), **weight, **rest})


def _vertex(words: list[str], records: Records) -> None:
    """`1 "Mr. Hi" 0.1 0.2 0.5 ellipse club Officer`: number, label, place, shape, then keys and values."""
    rest = words[2:]
    while rest and (is_number(rest[0]) or rest[0].lower() in _SHAPES):
        rest = rest[1:]
    label = {"label": words[1]} if len(words) > 1 else {}
    records.node(words[0], {**label, **_keyed(rest, _NODE_DRAWING)})


def _keyed(words: list[str], drawing: set[str]) -> dict[str, object]:
    return {key: value for key, value in zip(words[::2], words[1::2], strict=False) if key.lower() not in drawing}
