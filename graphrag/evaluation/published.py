"""The published retrieval as its own code goes about it, to measure against: a vector an edge, and a loop over edges.

He et al., G-Retriever, NeurIPS 2024 (arXiv 2402.07630), `retrieval_via_pcst`. What it selects is what
`graphrag.retrieval.reference` selects; here it is found step by step, none of them avoided: also a prize is one tensor
an edge there, and so it is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from graphrag.retrieval.reference import STEP_DOWN
from graphrag.retrieval.steiner import check_solver

if TYPE_CHECKING:
    import torch

IntArray = npt.NDArray[np.int64]


def published_retrieval(
    edge_index: torch.Tensor,
    node_vectors: torch.Tensor,
    edge_vectors: torch.Tensor,
    question_vector: torch.Tensor,
    top_k_nodes: int,
    top_k_edges: int,
    edge_cost: float,
) -> tuple[IntArray, IntArray]:
    """Nodes and edges of the published subgraph, ascending.

    Args:
        edge_index: int64 [2, E]. node_vectors [N, D], edge_vectors [E, D], question_vector [D]: float32.

    Raises:
        SolverError: pcst-fast is missing, or not to be trusted.
    """
    import torch

    check_solver()
    from pcst_fast import pcst_fast

    similarity = torch.nn.CosineSimilarity(dim=-1)
    node_prizes = torch.zeros(len(node_vectors))
    nodes = torch.topk(similarity(question_vector[None], node_vectors), min(top_k_nodes, len(node_vectors))).indices
    node_prizes[nodes] = torch.arange(len(nodes), 0, -1).float()

    edge_prizes = torch.zeros(len(edge_vectors))
    if top_k_edges > 0:
        edge_prizes = similarity(question_vector[None], edge_vectors)
        kinds = edge_prizes.unique()
        count = min(top_k_edges, len(kinds))
        values = torch.topk(kinds, count).values
        edge_prizes[edge_prizes < values[-1]] = 0.0
        previous = torch.tensor(float(count))
        for k, kind in enumerate(values):
            tied = edge_prizes == kind
            previous = torch.minimum(torch.tensor(float(count - k)) / tied.sum(), previous)
            edge_prizes[tied] = previous
            previous = previous * (1 - STEP_DOWN)
        edge_cost = min(edge_cost, edge_prizes.max().item() * (1 - STEP_DOWN / 2))

    plain, plain_costs, plain_ids = [], [], []
    halves, middle_prizes = [], []
    middle_edges: list[int] = []
    for edge, (source, target) in enumerate(edge_index.T.numpy()):
        prize = edge_prizes[edge]
        if prize <= edge_cost:
            plain.append((source, target))
            plain_costs.append(edge_cost - prize)
            plain_ids.append(edge)
        else:
            middle = len(node_vectors) + len(middle_edges)
            halves += [(source, middle), (middle, target)]
            middle_prizes.append(prize - edge_cost)
            middle_edges.append(edge)
    prizes = np.concatenate([node_prizes.numpy(), np.asarray(middle_prizes)])
    costs = np.asarray(plain_costs + [0.0] * len(halves))
    vertices, chosen = pcst_fast(np.asarray(plain + halves), prizes, costs, -1, 1, "gw", 0)

    edges = [plain_ids[edge] for edge in chosen if edge < len(plain)]
    edges += [middle_edges[vertex - len(node_vectors)] for vertex in vertices if vertex >= len(node_vectors)]
    kept = np.unique(np.asarray(edges, np.int64))
    own = vertices[vertices < len(node_vectors)]
    return np.union1d(own, edge_index[:, kept].numpy().ravel()).astype(np.int64), kept
