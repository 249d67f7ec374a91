"""A table with one entity a row: what becomes a node, what stays text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import graph_data

Write = Callable[..., Path]

FILMS = (
    "film_id,title,director,writer,year,runtime,genres,seen,link,plot\n"
    "17,Insomnia,Christopher Nolan,Hillary Seitz,2002,118,crime;thriller,TRUE,https://a.org/1,"
    + "A detective who cannot sleep hunts a killer in a town where the sun does not set.\n"
    "18,Memento,Christopher Nolan,Christopher Nolan,2000,113,thriller | mystery,FALSE,https://a.org/2,Backwards.\n"
    "19,Heat,Michael Mann,Michael Mann,1995,170,crime,TRUE,https://a.org/3,\n"
)


def test_films(write: Write) -> None:
    graph = graph_data.load(write("films.csv", FILMS))
    triples = set(graph.triples())
    assert ("Insomnia", "director", "Christopher Nolan") in triples
    assert ("Memento", "writer", "Christopher Nolan") in triples
    assert {t for h, r, t in triples if (h, r) == ("Memento", "genres")} == {"thriller", "mystery"}
    assert ("Heat", "year", "1995") in triples
    assert graph.node_ids.to_pylist()[:3] == ["17", "18", "19"]
    assert graph.node_texts.to_pylist().count("Christopher Nolan") == 1
    assert graph.node_text(0) == (
        "name: Insomnia; runtime: 118; seen: yes; link: https://a.org/1; "
        "plot: A detective who cannot sleep hunts a killer in a town where the sun does not set."
    )


def test_the_rule_is_in_the_report(write: Write) -> None:
    report = str(graph_data.load(write("films.csv", FILMS)).report)
    assert "row = node, named by title; relations: director, writer, year, genres" in report
    assert "in the node's text: runtime, seen, link, plot" in report


def test_values_that_are_rows_link_rows(write: Write) -> None:
    text = "name,capital,neighbours\nSpain,Madrid,France;Portugal\nFrance,Paris,Spain\nPortugal,Lisbon,Spain\n"
    graph = graph_data.load(write("countries.csv", text))
    assert ("France", "neighbours", "Spain") in set(graph.triples())
    assert graph.num_nodes == 6


def test_foreign_keys_link_rows(write: Write) -> None:
    graph = graph_data.load(write("staff.csv", "id,name,manager_id\n1,Ann,\n2,Bob,1\n3,Cem,1\n"))
    assert set(graph.triples()) == {("Bob", "manager", "Ann"), ("Cem", "manager", "Ann")}


def test_equal_names_stay_two_nodes(write: Write) -> None:
    graph = graph_data.load(write("players.csv", "Name,Club\nEDUARDO,Donetsk\nEDUARDO,Zagreb\nNEYMAR,Barcelona\n"))
    assert graph.node_ids.to_pylist()[:2] == ["EDUARDO", "EDUARDO (2)"]
    assert graph.node_name(1) == "EDUARDO"


def test_equal_numbers_of_two_columns_are_two_nodes(write: Write) -> None:
    rows = "".join(f"Player {i},{i % 2 + 20},{i % 2 + 20}\n" for i in range(10))
    graph = graph_data.load(write("players.csv", "Name,Age,Number\n" + rows))
    assert graph.node_texts.to_pylist().count("20") == 2


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        ("o.csv", "order_id,customer,date\n7,Ann,2024-01-05\n8,Ann,2024-01-07\n", ["order 7", "order 8"]),
        ("o.csv", "OrderID,customer\n7,Ann\n8,Ann\n", ["order 7", "order 8"]),
        ("o.csv", "order no,customer,customer since\n7,Ann,2001\n8,Ann,2001\n", ["order 7", "order 8"]),
        ("i.csv", "sku,item,place\nA-101,lamp,York\nB-7,chair,York\n", ["lamp", "chair"]),
        ("f.csv", "flight,airline\nLH400,Lufthansa\nLH401,Lufthansa\n", ["LH400", "LH401"]),
        ("m.csv", "match_id,home,score\n1,Lions,2-1\n2,Lions,0-0\n", ["match 1", "match 2"]),
        ("o.csv", "order_id,customer\nA-7,Ann\nA-8,Ann\n", ["A-7", "A-8"]),
        ("companies.csv", "id,status\n1,open\n2,open\n", ["company 1", "company 2"]),
        ("export.csv", "id,status\n1,open\n2,open\n", ["row 1", "row 2"]),
        ("sales.csv", "date,customer\n2024-01-05,Ann\n2024-01-07,Ann\n2024-01-08,Ann\n", ["row 1", "row 2", "row 3"]),
        ("staff.csv", "employee_id,employee,team\n5,Ann,red\n6,Bob,red\n", ["Ann", "Bob"]),
        ("growth.csv", "year,country,gdp\n1990,France,3\n1991,France,4\n", ["row 1", "row 2"]),
    ],
)
def test_rows_that_have_no_name_of_their_own(write: Write, file: str, text: str, names: list[str]) -> None:
    graph = graph_data.load(write(file, text))
    assert [graph.node_name(row) for row in range(len(names))] == names


def test_a_name_that_looks_like_nothing(write: Write) -> None:
    graph = graph_data.load(write("a.csv", "Name,House\nNan,Stark\nBran,nan\n"))
    assert list(graph.triples()) == [("Nan", "House", "Stark")]


def test_real_messy_tables(shared_data: Path) -> None:
    folder = shared_data / "worldcup2014"
    players = graph_data.load(folder / "WM_2014_Alle_Spieler_-_all_players.csv.gz")
    triples = set(players.triples())
    assert ("Jefferson", "Club", "Botafogo") in triples
    assert ("Jefferson", "Jahr", "1983") in triples
    fifa = graph_data.load(folder / "WM_2014_Alle_Spieler_-_players_fifa.csv.gz")
    assert ("NEYMAR", "Club", "FC Barcelona") in set(fifa.triples())
    assert fifa.node_id(3) == "314197"
