"""Statements: what an answer says, and why, as an English sentence."""

from __future__ import annotations

import pytest

from graphrag.wording.statements import Citation, listed, sentence


@pytest.mark.parametrize(
    ("answers", "triples", "said"),
    [
        (["Madrid"], [("Spain", "capital", "Madrid")], "Madrid is the capital of Spain."),
        (
            ["Madrid"],
            [("Spain", "borders", "France"), ("Spain", "has capital", "Madrid"), ("Spain", "borders", "Portugal")],
            "Madrid is the capital of Spain, and Spain borders France and Portugal.",
        ),
        (["Bach"], [("Bach", "placeOfBirth", "Eisenach")], "Bach: the place of birth of Bach is Eisenach."),
        (
            ["Insomnia", "Memento"],
            [("Insomnia", "film.film.directed_by", "Nolan"), ("Memento", "film.film.directed_by", "Nolan")],
            "Insomnia and Memento are directed by Nolan.",
        ),
        (
            ["Spanish", "Catalan"],
            [("Spain", "official language", "Spanish"), ("Spain", "official language", "Catalan")],
            "Spanish and Catalan are the official languages of Spain.",
        ),
        (["yes"], [("Lyon", "located in", "France")], "Yes: Lyon is located in France."),
        (["2"], [("A", "wrote", "C"), ("B", "wrote", "C")], "2: A and B wrote C."),
        (["red"], [("cup", "attribute", "red")], "red: cup is red."),
        (["dog"], [("Rex", "is a", "dog")], "dog: Rex is a dog."),
        (["A"], [("A", "support", "B")], "A supports B."),
        (["hat"], [("man", "wearing", "hat")], "hat: man is wearing hat."),
        (["x"], [("a", "P31", "x")], "x: a – P31 – x."),
        (
            ["Insomnia", "Memento"],
            [("Insomnia", "director", "Nolan"), ("Memento", "director", "Nolan")],
            "Insomnia and Memento: the director of Insomnia and Memento is Nolan.",
        ),
        (["A"], [("A", "to the left of", "B"), ("C", "on", "A")], "A is to the left of B, and C is on A."),
        (["St. Louis Inc."], [], "St. Louis Inc."),
        (["no"], [], "No."),
        ([], [], ""),
    ],
)
def test_an_answer_is_said_with_its_reasons(answers: list[str], triples: list[tuple[str, str, str]], said: str) -> None:
    assert sentence(answers, [Citation(*triple) for triple in triples]) == said


def test_a_long_list_says_how_many_more_there_are() -> None:
    assert listed(f"n{i}" for i in range(15)).endswith("n10, n11 and 3 more")
    assert listed(f"n{i}" for i in range(1000)).endswith("n11 and at least 988 more")


def test_a_triple_cited_twice_is_said_once() -> None:
    twice = [Citation("A", "supports", "B", "e1"), Citation("A", "supports", "B", "e7")]
    assert sentence(["A"], twice) == "A supports B."
