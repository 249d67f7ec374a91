"""Averaging: a moving average of weights, which generalises better than the last of them (Polyak and Juditsky 1992)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor


class Average:
    """The average of named weights; each step counts `1 - decay`."""

    def __init__(self, weights: Mapping[str, Tensor], decay: float) -> None:
        self.weights = {name: weight.detach().clone() for name, weight in weights.items()}
        self.decay = decay

    def update(self, weights: Mapping[str, Tensor], step: int) -> None:
        """Take in the weights after a step; the first steps count for less and less."""
        keep = min(self.decay, (1 + step) / (10 + step))
        for name, weight in weights.items():
            self.weights[name].lerp_(weight.detach(), 1 - keep)

    @contextmanager
    def in_place(self, weights: Mapping[str, Tensor]) -> Iterator[None]:
        """The average in the weights' place for a while."""
        own = {name: weight.detach().clone() for name, weight in weights.items()}
        _put(self.weights, weights)
        yield
        _put(own, weights)


@torch.no_grad()
def _put(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    for name, weight in target.items():
        weight.copy_(source[name])
