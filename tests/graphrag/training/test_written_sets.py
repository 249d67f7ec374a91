"""Written sets: their patterns fit their graphs, and in another schema the same questions have the same answers."""

from __future__ import annotations

import random

import pytest

from graph_data.text import fields_of, name_of, values_of
from graph_data.textual_graph import TextualGraph
from graphrag.training.patterns import answers_of
from graphrag.training.written_sets import WrittenSet, written_sets

SETS = [*written_sets("train"), *written_sets("validation")]


@pytest.mark.parametrize("written", SETS, ids=lambda written: written.name)
def test_every_question_has_answers_in_its_graph(written: WrittenSet) -> None:
    names = {end for head, _, tail in written.triples for end in (head, tail)}
    relations = {relation for _, relation, _ in written.triples}
    assert len(written.questions) > 50
    assert any(pattern.startswith("none:") for _, pattern in written.questions)
    for question in written.labelled():
        if question.form == "relation":
            assert relations.issuperset(question.answers), question
        elif not question.polar:
            assert names.issuperset(question.answers), question
    for question, pattern in written.questions:
        assert bool(answers_of(pattern, written.triples)) != pattern.startswith("none:"), question


def said(graph: TextualGraph) -> set[str]:
    """All that a graph names: its nodes, and the values of their fields."""
    texts = graph.node_texts.to_pylist()
    values = (
        value
        for text in texts
        for key, joined in fields_of(text).items()
        if key != "name"
        for value in values_of(joined)
    )
    return {*(name_of(text) for text in texts), *values}


def test_another_schema_says_the_same() -> None:
    written = next(written for written in SETS if written.name == "street")
    ways = set()
    for seed in range(12):
        graph, questions = written.renamed(random.Random(seed))
        assert len(questions) == len(written.questions)
        own = {relation for text in graph.node_texts.to_pylist() for relation in fields_of(text)}
        ways.add(len(own) > 1)
        known = own | set(graph.relations.to_pylist())
        for question in questions:
            assert known.issuperset(question.relations or ()), question
            if question.form == "name":
                assert said(graph).issuperset(answer.replace(",", "") for answer in question.answers), question
    assert ways == {True, False}  # values stay nodes in some, become fields in others


def test_turned_relations_lead_the_other_way() -> None:
    written = WrittenSet("pair", (("Ann", "teaches", "Bo"),), {"teaches": ((), ("is taught by",))}, ())
    turned = [list(written.renamed(random.Random(seed))[0].triples()) for seed in range(20)]
    assert [("Bo", "is taught by", "Ann")] in turned
    assert [("Ann", "teaches", "Bo")] in turned
