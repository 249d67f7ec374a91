"""Questions about any graph: read from relation names, answered by walking, the same for the same seed."""

from __future__ import annotations

import random
import re
import time

import numpy as np
import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.training.question_generation import GeneratedQuestion, graph_hops, questions_from_graph
from graphrag.training.walks import Walks
from graphrag.wording.common_relations import common_sayings
from graphrag.wording.relation_wording import sayings_of
from graphrag.wording.templates import Mention, fill

PEOPLE = ["Ana Vel", "Bo Karr", "Cy Dunn", "Di Mott", "Ed Roon", "Flo Zand"]
FILMS = ["Dusk", "The Lamp", "Nine Kites", "Ash"]


@pytest.fixture
def graph() -> TextualGraph:
    """Four films, six people, three towns, and a relation that cannot be read."""
    directed = [(film, "film.film.directed_by", PEOPLE[i % 2]) for i, film in enumerate(FILMS)]
    starring = [(film, "starred_actors", PEOPLE[i]) for film in FILMS for i in (2, 3, 4) if (len(film) + i) % 3]
    born = [
        (person, "people.person.place_of_birth", town)
        for person, town in zip(PEOPLE, "Tarn Tarn Olm Olm Ebb".split(), strict=False)
    ]
    married = [("Ana Vel", "spouse", "Cy Dunn"), ("Bo Karr", "spouse", "Di Mott")]
    noise = [(film, "P31", "Q11424") for film in FILMS]
    return TextualGraph.from_triples(directed + starring + born + married + noise)


def brute_answers(graph: TextualGraph, asked: GeneratedQuestion) -> set[str]:
    triples = list(graph.triples())
    hops = {(str(graph.relations[hop.relation].as_py()), hop.forward): hop for hop in graph_hops(graph).values()}

    def step(at: set[str], relation: str, forward: bool) -> set[str]:
        both = hops[relation, forward].both
        ahead = {tail for head, name, tail in triples if name == relation and head in at and (forward or both)}
        back = {head for head, name, tail in triples if name == relation and tail in at and (not forward or both)}
        return ahead | back

    steps = list(asked.path)
    at = set.intersection(*[step({topic}, *steps.pop(0)) for topic in asked.topics])
    at = at - set(asked.topics) if asked.kind == "conjunction" else at
    for turn, (relation, forward) in enumerate(steps):
        at = step(at, relation, forward)
        if turn == 0 and asked.kind == "fact" and hops[relation, forward].reverses(hops[asked.path[0]]):
            at -= set(asked.topics)
    return at - set(asked.topics)


@pytest.mark.parametrize("seed", range(5))
def test_gold_answers_equal_a_walk_over_the_triples(graph: TextualGraph, seed: int) -> None:
    asked = questions_from_graph(graph, 60, random.Random(seed))
    assert len(asked) > 40
    for question in asked:
        if question.kind in ("fact", "conjunction"):
            assert set(question.answers) == brute_answers(graph, question), question
        if question.kind == "unanswerable":
            assert question.answers == ()


def test_yes_and_no_are_told_apart(graph: TextualGraph) -> None:
    known = set(graph.triples())
    asked = [q for seed in range(8) for q in questions_from_graph(graph, 80, random.Random(seed)) if q.kind == "yes_no"]
    assert {q.answers for q in asked} == {("yes",), ("no",)}
    for question in asked:
        (x, y), ((relation, forward),) = question.topics, question.path
        says = (x, relation, y) in known or (y, relation, x) in known
        assert forward
        assert question.answers == (("yes",) if says else ("no",))


def test_unreadable_relations_and_opaque_nodes_are_passed_over(graph: TextualGraph) -> None:
    for question in questions_from_graph(graph, 80, random.Random(1)):
        assert "P31" not in {relation for relation, _ in question.path}
        assert "Q11424" not in question.answers


def test_the_same_seed_gives_the_same_questions(graph: TextualGraph) -> None:
    assert questions_from_graph(graph, 30, random.Random(4)) == questions_from_graph(graph, 30, random.Random(4))


def test_only_the_hops_wanted(graph: TextualGraph) -> None:
    asked = questions_from_graph(graph, 30, random.Random(4), hops=(2,))
    assert {q.hops for q in asked if q.kind == "fact"} == {2}


def test_a_graph_without_edges_asks_nothing() -> None:
    assert questions_from_graph(TextualGraph.from_columns(["a"], ["a"], [[], []], []), 5, random.Random(0)) == []


@pytest.mark.parametrize(
    ("relation", "forward", "backward"),
    [
        ("people.person.place_of_birth", "Where was Zed born?", "Who was born in Zed?"),
        ("directed_by", "Who directed Zed?", "What did Zed direct?"),
        ("hasCapital", "What is the capital of Zed?", "What is Zed the capital of?"),
        ("capital of", "What is Zed the capital of?", "What is the capital of Zed?"),
        ("/film/film/starring./film/performance/actor", "Who starred in Zed?", "What did Zed star in?"),
        ("http://example.org/ontology/birthPlace", "Where was Zed born?", "Who was born in Zed?"),
        ("is_aged", "How old is Zed?", "Who is Zed years old?"),
        ("plays_for_country", "Which country does Zed play for?", "Who plays for Zed?"),
        ("plays_for_country_inverse", "Who plays for Zed?", "Which country does Zed play for?"),
        ("zigzag coefficient", "What is the zigzag coefficient of Zed?", "What has Zed as its zigzag coefficient?"),
        ("measured by", "What is Zed measured by?", "What is measured by Zed?"),
        ("regulates", "What does Zed regulate?", "What regulates Zed?"),
        ("concept:athleteplaysforteam", "What is the athlete plays for team of Zed?", ""),
    ],
)
def test_relations_are_said_as_people_say_them(relation: str, forward: str, backward: str) -> None:
    sayings = sayings_of(relation)
    assert sayings is not None
    zed = Mention("Zed")
    assert forward in {fill(said, zed) for said in sayings.forward.whole_questions()}
    assert not backward or backward in {fill(said, zed) for said in sayings.backward.whole_questions()}


@pytest.mark.parametrize("relation", ["P31", "r_17", "", "m.0123", "concept:xqzvtrg", "12", "___"])
def test_names_that_cannot_be_read_are_left(relation: str) -> None:
    assert sayings_of(relation) is None


def test_common_relations_fill_their_slots() -> None:
    known = common_sayings()
    assert len({id(sayings) for sayings in known.values()}) >= 150
    assert len(known) > 800
    for name, sayings in known.items():
        for wording in (sayings.forward, sayings.backward):
            said = {*wording.noun_phrases(), *wording.whole_questions()}
            assert said, name
            assert all(template.count("{x}") == 1 for template in said), (name, said)
            filled = {fill(template.replace("{r}", name), Mention("Zed"), plural=True) for template in said}
            assert not any(re.search(r"[\[\]{}<>|]", text) for text in filled), (name, filled)
        assert all(said.count("{x}") == said.count("{y}") == 1 for said in sayings.yes_no)


def test_walks_agree_with_the_edge_list() -> None:
    rng = np.random.default_rng(0)
    edges, relation = rng.integers(0, 30, (2, 400)), rng.integers(0, 4, 400)
    names = [f"n{i}" for i in range(30)]
    graph = TextualGraph.from_columns(names, names, edges, [f"r{r}" for r in relation])
    walks = Walks(graph, names)
    rows = list(zip(*edges.tolist(), graph.edge_relation.tolist(), strict=True))
    for node in range(30):
        for label in range(4):
            assert walks.step([node], label, True) == {t for s, t, r in rows if s == node and r == label}
            assert walks.step([node], label, False) == {s for s, t, r in rows if t == node and r == label}
        ways = {(r, True) for s, _, r in rows if s == node} | {(r, False) for _, t, r in rows if t == node}
        assert set(walks.options(node, random.Random(0))) == ways


def test_four_hundred_thousand_edges_take_seconds() -> None:
    rng = np.random.default_rng(1)
    count = 60_000
    names = [f"Thing {i}" for i in range(count)]
    edges = np.stack([rng.integers(0, count, 400_000), (count * rng.random(400_000) ** 6).astype(int)])
    labels = np.array(["directed by", "capital", "located in", "part of", "genre", "spouse"])[
        rng.integers(0, 6, 400_000)
    ]
    graph = TextualGraph.from_columns(names, names, edges, labels.tolist())
    began = time.process_time()
    assert len(questions_from_graph(graph, 500, random.Random(0))) == 500
    assert time.process_time() - began < 30


def test_thirty_questions_to_read(graph: TextualGraph, capsys: pytest.CaptureFixture[str]) -> None:
    """Run with -s to see them."""
    asked = questions_from_graph(graph, 30, random.Random(7))
    for question in asked:
        print(f"{question.hops} {question.kind:12} {question.question}  {list(question.answers)}")
    assert len(capsys.readouterr().out.splitlines()) == len(asked)
    assert all(not re.search(r"[\[\]{}<>|]", question.question) for question in asked)
