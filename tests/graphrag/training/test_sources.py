"""Sources: the written sets say what their graphs say, and no set is both trained on and chosen by."""

from __future__ import annotations

import pytest

from graph_data import samples
from graph_data.text import name_of
from graphrag.training.sources import Source, written_sets

SETS = list(written_sets())


@pytest.mark.parametrize("source", SETS, ids=lambda source: source.name)
def test_written_answers_are_in_their_graph(source: Source) -> None:
    names = {name_of(text) for text in source.graph.node_texts.to_pylist()}
    questions = source.train + source.validation
    assert len(questions) > 50
    assert any(not question.answers for question in questions)
    for question in questions:
        assert names.issuperset(question.answers), question


def test_training_and_validation_are_apart() -> None:
    assert sum(bool(source.train) for source in SETS) >= 12
    assert sum(bool(source.validation) for source in SETS) >= 5
    assert not any(source.train and source.validation for source in SETS)


def test_no_question_of_a_sample_is_trained_on() -> None:
    asked = {row["question"].casefold() for name in samples.names() for row in samples.questions(name)}
    assert asked.isdisjoint(question.text.casefold() for source in SETS for question in source.train)
