"""Incidence: the edges that touch each node, in compressed sparse rows. The one form of adjacency that is stored."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


def incidence_of(source: IntArray, target: IntArray, num_nodes: int) -> tuple[IntArray, IntArray]:
    """The edges touching each node, whichever way they point.

    Args:
        source, target: int64 [E], 0..num_nodes-1.

    Returns:
        indptr [N + 1] and edge ids [2E - self-loops]: `ids[indptr[v]:indptr[v + 1]]` touch v, ascending, a loop once.
    """
    ends = np.stack([source, target], axis=1).reshape(-1)  # source, target of edge 0, of edge 1, ...
    keep = np.ones(len(ends), bool)
    keep[1::2] = source != target
    ends, edges = ends[keep], np.repeat(np.arange(len(source), dtype=np.int64), 2)[keep]
    order = np.argsort(ends, kind="stable")  # keeps edge ids ascending within a node
    indptr = np.zeros(num_nodes + 1, np.int64)
    np.cumsum(np.bincount(ends, minlength=num_nodes), out=indptr[1:])
    return indptr, edges[order]


def touching(nodes: IntArray, indptr: IntArray, edges: IntArray) -> IntArray:
    """The edges that touch any of the nodes, ascending, from what `incidence_of` gives."""
    start, count = indptr[nodes], indptr[nodes + 1] - indptr[nodes]
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return np.unique(edges[np.repeat(start, count) + step])
