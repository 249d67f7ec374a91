"""Order and learning rate are fixed by seed, epoch and step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.training.schedule import bucketed, learning_rate


def test_the_learning_rate_warms_up_and_falls() -> None:
    rates = [learning_rate(step, 100, warmup=0.1, final_lr=0.05) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == pytest.approx(1.0)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.05, abs=0.01)


@given(st.lists(st.integers(0, 500), max_size=300), st.integers(1, 16), st.integers(0, 3))
def test_batches_hold_every_example_once_in_a_fixed_order(lengths: list[int], size: int, epoch: int) -> None:
    batches = bucketed(lengths, size, seed=1, epoch=epoch)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in batches)
    assert batches == bucketed(lengths, size, seed=1, epoch=epoch)
