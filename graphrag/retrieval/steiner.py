"""The prize-collecting Steiner tree (PCST): the connected subgraph with the best prizes for its cost.

    maximise   sum of prizes of the chosen nodes  -  sum of costs of the chosen edges,   over one tree

solved by the Goemans-Williamson growth with `gw` pruning of pcst-fast (Hegde et al., ICML 2015), unrooted. Edges with
prizes become nodes on the way, as in G-Retriever (He et al., NeurIPS 2024, section 5.2). Two solvers: pcst-fast, whose
choice among equals the published method shares, and our own (`growth.py`), which steps in where pcst-fast is missing or
errs.

With pcst-fast a large graph is never looked at as a whole. Growth starts at the terminals (what has a prize) and
spreads along edges, so it is run on a region K of vertices with every edge that touches one of them, their outer ends
(the halo) included. If no vertex outside K merged, the run is that of the whole graph, event by event, and so is its
result; otherwise those that merged join K and it is run again.

    Proof. Only clusters that hold a terminal are ever active after time 0, and an edge has an event only once an
    active cluster reaches one of its ends. Let the whole graph's run and the region's agree up to an event. Its active
    cluster lies in K, for all that merged does; so the edge touches K and is in the region, at its own cost; and both
    runs order events alike, for ids keep their order and pcst-fast breaks ties by them. The event merges vertices of K,
    or one outside K, which ends the round. Edges between vertices outside K have no event in either run. Growth ends
    when one active cluster is left, in both at the same time, and pruning looks at merged edges alone.

This module knows nothing of text, questions or models.
"""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from graphrag.errors import SolverError
from graphrag.retrieval.growth import BUDGET, Grown, grow
from graphrag.retrieval.incidence import incidence_of, touching

log = logging.getLogger(__name__)

Solver = Literal["pcst-fast", "growth"]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.floating]
LOCAL_FROM = 5_000  # edges from which a graph is solved locally
WHOLE_FROM = 0.5  # share of the edges in the region from which the whole graph is solved instead
MEND = "pip install --force-reinstall --no-deps --no-cache-dir --no-binary pcst-fast pcst-fast"


@functools.cache
def usable_solver() -> Solver:
    """pcst-fast if it gives right trees; if not, our own, with a warning that says so, once a process."""
    try:
        check_solver()
    except SolverError as error:
        log.warning("%s Until then trees are our own solver's: as good, but of equals not always the same.", error)
        return "growth"
    return "pcst-fast"


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

    def touching(self, nodes: IntArray) -> IntArray:
        """The edges that touch any of the nodes, ascending."""
        return touching(nodes, self.indptr, self.incident)


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
        nodes, edges: of the region that was solved; by growth those it came to.
        rounds: how often it was.
        whole: the region was the whole graph.
        worth: prizes less costs.
        bound: no tree is worth more.
    """

    solver: Solver
    nodes: int
    edges: int
    rounds: int
    whole: bool
    worth: float
    bound: float


@dataclass(frozen=True)
class SteinerTree:
    """Ids of nodes and edges, ascending, with how they were found; by pcst-fast always those of the whole graph."""

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
    found = _solved(Topology.of(ends, len(prizes)), _Terms.of_nodes(Sparse.of(prizes), costs), usable_solver())
    return found.nodes, found.edges


def prized_subgraph(
    edge_index: npt.ArrayLike,
    node_prizes: FloatArray,
    edge_prizes: FloatArray,
    edge_cost: float,
    solver: Solver | None = None,
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
    found = prized_tree(topology, Sparse.of(node_prizes), Sparse.of(edge_prizes), edge_cost, solver)
    return found.nodes, found.edges


def prized_tree(
    topology: Topology,
    node_prizes: Sparse,
    edge_prizes: Sparse,
    edge_cost: float,
    solver: Solver | None = None,
    local: bool = True,
) -> SteinerTree:
    """The same as `prized_subgraph` for a graph whose topology is at hand: time follows the region, not the graph.

    Args:
        solver: None is pcst-fast where it can be used.
        local: False gives pcst-fast the whole graph.

    Raises:
        SolverError: a prize is not above 0.
    """
    terms = _Terms.of_prizes(node_prizes, edge_prizes, edge_cost)
    return _solved(topology, terms, solver or usable_solver(), local)


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

    def costs_of(self, edges: IntArray) -> FloatArray:
        if isinstance(self.costs, np.ndarray):
            return self.costs[edges]
        found = np.full(len(edges), self.costs)
        at = np.searchsorted(self.cheap.ids, edges)
        is_cheap = np.zeros(len(edges), bool)
        inside = at < len(self.cheap.ids)
        is_cheap[inside] = self.cheap.ids[at[inside]] == edges[inside]
        found[is_cheap] = self.cheap.values[at[is_cheap]]
        return found


def _solved(topology: Topology, terms: _Terms, solver: Solver, local: bool = True) -> SteinerTree:
    if not len(terms.prizes.ids) and not len(terms.dear):  # all are alike: pcst-fast keeps the last node
        last = np.arange(topology.num_nodes)[-1:] if topology.num_edges else np.zeros(0, np.int64)
        return SteinerTree(last, np.zeros(0, np.int64), Certificate(solver, 0, 0, 0, False, 0.0, 0.0))
    if solver == "growth":
        return _from_growth(topology, terms, _grown(topology, terms, BUDGET))
    grown = _grown(topology, terms, 0)
    near = np.sort(grown.reached[grown.reached < topology.num_nodes])
    every = topology.num_edges < LOCAL_FROM or not local
    return _by_pcst_fast(topology, terms, np.arange(topology.num_nodes) if every else near, grown.bound)


def _grown(topology: Topology, terms: _Terms, budget: int) -> Grown:
    ids = np.append(terms.prizes.ids, topology.num_nodes + np.arange(len(terms.dear)))
    prizes = np.append(terms.prizes.values, terms.dear_prizes)
    costs = np.atleast_1d(np.asarray(terms.costs, np.float64))
    incidence = topology.indptr, topology.incident
    cheap = terms.cheap.ids, terms.cheap.values
    return grow(topology.edge_index, incidence, (ids, prizes), costs, cheap, terms.dear, budget)


def _from_growth(topology: Topology, terms: _Terms, grown: Grown) -> SteinerTree:
    own, dear = grown.nodes[grown.nodes < topology.num_nodes], grown.nodes[grown.nodes >= topology.num_nodes]
    kept = np.union1d(grown.edges[grown.edges < topology.num_edges], terms.dear[dear - topology.num_nodes])
    nodes = np.union1d(own, topology.edge_index[:, kept].ravel())
    size = len(grown.reached), grown.looked_at
    return SteinerTree(nodes, kept, Certificate("growth", *size, 1, False, grown.worth, grown.bound))


def _by_pcst_fast(topology: Topology, terms: _Terms, inner: IntArray, bound: float) -> SteinerTree:
    """Solve the region around these nodes, made larger until nothing outside of it merges."""
    every, rounds = np.arange(topology.num_nodes), 1
    while True:
        region = _Region.around(topology, terms, inner)
        if region.num_edges > WHOLE_FROM * topology.num_edges and len(inner) < len(every):
            inner, region = every, _Region.around(topology, terms, every)
        outside = np.setdiff1d(region.merged(), inner, assume_unique=True) if len(inner) < len(every) else inner[:0]
        if not len(outside):
            break
        inner, rounds = np.union1d(inner, outside), rounds + 1
    nodes, edges, worth = region.tree()
    size = len(region.nodes), region.num_edges
    whole = len(inner) == len(every)
    return SteinerTree(nodes, edges, Certificate("pcst-fast", *size, rounds, whole, worth, max(worth, bound)))


@dataclass(frozen=True)
class _Region:
    """A part of a problem: plain edges, all dear ones, and the nodes that they touch."""

    topology: Topology
    terms: _Terms
    nodes: IntArray
    plain: IntArray
    ends: IntArray  # [2, plain + 2 dear], positions in `nodes`, then dear edges' own

    @staticmethod
    def around(topology: Topology, terms: _Terms, inner: IntArray) -> _Region:
        """All edges that touch `inner`, and their outer ends."""
        plain = np.setdiff1d(topology.touching(inner), terms.dear, assume_unique=True)
        own, dear = topology.edge_index[:, plain], topology.edge_index[:, terms.dear]
        nodes = np.unique(np.concatenate([inner, own.ravel(), dear.ravel()]))
        own, dear = np.searchsorted(nodes, own), np.searchsorted(nodes, dear)
        middle = len(nodes) + np.arange(dear.shape[1])
        halves = np.stack([np.stack([dear[0], middle]), np.stack([middle, dear[1]])], axis=2).reshape(2, -1)
        return _Region(topology, terms, nodes, plain, np.concatenate([own, halves], axis=1))

    @property
    def num_edges(self) -> int:
        return len(self.plain) + len(self.terms.dear)

    @functools.cached_property
    def _problem(self) -> tuple[FloatArray, FloatArray]:
        """Prizes of the nodes, then of the dear edges; costs of the edges."""
        dear = self.terms.dear_prizes
        prizes = np.zeros(len(self.nodes) + len(dear))
        prizes[np.searchsorted(self.nodes, self.terms.prizes.ids)] = self.terms.prizes.values
        prizes[len(self.nodes) :] = dear
        return prizes, np.concatenate([self.terms.costs_of(self.plain), np.zeros(2 * len(dear))])

    def merged(self) -> IntArray:
        """The nodes that growth reaches."""
        _, edges = _solve(self.ends, *self._problem, "none")
        reached = np.unique(self.ends[:, edges])
        return self.nodes[reached[reached < len(self.nodes)]]

    def tree(self) -> tuple[IntArray, IntArray, float]:
        """Nodes and edges of the graph, ascending, the ends of kept edges among them; prizes less costs."""
        prizes, costs = self._problem
        nodes, edges = _solve(self.ends, prizes, costs, "gw")
        worth = float(prizes[nodes].sum() - costs[edges].sum())
        dear = self.terms.dear[nodes[nodes >= len(self.nodes)] - len(self.nodes)]
        kept = np.union1d(self.plain[edges[edges < len(self.plain)]], dear)
        own = self.nodes[nodes[nodes < len(self.nodes)]]
        return np.unique(np.concatenate([own, self.topology.edge_index[:, kept].ravel()])), kept, worth


def _solve(ends: IntArray, prizes: FloatArray, costs: FloatArray, pruning: str) -> tuple[IntArray, IntArray]:
    """One run of pcst-fast: ids as it gives them."""
    from pcst_fast import pcst_fast

    if ends.shape[1] == 0:  # pcst-fast needs an edge; the best node is the best tree, of equals the last
        best = np.flatnonzero(prizes == prizes.max(initial=0.0))[-1:] if prizes.any() else np.zeros(0)
        return best.astype(np.int64), np.zeros(0, np.int64)
    edges = np.ascontiguousarray(ends.T)
    prizes, costs = np.ascontiguousarray(prizes, np.float64), np.ascontiguousarray(costs, np.float64)
    nodes, chosen = pcst_fast(edges, prizes, costs, -1, 1, pruning, 0)
    return nodes.astype(np.int64), chosen.astype(np.int64)
