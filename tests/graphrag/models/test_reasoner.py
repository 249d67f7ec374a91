"""The reasoner's three outputs: shapes, ranges, independence of padding, and its files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from graphrag.errors import ModelError
from graphrag.models.reasoner import FORMS, START_FEATURES, Reasoner, ReasonerConfig

CONFIG = ReasonerConfig(dim=24, key_dim=8, steps=3, heads=2, layers=1)


@pytest.fixture
def model() -> Reasoner:
    torch.manual_seed(0)
    return Reasoner(CONFIG).eval()


def test_gates_lie_between_0_and_1_and_step_weights_sum_to_1(model: Reasoner) -> None:
    reading = model.read(torch.randn(2, 5, 24), torch.ones(2, 5), torch.zeros(2, 5, dtype=torch.long))
    gates = model.relation_gates(reading, torch.randn(7, 24))
    starts = model.start_gates(reading, torch.tensor([0, 1, 1]), torch.ones(3, 5), torch.zeros(3, START_FEATURES))
    assert gates.shape == (2, 3, 2, 7)
    assert starts.shape == (3,)
    for values in (gates, starts):
        assert bool(((values > 0) & (values < 1)).all())
    assert reading.step_weights.sum(-1).tolist() == pytest.approx([1, 1])


def test_every_question_wants_something(model: Reasoner) -> None:
    shares = model.form_scores(torch.nn.functional.normalize(torch.randn(3, 48), dim=-1)).softmax(-1)
    assert shares.shape == (3, len(FORMS))
    assert shares.sum(-1).tolist() == pytest.approx([1, 1, 1])


def test_padding_changes_nothing(model: Reasoner) -> None:
    states, kinds = torch.randn(1, 4, 24), torch.tensor([[0, 1, 1, 2]])
    alone = model.read(states, torch.ones(1, 4), kinds)
    padded = model.read(
        torch.cat([states, torch.randn(1, 3, 24)], 1),
        torch.tensor([[1.0, 1, 1, 1, 0, 0, 0]]),
        torch.cat([kinds, torch.zeros(1, 3, dtype=torch.long)], 1),
    )
    torch.testing.assert_close(alone.instructions, padded.instructions, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(alone.step_weights, padded.step_weights, atol=1e-5, rtol=1e-4)


def test_a_saved_reasoner_reads_the_same_but_for_half_precision(model: Reasoner, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = Reasoner.load(tmp_path)
    states = torch.randn(1, 4, 24)
    before, after = (m.read(states, torch.ones(1, 4), torch.zeros(1, 4, dtype=torch.long)) for m in (model, loaded))
    torch.testing.assert_close(before.instructions, after.instructions, atol=2e-2, rtol=2e-2)
    assert loaded.config == CONFIG


def test_a_missing_reasoner_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no reasoner"):
        Reasoner.load(tmp_path)
