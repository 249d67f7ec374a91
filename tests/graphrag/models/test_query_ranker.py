"""The query ranker: probabilities over patterns and none, independence of the batch, and its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from graphrag.errors import ModelError
from graphrag.models.query_ranker import QueryRanker
from graphrag.retrieval.pattern_text import NUM_FEATURES, PatternText

FEATURES = np.zeros(NUM_FEATURES, np.float32)
TEXTS = [
    PatternText("What is the capital of X?", "X capital answer", "Madrid"),
    PatternText("What is the capital of X?", "X borders A, A capital answer", "Paris, Lisbon"),
    PatternText("What is the capital of X?", "answer borders X", "France"),
]


@pytest.fixture(scope="module")
def model() -> QueryRanker:
    torch.manual_seed(0)
    return QueryRanker().eval()


def test_probabilities_are_over_the_patterns_and_none(model: QueryRanker) -> None:
    shares = model.rank(TEXTS, np.stack([FEATURES] * 3))
    assert shares.shape == (4,)
    assert shares.sum() == pytest.approx(1, abs=1e-5)


def test_a_pattern_s_score_does_not_depend_on_its_batch(model: QueryRanker) -> None:
    pairs = model.pairs(TEXTS, np.stack([FEATURES] * 3))
    with torch.inference_mode():
        together = model(pairs)
        alone = torch.cat([model([pair]) for pair in pairs])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_long_texts_are_cut(model: QueryRanker) -> None:
    (pair,) = model.pairs([PatternText("word " * 500, "word " * 500, "word")], FEATURES[None])
    assert len(pair.tokens) == model.config.question_tokens + model.config.pattern_tokens + 3


def test_a_saved_ranker_ranks_the_same_but_for_half_precision(model: QueryRanker, tmp_path: Path) -> None:
    model.save(tmp_path)
    assert (tmp_path / "query_ranker.safetensors").stat().st_size < 15_500_000
    again = QueryRanker.load(tmp_path)
    np.testing.assert_allclose(
        again.rank(TEXTS, np.stack([FEATURES] * 3)), model.rank(TEXTS, np.stack([FEATURES] * 3)), atol=5e-3
    )


def test_a_missing_ranker_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no query ranker"):
        QueryRanker.load(tmp_path)
