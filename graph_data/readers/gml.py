"""GML, tolerant: labels that repeat or are missing, nested and repeated keys, edges to nodes that are not listed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import Records, build
from graph_data.readers.files import read_text
from graph_data.readers.options import LoadOptions
from graph_data.textual_graph import TextualGraph

_TOKEN = re.compile(r'"(?P<string>[^"]*)"|(?P<bracket>[\[\]])|(?P<comment>#[^\n]*)|(?P<word>[^\s\[\]"#]+)')
_MAX_DEPTH = 50

Pairs = list[tuple[str, Any, int]]  # key, value (text or Pairs), line


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a GML file, plain or gzip."""
    file = read_text(path, options.encoding)
    top = _pairs(_tokens(path, file.text), path, 0)
    graphs = [value for key, value, _ in top if key.lower() == "graph" and isinstance(value, list)]
    if not graphs:
        raise GraphReadError(path, "no `graph [ ... ]` was found in the GML")
    records = Records(Findings(str(path), "GML", notes=list(file.notes)))
    for graph in graphs:
        for key, value, line in graph:
            if key.lower() == "node" and isinstance(value, list):
                _node(path, value, line, records)
            elif key.lower() == "edge" and isinstance(value, list):
                _edge(path, value, line, records)
        if ("directed", "1") not in {(key.lower(), value) for key, value, _ in graph if isinstance(value, str)}:
            records.findings.note("undirected edges: each is kept once, as written")
    return build(records, options.name)


def _node(path: Path, pairs: Pairs, line: int, records: Records) -> None:
    attributes = _attributes(pairs)
    node_id = attributes.pop("id", None) or attributes.get("label")
    if not isinstance(node_id, str):
        raise GraphReadError(path, "a node has no id", line=line)
    attributes.pop("graphics", None)
    records.node(node_id, attributes)


def _edge(path: Path, pairs: Pairs, line: int, records: Records) -> None:
    attributes = _attributes(pairs)
    source, target = attributes.pop("source", None), attributes.pop("target", None)
    if not isinstance(source, str) or not isinstance(target, str):
        raise GraphReadError(path, "an edge lacks a source or a target", line=line)
    attributes.pop("graphics", None)
    records.edge(source, target, {key: value for key, value in attributes.items() if key not in ("id", "key")})


def _attributes(pairs: Pairs) -> dict[str, object]:
    """Pairs as attributes; a key that repeats is a list."""
    attributes: dict[str, object] = {}
    for key, value, _ in pairs:
        value = _attributes(value) if isinstance(value, list) else value
        if key in attributes:
            known = attributes[key]
            attributes[key] = [*known, value] if isinstance(known, list) else [known, value]
        else:
            attributes[key] = value
    return attributes


def _tokens(path: Path, text: str) -> Iterator[tuple[str, str, int]]:
    """(kind, text, line) of every token."""
    line, position, end = 1, 0, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        if text[end : match.start()].strip():
            raise GraphReadError(path, 'a " is opened and never closed', line=line)
        position, end = match.start(), match.end()
        kind = str(match.lastgroup)
        if kind != "comment":
            yield kind, match[kind], line
    if text[end:].strip():
        raise GraphReadError(path, 'a " is opened and never closed', line=line)


def _pairs(tokens: Iterator[tuple[str, str, int]], path: Path, depth: int) -> Pairs:
    if depth > _MAX_DEPTH:
        raise GraphReadError(path, f"brackets more than {_MAX_DEPTH} deep")
    pairs: Pairs = []
    for kind, key, line in tokens:
        if kind == "bracket" and key == "]" and depth:
            return pairs
        if kind != "word":
            raise GraphReadError(path, f"a key was expected, not {key[:40]!r}", line=line)
        kind, value, line = next(tokens, ("end", "", line))
        if kind == "end" or (value == "]" and kind == "bracket"):
            raise GraphReadError(path, f"the key {key[:40]!r} has no value", line=line, mend="the file may be cut off")
        pairs.append((key, _pairs(tokens, path, depth + 1) if kind == "bracket" else html.unescape(value), line))
    if depth:
        raise GraphReadError(path, "a [ is never closed", mend="the file may be cut off")
    return pairs
