"""Train the query ranker from questions and their answers; mostly no pattern is shown to it as the right one.

Loss: - log sum_p P(p) r_p^2 with the worths r_p of `ranking_examples`, a marginal likelihood over the patterns that
answer rightly (of many patterns that happen to give the right answer, the one that reads like the question wins over
time); of a question that the graph cannot answer, - log P(none). Right patterns and the likeliest wrong ones are shown.
"""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from graphrag.models.query_ranker import Encoded, QueryRanker
from graphrag.retrieval.pattern_text import without_judgement
from graphrag.training.averaging import Average
from graphrag.training.checkpoints import drop_checkpoints, last_checkpoint, read_checkpoint, write_checkpoint
from graphrag.training.curves import Curve
from graphrag.training.precision import autocast
from graphrag.training.ranking_examples import RIGHT, Proposed, RankedQuestion
from graphrag.training.schedule import learning_rate

log = logging.getLogger(__name__)

PAIRS_AT_ONCE = 32  # of one forward pass, of about equal lengths


@dataclass(frozen=True)
class RankerTraining:
    """Settings of a training."""

    epochs: int = 1
    batch: int = 12  # questions a step
    right: int = 2  # patterns of a question shown: right ones,
    likely: int = 5  # of the best proposed wrong ones
    other: int = 7  # and as many by chance,
    hard: int = 5  # those that the ranker takes most for right
    learning_rate: float = 8e-5  # of MiniLM's layers
    head_rate: float = 1e-3
    weight_decay: float = 0.02
    average: float = 0.998  # of the moving average of the weights, a step
    screen_rate: float = 3e-3
    screen_epochs: int = 12
    screen_batch: int = 32  # questions a step
    blind: float = 0.5  # share of the questions shown without what the reasoner made of them
    warmup: float = 0.06
    final_lr: float = 0.03
    log_every: int = 25  # steps
    evaluate_every: int = 150
    checkpoint_every: int = 150
    patience: int = 0  # evaluations without a better figure before stopping; 0: never stops early
    seed: int = 0


def train_screen(ranker: QueryRanker, proposed: Sequence[Proposed], settings: RankerTraining) -> None:
    """Train the ranker's screen by - log sum_p P(p) r_p^2 over all that was proposed, in place."""
    torch.manual_seed(settings.seed)
    rng = random.Random(settings.seed)
    useful = [(p.features, p.worth) for p in proposed if p.answerable and len(p.worth) and p.worth.max() >= RIGHT]
    optimizer = torch.optim.AdamW(ranker.sift.parameters(), settings.screen_rate, weight_decay=0.01)
    steps = settings.screen_epochs * math.ceil(len(useful) / settings.screen_batch)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.screen_rate * learning_rate(step, steps, warmup=0.05, final_lr=0.05)
        batch = rng.sample(useful, min(settings.screen_batch, len(useful)))
        shown = [without_judgement(f) if rng.random() < settings.blind else f for f, _ in batch]
        owner = torch.tensor([n for n, (_, worth) in enumerate(batch) for _ in worth])
        worth = torch.from_numpy(np.concatenate([worth for _, worth in batch]))
        scores = ranker.sift(torch.from_numpy(np.concatenate(shown))).squeeze(-1)
        gains = torch.where(worth >= RIGHT, 2 * torch.log(worth.clamp(min=RIGHT)), -torch.inf)
        loss = (_logsumexp(scores, owner, len(batch)) - _logsumexp(scores + gains, owner, len(batch))).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()


def loss_of_batch(
    model: QueryRanker, batch: Sequence[RankedQuestion], shown: Sequence[Sequence[int]], blind: Sequence[bool]
) -> Tensor:
    """The module's loss, averaged over the questions.

    Args:
        shown: which of each question's patterns.
        blind: whether to hide the reasoner's judgement of them, which is better on what it was trained on than it will
            be elsewhere.
    """
    pairs = [
        replace(question.encoded[i], features=without_judgement(question.encoded[i].features))
        if hidden
        else question.encoded[i]
        for question, rows, hidden in zip(batch, shown, blind, strict=True)
        for i in rows
    ]
    owner = torch.tensor([n for n, rows in enumerate(shown) for _ in rows], dtype=torch.long)
    worth = torch.tensor([question.worth[i] for question, rows in zip(batch, shown, strict=True) for i in rows])
    scores = scores_of(model, pairs)
    # log of the sum of exp within each question, the option of none (0) among them
    gains = torch.where(worth >= RIGHT, 2 * torch.log(worth.clamp(min=RIGHT)), -torch.inf)
    every = torch.cat([scores, torch.zeros(len(batch))])
    owners = torch.cat([owner, torch.arange(len(batch))])
    nothing = torch.tensor([-torch.inf if question.answerable else 0.0 for question in batch])
    right = torch.cat([scores + gains, nothing])
    found = _logsumexp(every, owners, len(batch)) - _logsumexp(right, owners, len(batch))
    return found[torch.isfinite(found)].mean()


def scores_of(model: QueryRanker, pairs: Sequence[Encoded]) -> Tensor:
    """Scores in the order given, computed in chunks of about equal lengths."""
    if not pairs:
        return torch.zeros(0)
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i].tokens))
    chunks = [order[i : i + PAIRS_AT_ONCE] for i in range(0, len(order), PAIRS_AT_ONCE)]
    with autocast("cpu"):
        scores = torch.cat([model([pairs[i] for i in chunk]).float() for chunk in chunks])
    return scores[torch.tensor(order).argsort()]


def _logsumexp(values: Tensor, owners: Tensor, count: int) -> Tensor:
    most = torch.full((count,), -torch.inf).scatter_reduce(0, owners, values.detach(), "amax")
    safe = torch.where(torch.isfinite(most), most, 0.0)
    return safe + torch.zeros(count).index_add(0, owners, (values - safe[owners]).exp()).log()


@torch.no_grad()
def hardest(
    model: QueryRanker, batch: Sequence[RankedQuestion], drawn: Sequence[tuple[list[int], list[int]]], hard: int
) -> list[list[int]]:
    """Of each question's drawn (right, wrong) patterns the right ones, and the wrong ones with the best scores."""
    model.eval()
    scores = scores_of(
        model, [q.encoded[i] for q, (_, wrong) in zip(batch, drawn, strict=True) for i in wrong]
    ).tolist()
    model.train()
    shown = []
    for right, wrong in drawn:
        own, scores = scores[: len(wrong)], scores[len(wrong) :]
        order = sorted(range(len(wrong)), key=lambda i: -own[i])
        shown.append([*right, *(wrong[i] for i in order[:hard])])
    return shown


def draw(question: RankedQuestion, settings: RankerTraining, rng: random.Random) -> tuple[list[int], list[int]]:
    """Right and wrong patterns of a question, from which a step's are chosen."""
    right = [i for i, worth in enumerate(question.worth) if worth >= RIGHT]
    wrong = [i for i, worth in enumerate(question.worth) if worth < RIGHT]
    best = max((question.worth[i] for i in right), default=0.0)
    right = [i for i in right if question.worth[i] > best - 0.1]
    chosen = rng.sample(right, min(len(right), settings.right))
    rest = wrong[settings.likely :]
    return chosen, [*wrong[: settings.likely], *rng.sample(rest, min(len(rest), settings.other))]


@torch.inference_mode()
def evaluate_ranker(model: QueryRanker, questions: Sequence[RankedQuestion]) -> dict[str, float]:
    """Share of answerable questions whose best pattern is right; share abstained, with and without an answer."""
    model.eval()
    right, given_up, refused = [], [], []
    for question in questions:
        shares = model.probabilities(question.encoded)
        if question.answerable:
            right.append(bool(len(shares) > 1 and question.worth[int(shares[:-1].argmax())] >= RIGHT))
            given_up.append(bool(shares[-1] > 0.5))
        else:
            refused.append(bool(shares[-1] > 0.5))
    found = (("right", right), ("given_up", given_up), ("refused", refused))
    return {name: round(float(np.mean(values)), 4) for name, values in found if values}


def train_ranker(
    model: QueryRanker,
    training: Sequence[RankedQuestion],
    validation: Sequence[RankedQuestion],
    settings: RankerTraining,
    out: Path,
    resume: bool = False,
) -> QueryRanker:
    """Train, keep the averaged weights with the best validation figures, save them to `out`.

    Resumes from checkpoints.
    """
    torch.manual_seed(settings.seed)
    useful = [q for q in training if q.encoded and (not q.answerable or max(q.worth) >= RIGHT)]
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    heads = [p for name, p in trained.items() if not name.startswith("encoder.")]
    body = [p for name, p in trained.items() if name.startswith("encoder.")]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": settings.learning_rate}, {"params": heads, "lr": settings.head_rate}],
        weight_decay=settings.weight_decay,
    )
    peaks = [group["lr"] for group in optimizer.param_groups]
    per_epoch = math.ceil(len(useful) / settings.batch)
    steps, first, best, waited = per_epoch * settings.epochs, 0, -1.0, 0
    average = Average(trained, settings.average)
    recipe = {**asdict(settings), "questions": len(useful)}
    curve, folder = Curve(out, "ranker"), out / "ranker"
    folder.mkdir(parents=True, exist_ok=True)
    if resume and (last := last_checkpoint(folder)):
        state = read_checkpoint(last, recipe, trained | _prefixed(average.weights), optimizer)
        first, best, waited = state["step"], state["best"], state["waited"]
    else:
        drop_checkpoints(folder)
    curve.forget_after(first if first else -1)
    began, running = time.monotonic(), list[float]()
    order: list[int] = []
    for step in range(first, steps):
        if 0 < settings.patience <= waited:
            break
        epoch, at = divmod(step, per_epoch)
        if not order or at == 0:
            order = list(range(len(useful)))
            random.Random(f"{settings.seed}/{epoch}").shuffle(order)
        rng = random.Random(f"{settings.seed}/{step}")
        torch.manual_seed(settings.seed * 1_000_003 + step)
        batch = [useful[i] for i in order[at * settings.batch : (at + 1) * settings.batch]]
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * learning_rate(step, steps, warmup=settings.warmup, final_lr=settings.final_lr)
        shown = hardest(model, batch, [draw(question, settings, rng) for question in batch], settings.hard)
        loss = loss_of_batch(model, batch, shown, [rng.random() < settings.blind for _ in batch])
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(list(trained.values()), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        running.append(loss.item())
        done = step + 1
        average.update(trained, step)
        if done % settings.log_every == 0 or done == steps:
            loss_so_far, running = float(np.mean(running)), []
            log.info("step %d of %d loss %.3f %.0f s", done, steps, loss_so_far, time.monotonic() - began)
            curve.record(done, loss=round(loss_so_far, 4))
        if done % settings.evaluate_every == 0 or done == steps:
            with average.in_place(trained):
                figures = evaluate_ranker(model, validation)
                log.info("step %d validation %s", done, figures)
                curve.record(done, **figures)
                right = figures.get("right", 0.0)
                waited = 0 if right > best else waited + 1
                if right >= best:
                    best = right
                    model.save(out)
        if done % settings.checkpoint_every == 0:
            weights = trained | _prefixed(average.weights)
            state = {"recipe": recipe, "step": done, "best": best, "waited": waited}
            write_checkpoint(folder, done, weights, optimizer, state)
    drop_checkpoints(folder)
    folder.rmdir()
    return QueryRanker.load(out)


def _prefixed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The averaged weights under names of their own, for a checkpoint."""
    return {f"average.{name}": weight for name, weight in weights.items()}
