"""Train the ranker's comparison of query graphs with one another, once the ranker itself is trained and left as it is.

Every pattern of a question is read once; what was read is what is compared. Loss: - log sum_p P(p) r_p^2 over all that
were read, of a question that the graph cannot answer - log P(none), as in `ranker_training`.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphrag.models.query_ranker import QueryRanker
from graphrag.retrieval.pattern_text import NUM_FEATURES, without_judgement
from graphrag.training.precision import autocast
from graphrag.training.ranking_examples import RIGHT, RankedQuestion
from graphrag.training.schedule import learning_rate

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReadQuestion:
    """What the ranker read of a question's patterns: states float16 [n, D], features [n, F], and worth [n].

    `scores` [n] are its own, without what the features add.
    """

    states: Tensor
    features: Tensor
    scores: Tensor
    worth: Tensor
    answerable: bool


@dataclass(frozen=True)
class ComparisonTraining:
    """Settings of a training."""

    epochs: int = 6
    batch: int = 64  # questions a step
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    blind: float = 0.5  # share of the questions shown without what the reasoner made of them
    seed: int = 0


def read_questions(model: QueryRanker, questions: Sequence[RankedQuestion]) -> Iterator[ReadQuestion]:
    """Read every pattern of the questions that one can learn from or be judged by."""
    model.eval()
    for question in questions:
        if not question.encoded:
            continue
        features = torch.from_numpy(np.stack([pair.features for pair in question.encoded]))
        with torch.inference_mode(), autocast("cpu"):
            scores, states = model.read_all(question.encoded, 32)
        with torch.inference_mode():
            plain = scores - model.weigh(features).squeeze(-1)
        yield ReadQuestion(states.to(torch.float16), features, plain, torch.tensor(question.worth), question.answerable)


def compared(model: QueryRanker, batch: Sequence[ReadQuestion], blind: Sequence[bool]) -> Tensor:
    """Final scores [B, n + 1] of a batch; see `Comparison.forward`."""
    most = max(len(question.scores) for question in batch)
    states = torch.zeros(len(batch), most, model.encoder.config.hidden_size)
    features = torch.zeros(len(batch), most, NUM_FEATURES)
    scores = torch.zeros(len(batch), most)
    mask = torch.zeros(len(batch), most, dtype=torch.bool)
    for row, (question, hidden) in enumerate(zip(batch, blind, strict=True)):
        count = len(question.scores)
        own = torch.from_numpy(without_judgement(question.features.numpy())) if hidden else question.features
        states[row, :count], features[row, :count], mask[row, :count] = question.states.float(), own, True
        with torch.no_grad():
            scores[row, :count] = question.scores + model.weigh(own).squeeze(-1)
    found: Tensor = model.compare(states, features, scores, mask)
    return found


def loss_of(final: Tensor, batch: Sequence[ReadQuestion]) -> Tensor:
    """The module's loss, averaged over the questions."""
    gains = torch.full_like(final, -torch.inf)
    for row, question in enumerate(batch):
        if not question.answerable:
            gains[row, -1] = 0
            continue
        right = question.worth >= RIGHT
        gains[row, : len(right)][right] = 2 * torch.log(question.worth[right])
    return (final.logsumexp(1) - (final + gains).logsumexp(1)).mean()


@torch.inference_mode()
def evaluate_comparison(model: QueryRanker, questions: Sequence[ReadQuestion]) -> dict[str, float]:
    """As `ranker_training.evaluate_ranker`, of questions already read."""
    model.eval()
    right, given_up, refused = [], [], []
    for start in range(0, len(questions), 64):
        batch = questions[start : start + 64]
        for question, final in zip(batch, compared(model, batch, [False] * len(batch)), strict=True):
            none = bool(final.softmax(0)[-1] > 0.5)
            if question.answerable:
                right.append(bool(question.worth[int(final[: len(question.worth)].argmax())] >= RIGHT))
                given_up.append(none)
            else:
                refused.append(none)
    found = (("right", right), ("given_up", given_up), ("refused", refused))
    return {name: round(float(np.mean(values)), 4) for name, values in found if values}


def train_comparison(
    model: QueryRanker,
    training: Sequence[ReadQuestion],
    validation: Sequence[ReadQuestion],
    settings: ComparisonTraining | None = None,
) -> None:
    """Train the comparison in place and keep the epoch with the best validation figures."""
    settings = settings or ComparisonTraining()
    torch.manual_seed(settings.seed)
    rng = random.Random(settings.seed)
    useful = [q for q in training if not q.answerable or float(q.worth.max()) >= RIGHT]
    optimizer = torch.optim.AdamW(
        model.compare.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    per_epoch = math.ceil(len(useful) / settings.batch)
    best = evaluate_comparison(model, validation).get("right", 0.0)
    kept = {name: tensor.clone() for name, tensor in model.compare.state_dict().items()}
    log.info("before comparison: right %.4f", best)
    for epoch in range(settings.epochs):
        model.compare.train()
        order = rng.sample(range(len(useful)), len(useful))
        for at in range(per_epoch):
            step = epoch * per_epoch + at
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * learning_rate(
                    step, per_epoch * settings.epochs, warmup=0.05, final_lr=0.02
                )
            batch = [useful[i] for i in order[at * settings.batch : (at + 1) * settings.batch]]
            loss = loss_of(compared(model, batch, [rng.random() < settings.blind for _ in batch]), batch)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.compare.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        figures = evaluate_comparison(model, validation)
        log.info("comparison epoch %d loss %.3f validation %s", epoch, loss.item(), figures)
        if figures.get("right", 0.0) >= best:
            best = figures.get("right", 0.0)
            kept = {name: tensor.clone() for name, tensor in model.compare.state_dict().items()}
    model.compare.load_state_dict(kept)
    model.eval()
