"""The ranker learns from answers alone which pattern is meant, and a resumed training is the one never stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from graph_data.textual_graph import TextualGraph
from graphrag.models.query_ranker import QueryRanker, QueryRankerConfig
from graphrag.models.reasoner import Reasoner
from graphrag.training.examples import LabelledQuestion, memory_index
from graphrag.training.ranker_training import RankerTraining, evaluate_ranker, train_ranker, train_screen
from graphrag.training.ranking_examples import BY_CHANCE, Proposed, RankedQuestion, proposals_of, to_read

LANDS = [("Aland", "Bcity"), ("Cland", "Dcity"), ("Eland", "Fcity"), ("Gland", "Hcity")]
GRAPH = TextualGraph.from_triples(
    [(land, "capital", city) for land, city in LANDS] + [(land, "anthem", f"Song of {land}") for land, _ in LANDS]
)
QUESTIONS = [
    *(LabelledQuestion(f"What is the capital of {land}?", (city,)) for land, city in LANDS),
    *(LabelledQuestion(f"What do they sing in {land}?", (f"Song of {land}",)) for land, _ in LANDS),
    LabelledQuestion("Who painted Aland?", ()),
    LabelledQuestion("Is Bcity the capital of Aland?", ("yes",), ("capital",)),
    LabelledQuestion("Is Dcity the capital of Aland?", ("no",), ("capital",)),
]
UNANSWERABLE, YES, NO = 8, 9, 10
SETTINGS = RankerTraining(epochs=6, batch=3, learning_rate=2e-4, evaluate_every=100, checkpoint_every=9)


@pytest.fixture(scope="module")
def proposed() -> list[Proposed]:
    torch.manual_seed(0)
    return list(proposals_of("lands", memory_index(GRAPH), QUESTIONS, Reasoner().eval()))


@pytest.fixture(scope="module")
def ranked(proposed: list[Proposed]) -> list[RankedQuestion]:
    torch.manual_seed(0)
    ranker = QueryRanker()
    return [to_read(question, ranker, with_right=True) for question in proposed]


def fresh() -> QueryRanker:
    torch.manual_seed(1)
    return QueryRanker(QueryRankerConfig(frozen_layers=4))


def test_patterns_are_worth_the_f1_of_what_they_answer(proposed: list[Proposed]) -> None:
    assert len(proposed) == len(QUESTIONS)
    capital, nobody = proposed[0], proposed[UNANSWERABLE]
    assert capital.worth.max() == 1
    assert capital.worth.min() == 0
    assert "X capital answer" in {capital.say(row).facts for row in np.flatnonzero(capital.worth == 1).tolist()}
    assert not nobody.answerable
    assert not nobody.worth.any()


@pytest.mark.parametrize("question", [YES, NO])
def test_checks_are_worth_it_where_their_truth_and_their_relations_are_right(
    proposed: list[Proposed], question: int
) -> None:
    asked = proposed[question]
    right = {asked.say(row).facts for row in np.flatnonzero(asked.worth).tolist()}
    assert right == {"whether X capital Y"}
    everything = {asked.say(row).facts for row in range(len(asked.worth))}
    assert "X capital answer" in everything


def test_a_right_answer_by_other_relations_is_worth_less(proposed: list[Proposed]) -> None:
    (known,) = proposals_of(
        "lands",
        memory_index(GRAPH),
        [LabelledQuestion("What is the capital of Aland?", ("Bcity",), ("anthem",))],
        Reasoner().eval(),
    )
    assert known.worth.max() == pytest.approx(BY_CHANCE)


def test_the_screen_learns_what_is_worth_reading(proposed: list[Proposed]) -> None:
    torch.manual_seed(0)
    ranker = QueryRanker()
    train_screen(ranker, [question.without_words() for question in proposed], RankerTraining(screen_epochs=40))
    places = []
    for question in proposed[:UNANSWERABLE]:
        order = np.argsort(-ranker.screen(question.features), kind="stable")
        places.append(int(np.flatnonzero(question.worth[order] >= 1)[0]))
    assert np.mean(places) <= 1


def test_it_learns_and_resumes(ranked: list[RankedQuestion], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = train_ranker(fresh(), ranked, ranked, SETTINGS, tmp_path / "whole")
    assert evaluate_ranker(trained, ranked)["right"] >= 0.75

    stops = iter(range(12))

    def stopped(*_: object, **__: object) -> float:
        if next(stops, None) is None:
            raise KeyboardInterrupt
        return 1.0

    from graphrag.training import ranker_training

    real = ranker_training.learning_rate
    with monkeypatch.context() as patched:
        patched.setattr(ranker_training, "learning_rate", lambda *a, **k: stopped() * real(*a, **k))
        with pytest.raises(KeyboardInterrupt):
            train_ranker(fresh(), ranked, ranked, SETTINGS, tmp_path / "parts")
    resumed = train_ranker(fresh(), ranked, ranked, SETTINGS, tmp_path / "parts", resume=True)
    for name, tensor in trained.trained().items():
        torch.testing.assert_close(resumed.trained()[name], tensor)
