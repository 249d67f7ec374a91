"""Ways: what leaves each node, by relation and direction, and where it leads."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphrag.retrieval.incidence import incidence_of
from graphrag.retrieval.ways import Ways

EDGES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(0, 6)), max_size=30)


def made(edges: list[tuple[int, int, int]]) -> Ways:
    columns = np.asarray(edges, np.int64).reshape(-1, 3)
    source, relation, target = columns[:, 0], columns[:, 1], columns[:, 2]
    return Ways.of(source, target, relation, *incidence_of(source, target, 7))


def test_a_node_s_edges_are_grouped() -> None:
    ways = made([(0, 1, 2), (0, 1, 3), (4, 1, 0), (0, 0, 5)])
    rows = ways.leaving(np.asarray([0]))
    assert ways.keys[rows].tolist() == [0, 2, 3]  # relation 0 along, 1 along, 1 against
    assert [ways.ends(rows[[i]], 9).tolist() for i in range(3)] == [[5], [2, 3], [4]]
    assert ways.ends(rows, 9).tolist() == [2, 3, 4, 5]
    assert ways.ends(rows[1:], 2).tolist() == [2, 3]  # the first two edges are followed
    assert ways.leaving(np.zeros(0, np.int64)).tolist() == []


@given(EDGES, st.sets(st.integers(0, 6)), st.integers(0, 5))
def test_ways_lead_where_the_edges_do(edges: list[tuple[int, int, int]], nodes: set[int], key: int) -> None:
    ways = made(edges)
    rows = ways.leaving(np.asarray(sorted(nodes), np.int64))
    found = ways.ends(rows[ways.keys[rows] == key], 1000).tolist()
    relation, against = divmod(key, 2)
    along = {t for h, r, t in edges if r == relation and h in nodes}
    back = {h for h, r, t in edges if r == relation and t in nodes and h != t}  # a loop goes along alone
    assert set(found) == (back if against else along)
