"""The order of examples and the course of the learning rate: functions of seed, epoch and step, and of nothing else."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence


def bucketed(lengths: Sequence[int], batch_size: int, *, seed: int, epoch: int) -> list[list[int]]:
    """All positions in batches of about equal lengths, in an order that seed and epoch fix."""
    draw = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    draw.shuffle(order)
    pool = batch_size * 50
    batches = []
    for start in range(0, len(order), pool):
        part = sorted(order[start : start + pool], key=lambda i: lengths[i])
        batches += [part[i : i + batch_size] for i in range(0, len(part), batch_size)]
    draw.shuffle(batches)
    return batches


def learning_rate(step: int, steps: int, *, warmup: float, final_lr: float) -> float:
    """Share of the peak learning rate: linear warm-up, then a cosine down to `final_lr`."""
    warm = max(1, round(warmup * steps))
    if step < warm:
        return (step + 1) / warm
    along = (step - warm) / max(1, steps - warm)
    return final_lr + (1 - final_lr) * 0.5 * (1 + math.cos(math.pi * along))
