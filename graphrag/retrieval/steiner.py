"""The prize-collecting Steiner tree (PCST): the connected subgraph with the best prizes for its cost.

    maximise   sum of prizes of the chosen nodes  -  sum of costs of the chosen edges,   over one tree

solved by the Goemans-Williamson growth with `gw` pruning of pcst-fast (Hegde et al., ICML 2015), unrooted. Edges with
prizes become nodes on the way, as in G-Retriever (He et al., NeurIPS 2024, section 5.2). Two solvers give the same
nodes and edges: our own (`growth.py`), which looks only at what is near the prizes, and pcst-fast, which looks at the
whole graph and is here to be compared with.

This module knows nothing of text, questions or models.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from graphrag.errors import SolverError
from graphrag.retrieval.growth import grow
from graphrag.retrieval.incidence import incidence_of

Solver = Literal["growth", "pcst-fast"]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.floating]
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


@dataclass(frozen=True)
class Topology:
    """A graph's edges, and which of them touch each node.

    Attributes:
        edge_index: int64 [2, E].
        indptr: int64 [N + 1]; `incident[indptr[v]:indptr[v + 1]]` are the edges that touch v, ascending.
        incident: int64.
    """

    edge_index: IntArray
    indptr: IntArray
    incident: IntArray

    @staticmethod
    def of(edge_index: IntArray, num_nodes: int) -> Topology:
        return Topology(edge_index, *incidence_of(edge_index[0], edge_index[1], num_nodes))

    @property
    def num_nodes(self) -> int:
        return len(self.indptr) - 1

    @property
    def num_edges(self) -> int:
        return int(self.edge_index.shape[1])


@dataclass(frozen=True)
class Sparse:
    """Values of a few: ids ascending, distinct; all others are 0."""

    ids: IntArray
    values: FloatArray

    @staticmethod
    def of(dense: FloatArray) -> Sparse:
        ids = np.flatnonzero(dense > 0)
        return Sparse(ids, dense[ids])


@dataclass(frozen=True)
class Certificate:
    """How a tree was found, and how far from the best it can be.

    Attributes:
        solver: which one found it.
        nodes, edges: that it set up; by pcst-fast all of the graph.
        worth: prizes less costs.
        bound: no tree is worth more; by pcst-fast only the sum of all prizes.
    """

    solver: Solver
    nodes: int
    edges: int
    worth: float
    bound: float


@dataclass(frozen=True)
class SteinerTree:
    """Ids of nodes and edges, ascending, with how they were found."""

    nodes: IntArray
    edges: IntArray
    certificate: Certificate


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
        SolverError: an input has a wrong shape or sign.
    """
    ends = np.asarray(edge_index, dtype=np.int64).reshape(2, -1)
    prizes = np.ascontiguousarray(node_prizes, dtype=np.float64)
    costs = np.ascontiguousarray(edge_costs, dtype=np.float64)
    if len(costs) != ends.shape[1] or (ends.size and (ends.min() < 0 or ends.max() >= len(prizes))):
        raise SolverError(f"a Steiner tree needs one cost an edge and endpoints below {len(prizes)}.")
    if (len(prizes) and not prizes.min() >= 0) or (len(costs) and not costs.min() >= 0):
        raise SolverError("Steiner tree prizes and costs must be numbers of at least 0.")
    found = _solved(Topology.of(ends, len(prizes)), _Terms.of_nodes(Sparse.of(prizes), costs), "growth")
    return found.nodes, found.edges


def prized_subgraph(
    edge_index: npt.ArrayLike,
    node_prizes: FloatArray,
    edge_prizes: FloatArray,
    edge_cost: float,
) -> tuple[IntArray, IntArray]:
    """Solve PCST with prizes on nodes [N] and edges [E], every edge costing `edge_cost`.

    An edge whose prize is at most the cost costs the difference. A dearer one becomes a node of its own with the
    difference as its prize, tied to its ends by two edges that cost nothing. The ends of kept edges are kept.

    Returns:
        (nodes, edges): ids, ascending.

    Raises:
        SolverError: a prize is negative or no number.
    """
    if not ((node_prizes >= 0).all() and (edge_prizes >= 0).all()):
        raise SolverError("Steiner tree prizes must be numbers of at least 0.")
    ends = np.asarray(edge_index, dtype=np.int64).reshape(2, -1)
    topology = Topology.of(ends, len(node_prizes))
    found = prized_tree(topology, Sparse.of(node_prizes), Sparse.of(edge_prizes), edge_cost)
    return found.nodes, found.edges


def prized_tree(
    topology: Topology,
    node_prizes: Sparse,
    edge_prizes: Sparse,
    edge_cost: float,
    solver: Solver = "growth",
) -> SteinerTree:
    """The same as `prized_subgraph` for a graph whose topology is at hand: time follows what is near the prizes.

    Raises:
        SolverError: a prize is not above 0; pcst-fast is wanted and cannot be used.
    """
    return _solved(topology, _Terms.of_prizes(node_prizes, edge_prizes, edge_cost), solver)


@dataclass(frozen=True)
class _Terms:
    """Prizes and costs of a problem; dear edges stand apart.

    Attributes:
        prizes: of nodes.
        dear: int64 [D], edges that are nodes of their own; dear_prizes [D].
        costs: of all edges [E], or one number; cheap: what some cost instead.
    """

    prizes: Sparse
    dear: IntArray
    dear_prizes: FloatArray
    costs: FloatArray | np.floating
    cheap: Sparse

    @staticmethod
    def of_nodes(prizes: Sparse, costs: FloatArray) -> _Terms:
        nothing = np.zeros(0, np.int64)
        return _Terms(prizes, nothing, np.zeros(0), costs, Sparse(nothing, np.zeros(0)))

    @staticmethod
    def of_prizes(nodes: Sparse, edges: Sparse, edge_cost: float) -> _Terms:
        if not ((nodes.values > 0).all() and (edges.values > 0).all()):
            raise SolverError("sparse Steiner tree prizes must be numbers above 0.")
        cost = edges.values.dtype.type(edge_cost)
        dear = edges.values > cost
        cheap = Sparse(edges.ids[~dear], cost - edges.values[~dear])
        return _Terms(nodes, edges.ids[dear], edges.values[dear] - cost, cost, cheap)


def _solved(topology: Topology, terms: _Terms, solver: Solver) -> SteinerTree:
    if not len(terms.prizes.ids) and not len(terms.dear):  # all are alike: pcst-fast keeps the last node
        last = np.arange(topology.num_nodes)[-1:] if topology.num_edges else np.zeros(0, np.int64)
        return SteinerTree(last, np.zeros(0, np.int64), Certificate(solver, 0, 0, 0.0, 0.0))
    solve = _by_growth if solver == "growth" else _by_pcst_fast
    nodes, edges, certificate = solve(topology, terms)
    dear = nodes[nodes >= topology.num_nodes] - topology.num_nodes
    kept = _union(edges[edges < topology.num_edges], terms.dear[dear])
    own = _union(nodes[nodes < topology.num_nodes], topology.edge_index[:, kept].ravel())
    return SteinerTree(own, kept, certificate)


def _union(one: IntArray, two: IntArray) -> IntArray:
    """Ascending, each once; faster than `np.union1d` where there are many."""
    both = np.sort(np.concatenate([one, two]))
    return both[np.append(True, both[1:] != both[:-1])] if len(both) else both


def _by_growth(topology: Topology, terms: _Terms) -> tuple[IntArray, IntArray, Certificate]:
    """Nodes, middles of dear edges among them from N on, and edges, halves of dear ones from E on."""
    ids = np.append(terms.prizes.ids, topology.num_nodes + np.arange(len(terms.dear)))
    prizes = np.append(terms.prizes.values, terms.dear_prizes)
    costs = np.atleast_1d(np.asarray(terms.costs, np.float64))
    incidence = topology.indptr, topology.incident
    cheap = terms.cheap.ids, terms.cheap.values
    found = grow(topology.edge_index, incidence, (ids, prizes), costs, cheap, terms.dear)
    return found.nodes, found.edges, Certificate("growth", found.merged, found.looked_at, found.worth, found.bound)


def _by_pcst_fast(topology: Topology, terms: _Terms) -> tuple[IntArray, IntArray, Certificate]:
    """The same by pcst-fast on the whole graph."""
    check_solver()
    from pcst_fast import pcst_fast

    num_nodes, num_edges = topology.num_nodes, topology.num_edges
    prizes = np.zeros(num_nodes + len(terms.dear))
    prizes[terms.prizes.ids] = terms.prizes.values
    prizes[num_nodes:] = terms.dear_prizes
    plain = np.setdiff1d(np.arange(num_edges), terms.dear, assume_unique=True)
    costs = np.broadcast_to(np.asarray(terms.costs, np.float64), num_edges).copy()
    costs[terms.cheap.ids] = terms.cheap.values
    middle = num_nodes + np.arange(len(terms.dear))
    first, second = topology.edge_index[:, terms.dear]
    halves = np.stack([np.stack([first, middle], 1), np.stack([middle, second], 1)], 1).reshape(-1, 2)
    edges = np.concatenate([topology.edge_index[:, plain].T, halves])
    costs = np.concatenate([costs[plain], np.zeros(len(halves))])
    nodes, chosen = pcst_fast(np.ascontiguousarray(edges), prizes, costs, -1, 1, "gw", 0)
    worth = float(prizes[nodes].sum() - costs[chosen].sum())
    certificate = Certificate("pcst-fast", num_nodes, num_edges, worth, float(prizes.sum()))
    ids = np.append(plain, num_edges + np.arange(len(halves)))
    return np.sort(nodes.astype(np.int64)), np.sort(ids[chosen]), certificate
