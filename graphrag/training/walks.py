"""Walks: stepping over a graph by relation and direction, fast on hundreds of thousands of edges.

Two sorted edge lists (out and in), each a CSR by node and, within a node, by relation. It knows nothing of words.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from graph_data.textual_graph import TextualGraph

MOST_OPTIONS = 200  # incident edges looked at when the ways out of a hub are listed

Ints = npt.NDArray[np.int64]


class Walks:
    """The steps that a graph allows.

    Attributes:
        names: what each node is called, shape [N].
        by_name: the nodes of each name.
    """

    def __init__(self, graph: TextualGraph, names: list[str]) -> None:
        self.graph, self.names = graph, names
        self.by_name: dict[str, list[int]] = {}
        for node, name in enumerate(names):
            self.by_name.setdefault(name, []).append(node)
        source, target = graph.edge_index
        relation = graph.edge_relation.astype(np.int64)
        self._out = _Sorted(source, relation, target, graph.num_nodes)
        self._in = _Sorted(target, relation, source, graph.num_nodes)
        self._edges = np.argsort(relation, kind="stable")
        self._first = np.searchsorted(relation[self._edges], np.arange(len(graph.relations) + 1))

    def step(self, nodes: Iterable[int], relation: int, forward: bool, both: bool = False) -> set[int]:
        """Where the relation leads from the nodes; `both`: against its direction too."""
        found: set[int] = set()
        for node in nodes:
            if forward or both:
                found.update(self._out.step(node, relation))
            if not forward or both:
                found.update(self._in.step(node, relation))
        return found

    def options(self, node: int, rng: random.Random) -> list[tuple[int, bool]]:
        """The (relation, forward?) steps that leave the node, without repeats, in order."""
        ways = {(relation, True) for relation, _ in self._out.incident(node, rng)}
        ways |= {(relation, False) for relation, _ in self._in.incident(node, rng)}
        return sorted(ways)

    def arrivals(self, node: int, rng: random.Random) -> list[tuple[int, bool, int]]:
        """The (relation, forward?, start) steps of one hop that lead to the node."""
        into = [(relation, True, start) for relation, start in self._in.incident(node, rng)]
        back = [(relation, False, start) for relation, start in self._out.incident(node, rng)]
        return into + back

    def random_edge(self, relation: int, rng: random.Random) -> tuple[int, int]:
        """(source, target) of some edge of the relation."""
        row = int(self._edges[rng.randrange(int(self._first[relation]), int(self._first[relation + 1]))])
        return int(self.graph.edge_index[0, row]), int(self.graph.edge_index[1, row])

    def has_edges(self, relation: int) -> bool:
        return bool(self._first[relation] < self._first[relation + 1])


class _Sorted:
    """Edges by (node, relation)."""

    def __init__(self, node: Ints, relation: Ints, other: Ints, count: int) -> None:
        order = np.lexsort((other, relation, node))
        self.relation, self.other = relation[order], other[order]
        self.start: list[int] = np.searchsorted(node[order], np.arange(count + 1)).tolist()

    def step(self, node: int, relation: int) -> list[int]:
        first, last = self.start[node], self.start[node + 1]
        if first == last:
            return []
        part = self.relation[first:last]
        low, high = np.searchsorted(part, relation), np.searchsorted(part, relation, side="right")
        ends: list[int] = self.other[first + low : first + high].tolist()
        return ends

    def incident(self, node: int, rng: random.Random) -> list[tuple[int, int]]:
        first, last = self.start[node], self.start[node + 1]
        rows: list[int] | range = range(first, last)
        if last - first > MOST_OPTIONS:
            rows = sorted(rng.sample(rows, MOST_OPTIONS))
        return [(int(self.relation[row]), int(self.other[row])) for row in rows]
