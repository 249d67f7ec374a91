"""Growth: a second solver of the prize-collecting Steiner tree, one that touches only what it reaches.

pcst-fast sets up every vertex and edge before it grows anything. Here clusters keep a clock each, and vertices are
labelled as a cluster reaches them (`growth.cpp`): time and memory follow what is reached, on a graph of any size. The
events and the pruning are those of Goemans and Williamson (1995) as pcst-fast has them (Hegde et al., ICML 2015), so
that the tree is pcst-fast's where no two merges come at one time. Where they do, the order of equal times is a choice
without a reason; then growth is run with both orders and the tree is improved by joining terminals along shortest ways
and cutting back (see `Improvement` there), which never makes it worse.

The moats that growth leaves are a bound on what any tree can be worth. With y_S the time that cluster S was active,

    worth of a tree  <=  sum of all prizes  -  (sum_S y_S  -  max_v sum of y_S over the S that hold v),

the dual of the rooted problem (Johnson et al., 2000) for the root that makes it least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphrag.retrieval._growth import grow as _grow

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.floating]
BUDGET = 200_000  # edges that may be looked at to improve a tree that ties left open


@dataclass(frozen=True)
class Grown:
    """A tree with what it is worth.

    Attributes:
        nodes: int64, ascending; dear edges are N + their position among the dear ones.
        edges: int64, ascending; those to and from the middle of dear edge i are E + 2 i and E + 2 i + 1.
        worth: prizes less costs.
        bound: no tree is worth more.
        reached: int64, the vertices that growth came to, in that order. looked_at: how many edges it saw.
        tied: two merges came at one time, so that pcst-fast's tree may be another one.
    """

    nodes: IntArray
    edges: IntArray
    worth: float
    bound: float
    reached: IntArray
    looked_at: int
    tied: bool


def grow(
    edge_index: IntArray,
    incidence: tuple[IntArray, IntArray],
    terminals: tuple[IntArray, FloatArray],
    costs: FloatArray,
    cheap: tuple[IntArray, FloatArray] | None = None,
    dear: IntArray | None = None,
    budget: int = BUDGET,
) -> Grown:
    """Solve PCST, unrooted, for one tree.

    Args:
        edge_index: int64 [2, E].
        incidence: (indptr [N + 1], incident), see `incidence.incidence_of`.
        terminals: ids, ascending, and their prizes, above 0; the middle of dear edge i is N + i.
        costs: [E], or [1] for all edges.
        cheap: ids of edges, ascending, with costs of their own.
        dear: ids of edges, ascending, that are vertices between two edges which cost nothing.
        budget: edges that may be looked at to improve a tree that ties left open; 0 leaves it as it is.
    """
    nothing = np.zeros(0, np.int64)
    ids, prizes = terminals
    cheap_ids, cheap_costs = cheap if cheap is not None else (nothing, np.zeros(0))
    source, target = np.ascontiguousarray(edge_index[0]), np.ascontiguousarray(edge_index[1])
    dear = nothing if dear is None else dear
    found = _grow(*incidence, source, target, costs, cheap_ids, cheap_costs, dear, ids, prizes, budget)
    total = float(np.asarray(prizes, np.float64).sum())
    worth = float(found["worth"])
    bound = max(worth, total - float(found["dual"]))  # they can differ by rounding
    return Grown(
        found["nodes"], found["edges"], worth, bound, found["reached"], found["looked_at"], bool(found["tied"])
    )
