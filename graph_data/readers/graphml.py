"""GraphML, tolerant: mixed directions, nested graphs, undeclared keys, yEd labels, edges to nodes that are not
listed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import Records, build, key_of
from graph_data.readers.files import read_bytes
from graph_data.readers.options import LoadOptions
from graph_data.readers.xml_tree import parse, readable, text_of
from graph_data.textual_graph import TextualGraph

_YED = ("nodegraphics", "edgegraphics", "resources")


@dataclass
class _Keys:
    """What the <key> elements declare."""

    names: dict[str, str] = field(default_factory=dict)  # key id -> attribute name
    defaults: dict[str, dict[str, str]] = field(default_factory=dict)  # "node" or "edge" -> attribute name -> value


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a GraphML file, plain or gzip."""
    root = parse(path, readable(path, read_bytes(path)))
    if root.tag.lower() != "graphml":
        raise GraphReadError(path, f"the root element is <{root.tag}>, <graphml> was expected")
    records = Records(Findings(str(path), "GraphML"))
    keys = _keys(root)
    graphs = [child for child in root if child.tag == "graph"]
    if not graphs:
        raise GraphReadError(path, "there is no <graph> element in the <graphml>")
    if len(graphs) > 1:
        records.findings.note(f"{len(graphs)} graphs in one file were read as one")
    for graph in graphs:
        _directions(graph, records.findings)
        _graph(path, graph, keys, records)
    return build(records, options.name)


def _keys(root: ET.Element) -> _Keys:
    keys = _Keys(defaults={"node": {}, "edge": {}})
    for key in root.iter("key"):
        name = key.get("attr.name") or key.get("name") or key.get("yfiles.type") or key.get("id") or ""
        keys.names[key.get("id") or name] = name
        default = key.find("default")
        if default is not None and (value := text_of(default)):
            for kind in ("node", "edge"):
                if key.get("for", "all") in (kind, "all"):
                    keys.defaults[kind][name] = value
    return keys


def _graph(path: Path, graph: ET.Element, keys: _Keys, records: Records) -> None:
    for element in graph.iter():
        if element.tag == "node":
            if (node_id := element.get("id")) is None:
                raise GraphReadError(path, "a <node> has no id", mend="every node needs an id attribute")
            records.node(node_id, _data(element, "node", keys))
        elif element.tag == "edge":
            source, target = element.get("source"), element.get("target")
            if source is None or target is None:
                raise GraphReadError(path, f"edge {element.get('id', '')!r} lacks a source or a target")
            records.edge(source, target, _data(element, "edge", keys))
        elif element.tag == "hyperedge":
            records.findings.note("hyperedges are not edges between two nodes and were left out")


def _data(element: ET.Element, kind: str, keys: _Keys) -> dict[str, object]:
    attributes: dict[str, object] = dict(keys.defaults[kind])
    for data in element:
        if data.tag != "data":
            continue
        name = keys.names.get(data.get("key", ""), data.get("key", ""))
        if key_of(name) in _YED or len(data):
            labels = [text_of(label) for label in data.iter() if label.tag.endswith("Label")]
            if labels and labels[0]:
                attributes["label"] = labels[0]
        else:
            attributes[name] = data.text or ""
    return attributes


def _directions(graph: ET.Element, findings: Findings) -> None:
    default = graph.get("edgedefault", "directed")
    kinds = {
        {"true": "directed", "false": "undirected"}.get(e.get("directed", ""), default) for e in graph.iter("edge")
    }
    if "undirected" in kinds:
        which = "directed and undirected edges mixed" if len(kinds) > 1 else "undirected edges"
        findings.note(f"{which}: each is kept once, as written")
