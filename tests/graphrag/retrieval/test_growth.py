"""Our own Steiner tree solver beside pcst-fast on the whole graph: the same nodes and edges, ties or not."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.evaluation.bench import Problem, heavy_tailed, measure, with_vectors
from graphrag.retrieval.growth import Grown, grow
from graphrag.retrieval.incidence import incidence_of
from graphrag.retrieval.steiner import Sparse, Topology, prized_tree

Case = tuple[np.ndarray, np.ndarray, np.ndarray]


def problem(seed: int, tied: bool) -> Case:
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
    for seed in range(600):
        random = np.random.default_rng(seed)
        edges, prizes, _ = problem(seed, tied=seed % 2 > 0)
        chosen = random.random(edges.shape[1]) < random.choice([0.03, 0.5])
        least = [0.2, 0.25, 0.5][seed % 3]  # of no float's worth, of one, what an edge costs: each takes another way
        edge_prizes = np.where(chosen, random.choice([least, 0.505, 0.7, 1.3], edges.shape[1]), 0)
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


KINDS = ("attachment", "hubs", "communities")


def graph_of(kind: str, num_edges: int, tied: bool, seed: int) -> Problem:
    """Grown by preferential attachment, with ends drawn by a power law, or in communities; edge texts few or unique."""
    rng = np.random.default_rng(seed)
    num_nodes = max(2, num_edges // int(rng.integers(2, 8)))
    source = rng.integers(0, num_nodes, num_edges)
    if kind == "attachment":
        target = (rng.random(num_edges) * np.maximum(source, 1)).astype(np.int64)
        copied = np.flatnonzero(rng.random(num_edges) < 0.6)
        target[copied] = target[(rng.random(len(copied)) * np.maximum(copied, 1)).astype(np.int64)]
    elif kind == "hubs":
        target = (num_nodes * rng.random(num_edges) ** rng.integers(2, 8)).astype(np.int64)
    else:
        target = np.where(
            rng.random(num_edges) < 0.95, source // 50 * 50 + rng.integers(0, 50, num_edges), source[::-1]
        )
        target = target.clip(max=num_nodes - 1)
    relations = int(rng.choice([5, 50, 500])) if tied else num_edges
    relation = rng.integers(0, relations, num_edges) if tied else rng.permutation(num_edges)
    return with_vectors(kind, np.stack([source, target]), num_nodes, relation.astype(np.int32), rng)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("num_edges", "graphs", "questions"), [(1_000, 300, 4), (10_000, 60, 8), (100_000, 24, 12), (1_000_000, 6, 4)]
)
def test_on_generated_graphs_of_all_kinds_the_tree_is_that_of_pcst_fast(
    num_edges: int, graphs: int, questions: int
) -> None:
    compared = 0
    for seed in range(graphs):
        kind, tied = KINDS[seed % 3], seed // 3 % 2 == 0
        size = int(num_edges * np.random.default_rng(seed).uniform(0.5, 1))
        measured = measure(graph_of(kind, size, tied, seed), count=questions, seed=seed)
        assert measured.identical == measured.compared, (kind, tied, seed)
        compared += measured.compared
    print(num_edges, "edges:", compared, "compared")


@pytest.mark.slow
@pytest.mark.parametrize("file", ["metaqa/kb.tsv.gz", "freebase_mini/triples.tsv.gz", "wn18rr_text/train.tsv.gz"])
def test_on_real_graphs_the_tree_is_that_of_pcst_fast(shared_data: Path, file: str) -> None:
    with gzip.open(shared_data / file, "rt", encoding="utf-8") as lines:
        graph = TextualGraph.from_triples(line.rstrip("\n").split("\t")[:3] for line in lines)  # type: ignore[misc]
    rng = np.random.default_rng(0)
    real = with_vectors(file, np.asarray(graph.edge_index), graph.num_nodes, np.asarray(graph.edge_relation), rng)
    measured = measure(real, count=50)
    assert measured.identical == measured.compared == 50


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
