"""Changes: a textual graph with nodes and edges added, or without some. The graph given is left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graph_data.errors import GraphError
from graph_data.text import name_of
from graph_data.textual_graph import TextualGraph

IntArray = npt.NDArray[np.int64]
Keys = list[tuple[int, int, int]]


def with_added(graph: TextualGraph, more: TextualGraph) -> TextualGraph:
    """Both graphs in one: nodes of equal ids are one node, an edge that is there already is not added again.

    A node that both have takes the text that `more` gives it, unless that is but its name.
    """
    place = pc.index_in(more.node_ids, graph.node_ids).to_numpy(zero_copy_only=False)  # NaN: a new node
    fresh = np.flatnonzero(np.isnan(place)) if place.dtype.kind == "f" else np.zeros(0, np.int64)
    at = np.nan_to_num(place, nan=0).astype(np.int64)
    at[fresh] = graph.num_nodes + np.arange(len(fresh))
    texts = graph.node_texts
    known = np.flatnonzero(at < graph.num_nodes)
    told = {
        int(at[row]): text
        for row, text in zip(known.tolist(), more.node_texts.take(pa.array(known)).to_pylist(), strict=True)
    }
    changed = {node: text for node, text in told.items() if text not in (old := graph.node_text(node), name_of(old))}
    if changed:
        written = texts.to_pylist()
        for node, text in changed.items():
            written[node] = text
        texts = pa.array(written, pa.string())
    relations = pa.concat_arrays([graph.relations.cast(pa.string()), more.relations.cast(pa.string())])
    encoded = relations.dictionary_encode()
    renumbered = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)[len(graph.relations) :]
    ends, said = at[more.edge_index], renumbered[more.edge_relation]
    new = ~_among(ends, said, _keys(graph.edge_index, graph.edge_relation))
    rows = pa.array(fresh)
    return _tidy(
        graph,
        pa.concat_arrays([graph.node_ids.cast(pa.string()), more.node_ids.cast(pa.string()).take(rows)]),
        pa.concat_arrays([texts.cast(pa.string()), more.node_texts.cast(pa.string()).take(rows)]),
        np.concatenate([graph.edge_index, ends[:, new]], axis=1),
        np.concatenate([graph.edge_relation.astype(np.int64), said[new]]),
        encoded.dictionary,
    )


def without(graph: TextualGraph, ids: Sequence[str] = (), edges: TextualGraph | None = None) -> TextualGraph:
    """The graph without the nodes of these ids, with all their edges, and without the edges that `edges` has.

    Raises:
        GraphError: there is no such node, or no such edge.
    """
    gone = pc.index_in(pa.array(list(ids), pa.string()), graph.node_ids.cast(pa.string()))
    if gone.null_count:
        missing = [name for name, place in zip(ids, gone.to_pylist(), strict=True) if place is None]
        raise GraphError(f"the graph has no node {missing[0]!r} to remove; name the ids of its nodes.")
    kept = np.ones(graph.num_edges, bool)
    if edges is not None:
        kept &= ~_among(graph.edge_index, graph.edge_relation.astype(np.int64), _translated(graph, edges))
    stays = np.ones(graph.num_nodes, bool)
    stays[gone.to_numpy(zero_copy_only=False).astype(np.int64)] = False
    kept &= stays[graph.edge_index].all(0)
    renumbered = np.cumsum(stays) - 1
    rows = pa.array(np.flatnonzero(stays))
    return _tidy(
        graph,
        graph.node_ids.take(rows),
        graph.node_texts.take(rows),
        renumbered[graph.edge_index[:, kept]],
        graph.edge_relation[kept].astype(np.int64),
        graph.relations,
    )


def _translated(graph: TextualGraph, edges: TextualGraph) -> Keys:
    """The edges of another graph, as positions in this one."""
    nodes = pc.index_in(edges.node_ids.cast(pa.string()), graph.node_ids.cast(pa.string())).to_pylist()
    relations = pc.index_in(edges.relations.cast(pa.string()), graph.relations.cast(pa.string())).to_pylist()
    there = set(_keys(graph.edge_index, graph.edge_relation))
    found = []
    for source, target, relation in _keys(edges.edge_index, edges.edge_relation):
        key = nodes[source], nodes[target], relations[relation]
        if key not in there:
            said = (edges.node_id(source), edges.relations[relation].as_py(), edges.node_id(target))
            raise GraphError(f"the graph has no edge {' | '.join(said)} to remove; name edges that it has.")
        found.append(key)
    return found


def _keys(edge_index: IntArray, relation: npt.NDArray[np.integer]) -> Keys:
    return list(zip(*edge_index.tolist(), relation.tolist(), strict=True))


def _among(edge_index: IntArray, relation: npt.NDArray[np.integer], keys: Keys) -> npt.NDArray[np.bool_]:
    """Which of the edges are among the keys."""
    known = set(keys)
    return np.asarray([key in known for key in _keys(edge_index, relation)], bool)


def _tidy(
    graph: TextualGraph,
    ids: pa.StringArray,
    texts: pa.StringArray,
    edge_index: IntArray,
    relation: IntArray,
    relations: pa.StringArray,
) -> TextualGraph:
    """A graph without relations that no edge has, its report brought up to date."""
    used, relation = np.unique(relation, return_inverse=True)
    report = replace(
        graph.report,
        nodes=len(ids),
        edges=edge_index.shape[1],
        relations=len(used),
        isolated_nodes=len(ids) - len(np.unique(edge_index)),
    )
    return TextualGraph(
        ids, texts, edge_index.astype(np.int64), relation.astype(np.int32), relations.take(pa.array(used)), report
    )
