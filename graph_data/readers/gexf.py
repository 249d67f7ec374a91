"""GEXF 1.1 to 1.3, tolerant: mixed directions, undeclared and list-typed attributes, edges to nodes that are not
listed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import Records, build
from graph_data.readers.files import read_bytes
from graph_data.readers.options import LoadOptions
from graph_data.readers.xml_tree import parse, readable, text_of
from graph_data.textual_graph import TextualGraph

_LIST_ITEM = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^,]*)\s*(?:,|$)")
_EDGE_ATTRIBUTES = ("label", "kind", "weight")


class _Declared:
    """The <attributes> of one class: titles, types and defaults by id."""

    def __init__(self, graph: ET.Element, kind: str) -> None:
        self.titles: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.defaults: dict[str, object] = {}
        for group in graph.iter("attributes"):
            for attribute in group.iter("attribute") if group.get("class") == kind else ():
                key = attribute.get("id", "")
                self.titles[key] = attribute.get("title") or key
                self.types[key] = attribute.get("type", "string")
                default = attribute.find("default")
                if default is not None and (value := text_of(default)):
                    self.defaults[self.titles[key]] = self.value(key, value)

    def value(self, key: str, value: str) -> object:
        return _items(value) if self.types.get(key, "").startswith("list") else value


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a GEXF file, plain or gzip."""
    root = parse(path, readable(path, read_bytes(path)))
    graph = root.find("graph") if root.tag.lower() == "gexf" else None
    if graph is None:
        raise GraphReadError(path, f"the root element is <{root.tag}>; <gexf> with a <graph> in it was expected")
    records = Records(Findings(str(path), "GEXF"))
    of_nodes, of_edges = _Declared(graph, "node"), _Declared(graph, "edge")
    kinds = set()
    for element in graph.iter():
        if element.tag == "node":
            _node(path, element, of_nodes, records)
        elif element.tag == "edge":
            kinds.add(element.get("type") or graph.get("defaultedgetype") or "undirected")
            _edge(path, element, of_edges, records)
    if kinds - {"directed"}:
        mixed = "directed and undirected edges mixed" if len(kinds) > 1 else "undirected edges"
        records.findings.note(f"{mixed}: each is kept once, as written")
    if graph.get("mode") == "dynamic":
        records.findings.note("a dynamic graph: what was ever true is kept, times are left out")
    return build(records, options.name)


def _node(path: Path, element: ET.Element, declared: _Declared, records: Records) -> None:
    node_id = element.get("id") or element.get("label")
    if node_id is None:
        raise GraphReadError(path, "a <node> has neither id nor label")
    label = {"label": element.get("label")} if element.get("label") else {}
    records.node(node_id, {**label, **_attributes(element, declared)})
    if parent := element.get("pid"):
        records.edge(node_id, parent, {"relation": "part of"})


def _edge(path: Path, element: ET.Element, declared: _Declared, records: Records) -> None:
    source, target = element.get("source"), element.get("target")
    if source is None or target is None:
        raise GraphReadError(path, f"edge {element.get('id', '')!r} lacks a source or a target")
    own = {key: element.get(key) for key in _EDGE_ATTRIBUTES if element.get(key)}
    records.edge(source, target, {**own, **_attributes(element, declared)})


def _attributes(element: ET.Element, declared: _Declared) -> dict[str, object]:
    attributes = dict(declared.defaults)
    for group in element:
        for value in group if group.tag == "attvalues" else ():
            key = value.get("for") or value.get("id") or ""
            attributes[declared.titles.get(key, key)] = declared.value(key, value.get("value", ""))
    return attributes


def _items(value: str) -> list[str]:
    """`[yellow, "a, b"]` (1.3) or `yellow|red` (1.2) as items."""
    value = value.strip()
    if not (value.startswith("[") and value.endswith("]")):
        return [item for item in re.split(r"[|;]|,\s", value) if item]
    items = (match.group(1) for match in _LIST_ITEM.finditer(value[1:-1]))
    return [item.strip("'\"") for item in items if item]
