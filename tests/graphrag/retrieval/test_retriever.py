"""From a question to evidence and prompt, read by cosine (no training), on a graph small enough to see."""

from __future__ import annotations

import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.errors import ConfigError
from graphrag.models.prompt import NONE_TEXT
from graphrag.retrieval.retriever import Retriever, RetrieverConfig
from graphrag.training.examples import memory_index

FILMS = TextualGraph.from_triples(
    [
        ("Insomnia", "directed by", "Christopher Nolan"),
        ("Insomnia", "written by", "Hillary Seitz"),
        ("Insomnia", "release year", "2002"),
        ("Memento", "directed by", "Christopher Nolan"),
        ("Heat", "directed by", "Michael Mann"),
        ("Heat", "release year", "1995"),
        *((f"Film {number}", "release year", "1995") for number in range(200)),
    ]
)
INDEX = memory_index(FILMS)


def retrieve(question: str, **settings: object):  # type: ignore[no-untyped-def]
    return Retriever(INDEX, RetrieverConfig(**settings)).retrieve(question)  # type: ignore[arg-type]


def test_the_evidence_holds_the_answer_and_leads_there() -> None:
    found = retrieve("Who directed Insomnia?")
    triples = {(edge.source, edge.text, edge.target) for edge in found.subgraph.edges}
    assert ("Insomnia", "directed by", "Christopher Nolan") in triples
    best = max(found.prompt.candidates, key=lambda candidate: candidate.weight)
    assert best.text == "Christopher Nolan"


def test_a_relation_shared_by_many_edges_does_not_flood_the_evidence() -> None:
    found = retrieve("What is the release year of Heat?")
    assert len(found.subgraph.nodes) < 80
    assert "1995" in {node.name for node in found.subgraph.nodes}


def test_every_part_of_the_evidence_has_a_role_and_a_score() -> None:
    found = retrieve("Who directed Insomnia?")
    assert {node.role for node in found.subgraph.nodes} <= {"terminal", "bridge", "endpoint"}
    assert all(0 <= node.score <= 1 for node in found.subgraph.nodes)
    assert {edge.role for edge in found.subgraph.edges} <= {"terminal", "bridge"}
    roles = {node.name: node.role for node in found.subgraph.nodes}
    assert roles["Insomnia"] == roles["Christopher Nolan"] == "terminal"


def test_the_prompt_mirrors_the_evidence() -> None:
    found = retrieve("Who directed Insomnia?")
    prompt, subgraph = found.prompt, found.subgraph
    assert prompt.node_vectors.shape == (len(subgraph.nodes), 384)
    assert prompt.edge_vectors.shape == (len(subgraph.edges), 384)
    ends = [(subgraph.nodes[s].id, subgraph.nodes[t].id) for s, t in prompt.edge_index.T.tolist()]
    assert ends == [(edge.source, edge.target) for edge in subgraph.edges]
    texts = [candidate.text for candidate in prompt.candidates]
    assert len(texts) == len(set(texts))
    assert texts[-3:] == ["yes", "no", NONE_TEXT]


def test_the_evidence_text_keeps_to_its_budget_and_tells_what_it_dropped() -> None:
    found = retrieve("Who directed Insomnia?", token_budget=16)
    assert found.tokens <= 16
    assert found.dropped > 0


def test_reference_mode_gives_what_the_published_method_gives() -> None:
    from graphrag.embedding import default_embedder
    from graphrag.retrieval import reference_subgraph

    question = "Who directed Insomnia?"
    found = retrieve(question, mode="reference", top_k_nodes=3, top_k_edges=3, edge_cost=0.5)
    nodes, edges = reference_subgraph(
        FILMS.edge_index,
        INDEX.node_vectors(range(FILMS.num_nodes)),
        INDEX.relation_vectors()[FILMS.edge_relation],
        default_embedder().embed([question])[0],
    )
    assert [node.position for node in found.subgraph.nodes] == nodes.tolist()
    assert [edge.position for edge in found.subgraph.edges] == edges.tolist()


def test_a_follow_up_starts_from_what_was_talked_about() -> None:
    retriever = Retriever(INDEX)
    before = retriever.retrieve("Who directed Insomnia?").subgraph.with_answers(["Christopher Nolan"])
    found = retriever.retrieve("And who wrote it?", before)
    assert "Hillary Seitz" in {node.name for node in found.subgraph.nodes}


@pytest.mark.parametrize("question", ["xyzzy", "?!", "Insomnia Insomnia Insomnia", "ı\u202e\x00"])
def test_strange_questions_give_evidence_or_none_but_no_error(question: str) -> None:
    assert retrieve(question).prompt.candidates


def test_a_graph_without_edges_can_be_asked() -> None:
    index = memory_index(TextualGraph.from_columns(["1", "2"], ["cup", "table"], [[], []], []))
    for mode in ("default", "reference"):
        found = Retriever(index, RetrieverConfig(mode=mode)).retrieve("Is there a cup?")  # type: ignore[arg-type]
        assert "cup" in {node.name for node in found.subgraph.nodes}


@pytest.mark.parametrize(
    "settings",
    [{"mode": "fast"}, {"top_k_nodes": -1}, {"edge_cost": 0.0}, {"edge_cost": float("nan")}, {"token_budget": 3}],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        RetrieverConfig(**settings)  # type: ignore[arg-type]
