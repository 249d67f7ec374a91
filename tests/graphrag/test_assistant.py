"""The public face, with the weights that ship: ask, stream, chat, and what it refuses."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

import graph_data
from graph_data.textual_graph import TextualGraph
from graphrag import GraphRAG
from graphrag.answer import ABSTAIN_TEXT
from graphrag.errors import ConfigError, GraphIndexError, QuestionError

FILMS = """film,director,writer,year
Insomnia,Christopher Nolan,Hillary Seitz,2002
Memento,Christopher Nolan,Jonathan Nolan,2000
Heat,Michael Mann,Michael Mann,1995
"""


FIRST_NAMES = "Anna Ben Clara David Eva Frank Greta Hans Ida Jan Karin".split()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.fixture(scope="module")
def countries(cache: Path) -> GraphRAG:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        return GraphRAG.open("countries")


def test_the_answer_comes_with_the_way_to_it(countries: GraphRAG) -> None:
    answer = countries.ask("What is the capital of the country that borders both France and Portugal?")
    assert answer.answers[0] == "Madrid"
    assert answer.grounded
    assert not answer.abstained
    names = {node.id: node.name for node in answer.subgraph.nodes}
    assert {"France", "Portugal", "Spain", "Madrid"} <= set(names.values())
    assert {node.name for node in answer.subgraph.nodes if node.role == "answer"} >= {"Madrid"}
    triples = {(names[edge.source], edge.text, names[edge.target]) for edge in answer.subgraph.edges}
    assert ("Spain", "has capital", "Madrid") in triples


def test_the_answer_tells_how_it_came_about(countries: GraphRAG) -> None:
    answer = countries.ask("What is the currency of Japan?")
    told = answer.to_dict()
    assert set(told) == {
        *("question", "answer", "answers", "nodes", "edges", "grounded", "confidence"),
        *("abstained", "model", "prompt_tokens", "seconds"),
    }
    assert set(told["seconds"]) == {"embed", "retrieve", "generate", "total"}
    assert 0 <= told["confidence"] <= 1
    assert told["prompt_tokens"] > 0


def test_a_long_list_is_answered_whole() -> None:
    people = [f"{one} {two}" for two in ("Adler", "Beck", "Conrad", "Dorn", "Ebert") for one in FIRST_NAMES]
    staff = [(name, "department", "Sales" if i < 40 else "Support") for i, name in enumerate(people)]
    rag = GraphRAG(TextualGraph.from_triples([*staff, *((name, "salary", "50000") for name, _, _ in staff)]))
    stream = rag.stream("Who works in Sales?")
    pieces = list(stream)
    answer = stream.answer
    assert answer is not None
    assert set(answer.answers) == {name for name, _, _ in staff[:40]}
    assert len(answer.answers) == len(answer.confidences) == 40
    assert answer.text == "".join(pieces) == f"{', '.join(answer.answers[:12])} and 28 more"
    assert answer.grounded
    assert {node.name for node in answer.subgraph.nodes if node.role == "answer"} == set(answer.answers)
    touched = {end for edge in answer.subgraph.edges for end in (edge.source, edge.target)}
    assert set(answer.answers) <= touched
    assert "and 28 more: " in answer.in_a_sentence().text


def test_a_chat_says_why_in_a_full_sentence(countries: GraphRAG) -> None:
    question = "What is the capital of the country that borders both France and Portugal?"
    chat = countries.chat()
    stream = chat.stream(question)
    pieces = list(stream)
    assert stream.answer is not None
    assert stream.answer.text == "Madrid is the capital of Spain, and France and Portugal border Spain."
    assert pieces[0] == "Madrid"
    assert "".join(pieces) == stream.answer.text
    assert chat.ask("Does Spain border Portugal?").text.startswith("Yes: ")
    assert chat.ask("Who is the king of Atlantis?").text == ABSTAIN_TEXT
    assert countries.ask(question).text == "Madrid"


def test_an_answer_cites_triples_of_its_evidence(countries: GraphRAG) -> None:
    answer = countries.ask("What is the capital of the country that borders both France and Portugal?")
    names = {node.id: node.name for node in answer.subgraph.nodes}
    edges = {edge.id: (names[edge.source], edge.text, names[edge.target]) for edge in answer.subgraph.edges}
    assert ("Spain", "has capital", "Madrid") in {(c.head, c.relation, c.tail) for c in answer.citations}
    assert all(edges[c.edge] == (c.head, c.relation, c.tail) for c in answer.citations)


def test_a_value_in_a_text_is_cited_without_an_edge() -> None:
    answer = GraphRAG.open("kitchen").ask("What colour is the kettle?")
    assert [(c.head, c.tail, c.edge) for c in answer.citations] == [("kettle", answer.answers[0], "")]


def test_every_answer_has_a_confidence_of_its_own(countries: GraphRAG) -> None:
    sure = countries.ask("What is the capital of Spain?")
    assert len(sure.confidences) == len(sure.answers)
    assert sure.confidence == sure.confidences[0] > 0.8
    assert countries.ask("Who is the king of Atlantis?").confidences == []


def test_a_number_is_the_only_answer(countries: GraphRAG) -> None:
    answer = countries.ask("How many countries does Portugal border?")
    assert len(answer.answers) == 1
    assert answer.answers[0].isdigit()


def test_a_question_the_graph_cannot_answer(countries: GraphRAG) -> None:
    answer = countries.ask("Who won the football match yesterday evening?")
    assert answer.abstained
    assert answer.answers == []
    assert answer.text == ABSTAIN_TEXT


def test_one_of_the_choices_is_the_answer() -> None:
    rag = GraphRAG(TextualGraph.from_triples([("helmets", "prevent", "injuries"), ("injuries", "is a", "harm")]))
    answer = rag.ask("Helmets should be worn. Helmets prevent injuries. Is that for or against?", ["for", "against"])
    assert answer.text in ("for", "against")
    assert answer.answers == [answer.text]
    assert answer.grounded
    assert len(answer.subgraph.edges) == 2  # a small graph is read as a whole
    with pytest.raises(QuestionError, match="choose between"):
        rag.ask("Why?", ["because"])


def test_a_stream_has_its_evidence_first_and_joins_to_the_text(countries: GraphRAG) -> None:
    stream = countries.stream("Which countries border Portugal?")
    assert stream.subgraph.nodes
    text = "".join(stream)
    assert stream.answer is not None
    assert text == stream.answer.text
    assert stream.answer.answers == countries.ask("Which countries border Portugal?").answers


def test_an_abandoned_stream_holds_nobody_up(countries: GraphRAG) -> None:
    abandoned = countries.stream("Which countries border Germany?")
    assert countries.ask("What is the capital of Spain?").answers == ["Madrid"]
    abandoned.close()


def test_a_csv_of_ones_own_and_a_follow_up(tmp_path: Path) -> None:
    path = tmp_path / "films.csv"
    path.write_text(FILMS)
    chat = GraphRAG(graph_data.load(path)).chat()
    assert chat.ask("Who directed Insomnia?").answers == ["Christopher Nolan"]
    assert "Hillary Seitz" in chat.ask("And who wrote it?").answers
    assert len(chat.turns) == 2


@pytest.mark.parametrize(
    "talk",
    [
        [("What is the capital of Spain?", "Madrid"), ("And of France?", "Paris"), ("How about Italy?", "Rome")],
        [("How many countries border Germany?", "9"), ("and Poland?", "7")],
        [("Is Berlin the capital of Germany?", "yes"), ("And Munich?", "no")],
        [
            ("What is the capital of Japan?", "Tokyo"),
            ("and its currency?", "Japanese yen"),
            ("What about Brazil?", "Brazilian real"),
        ],
    ],
)
def test_follow_ups_that_name_only_another_thing(countries: GraphRAG, talk: list[tuple[str, str]]) -> None:
    chat = countries.chat()
    assert [chat.ask(question).answers[0].casefold() for question, _ in talk] == [said.casefold() for _, said in talk]


def test_what_several_nodes_are_called_is_told(tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").write_text("id,name\n1,Insomnia\n2,Insomnia\n3,Erik Skjoldbjærg\n4,Christopher Nolan\n")
    (tmp_path / "edges.csv").write_text("source,relation,target\n1,directed by,3\n2,directed by,4\n")
    rag = GraphRAG(graph_data.load(tmp_path))
    answer = rag.ask("Who directed Insomnia?")
    assert answer.answers[0] in {"Erik Skjoldbjærg", "Christopher Nolan"}
    assert answer.ambiguity() == "2 nodes are called “Insomnia”."
    assert rag.ask("What did Christopher Nolan direct?").ambiguous == {}


def test_a_relation_is_answered_as_the_graph_writes_it_and_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "firm.csv").write_text("head,relation,tail\nAnn Lee,bornIn,Oslo\nBob Ray,MENTORED_BY,Ann Lee\n")
    rag = GraphRAG(graph_data.load(tmp_path / "firm.csv"))
    answer = rag.chat().ask("What is the relation between Bob Ray and Ann Lee?")
    assert answer.answers == ["MENTORED_BY"]
    assert answer.text == "mentored by: Bob Ray is mentored by Ann Lee."
    assert answer.grounded


def test_no_network_is_asked_for(countries: GraphRAG, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert countries.ask("What is the capital of Norway?").answers == ["Oslo"]


@pytest.mark.parametrize(("question", "word"), [("", "empty"), ("  \n ", "empty"), ("why? " * 20_000, "characters")])
def test_questions_that_cannot_be_asked(countries: GraphRAG, question: str, word: str) -> None:
    with pytest.raises(QuestionError, match=word):
        countries.ask(question)


def test_an_index_is_not_asked_with_another_embedder(countries: GraphRAG, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import BoW

    SentenceTransformer(modules=[BoW(vocab=["a", "b"])]).save(str(tmp_path / "bow"))
    with pytest.raises(GraphIndexError, match="embedder"):
        GraphRAG.open(countries.index.path, embedder=str(tmp_path / "bow"))


def test_prizes_are_learned_or_by_cosine() -> None:
    with pytest.raises(ConfigError, match="prizes"):
        GraphRAG(graph_data.load("kitchen"), prizes="magic")  # type: ignore[arg-type]


def test_a_look_reads_with_other_settings_and_answers_nothing(countries: GraphRAG) -> None:
    question = "What is the capital of the country that borders both France and Portugal?"
    wide, narrow = countries.look(question), countries.look(question, top_k_nodes=4, top_k_edges=4, token_budget=60)
    assert len(narrow.subgraph.nodes) < len(wide.subgraph.nodes)
    assert narrow.tokens <= 60 < wide.tokens
    assert "[graph]" in wide.prompt
    assert "france" in wide.prompt.lower()
    assert wide.subgraph == countries.retriever.retrieve(question).subgraph
    with pytest.raises(QuestionError):
        countries.look(" ")
