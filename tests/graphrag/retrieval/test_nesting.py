"""Questions about what a comparison comes to, on a table small enough to compare by eye."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graph_data.textual_graph import TextualGraph
from graphrag import GraphRAG

PLAYERS = """name,club,city,country,age,salary,start_date
Ada Moss,Rovers,Leeds,England,24,60000,2019-07-01
Bea Lund,Rovers,Leeds,Norway,31,90000,2015-07-01
Cleo Diaz,United,Madrid,Spain,35,75000,2012-01-10
Dora Funk,United,Madrid,Germany,22,40000,2022-08-15
Elsa Roy,United,Toledo,Spain,28,55000,2018-02-01
Fay Holm,Athletic,Oslo,Norway,19,30000,2023-03-01
"""


@pytest.fixture(scope="module")
def players(rag_of: Callable[[str], GraphRAG]) -> GraphRAG:
    return rag_of(PLAYERS)


@pytest.mark.parametrize(
    ("question", "understood", "answers"),
    [
        ("Where does the oldest player live?", "Where does Cleo Diaz live?", {"Madrid"}),
        ("Which club does the youngest player play for?", "Which club does Fay Holm play for?", {"Athletic"}),
        ("What is the club of the highest paid player?", "What is the club of Bea Lund?", {"Rovers"}),
        ("How old is the highest paid player?", "How old is Bea Lund?", {"31"}),
        ("When did the oldest player start?", "When did Cleo Diaz start?", {"2012-01-10"}),
        ("What is the club of the youngest player from Spain?", "What is the club of Elsa Roy?", {"United"}),
        ("What is the country of the player with the lowest salary?", "What is the country of Fay Holm?", {"Norway"}),
        ("Who plays for the club with the fewest players?", "Who plays for Athletic?", {"Fay Holm"}),
        ("Does the oldest player live in Madrid?", "Does Cleo Diaz live in Madrid?", {"yes"}),
        ("Which players earn more than the oldest player?", "Which players earn more than Cleo Diaz?", {"Bea Lund"}),
    ],
)
def test_first_the_comparison_then_the_rest(
    players: GraphRAG, question: str, understood: str, answers: set[str]
) -> None:
    answer = players.ask(question)
    assert answer.understood == understood
    assert set(answer.answers) == answers


def test_all_that_are_equally_far_are_asked_on_from() -> None:
    films = [("Heat", "1995", "Michael Mann"), ("Seven", "1995", "David Fincher"), ("Rope", "1948", "Alfred Hitchcock")]
    triples = [edge for film, year, by in films for edge in ((film, "release year", year), (film, "director", by))]
    answer = GraphRAG(TextualGraph.from_triples(triples)).ask("Who directed the newest film?")
    assert set(answer.answers) == {"Michael Mann", "David Fincher"}
    assert not answer.ambiguous


def test_both_steps_are_cited(players: GraphRAG) -> None:
    answer = players.ask("Which club does the youngest player play for?")
    told = {(one.head, one.relation, one.tail) for one in answer.citations}
    assert told == {("Fay Holm", "club", "Athletic"), ("Fay Holm", "age", "19")}


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("Who is the oldest player?", {"Cleo Diaz"}),
        ("Who is the oldest player in United?", {"Cleo Diaz"}),
        ("Which player has the lowest salary?", {"Fay Holm"}),
        ("Ada Moss was the youngest player of which club?", {"Rovers"}),
        ("Where is the oldest river?", set()),
        ("Which club does Ada Moss play for?", {"Rovers"}),
    ],
)
def test_other_questions_stay_as_they_are(players: GraphRAG, question: str, answers: set[str]) -> None:
    answer = players.ask(question)
    assert answer.understood == question
    assert set(answer.answers) == answers


def test_the_longest_is_told_by_the_running_time() -> None:
    films = [("Heat", "Michael Mann", "170"), ("Insomnia", "Christopher Nolan", "118"), ("Rope", "Hitchcock", "80")]
    relations = ("directed by", "running time")
    triples = [(film, said, value) for film, *own in films for said, value in zip(relations, own, strict=True)]
    rag = GraphRAG(TextualGraph.from_triples(triples))
    assert rag.ask("Who directed the longest film?").answers == ["Michael Mann"]
    assert rag.ask("Who directed the shortest film?").answers == ["Hitchcock"]
