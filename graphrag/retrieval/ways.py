"""Ways: the edges that leave each node, grouped by relation and direction.

A node of a million edges with ten relations has twenty ways at most: which steps can be taken is known without a look
at its edges, and a step costs no more than what it leads to. This module knows nothing of questions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ways:
    """Compressed sparse rows, twice: nodes to ways, ways to heads.

    Attributes:
        indptr: int64 [N + 1], the ways of each node.
        keys: int64 [W], 2 * relation, + 1 against its direction; ascending within a node.
        starts: int64 [W + 1], the heads of each way.
        heads: int64 [2 E], where the edges of each way lead.
    """

    indptr: IntArray
    keys: IntArray
    starts: IntArray
    heads: IntArray

    @staticmethod
    def of(source: IntArray, target: IntArray, relation: IntArray, indptr: IntArray, incident: IntArray) -> Ways:
        """Group the edges that touch each node (see `incidence.incidence_of`)."""
        num_nodes = len(indptr) - 1
        tails = np.repeat(np.arange(num_nodes), np.diff(indptr))
        along = source[incident] == tails
        heads = np.where(along, target[incident], source[incident])
        keys = 2 * relation[incident] + ~along
        num_keys = int(keys.max(initial=0)) + 1
        order = np.argsort(tails * num_keys + keys, kind="stable")
        tails, heads, keys = tails[order], heads[order], keys[order]
        first = np.ones(len(keys), bool)
        first[1:] = (tails[1:] != tails[:-1]) | (keys[1:] != keys[:-1])
        way_indptr = np.zeros(num_nodes + 1, np.int64)
        np.cumsum(np.bincount(tails[first], minlength=num_nodes), out=way_indptr[1:])
        return Ways(way_indptr, keys[first], np.append(np.flatnonzero(first), len(keys)), heads)

    def leaving(self, nodes: IntArray) -> IntArray:
        """The rows of all ways that leave the nodes."""
        return _ranges(self.indptr[nodes], self.indptr[nodes + 1])

    def ends(self, rows: IntArray, most: int) -> IntArray:
        """Where these ways lead, ascending; of more than `most` edges the first are followed."""
        low, high = self.starts[rows], self.starts[rows + 1]
        before = np.cumsum(high - low) - (high - low)
        return np.unique(self.heads[_ranges(low, np.clip(low + most - before, low, high))])


def _ranges(low: IntArray, high: IntArray) -> IntArray:
    """low[0], ..., high[0] - 1, low[1], ..., high[1] - 1, ..."""
    counts = high - low
    ranges: IntArray = np.arange(int(counts.sum())) + np.repeat(low - (np.cumsum(counts) - counts), counts)
    return ranges
