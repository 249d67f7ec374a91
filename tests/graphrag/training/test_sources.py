"""Sources: no set is both trained on and chosen by, and no question of a sample is trained on."""

from __future__ import annotations

import random

import pytest

from graph_data import samples
from graphrag.training.sources import PLAIN, Source, written_sources
from graphrag.training.written_sets import written_sets


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return list(written_sources(random.Random(0), renamed=1))


def test_training_and_validation_are_apart(sources: list[Source]) -> None:
    assert sum(bool(source.train) for source in sources) >= 100
    assert sum(bool(source.validation) for source in sources) >= 10
    assert not any(source.train and source.validation for source in sources)
    trained, held = ({q.text for s in sources for q in part(s)} for part in (lambda s: s.train, lambda s: s.validation))
    assert trained.isdisjoint(held)


def test_each_training_graph_comes_again_in_another_schema(sources: list[Source]) -> None:
    graphs = {source.name: source.graph for source in sources}
    for name, graph in graphs.items():
        if name.endswith("-2"):
            assert graph.relations.to_pylist() != graphs[name.removesuffix("-2")].relations.to_pylist()


def test_plain_questions_stand_beside_those_of_people(sources: list[Source]) -> None:
    written = len(written_sets("train")[0].questions)
    assert written + PLAIN // 2 <= len(sources[0].train) <= written + PLAIN


def test_no_question_of_a_sample_is_trained_on(sources: list[Source]) -> None:
    asked = {row["question"].casefold() for name in samples.names() for row in samples.questions(name)}
    assert asked.isdisjoint(question.text.casefold() for source in sources for question in source.train)
