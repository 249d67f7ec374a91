"""Questions about more and less, on tables small enough to compare by eye."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import graph_data
from graph_data.textual_graph import TextualGraph
from graphrag import GraphRAG
from graphrag.retrieval.comparing import compare, number_of
from graphrag.retrieval.nesting import nested

MOVIES = """title,director,genre,release_year,runtime,budget,rating
Inception,Christopher Nolan,Science Fiction,2010,148 min,$160 million,8.8
Memento,Christopher Nolan,Thriller,2000,113 min,$9 million,8.4
Heat,Michael Mann,Crime,1995,170 min,$60 million,8.3
Collateral,Michael Mann,Thriller,2004,120 min,$65 million,7.5
Alien,Ridley Scott,Science Fiction,1979,117 min,$11 million,8.5
Gladiator,Ridley Scott,Action,2000,155 min,$103 million,8.5
"""


@pytest.fixture(scope="module")
def movies(rag_of: Callable[[str], GraphRAG]) -> GraphRAG:
    return rag_of(MOVIES)


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("Which movie has the longest runtime?", {"Heat"}),
        ("What is the oldest movie?", {"Alien"}),
        ("Which film was released first?", {"Alien"}),
        ("What was the most expensive movie?", {"Inception"}),
        ("What is the lowest budget?", {"$9 million"}),
        ("Which Ridley Scott movie has the highest budget?", {"Gladiator"}),
        ("Which movies are longer than Collateral?", {"Gladiator", "Heat", "Inception"}),
        ("Which movies were released before 2000?", {"Heat", "Alien"}),
        ("Which thrillers were released after 2001?", {"Collateral"}),
        ("Which movie is newer, Heat or Alien?", {"Heat"}),
        ("Is Heat longer than Alien?", {"yes"}),
        ("Does Alien have a higher rating than Inception?", {"no"}),
        ("How many movies have a rating above 8.4?", {"3"}),
        ("What is the average rating of Michael Mann?", {"7.9"}),
        ("How many movies have a rating above 9?", {"0"}),
        ("What is the second longest movie?", {"Gladiator"}),
        ("Which movie has the third highest rating?", {"Memento"}),  # two share the second
        ("Which movie has the second highest rating?", {"Alien", "Gladiator"}),
        ("What is the best movie?", {"Inception"}),
        ("What is the worst rated thriller?", {"Collateral"}),
        ("Is Heat the longest movie?", {"yes"}),
        ("Is Collateral the second longest movie?", {"no"}),
        ("Which movies are longer than Heat?", set()),  # none is: nothing is guessed
    ],
)
def test_more_and_less(movies: GraphRAG, question: str, answers: set[str]) -> None:
    answer = movies.ask(question)
    assert set(answer.answers) == answers
    assert answer.citations or answers <= {"0"}
    assert answer.grounded


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("Which movies did Michael Mann direct?", {"Heat", "Collateral"}),
        ("What genre is Heat?", {"Crime"}),
        ("When was Alien released?", {"1979"}),
        ("How long is Heat?", {"170 min"}),
    ],
)
def test_other_questions_are_left_to_the_walk(movies: GraphRAG, question: str, answers: set[str]) -> None:
    assert set(movies.ask(question).answers) == answers


@pytest.mark.parametrize(
    "question",
    [
        "Which genre has the highest rating?",  # of a genre's movies, which one?
        "Which director has the most awards?",
        "What are the second and third longest movies?",
        "When was the largest movie studio founded?",
        "Who directed the longest movie that is not a thriller?",
    ],
)
def test_what_is_not_clear_is_not_compared(movies: GraphRAG, question: str) -> None:
    retriever = movies.retriever
    hits, _ = retriever._hits(question)
    assert compare(retriever.reasoning, hits, retriever._name) is None
    assert nested(retriever.reasoning, hits, retriever._name) is None


def test_a_number_in_a_name_is_no_limit(rag_of: Callable[[str], GraphRAG]) -> None:
    sales = rag_of("address,owner,year\n88 Station Parade,Tariq Mansoor,2018\n12 Mill Lane,Ann Lee,2011\n")
    answer = sales.ask("In which year did Tariq Mansoor take over 88 Station Parade?")
    assert answer.answers == ["2018"]


def test_a_relation_that_says_most_itself_is_followed() -> None:
    triples = [("Spain", "largest city", "Madrid"), ("Turkey", "largest city", "Istanbul"), ("Spain", "area", "505990")]
    answer = GraphRAG(TextualGraph.from_triples(triples)).ask("What is the largest city of Turkey?")
    assert answer.answers == ["Istanbul"]


def test_numbers_of_several_units_are_not_compared(tmp_path: Path) -> None:
    (tmp_path / "roads.csv").write_text("name,length\nA1,12 km\nB2,9 miles\nC3,800 m\n")
    assert GraphRAG(graph_data.load(tmp_path / "roads.csv")).ask("Which road has the greatest length?").answers == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,200", (1200, "")),
        ("-3.5 %", (-3.5, "%")),
        ("$160 million", (160e6, "$")),
        ("12km", (12, "km")),
        ("2 bn", (2e9, "")),
        ("2020-01-02", (737426, "day")),
        ("Heat", None),
        ("7 Samurai here", None),
        ("", None),
    ],
)
def test_what_is_a_number(text: str, number: tuple[float, str] | None) -> None:
    assert number_of(text) == number
