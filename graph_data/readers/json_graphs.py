"""JSON: node-link ("links" or "edges"), adjacency, graphology, Cytoscape, JSON Graph Format, GraphRAG's graph.json;
lists of triples or objects; JSON lines of these. JSON-LD, HexTuples and scene graphs are told apart in `sniff` and
have their own readers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graph_data.errors import EmptyGraphError, GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import Records, build, value_text
from graph_data.readers.edge_tables import EdgeColumns, edge_columns, read_edges
from graph_data.readers.entities import read_entities
from graph_data.readers.files import TextFile, read_text
from graph_data.readers.options import LoadOptions
from graph_data.readers.table import Table, from_records
from graph_data.textual_graph import TextualGraph

_ID_KEYS = ("id", "key", "name", "label", "title")
_SOURCE_KEYS = ("source", "from", "subject", "head", "start", "src", "source_id", "u")
_TARGET_KEYS = ("target", "to", "object", "tail", "end", "dst", "target_id", "v")
_EXPECTED = "expected nodes with links or edges, an adjacency, a list of triples, or a list of objects"

Json = dict[str, Any]


def parse(file: TextFile) -> Any:
    """The file as JSON. Raises: GraphReadError with the line."""
    try:
        return json.loads(file.text)
    except json.JSONDecodeError as error:
        raise GraphReadError(file.path, f"not JSON: {error.msg}, column {error.colno}", line=error.lineno) from error
    except RecursionError as error:
        raise GraphReadError(file.path, "not a graph: JSON nested thousands of levels deep") from error


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a JSON file, plain or gzip."""
    file = read_text(path, options.encoding)
    return from_json(parse(file), path, options, file.notes)


def read_lines(path: Path, options: LoadOptions) -> TextualGraph:
    """Read JSON lines: a triple `[head, relation, tail]` or an object a line. Lines that are not JSON are dropped."""
    file = read_text(path, options.encoding)
    findings = Findings(str(path), "JSON lines", notes=list(file.notes))
    items, lines = [], []
    for number, line in enumerate(file.text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            items.append(json.loads(line))
            lines.append(number)
        except (json.JSONDecodeError, RecursionError) as error:
            findings.drop(number, f"not JSON ({str(error).split(':')[0]})")
    if findings.dropped_total * 2 > findings.dropped_total + len(items):
        first_line, why = findings.dropped[0]
        raise GraphReadError(path, f"most lines are {why}", line=first_line, mend="one JSON value a line was expected")
    return _of_list(items, path, options, findings, lines)


def from_json(content: Any, path: Path, options: LoadOptions, notes: Iterable[str] = ()) -> TextualGraph:
    """The graph in a parsed JSON value."""
    findings = Findings(str(path), "JSON", notes=list(notes))
    if isinstance(content, list):
        return _of_list(content, path, options, findings, None)
    if not isinstance(content, dict):
        raise GraphReadError(path, f"the JSON is a single {type(content).__name__}; {_EXPECTED}")
    if not content:
        raise EmptyGraphError(f"{path}: the JSON object is empty; nothing to ask.")
    graph = _graph_inside(content)
    if "adjacency" in graph and "nodes" in graph:
        return build(_adjacency(graph, path, findings), options.name)
    if "nodes" in graph:
        return build(_node_link(graph, path, findings), options.name)
    edges = graph.get("edges", graph.get("links", graph.get("triples")))
    if isinstance(edges, list):
        return _of_list(edges, path, options, findings, None)
    return _of_mapping(graph, path, options, findings)


def _graph_inside(content: Json) -> Json:
    """The object that holds `nodes`: the file's own, or one below `graph`, `elements`, `data` or `graphs`."""
    if "nodes" in content and any(key in content for key in ("edges", "links", "adjacency", "relationships")):
        return content
    for key in ("graph", "elements", "data", "graphs", "network"):
        inner = content.get(key)
        inner = inner[0] if isinstance(inner, list) and len(inner) == 1 else inner
        if isinstance(inner, dict) and ("nodes" in inner or "graph" in inner):
            return _graph_inside(inner)
    return content


def _flat(item: Json) -> Json:
    """A node or edge with what `attributes`, `data`, `properties` or `metadata` hold beside the rest."""
    flat: Json = {}
    for key, value in item.items():
        if key in ("attributes", "data", "properties", "metadata") and isinstance(value, dict):
            flat.update({k: v for k, v in value.items() if k not in item})
        else:
            flat[key] = value
    return flat


def _node_link(graph: Json, path: Path, findings: Findings) -> Records:
    findings.format = "JSON node-link"
    records = Records(findings)
    ids = _nodes(graph["nodes"], path, records)
    edges = graph.get("edges", graph.get("links", graph.get("relationships", [])))
    if not isinstance(edges, list):
        raise GraphReadError(path, "the edges are not a list; a list of objects with source and target was expected")
    for number, item in enumerate(edges, 1):
        edge = _edge(item)
        if edge is None:
            findings.drop(number, "edge without source and target (counted in the list of edges)")
            continue
        source, target, attributes = edge
        # d3 writes positions in the list of nodes where nodes have no ids of their own
        positions = [_is_position(end, ids) and str(end) not in records.nodes for end in (source, target)]
        ends = [ids[end] if is_at else str(end) for end, is_at in zip((source, target), positions, strict=True)]
        records.edge(ends[0], ends[1], attributes)
    if graph.get("directed") is False:
        findings.note("undirected edges: each is kept once, as written")
    return records


def _is_position(end: object, ids: list[str]) -> bool:
    return isinstance(end, int) and not isinstance(end, bool) and 0 <= end < len(ids)


def _nodes(nodes: Any, path: Path, records: Records) -> list[str]:
    """Add the nodes; returns their ids in order."""
    if isinstance(nodes, dict):
        nodes = [
            {"id": key, **(value if isinstance(value, dict) else {"label": value})} for key, value in nodes.items()
        ]
    if not isinstance(nodes, list):
        raise GraphReadError(path, "the nodes are not a list")
    ids = []
    for number, item in enumerate(nodes):
        node = _flat(item) if isinstance(item, dict) else {"id": item}
        key = next((key for key in _ID_KEYS if isinstance(node.get(key), str | int | float)), None)
        node_id = value_text(node[key]) if key else str(number)
        ids.append(node_id)
        records.node(node_id, {k: v for k, v in node.items() if k != key or key not in ("id", "key")})
    return ids


def _edge(item: Any) -> tuple[Any, Any, Json] | None:
    if isinstance(item, list | tuple) and len(item) in (2, 3):
        label = {"relation": item[1]} if len(item) == 3 else {}
        return _end(item[0]), _end(item[-1]), label
    if not isinstance(item, dict):
        return None
    edge = _flat(item)
    source = next((key for key in _SOURCE_KEYS if edge.get(key) is not None), None)
    target = next((key for key in _TARGET_KEYS if edge.get(key) is not None), None)
    if source is None or target is None:
        return None
    rest = {k: v for k, v in edge.items() if k not in (source, target, "undirected", "directed", "id")}
    if rest.get("key") is not None and (isinstance(rest["key"], int) or ">" in str(rest["key"])):
        del rest["key"]
    return _end(edge[source]), _end(edge[target]), rest


def _end(end: Any) -> Any:
    """An end as an id: an object stands for its id; a whole float for its number."""
    if isinstance(end, dict):
        return next((end[key] for key in _ID_KEYS if key in end), str(end))
    return end if isinstance(end, int) and not isinstance(end, bool) else value_text(end)


def _adjacency(graph: Json, path: Path, findings: Findings) -> Records:
    findings.format = "JSON adjacency"
    records = Records(findings)
    ids, adjacency = _nodes(graph["nodes"], path, records), graph["adjacency"]
    if not isinstance(adjacency, list) or len(adjacency) != len(ids):
        raise GraphReadError(path, f"the adjacency has not one list for each of the {len(ids)} nodes")
    undirected = graph.get("directed") is False
    seen: set[tuple[str, str, str]] = set()
    for source, neighbours in zip(ids, adjacency, strict=True):
        for item in neighbours if isinstance(neighbours, list) else ():
            neighbour = dict(item) if isinstance(item, dict) else {"id": item}
            target, key = value_text(neighbour.pop("id", None)), value_text(neighbour.pop("key", None))
            if undirected and (target, source, key) in seen:  # every undirected edge is listed at both its ends
                continue
            seen.add((source, target, key))
            records.edge(source, target, neighbour)
    if undirected:
        findings.note("undirected edges: each is kept once, as written")
    return records


def _of_list(
    items: list[Any], path: Path, options: LoadOptions, findings: Findings, lines: list[int] | None
) -> TextualGraph:
    """A list of triples or of objects."""
    if not items:
        raise EmptyGraphError(f"{path}: the {findings.format} list is empty; nothing to ask.")
    numbers = lines or list(range(1, len(items) + 1))
    if isinstance(items[0], list):
        return _triples(items, path, findings, numbers)
    if isinstance(items[0], dict):
        if "nodes" in items[0] and len(items) == 1:
            return from_json(items[0], path, options)
        if all(isinstance(item, dict) and isinstance(item.get("triples"), list) for item in items):
            triples = [triple[:3] for item in items for triple in item["triples"] if isinstance(triple, list)]
            findings.note(f"the triples of {len(items):,} objects were read as one graph")
            return _triples(triples, path, findings, list(range(1, len(triples) + 1)))
        _refuse_other_lists(items[0], path)
    kept = [(_flat(item), number) for item, number in zip(items, numbers, strict=True) if isinstance(item, dict)]
    for item, number in zip(items, numbers, strict=True):
        if not isinstance(item, dict):
            findings.drop(number, f"{type(item).__name__} where an object was expected")
    if not kept:
        raise GraphReadError(path, f"a list of {type(items[0]).__name__}; {_EXPECTED}")
    table = from_records(str(path), [record for record, _ in kept], [number for _, number in kept])
    columns = edge_columns(table, options)
    findings.format += " of triples" if columns else " of entities"
    if columns:
        return read_edges(table, columns, findings)
    return read_entities(table, options, findings)


def _refuse_other_lists(first: Json, path: Path) -> None:
    """Lists that hold something else than the things of one graph."""
    if "nodes" in first and ("edges" in first or "links" in first):
        raise GraphReadError(path, "a list of many graphs, not one", mend="save the one to read as a file of its own")
    if "question" in first and "answers" in first:
        raise GraphReadError(path, "a file of questions, not a graph", mend="give the graph that they are asked of")


def _triples(items: list[Any], path: Path, findings: Findings, numbers: list[int]) -> TextualGraph:
    records, lines = [], []
    for item, number in zip(items, numbers, strict=True):
        if isinstance(item, list) and len(item) in (2, 3) and not any(isinstance(part, list | dict) for part in item):
            records.append({"head": item[0], "relation": item[1] if len(item) == 3 else None, "tail": item[-1]})
            lines.append(number)
        else:
            findings.drop(number, "not a triple [head, relation, tail]")
    if findings.dropped_total > len(records):
        raise GraphReadError(path, "a list of lists that are not triples [head, relation, tail]", line=numbers[0])
    findings.format += " of triples"
    table: Table = from_records(str(path), records, lines)
    return read_edges(table, EdgeColumns(0, 2, 1), findings)


def _of_mapping(content: Mapping[str, Any], path: Path, options: LoadOptions, findings: Findings) -> TextualGraph:
    """`{"a": ["b", "c"]}` is an adjacency; `{"a": {...}}` entities by name."""
    if content and all(isinstance(value, list) for value in content.values()):
        names = {item for value in content.values() for item in value if isinstance(item, str | int)}
        if names & set(content) or all(isinstance(i, str | int) for value in content.values() for i in value):
            records = Records(findings)
            for source, targets in content.items():
                records.node(source, {})
                for target in targets:
                    records.edge(source, value_text(target), {})
            findings.format = "JSON adjacency"
            return build(records, options.name)
    if content and all(isinstance(value, dict) for value in content.values()):
        findings.format = "JSON entities"
        rows = [value if "name" in value else {"name": key, **value} for key, value in content.items()]
        return read_entities(from_records(str(path), rows), options, findings)
    raise GraphReadError(path, f"the JSON is no graph (keys {', '.join(map(str, list(content)[:6]))}); {_EXPECTED}")
