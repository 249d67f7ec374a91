"""What an example is to say, and how wrong a model is about it. The loss is on the answer's tokens only.

The grounded loss is the cross-entropy over the tokens that the trie allows at each step: the model learns to choose
among what the evidence names, and spends nothing on learning a vocabulary. This module knows tries and scores, not how
scores are made.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from graphrag.models.grounding import AnswerTrie, Option
from graphrag.models.prompt import NONE_TEXT, Example

LossKind = Literal["grounded", "full"]
MAX_TRAINED_ANSWERS = 6


@dataclass(frozen=True)
class LossSettings:
    """How training examples are scored.

    Attributes:
        kind: "grounded" normalises over the tokens the trie allows, "full" over the whole vocabulary.
        prior: share of the examples that are scored with the retriever's weights; the others learn to do without.
    """

    kind: LossKind = "grounded"
    prior: float = 0.5


@dataclass(frozen=True)
class Target:
    """What one example is to say.

    Attributes:
        tokens: the answer, its end included.
        choices: (position in tokens, what is allowed there, which of it is right), where there is more than one.
    """

    tokens: list[int]
    choices: list[tuple[int, list[Option], int]] = field(default_factory=list)


def grounded_target(trie: AnswerTrie, example: Example, draw: random.Random | None) -> Target | None:
    """The gold answers as a walk through the trie, in an order drawn by `draw` (None: as given).

    Of more than MAX_TRAINED_ANSWERS only as many are said, and the end is left open. None if no answer can be said.
    """
    wanted = list(example.answers) or [NONE_TEXT]
    found = list(dict.fromkeys(index for text in wanted if (index := trie.find(text)) is not None))
    if not found:
        return None
    if draw is not None:
        draw.shuffle(found)
    said = found[:MAX_TRAINED_ANSWERS]
    return _follow(trie, trie.spell(said, end=len(said) == len(found)))


def _follow(trie: AnswerTrie, tokens: list[int]) -> Target:
    """The steps of a walk that have a choice."""
    target = Target(tokens)
    state = trie.walk(())
    for position, token in enumerate(tokens):
        options = trie.options(state)
        which = next((i for i, option in enumerate(options) if option.token == token), None)
        if which is None:  # the settings end the answer here (room, or as many answers as allowed)
            return Target(tokens[:position], target.choices)
        if len(options) > 1:
            target.choices.append((position, options, which))
        state = trie.advance(state, token)
    return target


def full_target(
    answers: Sequence[Sequence[int]], separator: Sequence[int], eos: int, limit: int, draw: random.Random | None
) -> Target:
    """Tokenized gold answers one after the other, the separator between them, in at most `limit` tokens."""
    order = list(answers)
    if draw is not None:
        draw.shuffle(order)
    tokens: list[int] = []
    for position, ids in enumerate(order[:MAX_TRAINED_ANSWERS]):
        tokens += [*(separator if position else ()), *ids]
    return Target([*tokens[: limit - 1], eos])


def full_loss(scores: Tensor, targets: Sequence[Target]) -> Tensor:
    """Cross-entropy of whole answers over the vocabulary, `scores` [B, A, V]; mean over the examples."""
    rows = [row for row, target in enumerate(targets) for _ in target.tokens]
    steps = [step for target in targets for step in range(len(target.tokens))]
    right = torch.tensor([token for target in targets for token in target.tokens], device=scores.device)
    return F.cross_entropy(scores[rows, steps].float(), right, reduction="sum") / len(targets)


def grounded_loss(scores: Tensor, targets: Sequence[Target], strengths: Sequence[float]) -> Tensor:
    """Cross-entropy of whole answers over the allowed tokens, `scores` [B, A, V]; mean over the examples.

    `strengths`: how much the retriever's weights count in each example.
    """
    flat = [(row, *choice) for row, target in enumerate(targets) for choice in target.choices]
    if not flat:
        return scores.sum() * 0.0
    width = max(len(options) for _, _, options, _ in flat)
    tokens = torch.zeros(len(flat), width, dtype=torch.long)
    prior = torch.full((len(flat), width), -torch.inf)
    for i, (row, _, options, _) in enumerate(flat):
        tokens[i, : len(options)] = torch.tensor([option.token for option in options])
        prior[i, : len(options)] = torch.tensor([strengths[row] * option.log_prior for option in options])
    rows, steps = [row for row, *_ in flat], [step for _, step, *_ in flat]
    right = torch.tensor([which for *_, which in flat], device=scores.device)
    allowed = scores[rows, steps].float().gather(1, tokens.to(scores.device)) + prior.to(scores.device)
    return F.cross_entropy(allowed, right, reduction="sum") / len(targets)
