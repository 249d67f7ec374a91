"""Reference mode: G-Retriever's published retrieval (He et al., NeurIPS 2024), node for node and edge for edge.

Float details are part of the method: cosines and prizes are float32, ties are exact equality of similarities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphrag.retrieval.search import NodeSearch
from graphrag.retrieval.steiner import Certificate, IntArray, Sparse, SteinerTree, Topology, prized_tree

APART = 1e-6  # cosines that differ by less may be equal, but for rounding
STEP_DOWN = 0.01  # each further distinct similarity gets at most 99 % of the prize before


def reference_subgraph(
    edge_index: npt.ArrayLike,
    node_vectors: npt.ArrayLike,
    edge_vectors: npt.ArrayLike,
    question_vector: npt.ArrayLike,
    top_k_nodes: int = 3,
    top_k_edges: int = 3,
    edge_cost: float = 0.5,
) -> tuple[IntArray, IntArray]:
    """Cut out the subgraph that the published method selects.

    Args:
        edge_index: [2, E]. node_vectors: [N, D]. edge_vectors: [E, D]. question_vector: [D].
        top_k_nodes: the nodes nearest to the question get prizes k..1.
        top_k_edges: the edges of the k largest distinct similarities share prizes k..1.
        edge_cost: cost of an edge, lowered to 99.5 % of the largest edge prize.

    Returns:
        (nodes, edges): ids, ascending; the whole graph if it has no node or no edge.
    """
    import torch

    def as_tensor(values: npt.ArrayLike) -> Any:
        return torch.as_tensor(np.asarray(values, dtype=np.float32))

    cosine = torch.nn.CosineSimilarity(dim=-1)
    question, nodes, edges = (as_tensor(v) for v in (question_vector, node_vectors, edge_vectors))
    ends = np.asarray(edge_index, dtype=np.int64).reshape(2, -1)
    each = np.arange(len(edges) + 1, dtype=np.int64)
    found = reference_tree(
        Topology.of(ends, len(nodes)),
        cosine(question, nodes).numpy() if len(nodes) else np.zeros(0, np.float32),
        cosine(question, edges).numpy() if len(edges) else np.zeros(0, np.float32),
        EdgeKinds(each, each[:-1]),
        top_k_nodes,
        top_k_edges,
        edge_cost,
    )
    return found.nodes, found.edges


@dataclass(frozen=True)
class EdgeKinds:
    """The edges of each kind, such as a relation: `edges[indptr[i]:indptr[i + 1]]`, ascending, are those of kind i."""

    indptr: IntArray
    edges: IntArray

    @staticmethod
    def of(kind: npt.NDArray[np.integer], count: int) -> EdgeKinds:
        indptr = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(kind, minlength=count), out=indptr[1:])
        return EdgeKinds(indptr, np.argsort(kind, kind="stable"))

    @property
    def sizes(self) -> IntArray:
        sizes: IntArray = np.diff(self.indptr)
        return sizes

    def spread(self, values: npt.NDArray[np.float32]) -> Sparse:
        """What each edge has of its kind's value, of the kinds whose value is above 0."""
        some = np.flatnonzero((values > 0) & (self.sizes > 0))
        parts = [self.edges[self.indptr[i] : self.indptr[i + 1]] for i in some.tolist()]
        ids = np.concatenate([*parts, np.zeros(0, np.int64)])
        order = np.argsort(ids, kind="stable")  # quick, for each part is ascending
        return Sparse(ids[order], np.repeat(values[some], self.sizes[some])[order])


def reference_tree(
    topology: Topology,
    node_similarities: npt.NDArray[np.float32],
    kind_similarities: npt.NDArray[np.float32],
    kinds: EdgeKinds,
    top_k_nodes: int,
    top_k_edges: int,
    edge_cost: float,
) -> SteinerTree:
    """The same for a graph whose topology is at hand, from the similarities of nodes [N] and of kinds of edges.

    Time follows what is prized and near it; no edge is looked at for its own sake.
    """
    if len(node_similarities) == 0 or topology.num_edges == 0:
        whole = Certificate("growth", topology.num_nodes, topology.num_edges, 0.0, 0.0)
        return SteinerTree(np.arange(topology.num_nodes), np.arange(topology.num_edges), whole)
    prizes = reference_node_prizes(node_similarities, top_k_nodes)
    return prized_tree(topology, prizes, *reference_edge_terms(kind_similarities, kinds, top_k_edges, edge_cost))


def reference_edge_terms(
    kind_similarities: npt.NDArray[np.float32], kinds: EdgeKinds, top_k_edges: int, edge_cost: float
) -> tuple[Sparse, float]:
    """Prizes of edges, and the cost of an edge, for `steiner.prized_tree`."""
    kind_prizes = reference_edge_prizes(kind_similarities, top_k_edges, kinds.sizes)
    if top_k_edges > 0:
        edge_cost = min(edge_cost, float(kind_prizes.max()) * (1 - STEP_DOWN / 2))
    return kinds.spread(kind_prizes), edge_cost


def searched_node_prizes(search: NodeSearch, vector: npt.NDArray[np.float32], k: int) -> Sparse:
    """The same as `reference_node_prizes` of all nodes' cosines, from the nearest alone if they stand apart."""
    nodes, cosines = search.nearest(vector, k + 1, exact=True)
    if (np.diff(cosines) > -APART).any():
        return reference_node_prizes(search.cosines(vector), k)
    order = np.argsort(nodes[:k])
    return Sparse(nodes[:k][order], np.arange(min(k, len(nodes)), 0, -1, dtype=np.float32)[order])


def reference_node_prizes(similarities: npt.NDArray[np.float32], k: int) -> Sparse:
    """Prizes k..1 for the k most similar nodes."""
    import torch

    k = min(k, len(similarities))
    best = torch.topk(torch.from_numpy(similarities), k).indices.numpy()  # its order decides ties
    order = np.argsort(best)
    return Sparse(best[order], np.arange(k, 0, -1, dtype=np.float32)[order])


def reference_edge_prizes(similarities: npt.NDArray[np.float32], k: int, sizes: IntArray) -> npt.NDArray[np.float32]:
    """value_j = min((k - j) / ties_j, 0.99 * value_{j-1}) for the j-th distinct similarity, 0 past the k-th.

    Args:
        similarities: of kinds of edges. sizes: how many edges there are of each.
    """
    prizes = np.zeros(len(similarities), np.float32)
    there = sizes > 0
    top = np.unique(similarities[there])[::-1][: max(k, 0)]
    k = len(top)
    previous = np.float32(k)
    for j, similarity in enumerate(top):
        tied = there & (similarities == similarity)
        share = np.float32(1) / np.float32(int(sizes[tied].sum())) * np.float32(k - j)
        value = np.minimum(share, previous, dtype=np.float32)
        prizes[tied] = value
        previous = value * np.float32(1 - STEP_DOWN)
    return prizes
