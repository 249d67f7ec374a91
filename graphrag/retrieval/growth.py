"""Growth: the prize-collecting Steiner tree of pcst-fast, bit for bit, in time that follows what is prized.

pcst-fast sets up every vertex and edge before it grows anything. `growth.cpp` runs the same events in the same order,
ties included, and sets up a vertex only once it merges, so that time and memory follow the part of the graph that
merges, on a graph of any size.

    Proof. After time 0 only clusters that hold a prize grow, and an edge has an event only when a growing cluster comes
    to it. Until a vertex without a prize merges, events change of it nothing but which of its edges are half covered:
    these are noted, and done again, in their order, on its heap as it was at the start, when it merges. Nothing else
    is left out, so by induction all heaps that take part have the shape and the values that they have in pcst-fast.
    Between equal times the ids of clusters decide, which are counted as there.

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


@dataclass(frozen=True)
class Grown:
    """A tree with what it is worth.

    Attributes:
        nodes: int64, ascending; dear edges are N + their position among the dear ones.
        edges: int64, ascending; those to and from the middle of dear edge i are E + 2 i and E + 2 i + 1.
        worth: prizes less costs.
        bound: no tree is worth more.
        merged: vertices that growth came to. looked_at: ends of edges that it set up.
    """

    nodes: IntArray
    edges: IntArray
    worth: float
    bound: float
    merged: int
    looked_at: int


def grow(
    edge_index: IntArray,
    incidence: tuple[IntArray, IntArray],
    terminals: tuple[IntArray, FloatArray],
    costs: FloatArray,
    cheap: tuple[IntArray, FloatArray] | None = None,
    dear: IntArray | None = None,
) -> Grown:
    """Solve PCST, unrooted, for one tree.

    Args:
        edge_index: int64 [2, E].
        incidence: (indptr [N + 1], incident), see `incidence.incidence_of`.
        terminals: ids, ascending, and their prizes, above 0; the middle of dear edge i is N + i.
        costs: [E], or [1] for all edges.
        cheap: ids of edges, ascending, with costs of their own.
        dear: ids of edges, ascending, that are vertices between two edges which cost nothing.
    """
    nothing = np.zeros(0, np.int64)
    ids, prizes = terminals
    cheap_ids, cheap_costs = cheap if cheap is not None else (nothing, np.zeros(0))
    source, target = np.ascontiguousarray(edge_index[0]), np.ascontiguousarray(edge_index[1])
    dear = nothing if dear is None else dear
    found = _grow(*incidence, source, target, costs, cheap_ids, cheap_costs, dear, ids, prizes)
    worth = float(found["worth"])
    total = float(np.asarray(prizes, np.float64).sum())
    bound = max(worth, total - float(found["dual"]))  # they can differ by rounding
    return Grown(found["nodes"], found["edges"], worth, bound, found["merged"], found["looked_at"])
