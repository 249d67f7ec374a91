"""The comparison learns what no pattern shows by itself: that of two the one with more answers is meant."""

from __future__ import annotations

import pytest
import torch

from graphrag.models.query_ranker import QueryRanker
from graphrag.retrieval.pattern_text import NUM_FEATURES
from graphrag.training.comparison_training import (
    ComparisonTraining,
    ReadQuestion,
    evaluate_comparison,
    train_comparison,
)


def question(sizes: list[float], answerable: bool = True) -> ReadQuestion:
    """Patterns told apart by one feature; the largest is right."""
    features = torch.zeros(len(sizes), NUM_FEATURES)
    features[:, 3] = torch.tensor(sizes)
    worth = (features[:, 3] == features[:, 3].max()).float() * float(answerable)
    return ReadQuestion(
        torch.zeros(len(sizes), 384, dtype=torch.float16), features, torch.zeros(len(sizes)), worth, answerable
    )


@pytest.fixture(scope="module")
def read() -> list[ReadQuestion]:
    torch.manual_seed(0)
    return [question((torch.rand(4) * 4).tolist()) for _ in range(200)] + [
        question([0.0, 0.0], False) for _ in range(40)
    ]


def test_it_learns_to_compare(read: list[ReadQuestion]) -> None:
    torch.manual_seed(0)
    model = QueryRanker()
    torch.nn.init.zeros_(model.weigh[2].weight)
    torch.nn.init.zeros_(model.weigh[2].bias)
    train_comparison(model, read, read, ComparisonTraining(epochs=30, batch=16, learning_rate=3e-3, blind=0.0))
    figures = evaluate_comparison(model, read)
    assert figures["right"] >= 0.9
    assert figures["refused"] >= 0.9
    assert figures["given_up"] <= 0.1
