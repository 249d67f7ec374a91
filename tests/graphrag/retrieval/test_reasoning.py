"""The walk, on a graph of countries small enough to follow by hand."""

from __future__ import annotations

import numpy as np
import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.retrieval.incidence import incidence_of
from graphrag.retrieval.reasoning import ReasoningGraph, Start, walk

NAMES = ["France", "Portugal", "Spain", "Germany", "Madrid", "Berlin", "Paris"]
GRAPH = TextualGraph.from_triples(
    [
        ("France", "borders", "Spain"),
        ("Portugal", "borders", "Spain"),
        ("France", "borders", "Germany"),
        ("Spain", "capital", "Madrid"),
        ("Germany", "capital", "Berlin"),
        ("France", "capital", "Paris"),
    ]
)
NODE = {GRAPH.node_text(node): node for node in range(GRAPH.num_nodes)}
REASONING = ReasoningGraph.of(GRAPH, np.eye(2, dtype=np.float32), lambda texts: np.zeros((len(texts), 2), np.float32))
BORDERS, CAPITAL = 0, 1


def gates(*steps: tuple[int, int]) -> np.ndarray:
    """One open relation a step: (relation, direction)."""
    opened = np.full((len(steps), 2, 2), 0.0, np.float32)
    for step, (relation, direction) in enumerate(steps):
        opened[step, direction, relation] = 1
    return opened


def starts(*names: str) -> list[Start]:
    return [Start(np.asarray([NODE[name]]), 1.0) for name in names]


def test_one_step_reaches_the_neighbours() -> None:
    walked = walk(REASONING, starts("France"), gates((BORDERS, 0)), np.ones(1, np.float32))
    assert {GRAPH.node_text(node) for node in walked.nodes.tolist()} == {"Spain", "Germany"}
    assert walked.certainty == pytest.approx(1)


def test_two_topics_meet_where_both_lead() -> None:
    """The capital of the country that borders both: Spain gets twice the mass, so Madrid comes first."""
    walked = walk(
        REASONING, starts("France", "Portugal"), gates((BORDERS, 0), (CAPITAL, 0)), np.asarray([0, 1], np.float32)
    )
    best = walked.nodes[walked.scores.argmax()]
    assert GRAPH.node_text(int(best)) == "Madrid"
    credit = dict(zip(walked.credit_edges.tolist(), walked.credit_edge_values.tolist(), strict=True))
    assert credit[3] == pytest.approx(1)  # Spain - capital - Madrid carried all of the best answer's credit
    assert credit[0] == credit[1] == pytest.approx(0.5)
    assert credit.get(4, 0) < 1  # Germany - capital - Berlin only the runner-up's


def test_relations_are_walked_against_their_direction_too() -> None:
    walked = walk(REASONING, starts("Madrid"), gates((CAPITAL, 1)), np.ones(1, np.float32))
    assert [GRAPH.node_text(node) for node in walked.nodes.tolist()] == ["Spain"]


def test_nothing_flows_back_into_the_start() -> None:
    walked = walk(REASONING, starts("Spain"), gates((CAPITAL, 0), (CAPITAL, 1)), np.asarray([0, 1], np.float32))
    assert NODE["Spain"] not in walked.nodes[walked.scores > 0]


def test_mass_that_reaches_another_start_makes_a_yes() -> None:
    yes = walk(REASONING, starts("Spain", "Madrid"), gates((CAPITAL, 0)), np.ones(1, np.float32))
    no = walk(REASONING, starts("Spain", "Berlin"), gates((CAPITAL, 0)), np.ones(1, np.float32))
    assert yes.arrival == pytest.approx(1)
    assert no.arrival == pytest.approx(0)


def test_without_a_start_nothing_is_found() -> None:
    walked = walk(REASONING, [], gates((CAPITAL, 0)), np.ones(1, np.float32))
    assert len(walked.nodes) == 0
    assert walked.certainty == 0


def test_values_in_node_texts_can_be_reached() -> None:
    graph = TextualGraph.from_columns(["1", "2"], ["name: cup; attribute: red", "table"], [[0], [1]], ["on"])
    reasoning = ReasoningGraph.of(
        graph, np.eye(1, dtype=np.float32), lambda texts: np.ones((len(texts), 1), np.float32)
    )
    opened = np.zeros((1, 2, 2), np.float32)
    opened[0, 0, 1] = 1  # the field `attribute`, after the one relation
    walked = walk(reasoning, [Start(np.asarray([0]), 1.0)], opened, np.ones(1, np.float32))
    assert [reasoning.literals[node - graph.num_nodes] for node in walked.nodes.tolist()] == ["red"]


def test_incidence_lists_every_edge_at_both_ends_and_a_loop_once() -> None:
    indptr, incident = incidence_of(np.asarray([0, 1, 1]), np.asarray([1, 1, 0]), 3)
    assert [incident[indptr[node] : indptr[node + 1]].tolist() for node in range(3)] == [[0, 2], [0, 1, 2], []]
