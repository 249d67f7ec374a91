"""Trainer: examples in, an adapter folder out. Stops and goes on anywhere: a resumed run is the run that was never
stopped.

Everything random (order of examples, order of answers, dropout) is drawn from the seed and the step's number, so a
checkpoint need hold only weights, optimizer and counters. Checkpoints are safetensors and JSON, written aside and
renamed.

    out_dir/adapter.json, *.safetensors   the best adapter so far, by validation loss
    out_dir/checkpoint-00000500/          where to go on; removed at the end
    out_dir/metrics.jsonl                 one line a logged step, and learning_curves.svg (`curves.py`)
    out_dir/finished.json                 the result, once done
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from graphrag.errors import ConfigError, ModelError
from graphrag.models.adapters import save_adapter
from graphrag.models.answer_loss import LossKind, LossSettings
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.prompt import Example
from graphrag.training.checkpoints import drop_checkpoints, last_checkpoint, read_checkpoint, write_checkpoint
from graphrag.training.curves import Curve, draw_curves
from graphrag.training.precision import Precision, autocast
from graphrag.training.schedule import bucketed, learning_rate

Log = Callable[[str], None]


@dataclass(frozen=True)
class TrainConfig:
    """A recipe. Everything that changes the result is in here."""

    epochs: int = 3
    batch_size: int = 16  # examples of one forward pass
    accumulate: int = 1  # forward passes of one step
    language_model_lr: float = 1e-4
    graph_lr: float = 3e-4  # graph encoder and projector
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.95)
    clip: float = 1.0  # largest norm of all gradients together
    warmup: float = 0.05  # share of the steps
    final_lr: float = 0.05  # of the peak, at the end of the cosine
    precision: Precision = "auto"  # auto: bfloat16 where it is faster
    loss: LossKind = "grounded"
    prior: float = 0.5  # share of examples scored with the retriever's weights
    seed: int = 42
    evaluate_every: int = 200  # steps; 0: at the end of each epoch
    patience: int = 0  # evaluations without a better validation loss before stopping; 0: never stops early
    checkpoint_every: int = 200  # steps; 0: never
    log_every: int = 20  # steps
    hit_examples: int = 200  # validation examples whose first answer is checked as well
    threads: int = 0  # of the CPU; 0: as torch has it

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch_size, self.accumulate, self.log_every) < 1:
            raise ConfigError("training needs epochs, batch_size, accumulate and log_every of at least 1.")


@dataclass(frozen=True)
class TrainResult:
    """How a training ended."""

    steps: int
    best_step: int
    best_loss: float  # validation, or of the last steps if there is no validation set
    hit_at_1: float  # on validation examples, at the best step
    skipped: int  # examples seen none of whose answers were among the candidates
    seconds: float


@dataclass
class _Progress:
    """The counters of a run; all of it is in every checkpoint."""

    step: int = 0
    best_loss: float = math.inf
    best_step: int = 0
    best_hit: float = 0.0
    waited: int = 0  # evaluations since the best one
    skipped: int = 0
    seconds: float = 0.0
    recent: list[float] = field(default_factory=list)  # losses since the last logged line


def train(
    model: GraphLLM,
    train_examples: Sequence[Example],
    validation_examples: Sequence[Example],
    config: TrainConfig,
    out_dir: Path,
    *,
    resume: bool = False,
    log: Log = lambda line: None,
    lengths: Sequence[int] | None = None,
    embedder: str = "",
    textualizer: str = "",
    notes: dict[str, Any] | None = None,
) -> TrainResult:
    """Train a model and leave its best adapter in `out_dir`.

    Args:
        model: trained in place; holds the last weights afterwards, not the best.
        train_examples: any sequence; examples are taken when needed, so it may build them lazily.
        validation_examples: may be empty; then the last weights are kept.
        config: the recipe.
        out_dir: made if missing.
        resume: go on from the last checkpoint in `out_dir`, if there is one.
        log: called with one line now and then.
        lengths: roughly how long each training example is, to batch equals; default: from its text.
        embedder: fingerprint to write into the adapter.
        textualizer: fingerprint to write into the adapter.
        notes: what else to write into the adapter.

    Raises:
        ConfigError: nothing to train on, or a checkpoint of another recipe.
        ModelError: a checkpoint cannot be read.
    """
    if not train_examples:
        raise ConfigError("there are no training examples; give a graph with questions or one to make questions from.")
    if config.threads:
        torch.set_num_threads(config.threads)
    out_dir.mkdir(parents=True, exist_ok=True)
    finished = out_dir / "finished.json"
    if resume and finished.is_file():
        log(f"{out_dir} is trained already.")
        return TrainResult(**json.loads(finished.read_text("utf-8")))
    finished.unlink(missing_ok=True)
    sizes = lengths or [len(e.prompt.question) + len(e.prompt.evidence) for e in train_examples]
    run = _Run(model, config, out_dir, len(train_examples), log)
    if resume:
        run.restore()
    else:
        run.start_afresh()
    about = {**(notes or {}), "training": asdict(config), "examples": len(train_examples)}
    save: Callable[[], None] = lambda: save_adapter(  # noqa: E731
        model, out_dir, embedder=embedder, textualizer=textualizer, notes=about
    )
    for epoch in range(run.progress.step // run.steps_per_epoch, config.epochs):
        batches = bucketed(sizes, config.batch_size, seed=config.seed, epoch=epoch)
        first = run.progress.step - epoch * run.steps_per_epoch
        for step in range(first, run.steps_per_epoch):
            if run.out_of_patience():
                log(f"no better validation loss in {config.patience} evaluations: stopped at step {run.progress.step}.")
                return run.finish()
            chunk = batches[step * config.accumulate : (step + 1) * config.accumulate]
            run.take_step([[train_examples[i] for i in batch] for batch in chunk])
            if run.evaluation_due():
                run.evaluate(validation_examples, save)
            run.checkpoint_if_due()
    return run.finish()


class _Run:
    """The moving parts of one training: optimizer, counters, files."""

    def __init__(self, model: GraphLLM, config: TrainConfig, out_dir: Path, examples: int, log: Log) -> None:
        self.model, self.config, self.out_dir, self.log = model, config, out_dir, log
        self.trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.optimizer = torch.optim.AdamW(_groups(self.trained, config), betas=config.betas)
        self.loss_settings = LossSettings(config.loss, config.prior)
        batches = sum(1 for _ in bucketed([0] * examples, config.batch_size, seed=0, epoch=0))
        self.steps_per_epoch = math.ceil(batches / config.accumulate)
        self.steps = self.steps_per_epoch * config.epochs
        self.progress = _Progress()
        self.recipe = {**asdict(config), "betas": list(config.betas), "examples": examples}
        self.curve = Curve(out_dir, "adapter")
        self.clock = time.monotonic()

    # One step ----------------------------------------------------------------------------------------------------

    def take_step(self, batches: list[list[Example]]) -> None:
        """Accumulate the gradients of all batches, then move once."""
        now = self.progress
        self.model.train()
        self.model.skipped = 0
        total = sum(len(batch) for batch in batches)
        step_loss = 0.0
        for number, batch in enumerate(batches):
            seed = (self.config.seed * 1_000_003 + now.step) * 64 + number
            torch.manual_seed(seed)
            with self._precision():
                loss = self.model(batch, self.loss_settings, seed) * (len(batch) / total)
            if loss.requires_grad:
                loss.backward()
            step_loss += float(loss.detach())
        if not math.isfinite(step_loss):
            raise ModelError(
                f"The loss is {step_loss} after step {now.step}; train with lower learning rates or in float32."
            )
        share = learning_rate(now.step, self.steps, warmup=self.config.warmup, final_lr=self.config.final_lr)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * share
        torch.nn.utils.clip_grad_norm_(self.trained.values(), self.config.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        now.step += 1
        now.skipped += self.model.skipped
        now.recent.append(step_loss)
        if now.step % self.config.log_every == 0 or now.step == self.steps:
            self._record(loss=sum(now.recent) / len(now.recent))
            now.recent.clear()

    def _precision(self) -> AbstractContextManager[Any]:
        return autocast(self.model.device.type, self.config.precision)

    def _record(self, **values: float) -> None:
        now = self.progress
        elapsed = now.seconds + time.monotonic() - self.clock
        rate = self.optimizer.param_groups[0]["lr"]
        self.curve.record(now.step, **values, lr=rate, seconds=round(elapsed, 1))
        told = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        self.log(f"step {now.step} of {self.steps}: {told} ({elapsed:.0f} s)")

    # Validation --------------------------------------------------------------------------------------------------

    def evaluation_due(self) -> bool:
        every = self.config.evaluate_every or self.steps_per_epoch
        return self.progress.step % every == 0 or self.progress.step == self.steps

    def evaluate(self, examples: Sequence[Example], save: Callable[[], None]) -> None:
        """Measure on the validation set, and keep the weights if they are the best."""
        now = self.progress
        if not examples:
            if now.step == self.steps:
                now.best_loss, now.best_step = math.nan, now.step
                save()
            return
        loss, hit = validate(self.model, examples, self.loss_settings, self.config, self._precision)
        self._record(validation_loss=loss, hit_at_1=hit)
        if loss < now.best_loss:
            now.best_loss, now.best_step, now.best_hit, now.waited = loss, now.step, hit, 0
            save()
        else:
            now.waited += 1

    def out_of_patience(self) -> bool:
        return 0 < self.config.patience <= self.progress.waited

    def finish(self) -> TrainResult:
        now = self.progress
        seconds = now.seconds + time.monotonic() - self.clock
        result = TrainResult(now.step, now.best_step, now.best_loss, now.best_hit, now.skipped, round(seconds, 1))
        (self.out_dir / "finished.json").write_text(json.dumps(asdict(result)), "utf-8")
        drop_checkpoints(self.out_dir)
        draw_curves(self.out_dir)
        return result

    # Checkpoints ------------------------------------------------------------------------------------------------

    def checkpoint_if_due(self) -> None:
        if self.config.checkpoint_every and self.progress.step % self.config.checkpoint_every == 0:
            self.save_checkpoint()

    def save_checkpoint(self) -> None:
        now = self.progress
        elapsed = now.seconds + time.monotonic() - self.clock
        state = {"recipe": self.recipe, "progress": {**asdict(now), "seconds": elapsed}}
        write_checkpoint(self.out_dir, now.step, self.trained, self.optimizer, state)

    def start_afresh(self) -> None:
        drop_checkpoints(self.out_dir)
        self.curve.forget_after(-1)

    def restore(self) -> None:
        """Go back to the last checkpoint, if there is one; what was logged after it is forgotten."""
        found = last_checkpoint(self.out_dir)
        if found is None:
            self.start_afresh()
            return
        state = read_checkpoint(found, self.recipe, self.trained, self.optimizer)
        self.progress = _Progress(**state["progress"])
        self.curve.forget_after(self.progress.step)
        self.log(f"resumed after step {self.progress.step} of {self.steps}.")


def validate(
    model: GraphLLM,
    examples: Sequence[Example],
    loss_settings: LossSettings,
    config: TrainConfig,
    precision: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> tuple[float, float]:
    """Mean loss of examples (answers in their order, with the retriever's weights), and Hit@1 of the first few."""
    model.eval()
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].prompt.evidence))
    total, counted = 0.0, 0
    with torch.no_grad(), precision():
        for start in range(0, len(order), config.batch_size):
            batch = [examples[i] for i in order[start : start + config.batch_size]]
            model.skipped = 0
            loss = float(model(batch, loss_settings))
            total += loss * (len(batch) - model.skipped)
            counted += len(batch) - model.skipped
        checked = [examples[i] for i in order if i < config.hit_examples]
        hits = 0
        for start in range(0, len(checked), config.batch_size):
            part = checked[start : start + config.batch_size]
            rankings = model.rank([example.prompt for example in part])
            hits += sum(_first_right(example, ranking[0][0]) for example, ranking in zip(part, rankings, strict=True))
    return total / max(1, counted), hits / max(1, len(checked))


def _first_right(example: Example, first: Any) -> bool:
    if not example.answers:
        return bool(first.kind == "none")
    return first.text.casefold() in {answer.casefold() for answer in example.answers}


def _groups(trained: Mapping[str, Tensor], config: TrainConfig) -> list[dict[str, Any]]:
    """Parameter groups: language model and graph part with their own rates; no decay on vectors (biases, norms)."""
    groups = []
    for of_lm in (True, False):
        for matrices in (True, False):
            members = [p for n, p in trained.items() if n.startswith("lm.") == of_lm and (p.dim() > 1) == matrices]
            rate = config.language_model_lr if of_lm else config.graph_lr
            if members:
                decay = config.weight_decay if matrices else 0.0
                groups.append({"params": members, "lr": rate, "peak": rate, "weight_decay": decay})
    return groups
