"""To and from networkx, PyTorch Geometric and pandas. Each library is imported only when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings, assemble, encode
from graph_data.readers.attributes import Records, build, value_text
from graph_data.readers.edge_tables import edge_columns, read_edges
from graph_data.readers.entities import read_entities
from graph_data.readers.options import DEFAULT_RELATION, LoadOptions
from graph_data.readers.table import from_records
from graph_data.text import fold, name_of
from graph_data.textual_graph import TextualGraph

if TYPE_CHECKING:
    import networkx
    import pandas

_NODE_TEXTS = ("node_text", "node_texts", "text", "texts", "raw_text", "raw_texts", "title", "node_name", "name")
_NODE_IDS = ("node_id", "node_ids", "ids")
_EDGE_TEXTS = ("edge_text", "edge_texts", "relation", "relations_text", "edge_label_text")


def to_networkx(graph: TextualGraph) -> networkx.MultiDiGraph[str]:
    """Nodes by id with `name` and `text`, edges with `relation`."""
    import networkx as nx

    result: networkx.MultiDiGraph[str] = nx.MultiDiGraph()
    ids, relations = graph.node_ids.to_pylist(), graph.relations.to_pylist()
    texts = graph.node_texts.to_pylist()
    result.add_nodes_from((i, {"name": name_of(text), "text": text}) for i, text in zip(ids, texts, strict=True))
    edges = zip(*graph.edge_index.tolist(), graph.edge_relation.tolist(), strict=True)
    result.add_edges_from((ids[s], ids[t], {"relation": relations[r]}) for s, t, r in edges)
    return result


def from_networkx(graph: networkx.Graph[Any]) -> TextualGraph:
    """Any networkx graph; attributes become text by the rules of `graph_data.readers.attributes`.

    Undirected edges are kept once. What `to_networkx` made comes back as it was.
    """
    import networkx as nx

    if not isinstance(graph, nx.Graph):
        raise GraphReadError("networkx", f"a networkx graph was expected, not {type(graph).__name__}")
    findings = Findings("networkx graph", type(graph).__name__)
    records = Records(findings)
    texts: dict[int, str] = {}
    for position, (node, attributes) in enumerate(graph.nodes(data=True)):
        text = attributes.get("text")
        if isinstance(text, str) and name_of(text) == attributes.get("name"):
            texts[position] = text
        records.node(str(node), attributes if position not in texts else {"name": attributes["name"]})
    for source, target, attributes in graph.edges(data=True):
        records.edge(str(source), str(target), dict(attributes))
    if not graph.is_directed() and records.edges:
        findings.note("undirected edges: each is kept once, as written")
    result = build(records)
    if not texts:
        return result
    written = [texts.get(i, text) for i, text in enumerate(result.node_texts.to_pylist())]
    return TextualGraph(
        result.node_ids,
        pa.array(written, pa.string()),
        result.edge_index,
        result.edge_relation,
        result.relations,
        result.report,
    )


def to_pyg(graph: TextualGraph) -> Any:
    """A `Data` with edge_index int64 [2, E], edge_type int64 [E] (position in `relations`), num_nodes, and the lists
    of strings node_id [N], node_text [N], edge_text [E], relations [R]."""
    import torch
    from torch_geometric.data import Data

    relations = graph.relations.to_pylist()
    return Data(
        edge_index=torch.from_numpy(np.ascontiguousarray(graph.edge_index)).clone(),
        edge_type=torch.from_numpy(graph.edge_relation.astype(np.int64)),
        num_nodes=graph.num_nodes,
        node_id=graph.node_ids.to_pylist(),
        node_text=graph.node_texts.to_pylist(),
        edge_text=[relations[r] for r in graph.edge_relation.tolist()],
        relations=relations,
    )


def from_pyg(data: Any) -> TextualGraph:
    """A `Data` with edge_index [2, E] and texts as lists: `node_text` [N] (or text, title, name), `edge_text` [E] (or
    relation).

    Without node texts the nodes are numbered; without edge texts edges read `connected to`.
    Raises: GraphReadError if there is no edge_index or a list has the wrong length.
    """
    edge_index = getattr(data, "edge_index", None)
    if edge_index is None:
        raise GraphReadError("PyG data", "there is no edge_index [2, E]")
    index = np.asarray(edge_index.cpu() if hasattr(edge_index, "cpu") else edge_index, dtype=np.int64)
    if index.ndim != 2 or index.shape[0] != 2:
        raise GraphReadError("PyG data", f"edge_index must be [2, E], not {list(index.shape)}")
    nodes = (
        int(data.num_nodes)
        if getattr(data, "num_nodes", None) is not None
        else (int(index.max()) + 1 if index.size else 0)
    )
    texts = _strings(data, _NODE_TEXTS, nodes, "nodes") or [str(i) for i in range(nodes)]
    ids = _strings(data, _NODE_IDS, nodes, "nodes") or [str(i) for i in range(nodes)]
    relations = _strings(data, _EDGE_TEXTS, index.shape[1], "edges") or [DEFAULT_RELATION] * index.shape[1]
    if len(set(ids)) < len(ids):
        raise GraphReadError("PyG data", "two nodes have the same id in node_id")
    if index.size and (index.min() < 0 or index.max() >= nodes):
        raise GraphReadError("PyG data", f"edge_index names node {int(index.max())}, but there are {nodes} nodes")
    codes, distinct = encode([fold(text) for text in relations])
    findings = Findings("PyG data", "torch_geometric Data")
    return assemble(
        pa.array(ids, pa.string()), pa.array(map(fold, texts), pa.string()), index, codes, distinct, findings
    )


def _strings(data: Any, names: tuple[str, ...], length: int, what: str) -> list[str] | None:
    for name in names:
        values = getattr(data, name, None)
        if isinstance(values, list | tuple | np.ndarray) and len(values) and isinstance(values[0], str):
            if len(values) != length:
                raise GraphReadError("PyG data", f"{name} has {len(values)} texts for {length} {what}")
            return [str(value) for value in values]
    return None


def to_pandas(graph: TextualGraph) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """Nodes (id, name, text) and edges (source, relation, target), ends as ids."""
    import pandas as pd

    ids, texts = graph.node_ids.to_pylist(), graph.node_texts.to_pylist()
    relations = graph.relations.to_pylist()
    nodes = pd.DataFrame({"id": ids, "name": [name_of(text) for text in texts], "text": texts}, dtype="object")
    sources, targets = ([ids[i] for i in row] for row in graph.edge_index.tolist())
    labels = [relations[r] for r in graph.edge_relation.tolist()]
    return nodes, pd.DataFrame({"source": sources, "relation": labels, "target": targets}, dtype="object")


def from_pandas(edges: pandas.DataFrame, nodes: pandas.DataFrame | None = None, **options: Any) -> TextualGraph:
    """A data frame of edges (columns guessed or named: head, relation, tail), with one of nodes (id, name); or a
    frame of entities, one a row, if no two columns are the ends of an edge. The rules are those of tables in files.
    """
    checked = LoadOptions.of("data frame", options)
    table = _table(edges, "data frame")
    columns = edge_columns(table, checked)
    findings = Findings("data frame", "pandas")
    if columns is not None:
        graph = read_edges(table, columns, findings, None if nodes is None else _table(nodes, "nodes frame"), checked)
        return _with_written_texts(graph, nodes)
    if nodes is not None:
        names = ", ".join(table.names)
        raise GraphReadError(
            "data frame", f"no columns for the ends of an edge among {names}", mend="pass head=... and tail=..."
        )
    return read_entities(table, checked, findings)


def _table(frame: pandas.DataFrame, where: str) -> Any:
    records = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    if not records:
        raise GraphReadError(where, "the data frame has no rows")
    return from_records(where, records)


def _with_written_texts(graph: TextualGraph, nodes: pandas.DataFrame | None) -> TextualGraph:
    """Frames that `to_pandas` made have whole node texts in a column `text`: they come back as they were."""
    if nodes is None or list(nodes.columns) != ["id", "name", "text"]:
        return graph
    written = {value_text(i): str(t) for i, n, t in nodes.itertuples(index=False) if name_of(str(t)) == n}
    texts = [written.get(i, t) for i, t in zip(graph.node_ids.to_pylist(), graph.node_texts.to_pylist(), strict=True)]
    return TextualGraph(
        graph.node_ids,
        pa.array(texts, pa.string()),
        graph.edge_index,
        graph.edge_relation,
        graph.relations,
        graph.report,
    )
