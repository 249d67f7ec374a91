"""What becomes evidence, on graphs small enough to follow by hand."""

from __future__ import annotations

import numpy as np

from graph_data.textual_graph import TextualGraph
from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.reasoning import ReasoningGraph, Start, Walk
from graphrag.retrieval.selection import prized_neighbourhood, shortest_paths, tree


def test_many_faint_answers_do_not_outweigh_the_best_one() -> None:
    """A star of ten nodes that hardly matter, and, apart from it, the one that does."""
    star = [("hub", "has", f"leaf {i}") for i in range(10)]
    graph = TextualGraph.from_triples([("Heat", "director", "Michael Mann"), *star])
    vectors = np.zeros((2, 384), np.float32)
    reasoning = ReasoningGraph.of(graph, vectors, lambda texts: np.zeros((len(texts), 384), np.float32))
    scores = np.asarray([0.0, 0.9, *[0.03] * 11], np.float32)
    credits = np.asarray([0.9, 0.9, *[0.2] * 11], np.float32)
    edge_credits = np.asarray([0.9, *[0.2] * 10], np.float32)
    walked = Walk(np.arange(13), scores, np.arange(13), credits, np.arange(11), edge_credits, 0.9, 0.0)
    plan = Plan((Start(np.asarray([0]), 1.0),), np.zeros((3, 2, 2), np.float32), np.full(3, 1 / 3, np.float32))
    nodes, _, edges, _ = tree(reasoning, prized_neighbourhood(reasoning, plan, walked, 24, 48), 0.5, walked)
    assert {graph.node_text(node) for node in nodes.tolist()} == {"Heat", "Michael Mann"}
    assert edges.tolist() == [0]


def test_shortest_paths_lead_from_the_start_to_what_is_prized_and_no_further() -> None:
    """A prized node two steps away, a longer way to it, and a dead end."""
    triples = [("a", "r", "b"), ("b", "r", "c"), ("a", "r", "d"), ("d", "r", "e"), ("e", "r", "c"), ("a", "r", "f")]
    graph = TextualGraph.from_triples(triples)
    vectors = np.zeros((1, 384), np.float32)
    reasoning = ReasoningGraph.of(graph, vectors, lambda texts: np.zeros((len(texts), 384), np.float32))
    ids = graph.node_ids.to_pylist()
    prizes = np.asarray([0.9 if name == "c" else 0.0 for name in ids], np.float32)
    start = Start(np.asarray([ids.index("a")]), 1.0)
    plan = Plan((start,), np.zeros((3, 2, 1), np.float32), np.full(3, 1 / 3, np.float32))
    prized = np.arange(6), prizes, np.arange(6), np.zeros(6, np.float32)
    nodes, scores, edges, edge_scores = shortest_paths(reasoning, prized, plan)
    assert {ids[node] for node in nodes.tolist()} == {"a", "b", "c"}
    assert edges.tolist() == [0, 1]
    assert (scores == np.float32(0.9)).all()
    assert (edge_scores == np.float32(0.9)).all()
