"""Incidence: the edges that touch each node, in compressed sparse rows. The one form of adjacency that is stored."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graph_data.external import BLOCK_ROWS, SortedRows, Workspace, blocks

IntArray = npt.NDArray[np.int64]


def incidence_of(
    source: IntArray, target: IntArray, num_nodes: int, workspace: Workspace | None = None
) -> tuple[IntArray, IntArray]:
    """The edges touching each node, whichever way they point.

    Args:
        source, target: int64 [E], 0..num_nodes-1.
        workspace: for what does not fit in memory, the result too; None for graphs that do.

    Returns:
        indptr [N + 1] and edge ids [2E - self-loops]: `ids[indptr[v]:indptr[v + 1]]` touch v, ascending, a loop once.
    """
    rows = SortedRows(workspace, np.int64, np.int64)  # stable, so that edge ids ascend within a node
    for part in blocks(len(source), BLOCK_ROWS if workspace else max(len(source), 1)):
        ends = np.stack([source[part], target[part]], axis=1).reshape(-1)  # source, target of edge 0, of edge 1, ...
        keep = np.ones(len(ends), bool)
        keep[1::2] = ends[::2] != ends[1::2]
        rows.add(ends[keep], np.repeat(np.arange(part.start, part.stop), 2)[keep])
    nodes, edges = rows.columns()
    indptr = workspace.array(num_nodes + 1, np.int64) if workspace else np.zeros(num_nodes + 1, np.int64)
    for part in blocks(num_nodes + 1):
        indptr[part] = np.searchsorted(nodes, np.arange(part.start, part.stop))
    return indptr, edges


def touching(nodes: IntArray, indptr: IntArray, edges: IntArray) -> IntArray:
    """The edges that touch any of the nodes, ascending, from what `incidence_of` gives."""
    start, count = indptr[nodes], indptr[nodes + 1] - indptr[nodes]
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return np.unique(edges[np.repeat(start, count) + step])
