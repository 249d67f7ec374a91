"""Reference mode: G-Retriever's published retrieval (He et al., NeurIPS 2024), node for node and edge for edge.

Float details are part of the method: cosines and prizes are float32, ties are exact equality of similarities.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphrag.retrieval.steiner import IntArray, Sparse, Topology, prized_tree

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
    return reference_selection(
        Topology.of(ends, len(nodes)),
        cosine(question, nodes).numpy() if len(nodes) else np.zeros(0, np.float32),
        cosine(question, edges).numpy() if len(edges) else np.zeros(0, np.float32),
        top_k_nodes,
        top_k_edges,
        edge_cost,
    )


def reference_selection(
    topology: Topology,
    node_similarities: npt.NDArray[np.float32],
    edge_similarities: npt.NDArray[np.float32],
    top_k_nodes: int,
    top_k_edges: int,
    edge_cost: float,
) -> tuple[IntArray, IntArray]:
    """The same from similarities [N] and [E], for a caller that computes each distinct text's once."""
    if len(node_similarities) == 0 or len(edge_similarities) == 0:
        return np.arange(len(node_similarities)), np.arange(topology.num_edges)
    node_prizes = reference_node_prizes(node_similarities, top_k_nodes)
    edge_prizes = reference_edge_prizes(edge_similarities, top_k_edges)
    if top_k_edges > 0:
        edge_cost = min(edge_cost, float(edge_prizes.max()) * (1 - STEP_DOWN / 2))
    found = prized_tree(topology, Sparse.of(node_prizes), Sparse.of(edge_prizes), edge_cost)
    return found.nodes, found.edges


def reference_node_prizes(similarities: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.float32]:
    """Prizes k..1 for the k most similar nodes, 0 for the others."""
    import torch

    prizes = np.zeros(len(similarities), np.float32)
    k = min(k, len(similarities))
    if k > 0:
        best = torch.topk(torch.from_numpy(similarities), k).indices.numpy()  # its order decides ties
        prizes[best] = np.arange(k, 0, -1)
    return prizes


def reference_edge_prizes(similarities: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.float32]:
    """value_j = min((k - j) / ties_j, 0.99 * value_{j-1}) for the j-th distinct similarity, 0 past the k-th."""
    if k <= 0:
        return np.zeros(len(similarities), np.float32)
    top = np.unique(similarities)[::-1][:k]
    k = len(top)
    prizes = similarities.copy()
    prizes[prizes < top[-1]] = 0.0
    previous = np.float32(k)
    for j, similarity in enumerate(top):
        tied = prizes == similarity
        share = np.float32(1) / np.float32(max(1, int(tied.sum()))) * np.float32(k - j)
        value = np.minimum(share, previous, dtype=np.float32)
        prizes[tied] = value
        previous = value * np.float32(1 - STEP_DOWN)
    return prizes
