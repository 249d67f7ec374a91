"""The ranker learns from answers alone which pattern is meant, and a resumed training is the one never stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from graph_data.textual_graph import TextualGraph
from graphrag.models.query_ranker import QueryRanker, QueryRankerConfig
from graphrag.models.reasoner import Reasoner
from graphrag.training.examples import LabelledQuestion, memory_index
from graphrag.training.ranker_training import (
    RankedQuestion,
    RankerTraining,
    evaluate_ranker,
    prepare_ranking,
    train_ranker,
)

LANDS = [("Aland", "Bcity"), ("Cland", "Dcity"), ("Eland", "Fcity"), ("Gland", "Hcity")]
GRAPH = TextualGraph.from_triples(
    [(land, "capital", city) for land, city in LANDS] + [(land, "anthem", f"Song of {land}") for land, _ in LANDS]
)
QUESTIONS = [
    *(LabelledQuestion(f"What is the capital of {land}?", (city,)) for land, city in LANDS),
    *(LabelledQuestion(f"What do they sing in {land}?", (f"Song of {land}",)) for land, _ in LANDS),
    LabelledQuestion("Who painted Aland?", ()),
    LabelledQuestion("Is Bcity the capital of Aland?", ("yes",)),
]
SETTINGS = RankerTraining(epochs=6, batch=3, learning_rate=2e-4, evaluate_every=100, checkpoint_every=9)


@pytest.fixture(scope="module")
def ranked() -> list[RankedQuestion]:
    torch.manual_seed(0)
    return list(prepare_ranking("lands", memory_index(GRAPH), QUESTIONS, Reasoner().eval(), QueryRanker()))


def fresh() -> QueryRanker:
    torch.manual_seed(1)
    return QueryRanker(QueryRankerConfig(frozen_layers=4))


def test_patterns_are_worth_the_f1_of_what_they_answer(ranked: list[RankedQuestion]) -> None:
    assert len(ranked) == len(QUESTIONS) - 1  # the one for yes or no is left out
    capital, nobody = ranked[0], ranked[-1]
    assert max(capital.worth) == 1
    assert min(capital.worth) == 0
    assert not nobody.answerable
    assert not any(nobody.worth)


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
