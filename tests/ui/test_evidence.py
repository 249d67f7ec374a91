"""What the panes draw: roles, what the answer rests on, the cap, and texts that stay texts."""

from __future__ import annotations

import json

import pytest

from graphrag.answer import Answer
from graphrag.retrieval.subgraph import EdgeRole, EvidenceEdge, EvidenceNode, NodeRole, Subgraph
from ui.evidence import MAX_LISTED, MAX_NODES, NAME_LIMIT, TEXT_LIMIT, Payload, Places, payload

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "${alert(1)}",
    "{{value}}",
    "![pixel](http://example.com/x.png)",
    "\u202egnp.exe",
]


def node(name: str, role: NodeRole = "bridge", score: float = 0.5) -> EvidenceNode:
    return EvidenceNode(name, name, role, score)


def edge(source: str, text: str, target: str, role: EdgeRole = "bridge") -> EvidenceEdge:
    return EvidenceEdge(source, text, target, role, 0.25)


def drawing(evidence: Subgraph, question: str = "?", *, abstained: bool = False) -> Payload:
    return payload(evidence, question, Answer(question, "", [], evidence, abstained=abstained))


IBERIA = Subgraph(
    (
        node("Spain"),
        node("Madrid", "answer"),
        node("France", "terminal"),
        node("Portugal", "terminal"),
        node("Paris", "endpoint"),
    ),
    (
        edge("France", "capital", "Paris"),
        edge("Spain", "capital", "Madrid", "terminal"),
        edge("Spain", "borders", "France"),
        edge("Spain", "borders", "Portugal"),
    ),
)
QUESTION = "What is the capital of the country that borders both France and Portugal?"


def test_every_node_and_edge_keeps_its_role_and_score() -> None:
    drawn = drawing(IBERIA, QUESTION)
    assert {n["name"]: n["role"] for n in drawn["nodes"]} == {n.name: n.role for n in IBERIA.nodes}
    assert {n["score"] for n in drawn["nodes"]} == {0.5}
    assert [e["role"] for e in drawn["edges"] if e["target_name"] == "Madrid"] == ["terminal"]


def test_used_is_the_way_from_the_answer_to_what_the_question_names() -> None:
    drawn = drawing(IBERIA, QUESTION)
    assert {n["name"] for n in drawn["nodes"] if n["used"]} == {"Madrid", "Spain", "France", "Portugal"}
    assert [e["used"] for e in drawn["edges"]] == [True, True, True, False]
    assert drawn["edges"][-1]["target_name"] == "Paris"


def test_where_the_question_names_nothing_the_best_terminals_count() -> None:
    evidence = Subgraph(
        (node("a", "terminal", 1.0), node("b", "answer"), node("c", "terminal", 0.4)),
        (edge("a", "to", "b"), edge("b", "to", "c")),
    )
    assert [(e["source_name"], e["used"]) for e in drawing(evidence, "?")["edges"]] == [("a", True), ("b", False)]


def test_parallel_edges_on_the_way_are_all_used() -> None:
    evidence = Subgraph(
        (node("a", "terminal"), node("b", "answer")), (edge("a", "x", "b"), edge("b", "y", "a"), edge("a", "z", "a"))
    )
    used = {e["relation"]: e["used"] for e in drawing(evidence, "a?")["edges"]}
    assert used == {"x": True, "y": True, "z": False}


def test_if_the_graph_does_not_say_nothing_is_used() -> None:
    evidence = Subgraph((node("a", "terminal"), node("b")), (edge("a", "to", "b"),))
    drawn = drawing(evidence, "a", abstained=True)
    assert drawn["abstained"]
    assert not any(item["used"] for item in drawn["nodes"] + drawn["edges"])


def test_yes_rests_on_the_ways_among_what_the_question_names() -> None:
    evidence = Subgraph(
        (node("Spain", "terminal"), node("France", "terminal"), node("Madrid")),
        (edge("Spain", "borders", "France"), edge("Spain", "capital", "Madrid")),
    )
    used = {e["relation"]: e["used"] for e in drawing(evidence, "Does Spain border France?")["edges"]}
    assert used == {"borders": True, "capital": False}


def test_nothing_is_used_before_the_answer() -> None:
    assert not any(item["used"] for item in payload(IBERIA, QUESTION)["nodes"])


def test_a_large_evidence_is_cut_to_the_most_important_nodes() -> None:
    many = [node(f"n{i}", "bridge", i / 1000) for i in range(400)]
    many[7] = node("n7", "answer")
    many[9] = node("n9", "terminal")
    chain = tuple(edge(f"n{i}", "next", f"n{i + 1}") for i in range(399))
    drawn = drawing(Subgraph(tuple(many), chain))
    names = {n["name"] for n in drawn["nodes"]}
    ids = {n["id"] for n in drawn["nodes"]}
    assert len(names) == MAX_NODES
    assert {"n7", "n9", "n399"} <= names
    assert "n8" not in names
    assert all({e["source"], e["target"]} <= ids for e in drawn["edges"])
    assert (drawn["total_nodes"], drawn["total_edges"]) == (400, 399)


def test_a_long_list_of_answers_keeps_what_it_hangs_on() -> None:
    listed = [node(f"n{i}", "answer", 1.0 if i < 30 else 0.0) for i in range(450)]
    star = tuple(edge(f"n{i}", "department", "Sales") for i in range(450))
    drawn = drawing(Subgraph((*listed, node("Sales", "terminal", 0.9)), star))
    names = {n["name"] for n in drawn["nodes"]}
    assert len(names) == MAX_LISTED
    assert {"Sales", *(f"n{i}" for i in range(30))} <= names
    assert len(drawn["edges"]) == MAX_LISTED - 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_carried_as_it_is_and_never_becomes_an_id(text: str) -> None:
    evidence = Subgraph((node(text, "answer"), node("b", "terminal")), (edge(text, text, "b"),))
    drawn = json.loads(json.dumps(drawing(evidence, text)))
    assert drawn["nodes"][0]["name"] == text
    assert {n["id"] for n in drawn["nodes"]} == {"n0", "n1"}
    assert drawn["edges"][0]["id"] == "e0"


def test_a_megabyte_of_text_is_clipped() -> None:
    drawn = drawing(Subgraph((node("x" * 1_000_000),)))
    assert len(drawn["nodes"][0]["name"]) == NAME_LIMIT
    assert len(drawn["nodes"][0]["text"]) == TEXT_LIMIT
    assert drawn["nodes"][0]["name"].endswith("…")


def test_relations_are_words_and_their_source_stays() -> None:
    drawn = drawing(Subgraph((node("a"), node("b")), (edge("a", "film.film.directed_by", "b"),)))
    assert drawn["edges"][0]["relation"] == "film directed by"
    assert drawn["edges"][0]["text"] == "film.film.directed_by"


def test_places_lie_in_the_pane_and_are_the_same_each_time() -> None:
    first, second = drawing(IBERIA), drawing(IBERIA)
    places = [(n["x"], n["y"]) for n in first["nodes"]]
    assert places == [(n["x"], n["y"]) for n in second["nodes"]]
    assert len(set(places)) == len(places)
    assert all(-1.001 <= value <= 1.001 for place in places for value in place)


def test_what_was_drawn_before_stays_and_what_is_new_moves_in() -> None:
    places: Places = {}
    first = payload(IBERIA, "?", places=places)
    more = Subgraph((*IBERIA.nodes, node("Andorra")), (*IBERIA.edges, edge("Andorra", "borders", "Spain")))
    second = payload(more, "?", places=places)
    assert [(n["x"], n["y"]) for n in second["nodes"][: len(IBERIA.nodes)]] == [
        (n["x"], n["y"]) for n in first["nodes"]
    ]
    new = second["nodes"][-1]
    assert (new["x"], new["y"]) not in {(n["x"], n["y"]) for n in first["nodes"]}
    assert places["Andorra"] == (new["x"], new["y"])


def test_no_evidence_is_an_empty_drawing() -> None:
    assert drawing(Subgraph())["nodes"] == []
