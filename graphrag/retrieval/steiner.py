"""The prize-collecting Steiner tree (PCST): the connected subgraph with the best prizes for its cost.

    maximise   sum of prizes of the chosen nodes  -  sum of costs of the chosen edges,   over one tree

solved by the Goemans-Williamson growth with `gw` pruning of pcst-fast (Hegde et al., ICML 2015), unrooted. Edges with
prizes become nodes on the way, as in G-Retriever (He et al., NeurIPS 2024, section 5.2).
This module knows nothing of text, questions or models.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from graphrag.errors import SolverError

IntArray = npt.NDArray[np.int64]
MEND = "pip install --force-reinstall --no-deps --no-cache-dir --no-binary pcst-fast pcst-fast"


@functools.cache
def check_solver() -> None:
    """Give pcst-fast a problem with a known answer, once a process.

    Raises:
        SolverError: pcst-fast is missing or is the wheel that errs with NumPy 2, with the command that mends it.
    """
    try:
        from pcst_fast import pcst_fast
    except ImportError as error:
        raise SolverError(f"the Steiner tree solver pcst-fast cannot be imported ({error}); run: {MEND}") from error
    path = np.array([[0, 1], [1, 2], [2, 3], [3, 4]], dtype=np.int64)
    nodes, edges = pcst_fast(path, np.array([5.0, 0, 0, 0, 5]), np.full(4, 0.5), -1, 1, "gw", 0)
    if sorted(nodes.tolist()) != [0, 1, 2, 3, 4] or sorted(edges.tolist()) != [0, 1, 2, 3]:
        raise SolverError(
            "the installed pcst-fast gives wrong trees (its prebuilt wheel does so with NumPy 2); "
            f"build it from source: {MEND}"
        )


def steiner_tree(
    edge_index: npt.ArrayLike, node_prizes: npt.ArrayLike, edge_costs: npt.ArrayLike
) -> tuple[IntArray, IntArray]:
    """Solve PCST, unrooted, for one tree.

    Args:
        edge_index: [2, E] endpoints, 0..N-1; directions do not matter.
        node_prizes: [N], >= 0.
        edge_costs: [E], >= 0.

    Returns:
        (nodes, edges): ids, ascending, int64; the same as pcst_fast on the whole graph.

    Raises:
        SolverError: pcst-fast fails its known answer, or an input has a wrong shape or sign.
    """
    check_solver()
    from pcst_fast import pcst_fast

    edges = np.ascontiguousarray(np.asarray(edge_index, dtype=np.int64).reshape(2, -1).T)
    prizes = np.ascontiguousarray(node_prizes, dtype=np.float64)
    costs = np.ascontiguousarray(edge_costs, dtype=np.float64)
    if len(costs) != len(edges) or (len(edges) and (edges.min() < 0 or edges.max() >= len(prizes))):
        raise SolverError(f"a Steiner tree needs one cost an edge and endpoints below {len(prizes)}.")
    if (len(prizes) and not prizes.min() >= 0) or (len(costs) and not costs.min() >= 0):
        raise SolverError("Steiner tree prizes and costs must be numbers of at least 0.")
    if len(edges) == 0:  # pcst-fast needs an edge; the best single node is the best tree
        best = np.argmax(prizes) if len(prizes) and prizes.max() > 0 else None
        return np.asarray([] if best is None else [best], np.int64), np.zeros(0, np.int64)
    nodes, chosen = pcst_fast(edges, prizes, costs, -1, 1, "gw", 0)
    return np.sort(nodes).astype(np.int64), np.sort(chosen).astype(np.int64)


def prized_subgraph(
    edge_index: npt.ArrayLike,
    node_prizes: npt.NDArray[np.floating],
    edge_prizes: npt.NDArray[np.floating],
    edge_cost: float,
) -> tuple[IntArray, IntArray]:
    """Solve PCST with prizes on nodes [N] and edges [E], every edge costing `edge_cost`.

    An edge whose prize is at most the cost costs the difference. A dearer one becomes a node of its own with the
    difference as its prize, tied to its ends by two edges that cost nothing. The ends of kept edges are kept.

    Returns:
        (nodes, edges): ids, ascending.
    """
    ends = np.asarray(edge_index, dtype=np.int64).reshape(2, -1)
    num_nodes = len(node_prizes)
    cost = edge_prizes.dtype.type(edge_cost)
    dear = edge_prizes > cost
    plain_ids, dear_ids = np.flatnonzero(~dear), np.flatnonzero(dear)
    middle = num_nodes + np.arange(len(dear_ids))
    halves = np.stack(
        [
            np.stack([ends[0, dear_ids], middle]),
            np.stack([middle, ends[1, dear_ids]]),
        ],
        axis=2,
    ).reshape(2, -1)  # for each dear edge: source-middle, then middle-target
    nodes, chosen = steiner_tree(
        np.concatenate([ends[:, plain_ids], halves], axis=1),
        np.concatenate([node_prizes, edge_prizes[dear_ids] - cost]),
        np.concatenate([cost - edge_prizes[plain_ids], np.zeros(2 * len(dear_ids), edge_prizes.dtype)]),
    )
    edges = np.concatenate(
        [plain_ids[chosen[chosen < len(plain_ids)]], dear_ids[nodes[nodes >= num_nodes] - num_nodes]]
    )
    edges = np.unique(edges).astype(np.int64)
    return np.unique(np.concatenate([nodes[nodes < num_nodes], ends[:, edges].ravel()])).astype(np.int64), edges
