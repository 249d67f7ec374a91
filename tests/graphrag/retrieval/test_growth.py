"""Our own Steiner tree solver beside pcst-fast on the whole graph: the same nodes and edges, ties or not."""

from __future__ import annotations

import numpy as np
import pytest

from graphrag.evaluation.bench import heavy_tailed, measure
from graphrag.retrieval.growth import Grown, grow
from graphrag.retrieval.incidence import incidence_of
from graphrag.retrieval.steiner import Sparse, Topology, prized_tree

Problem = tuple[np.ndarray, np.ndarray, np.ndarray]


def problem(seed: int, tied: bool) -> Problem:
    """Edges [2, E] (even, with hubs, or in communities), prizes [N], costs [E]: all different, or few."""
    random = np.random.default_rng(seed)
    nodes = int(random.integers(2, 400))
    edges = random.integers(0, nodes, (2, int(random.integers(1, nodes * 4))))
    if seed % 3 == 1:
        edges[1] = (nodes * random.random(edges.shape[1]) ** 4).astype(np.int64)
    elif seed % 3 == 2:
        near = random.random(edges.shape[1]) < 0.9
        edges[1, near] = (edges[0, near] // 20 * 20 + random.integers(0, 20, near.sum())).clip(max=nodes - 1)
    chosen = random.choice(nodes, int(random.integers(1, min(12, nodes) + 1)), replace=False)
    prizes = np.zeros(nodes)
    prizes[chosen] = random.integers(1, 5, len(chosen)) if tied else random.random(len(chosen)) * 4 + 0.01
    if tied:
        costs = random.choice([0.1, 0.3, 0.5], edges.shape[1]) if seed % 2 else np.full(edges.shape[1], 0.5)
    else:
        costs = random.random(edges.shape[1]) + 0.05
    return edges, prizes, costs


def by_growth(edges: np.ndarray, prizes: np.ndarray, costs: np.ndarray) -> Grown:
    terminals = np.flatnonzero(prizes)
    return grow(edges, incidence_of(edges[0], edges[1], len(prizes)), (terminals, prizes[terminals]), costs)


def by_pcst_fast(edges: np.ndarray, prizes: np.ndarray, costs: np.ndarray) -> tuple[list[int], list[int], float]:
    from pcst_fast import pcst_fast

    nodes, chosen = pcst_fast(np.ascontiguousarray(edges.T), prizes, costs, -1, 1, "gw", 0)
    return sorted(nodes.tolist()), sorted(chosen.tolist()), prizes[nodes].sum() - costs[chosen].sum()


@pytest.mark.parametrize("first", range(0, 800, 100))
def test_the_tree_is_that_of_pcst_fast(first: int) -> None:
    for seed in range(first, first + 100):
        edges, prizes, costs = problem(seed, tied=seed % 4 > 0)
        nodes, chosen, best = by_pcst_fast(edges, prizes, costs)
        found = by_growth(edges, prizes, costs)
        assert (found.nodes.tolist(), found.edges.tolist()) == (nodes, chosen), seed
        assert found.worth == pytest.approx(best)
        assert found.bound >= found.worth


def test_edges_with_prizes_give_what_pcst_fast_gives() -> None:
    for seed in range(200):
        random = np.random.default_rng(seed)
        edges, prizes, _ = problem(seed, tied=seed % 2 > 0)
        chosen = random.random(edges.shape[1]) < random.choice([0.03, 0.5])
        edge_prizes = np.where(chosen, random.choice([0.2, 0.505, 0.7, 1.3], edges.shape[1]), 0)
        terms = Topology.of(edges, len(prizes)), Sparse.of(prizes), Sparse.of(edge_prizes), 0.5
        theirs, ours = prized_tree(*terms, solver="pcst-fast"), prized_tree(*terms)
        assert ours.nodes.tolist() == theirs.nodes.tolist(), seed
        assert ours.edges.tolist() == theirs.edges.tolist(), seed
        assert ours.certificate.worth == pytest.approx(theirs.certificate.worth)
        assert ours.certificate.worth <= ours.certificate.bound <= theirs.certificate.bound + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("num_edges", [1_000, 10_000, 100_000, 1_000_000])
def test_the_published_prizes_give_the_tree_of_pcst_fast(num_edges: int) -> None:
    """Heavy tails, few relations and many; half of the questions about hubs."""
    for relations in (50, 5_000):
        graph = heavy_tailed(num_edges, seed=relations, relations=relations)
        measured = measure(graph, count=5 if num_edges > 100_000 else 50)
        assert measured.identical == measured.compared


@pytest.mark.parametrize("cost", [0.0, 0.5])
def test_loops_and_parallel_edges_count_as_in_pcst_fast(cost: float) -> None:
    for seed in range(100):
        random = np.random.default_rng(seed)
        edges = random.integers(0, 5, (2, 30))
        prizes, costs = random.choice([0, 0, 1.0, 2.0], 5), random.choice([cost, 0.5, 1.0], 30)
        if prizes.any():
            found = by_growth(edges, prizes, costs)
            assert (found.nodes.tolist(), found.edges.tolist()) == by_pcst_fast(edges, prizes, costs)[:2], seed


def test_growth_looks_at_no_more_than_what_is_near() -> None:
    """Two prizes three steps apart on a path of a hundred thousand nodes."""
    path = np.stack([np.arange(99_999), np.arange(1, 100_000)])
    prizes = np.zeros(100_000)
    prizes[[50_000, 50_003]] = 2.0
    found = by_growth(path, prizes, np.full(99_999, 0.5))
    assert found.nodes.tolist() == [50_000, 50_001, 50_002, 50_003]
    assert found.merged < 10
    assert found.looked_at < 20
