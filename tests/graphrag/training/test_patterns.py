"""Patterns are read, and answered on a graph small enough to see."""

from __future__ import annotations

import pytest

from graphrag.training.patterns import Fact, answers_of, facts_of

TRIPLES = [
    ("Leo", "sits at", "window desk"),
    ("Maya", "sits at", "window desk"),
    ("Hana", "sits at", "round table"),
    ("atlas", "lies on", "window desk"),
    ("atlas", "colour", "red"),
    ("cap", "colour", "red"),
    ("cap", "left-hand of", "atlas"),
    ("Leo", "friend", "Hana"),
    ("Leo", "owns", "cap"),
    ("Leo", "owns", "atlas"),
]


def test_a_chain_is_a_fact_an_arrow() -> None:
    assert facts_of("Leo -sits at-> ?d <-lies on- answer") == [
        Fact("Leo", "sits at", "?d"),
        Fact("answer", "lies on", "?d"),
    ]
    assert facts_of("Hana -friend- answer") == [Fact("Hana", "friend", "answer", either=True)]
    assert facts_of("cap -left-hand of-> answer") == [Fact("cap", "left-hand of", "answer")]


@pytest.mark.parametrize(
    ("pattern", "answers"),
    [
        ("Leo -sits at-> answer", ("window desk",)),
        ("window desk <-sits at- answer", ("Leo", "Maya")),
        ("Leo -sits at-> ?d <-sits at- answer", ("Maya",)),  # what is named is no answer
        ("Hana -friend- answer", ("Leo",)),
        ("Leo -friend- answer", ("Hana",)),
        ("red <-colour- answer; Leo -owns-> answer", ("atlas", "cap")),
        ("red <-colour- ?x; window desk <-lies on- ?x; ?x <-owns- answer", ("Leo",)),
        ("Leo -sits at-> ?d; Maya -sits at-> ?d", ("yes",)),
        ("Hana -sits at-> window desk", ("no",)),
        ("count: Leo -owns-> answer", ("2",)),
        ("relation: cap ~ Leo", ("owns",)),
        ("answers: Leo | Maya", ("Leo", "Maya")),
        ("none: no ages", ()),
    ],
)
def test_answers_are_computed(pattern: str, answers: tuple[str, ...]) -> None:
    assert answers_of(pattern, TRIPLES) == answers


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("Leo sits at answer", "no arrow"),
        ("Leo -stands at-> answer", "no relation 'stands at'"),
        ("Lea -sits at-> answer", "no node 'Lea'"),
    ],
)
def test_what_cannot_be_read_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        answers_of(pattern, TRIPLES)
