"""What has most of something, on tables small enough to count by eye."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import graph_data
from graph_data.textual_graph import TextualGraph
from graphrag import GraphRAG
from graphrag.retrieval.counting import count

STAFF = """name,department,job,manager,city,salary
Anna Berg,Sales,Representative,Karl Voss,Hamburg,52000
Ben Cole,Sales,Representative,Karl Voss,Berlin,48000
Karl Voss,Sales,Lead,Maria Lind,Hamburg,83000
Maria Lind,Management,Director,,Berlin,120000
Omar Said,Engineering,Engineer,Tina Roth,Munich,77000
Paula Kim,Engineering,Engineer,Tina Roth,Berlin,79000
Igor Petrov,Engineering,Engineer,Tina Roth,Cologne,71000
Tina Roth,Engineering,Lead,Maria Lind,Munich,95000
"""
COUNTRIES = [
    *[("France", "borders", other) for other in ("Spain", "Italy", "Germany")],
    *[("Germany", "borders", other) for other in ("Poland", "Denmark", "Austria")],
    ("Spain", "borders", "Portugal"),
    *[("Belgium", "official language", tongue) for tongue in ("Dutch", "French", "German")],
    *[(land, "official language", "German") for land in ("Germany", "Austria")],
    ("France", "official language", "French"),
]


@pytest.fixture(scope="module")
def staff(rag_of: Callable[[str], GraphRAG]) -> GraphRAG:
    return rag_of(STAFF)


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("Which department has the most employees?", {"Engineering"}),
        ("Which department has the fewest employees?", {"Management"}),
        ("Which department has the largest number of employees?", {"Engineering"}),
        ("Which department has the most employees in Hamburg?", {"Sales"}),
        ("In which city do most employees live?", {"Berlin"}),
        ("Who manages the most people?", {"Tina Roth"}),
        ("What is the most common job?", {"Engineer"}),
        ("Which manager has the fewest employees?", {"Karl Voss", "Maria Lind"}),
    ],
)
def test_most_and_fewest(staff: GraphRAG, question: str, answers: set[str]) -> None:
    answer = staff.ask(question)
    assert set(answer.answers) == answers
    assert answer.grounded


def test_a_verb_that_commonly_asks_for_a_noun(rag_of: Callable[[str], GraphRAG]) -> None:
    films = rag_of(
        "movie,director,lead_actor\nHeat,Michael Mann,Al Pacino\nInsomnia,Christopher Nolan,Al Pacino\n"
        "Memento,Christopher Nolan,Guy Pearce\nAli,Michael Mann,Will Smith\n"
    )
    assert films.ask("Which actor starred in the most movies?").answers == ["Al Pacino"]
    assert films.ask("Which actor died in the most movies?").abstained


def test_records_are_counted_and_compared(rag_of: Callable[[str], GraphRAG]) -> None:
    orders = rag_of(
        "order_id,customer,product,quantity,date\n1001,Initech,gears,40,2024-01-05\n1002,Globex,bolts,500,2024-01-07\n"
        "1003,Initech,bolts,200,2024-01-09\n1004,Umbrella,gears,15,2024-02-01\n1005,Hooli,gears,60,2024-03-02\n"
    )
    assert orders.ask("Which product was ordered the most often?").answers == ["gears"]
    assert orders.ask("Which customer placed the most orders?").answers == ["Initech"]
    assert orders.ask("Which customer cancelled the most orders?").abstained
    assert orders.ask("What is the largest order by Initech?").answers == ["order 1003"]
    assert set(orders.ask("Which orders came after 2024-01-31?").answers) == {"order 1004", "order 1005"}
    assert set(orders.ask("Which orders have a date before 2024-01-09?").answers) == {"order 1001", "order 1002"}
    assert orders.ask("What was the quantity of order 1004?").answers == ["15"]


def test_names_that_are_codes_are_answered_as_well() -> None:
    staff = [(f"Mr {chr(65 + i % 26)}{i}", "Sales" if i < 50 else "Support", str(40_000 + i)) for i in range(100)]
    triples = [
        (name, relation, value)
        for name, *own in staff
        for relation, value in zip(("department", "salary"), own, strict=True)
    ]
    rag = GraphRAG(TextualGraph.from_triples(triples))
    assert rag.ask("Who earns the most in Sales?").answers == ["Mr X49"]
    more = rag.ask("Who earns more than 40060?")
    assert set(more.answers) == {name for name, _, salary in staff if int(salary) > 40_060}
    assert {node.name for node in more.subgraph.nodes} >= set(more.answers)


def test_what_was_counted_is_the_evidence(staff: GraphRAG) -> None:
    answer = staff.ask("Which department has the most employees?")
    counted = {one.head for one in answer.citations if (one.relation, one.tail) == ("department", "Engineering")}
    assert counted == {"Omar Said", "Paula Kim", "Igor Petrov", "Tina Roth"}
    assert "Sales" in {node.name for node in answer.subgraph.nodes}  # the next best


@pytest.mark.parametrize(
    "question",
    [
        "Which city has the most restaurants?",
        "Which department has the most money?",
        "Which department has the most experienced employees?",
        "Which department has at least three employees?",
        "Which department does not have the most employees?",
        "Which supplier has the most employees?",
    ],
)
def test_what_is_not_clear_is_not_counted(staff: GraphRAG, question: str) -> None:
    hits, _ = staff.retriever._hits(question)
    assert count(staff.retriever.reasoning, hits, staff.retriever._name) is None


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("Which country borders the most countries?", {"Germany"}),  # whichever way the edges point
        ("Which country has the most neighbours?", {"Germany"}),
        ("Which country has the most official languages?", {"Belgium"}),
        ("Which language is spoken in the most countries?", {"German"}),
        ("What is the official language of the country that borders the most countries?", {"German"}),
    ],
)
def test_neighbours_by_triples(question: str, answers: set[str]) -> None:
    assert set(countries().ask(question).answers) == answers


def countries() -> GraphRAG:
    return GraphRAG(TextualGraph.from_triples(COUNTRIES))


def test_a_verb_may_ask_for_what_a_noun_names() -> None:
    triples = [("Salt", "author", "Ines Duarte"), ("Ash", "author", "Liam Croft"), ("Ember", "author", "Liam Croft")]
    assert GraphRAG(TextualGraph.from_triples(triples)).ask("Who wrote the most books?").answers == ["Liam Croft"]


def test_the_same_pair_said_twice_counts_once(tmp_path: Path) -> None:
    rows = ["Ann,works on,Apollo", "Ann,works on,Apollo", "Bob,works on,Apollo", "Bob,works on,Draco", "Ann,knows,Bob"]
    (tmp_path / "work.csv").write_text("\n".join(["head,relation,tail", *rows]))
    assert GraphRAG(graph_data.load(tmp_path / "work.csv")).ask("Who works on the most projects?").answers == ["Bob"]
