"""The prize-collecting Steiner tree on graphs whose best tree can be seen."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag.errors import SolverError
from graphrag.retrieval import steiner, steiner_tree
from graphrag.retrieval.steiner import Sparse, Topology, prized_subgraph, prized_tree

PATH = np.asarray([[0, 1, 2, 3], [1, 2, 3, 4]])


def test_two_prizes_are_joined_if_they_pay_for_the_way() -> None:
    nodes, edges = steiner_tree(PATH, [5, 0, 0, 0, 5], [0.5] * 4)
    assert nodes.tolist() == [0, 1, 2, 3, 4]
    assert edges.tolist() == [0, 1, 2, 3]


def test_a_prize_too_far_away_is_left() -> None:
    nodes, edges = steiner_tree(PATH, [5, 0, 0, 0, 1], [0.5] * 4)
    assert nodes.tolist() == [0]
    assert edges.tolist() == []


def test_without_edges_the_best_node_is_the_tree() -> None:
    nodes, edges = steiner_tree(np.zeros((2, 0)), [1, 3, 2], [])
    assert nodes.tolist() == [1]
    assert edges.tolist() == []


def test_a_dear_edge_is_kept_with_its_ends() -> None:
    nodes, edges = prized_subgraph(PATH, np.zeros(5, np.float32), np.asarray([0, 0, 2, 0], np.float32), 0.5)
    assert nodes.tolist() == [2, 3]
    assert edges.tolist() == [2]


@pytest.mark.parametrize(
    ("edges", "prizes", "costs"),
    [([[0], [5]], [1, 1], [1]), ([[0], [1]], [1, -1], [1]), ([[0], [1]], [1, 1], [-1]), ([[0], [1]], [1, 1], [1, 1])],
)
def test_bad_input_is_refused(edges: list[list[int]], prizes: list[float], costs: list[float]) -> None:
    with pytest.raises(SolverError):
        steiner_tree(edges, prizes, costs)


@pytest.mark.parametrize("bad", [-1.0, float("nan")])
def test_prizes_that_are_none_are_refused(bad: float) -> None:
    with pytest.raises(SolverError, match="prizes"):
        prized_subgraph(PATH, np.asarray([1, bad, 0, 0, 0], np.float32), np.zeros(4, np.float32), 0.5)
    with pytest.raises(SolverError, match="prizes"):
        prized_subgraph(PATH, np.ones(5, np.float32), np.asarray([0, 0, bad, 0], np.float32), 0.5)


def test_a_pcst_fast_that_errs_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    import pcst_fast

    monkeypatch.setattr(pcst_fast, "pcst_fast", lambda *args: (np.zeros(5, int), np.zeros(4, int)))
    steiner.check_solver.cache_clear()
    with pytest.raises(SolverError, match="pip install"):
        prized_tree(Topology.of(PATH, 5), Sparse.of(np.ones(5)), Sparse.of(np.zeros(4)), 0.5, "pcst-fast")
    assert steiner_tree(PATH, [5, 0, 0, 0, 5], [0.5] * 4)[0].tolist() == [0, 1, 2, 3, 4]
    monkeypatch.undo()
    steiner.check_solver.cache_clear()


def test_nothing_but_the_last_node_without_a_prize() -> None:
    nodes, edges = steiner_tree(PATH, np.zeros(5), [0.5] * 4)
    assert (nodes.tolist(), edges.tolist()) == ([4], [])


def test_of_equal_lonely_nodes_the_last_stays() -> None:
    assert steiner_tree(PATH, [0, 0, 0, 0, 0, 2, 2], [0.5] * 4)[0].tolist() == [6]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_the_result_is_a_tree_and_within_twice_the_best_loss(seed: int) -> None:
    """Goemans-Williamson: cost + 2 missed prizes <= 2 (best cost + missed prizes), here by brute force over trees."""
    random = np.random.default_rng(seed)
    pairs = [pair for pair in itertools.combinations(range(6), 2) if random.random() < 0.5]
    if not pairs:
        return
    edges = np.asarray(pairs).T
    prizes, costs = random.random(6), random.random(len(pairs)) + 0.05
    nodes, chosen = steiner_tree(edges, prizes, costs)
    assert len(chosen) == len(nodes) - 1
    assert set(edges[:, chosen].ravel()) <= set(nodes.tolist())
    loss = costs[chosen].sum() + prizes.sum() - prizes[nodes].sum()
    assert loss <= 2 * _best_loss(edges, prizes, costs) + 1e-9


def _best_loss(edges: np.ndarray, prizes: np.ndarray, costs: np.ndarray) -> float:
    import networkx as nx

    best = prizes.sum() - prizes.max()
    for size in range(2, 7):
        for kept in itertools.combinations(range(6), size):
            part = nx.Graph()
            part.add_nodes_from(kept)
            part.add_weighted_edges_from(
                (int(a), int(b), c) for a, b, c in zip(*edges, costs, strict=True) if a in kept and b in kept
            )
            if nx.is_connected(part):
                tree = nx.minimum_spanning_tree(part).size(weight="weight")
                best = min(best, tree + prizes.sum() - prizes[list(kept)].sum())
    return float(best)
