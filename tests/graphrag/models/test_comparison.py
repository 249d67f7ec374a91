"""The comparison: untrained it adds nothing; what it makes of a pattern does not depend on order or padding."""

from __future__ import annotations

import pytest
import torch

from graphrag.models.comparison import Comparison

STATES, FEATURES, SCORES = torch.randn(1, 3, 16), torch.randn(1, 3, 4), torch.tensor([[1.0, -2.0, 0.5]])
ALL = torch.ones(1, 3, dtype=torch.bool)


@pytest.fixture
def model() -> Comparison:
    torch.manual_seed(0)
    return Comparison(16, 4, width=8, heads=2).eval()


@pytest.fixture
def trained(model: Comparison) -> Comparison:
    torch.nn.init.normal_(model.judge.weight)
    return model


def test_untrained_it_adds_nothing(model: Comparison) -> None:
    assert model(STATES, FEATURES, SCORES, ALL).tolist() == [[1.0, -2.0, 0.5, 0.0]]


def test_the_order_of_the_patterns_is_nothing_to_it(trained: Comparison) -> None:
    turned = trained(STATES.flip(1), FEATURES.flip(1), SCORES.flip(1), ALL)
    expected = trained(STATES, FEATURES, SCORES, ALL)
    assert not torch.allclose(expected[0, :3], SCORES[0])
    torch.testing.assert_close(turned[:, :3].flip(1), expected[:, :3])
    torch.testing.assert_close(turned[:, 3], expected[:, 3])


def test_padding_changes_nothing(trained: Comparison) -> None:
    def padded(values: torch.Tensor) -> torch.Tensor:
        return torch.cat([values, torch.randn(1, 2, *values.shape[2:])], 1)

    mask = torch.tensor([[True, True, True, False, False]])
    found = trained(padded(STATES), padded(FEATURES), padded(SCORES), mask)
    expected = trained(STATES, FEATURES, SCORES, ALL)
    torch.testing.assert_close(found[:, [0, 1, 2, 5]], expected)
    assert found[0, 3:5].tolist() == [-torch.inf, -torch.inf]
