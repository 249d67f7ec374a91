"""Query graphs and what they make of a walk, on a graph of countries small enough to follow by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.embedding import default_embedder
from graphrag.retrieval.hits import Hits, find_hits
from graphrag.retrieval.interpretation import combine, interpret
from graphrag.retrieval.mentions import MentionTable
from graphrag.retrieval.pattern_text import NUM_FEATURES, PatternText, features_of, text_of
from graphrag.retrieval.prizes import Forms, Plan
from graphrag.retrieval.proposals import propose
from graphrag.retrieval.query_graphs import AGAINST, ALONG, EITHER, Executor, QueryGraph
from graphrag.retrieval.reasoning import ReasoningGraph, Start, Walk, walk
from graphrag.retrieval.relating import relate
from graphrag.retrieval.tracing import trace

TRIPLES = [
    ("France", "borders", "Spain"),
    ("Spain", "borders", "Portugal"),
    ("France", "borders", "Germany"),
    ("Spain", "capital", "Madrid"),
    ("Germany", "capital", "Berlin"),
    ("France", "capital", "Paris"),
    ("Madrid", "river", "Manzanares"),
]
GRAPH = TextualGraph.from_triples(TRIPLES)
NODE = {GRAPH.node_text(node): node for node in range(GRAPH.num_nodes)}
NAMES = {node: name for name, node in NODE.items()}
RELATION = {name: row for row, name in enumerate(GRAPH.relations.to_pylist())}
REASONING = ReasoningGraph.of(
    GRAPH, np.zeros((3, 384), np.float32), lambda texts: np.zeros((len(texts), 384), np.float32)
)
TABLE = MentionTable.build(GRAPH)
QUESTION = "What is the capital of the country that borders both France and Portugal?"


def asked(question: str) -> tuple[Plan, Hits, Walk]:
    """All gates half open, so that nothing but the graph decides what is proposed."""
    (hits,) = find_hits([question], TABLE, lambda texts, vectors: [[] for _ in texts], default_embedder())
    starts = tuple(Start(hit.nodes, 0.9) for hit in hits.hits)
    plan = Plan(starts, np.full((3, 2, 3), 0.5, np.float32), np.full(3, 1 / 3, np.float32))
    return plan, hits, walk(REASONING, plan.starts, plan.gates, plan.step_weights)


def named(query: QueryGraph) -> set[str]:
    return {NAMES[node] for node in query.answers.tolist()}


def find(question: str, wanted: str) -> QueryGraph:
    """The proposed pattern that reads as wanted."""
    plan, hits, _ = asked(question)
    found = {text(query, plan, hits).facts: query for query in propose(REASONING, plan, hits)}
    assert wanted in found, sorted(found)
    return found[wanted]


def text(query: QueryGraph, plan: Plan, hits: Hits) -> PatternText:
    return text_of(query, plan, hits, REASONING, NAMES.__getitem__)


@pytest.mark.parametrize(
    ("question", "pattern", "answers"),
    [
        ("What is the capital of Spain?", "X capital answer", {"Madrid"}),
        ("Whose capital is Madrid?", "answer capital X", {"Spain"}),
        ("What borders Spain?", "X and answer borders", {"France", "Portugal"}),
        ("Capitals of the neighbours of Spain?", "A borders X, A capital answer", {"Paris"}),
        (QUESTION, "X borders A, A borders Y, A capital answer", {"Madrid"}),
        ("What river is in the capital of Spain?", "X capital A, A river answer", {"Manzanares"}),
    ],
)
def test_patterns_are_proposed_and_executed(question: str, pattern: str, answers: set[str]) -> None:
    assert named(find(question, pattern)) == answers


def test_every_pattern_has_answers_and_none_is_its_topic() -> None:
    plan, hits, walked = asked(QUESTION)
    queries = propose(REASONING, plan, hits)
    assert len(queries) > 10
    for query in queries:
        assert len(query.answers)
        topics = {NAMES[int(plan.starts[branch.topic].nodes[0])] for branch in query.branches}
        assert named(query).isdisjoint(topics)
    features = features_of(queries, plan, hits, walked, REASONING)
    assert features.shape == (len(queries), NUM_FEATURES)
    assert np.isfinite(features).all()


def test_the_question_is_shown_with_the_pattern_s_topics_masked() -> None:
    plan, hits, _ = asked(QUESTION)
    query = find(QUESTION, "X borders A, A borders Y, A capital answer")
    shown = text(query, plan, hits)
    assert shown.question == "What is the capital of the country that borders both X and Y?"
    assert shown.examples == "Madrid"


def test_steps_lead_along_against_and_either_way() -> None:
    executor = Executor(REASONING)
    spain = np.asarray([NODE["Spain"]])
    borders = RELATION["borders"]
    for direction, there in ((ALONG, {"Portugal"}), (AGAINST, {"France"}), (EITHER, {"France", "Portugal"})):
        assert {NAMES[node] for node in executor.step(spain, (borders, direction)).tolist()} == there


def test_the_trace_is_the_edges_between_topics_and_answers() -> None:
    plan, _, _ = asked(QUESTION)
    query = find(QUESTION, "X borders A, A borders Y, A capital answer")
    edges, nodes = trace(Executor(REASONING), plan, query)
    assert {TRIPLES[edge] for edge in edges.tolist()} == {TRIPLES[0], TRIPLES[1], TRIPLES[3]}
    assert {NAMES[node] for node in nodes.tolist()} == {"France", "Portugal", "Spain", "Madrid"}


def test_the_likeliest_pattern_s_answers_come_first() -> None:
    plan, hits, walked = asked(QUESTION)
    queries = propose(REASONING, plan, hits)
    meant = find(QUESTION, "X borders A, A borders Y, A capital answer")
    shares = np.asarray([0.8 if q.branches == meant.branches and q.tail == meant.tail else 0 for q in queries] + [0.2])
    found = combine(REASONING, plan, walked, queries, shares.astype(np.float32), NAMES.__getitem__).walk
    assert NAMES[int(found.nodes[found.scores.argmax()])] == "Madrid"
    assert found.certainty == pytest.approx(0.8)
    assert found.scores.max() == pytest.approx(0.8)
    credit = dict(zip(found.credit_edges.tolist(), found.credit_edge_values.tolist(), strict=True))
    assert credit[0] == credit[1] == credit[3] == 1
    assert all(0 < value <= 1 for value in credit.values())


def checks(question: str) -> dict[str, bool | None]:
    """What is checked if the question may want yes or no: pattern to whether it holds."""
    plan, hits, _ = asked(question)
    queries = propose(REASONING, replace(plan, forms=Forms(0.1, 0.9)), hits)
    return {text(query, plan, hits).facts: query.holds for query in queries if query.holds is not None}


@pytest.mark.parametrize(
    ("question", "pattern", "holds"),
    [
        ("Is Madrid the capital of Spain?", "whether Y capital X", True),
        ("Is Berlin the capital of Spain?", "whether X and Y borders", None),
        ("Is Berlin the capital of Spain?", "whether Y capital X", False),
        ("Is the Manzanares in the capital of Spain?", "whether A river X, Y capital A", True),
        ("Do France and Portugal have a neighbour in common?", "whether X borders A, A borders Y", True),
        ("Does France border Portugal?", "whether X borders Y", False),
        ("Does France border Berlin?", "whether X borders Y", None),  # nothing borders a city
        ("Do Madrid and Berlin have a river in common?", "whether A capital X, A capital Y", False),
    ],
)
def test_questions_for_yes_or_no_are_checked(question: str, pattern: str, holds: bool | None) -> None:
    assert checks(question).get(pattern) == holds


def test_a_question_for_something_else_is_not_checked() -> None:
    plan, hits, _ = asked(QUESTION)
    assert all(query.holds is None for query in propose(REASONING, plan, hits))


def test_checks_say_how_likely_yes_is() -> None:
    plan, hits, walked = asked("Is Berlin the capital of Spain?")
    queries = propose(REASONING, replace(plan, forms=Forms(0.1, 0.9)), hits)
    shares = np.zeros(len(queries) + 1, np.float32)
    shares[[query.holds is False for query in queries].index(True)] = 0.6
    shares[[query.holds is None for query in queries].index(True)] = 0.2
    shares[-1] = 0.2
    found = combine(REASONING, plan, walked, queries, shares, NAMES.__getitem__)
    assert found.forms.yes_no == pytest.approx(0.75)
    assert found.walk.arrival == 0
    assert found.walk.certainty == pytest.approx(0.8)


def test_a_question_that_names_nothing_keeps_its_walk() -> None:
    class Unasked:
        def screen(self, features: object) -> np.ndarray:
            raise AssertionError("the ranker was asked")

        def rank(self, texts: object, features: object) -> np.ndarray:
            raise AssertionError("the ranker was asked")

    plan, hits, walked = asked("Why is that so?")
    assert interpret(REASONING, plan, hits, walked, Unasked(), NAMES.__getitem__).walk is walked


def test_a_question_for_a_number_is_answered_by_how_many_there_are() -> None:
    plan, hits, walked = asked("How many countries border Spain?")
    plan = replace(plan, forms=Forms(0.1, 0.0, 0.9))
    queries = propose(REASONING, plan, hits)
    wanted = [text(query, plan, hits).facts for query in queries].index("X and answer borders")
    shares = np.full(len(queries) + 1, 0.01, np.float32)
    shares[wanted] = 0.9
    found = combine(REASONING, plan, walked, queries, shares / shares.sum(), NAMES.__getitem__)
    assert found.forms.count > 0.8
    assert found.values[0] == ("2", 1.0, "count")


class Certain:
    """Gives all to the first pattern, or to none."""

    def __init__(self, none: bool) -> None:
        self.none = none

    def screen(self, features: np.ndarray) -> np.ndarray:
        return np.zeros(len(features), np.float32)

    def rank(self, texts: list[PatternText], features: np.ndarray) -> np.ndarray:
        shares = np.zeros(len(texts) + 1, np.float32)
        shares[-1 if self.none else 0] = 1
        return shares

    def confidence(self, share: float) -> float:
        return share


@pytest.mark.parametrize("none", [True, False])
def test_a_question_for_a_relation_is_answered_by_those_between_two_names_unless_a_pattern_is_meant(none: bool) -> None:
    plan, hits, walked = asked("How is Madrid related to Spain?")
    plan = replace(plan, forms=Forms(0.1, 0.0, 0.0, 0.9))
    found = interpret(REASONING, plan, hits, walked, Certain(none), NAMES.__getitem__)
    if not none:
        assert not any(kind == "relation" for _, _, kind in found.values)
        return
    assert found.values == (("capital", 1.0, "relation"),)
    assert found.walk.certainty == 1
    assert found.walk.credit_edge_values[found.walk.credit_edges.tolist().index(3)] == 1


def answers_by_pattern(triples: list[tuple[str, str, str]], question: str) -> dict[str, set[str]]:
    """What each pattern proposed for a graph answers, all gates half open."""
    graph = TextualGraph.from_triples(triples)
    count = len(graph.relations)
    vectors = np.zeros((count, 384), np.float32)
    reasoning = ReasoningGraph.of(graph, vectors, lambda texts: np.zeros((len(texts), 384), np.float32))
    (hits,) = find_hits([question], MentionTable.build(graph), lambda texts, _: [[] for _ in texts], default_embedder())
    starts = tuple(Start(hit.nodes, 0.9) for hit in hits.hits)
    plan = Plan(starts, np.full((3, 2, count), 0.5, np.float32), np.full(3, 1 / 3, np.float32))
    names = graph.node_texts.to_pylist().__getitem__
    return {
        text_of(query, plan, hits, reasoning, names).facts: {names(node) for node in query.answers.tolist()}
        for query in propose(reasoning, plan, hits)
    }


def test_a_self_loop_alone_leads_back_to_a_topic() -> None:
    triples = [("Blue", "recording", "Blue"), ("Blue", "artist", "Joni"), ("Joni", "song", "Blue")]
    found = answers_by_pattern(triples, "What is the recording of Blue's recording?")
    assert found["X recording A, A recording answer"] == {"Blue"}
    assert "X artist A, A song answer" not in found
    assert found["X artist answer"] == {"Joni"}


def test_a_namesake_of_the_topic_may_be_the_answer() -> None:
    """The film "Innocence" and the tag "innocence" are one name to the question."""
    triples = [("Innocence", "tag", "innocence"), ("Atonement", "tag", "innocence"), ("Innocence", "year", "2004")]
    found = answers_by_pattern(triples, "Which films can be described by innocence?")
    assert found["answer tag X"] == {"Innocence", "Atonement"}
    assert "X tag A, answer tag A" not in found or "Innocence" not in found["X tag A, answer tag A"]


def test_what_is_named_outright_narrows_whatever_its_gate() -> None:
    plan, hits, _ = asked(QUESTION)
    closed = tuple(replace(start, gate=0.0 if i else 0.9) for i, start in enumerate(plan.starts))
    queries = propose(REASONING, replace(plan, starts=closed), hits)
    assert any(len(query.branches) == 2 for query in queries)


def test_patterns_that_answer_nothing_with_a_name_are_left_out() -> None:
    plan, hits, _ = asked("What is the capital of France?")
    opaque = {**NAMES, NODE["Paris"]: "m.0f8l9"}
    answers = [named(query) for query in propose(REASONING, plan, hits, opaque.__getitem__)]
    assert answers
    assert {"Paris"} not in answers


@pytest.mark.parametrize(
    ("question", "relations", "through"),
    [
        ("How is Madrid related to Spain?", ["capital"], set()),
        ("How are France and Portugal connected?", ["borders"], {"Spain"}),
        ("How is Paris connected to Madrid?", [], None),
        ("How is Spain doing?", [], None),
    ],
)
def test_two_names_are_related_by_the_edges_between_them(
    question: str, relations: list[str], through: set[str] | None
) -> None:
    plan, hits, _ = asked(question)
    found = relate(REASONING, plan, hits)
    if through is None:
        assert found is None
    else:
        assert found is not None
        assert [REASONING.relations[row] for row in found.relations] == relations
        named = {NAMES[int(node)] for hit in hits.hits for node in hit.nodes}
        assert {NAMES[node] for node in found.nodes.tolist()} == through | named
