"""Train the reasoner from questions and their answers alone; no path is ever shown to it.

Loss of a question with answers A, scores s(v) (see `graphrag.models.reasoner`):

    - log sum_A s / sum s   (some answer first)   - mean_A log s / sum s   (all answers)   - log max_A s   (sure of it)

and of one that the graph cannot answer: - log(1 - max s). A question that wants yes or no is judged by the mass that
one start sends to another (`arrival`), by cross-entropy; what kind of answer is wanted is learned first
(`fit_forms`). A batch is one graph and some of its questions, so that the mass of all of them moves in dense [N, B]
steps; gradients of a few batches are accumulated, so that a step sees several schemas.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from graph_data.text import name_of
from graphrag.embedding import default_embedder
from graphrag.index import GraphIndex
from graphrag.models.reasoner import FORMS, START_FEATURES, Reading, Reasoner
from graphrag.retrieval.hits import Hits, find_hits, near_in
from graphrag.retrieval.reasoning import LATER_POWER, ReasoningGraph
from graphrag.training.checkpoints import drop_checkpoints, last_checkpoint, read_checkpoint, write_checkpoint
from graphrag.training.curves import Curve
from graphrag.training.examples import LabelledQuestion
from graphrag.training.precision import autocast
from graphrag.training.schedule import learning_rate

log = logging.getLogger(__name__)

FORM_RATE, FORM_DECAY = 2e-2, 1e-3
SMALL = 1e-6
TINY = 1e-20


@dataclass(frozen=True)
class PreparedQuestion:
    """A question's hits (states in float16), its gold nodes, and what it wants: one of FORMS.

    `polar` is True where yes is right, False where no is, and None where it asks for something else.
    """

    hits: Hits
    gold: npt.NDArray[np.int64]
    polar: bool | None = None
    form: str = "name"


@dataclass
class PreparedGraph:
    """One graph with its questions, ready to be trained on."""

    name: str
    graph: ReasoningGraph
    questions: list[PreparedQuestion]
    weight: float = 1.0  # how often its questions are drawn
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def tensor(self, name: str) -> Tensor:
        if name not in self.tensors:
            self.tensors[name] = torch.as_tensor(np.array(getattr(self.graph, name)))
        return self.tensors[name]


@dataclass(frozen=True)
class ReasonerTraining:
    """Settings of a training."""

    epochs: int = 7
    learning_rate: float = 7e-4
    weight_decay: float = 0.02
    batch: int = 24  # questions of one graph
    accumulate: int = 4  # batches a step
    max_mass: int = 12_000_000  # edges x questions a batch, at most
    log_every: int = 100  # steps
    checkpoint_every: int = 300  # steps
    patience: int = 0  # epochs without a better validation figure before stopping; 0: never stops early
    seed: int = 0


def prepare(name: str, index: GraphIndex, questions: Sequence[LabelledQuestion], weight: float = 1.0) -> PreparedGraph:
    """Find mentions, hits and gold nodes. Questions whose answers are all absent from the graph are left out."""
    embedder = default_embedder()
    graph = index.graph
    reasoning = ReasoningGraph.of(graph, index.relation_reading, embedder.embed, (index.indptr, index.incident_edges))
    names = [name_of(text) for text in graph.node_texts.to_pylist()]
    by_name: dict[str, list[int]] = {}
    for node, node_name in enumerate([*names, *reasoning.literals]):
        by_name.setdefault(node_name.casefold(), []).append(node)
    near = near_in(index.node_vectors(np.arange(graph.num_nodes)))

    found = find_hits([question.text for question in questions], index.mentions, near, embedder)
    prepared = []
    for question, hits in zip(questions, found, strict=True):
        gold = sorted({node for answer in question.answers for node in by_name.get(answer.casefold(), ())})
        polar = {"yes": True, "no": False}.get("|".join(question.answers))
        if polar is not None or question.form == "relation":
            gold = []
        elif question.answers and not gold:
            continue
        small = replace(hits, states=hits.states.astype(np.float16))
        prepared.append(PreparedQuestion(small, np.asarray(gold, np.int64), polar, question.wanted))
    return PreparedGraph(name, reasoning, prepared, weight)


@dataclass(frozen=True)
class Scored:
    """What `retrieval.reasoning.walk` gives, for B questions: scores [N', B], arrival [B]."""

    scores: Tensor
    arrival: Tensor


def score(model: Reasoner, prepared: PreparedGraph, batch: Sequence[PreparedQuestion]) -> Scored:
    """Walk the graph for every question of the batch at once."""
    length = max(len(question.hits.states) for question in batch)
    states = torch.zeros(len(batch), length, model.config.dim)
    mask = torch.zeros(len(batch), length)
    kinds = torch.zeros(len(batch), length, dtype=torch.long)
    rows, token_masks, features = [], [], []
    for row, question in enumerate(batch):
        own = len(question.hits.states)
        states[row, :own] = torch.from_numpy(question.hits.states.astype(np.float32))
        kinds[row, :own] = torch.from_numpy(question.hits.kinds)
        mask[row, :own] = 1
        for hit in question.hits.hits:
            rows.append(row)
            token_masks.append(np.pad(hit.tokens, (0, length - own)))
            features.append(hit.features)
    with autocast("cpu", "auto" if model.training else "float32"):
        reading = model.read(states, mask, kinds)
    reading = Reading(*(getattr(reading, part.name).float() for part in fields(reading)))
    nodes = prepared.graph.num_nodes
    mass = torch.zeros(nodes, len(batch))
    if rows:
        gates = model.start_gates(
            reading,
            torch.tensor(rows),
            torch.from_numpy(np.stack(token_masks)).float(),
            torch.tensor(features).reshape(-1, START_FEATURES),
        )
        at_nodes = np.concatenate([hit.nodes for question in batch for hit in question.hits.hits])
        sizes = [len(hit.nodes) for question in batch for hit in question.hits.hits]
        at = torch.from_numpy(at_nodes * len(batch) + np.repeat(rows, sizes))
        spread = gates.repeat_interleave(torch.tensor(sizes))
        mass = mass.view(-1).scatter_reduce(0, at, spread, "amax").view(nodes, len(batch))
    open_to = 1 - mass / mass.amax(0, keepdim=True).clamp(min=SMALL)  # nothing flows back into the starts
    source, target, relation = (prepared.tensor(name) for name in ("source", "target", "relation"))
    relation_gates = model.relation_gates(reading, prepared.tensor("relation_vectors"))  # [B, T, 2, R]
    total = torch.zeros_like(mass)
    home = torch.zeros_like(mass)
    for step in range(model.config.steps):
        along, against = (relation_gates[:, step, d].transpose(0, 1) for d in range(2))  # [R, B]
        power = LATER_POWER if step else 1.0
        flow = torch.zeros_like(mass)
        flow = flow.index_add(0, target, (mass[source] * along[relation]) ** power)
        flow = flow.index_add(0, source, (mass[target] * against[relation]) ** power)
        flow = torch.where(flow > TINY, flow.clamp(min=TINY) ** (1 / power), 0.0)
        home = home + flow * (1 - open_to) * reading.step_weights[:, step]
        flow = flow * open_to
        mass = flow / flow.detach().amax(0, keepdim=True).clamp(min=1)
        total = total + mass * reading.step_weights[:, step]
    return Scored(total, home.amax(0))


def loss_of(found: Scored, batch: Sequence[PreparedQuestion]) -> Tensor:
    """The module's loss, averaged over the batch."""
    losses = []
    scored = found.scores
    total = scored.sum(0)
    best = scored.amax(0)
    for column, question in enumerate(batch):
        if question.form == "relation":
            continue
        if question.polar is not None:
            true = found.arrival[column].clamp(SMALL, 0.999)
            losses.append(-torch.log(true) if question.polar else -torch.log1p(-true))
            continue
        if not len(question.gold):
            losses.append(-torch.log1p(-best[column].clamp(max=0.999)))
            continue
        gold = scored[torch.from_numpy(question.gold), column]
        some = -torch.log(gold.sum() / (total[column] + SMALL) + SMALL)
        every = -torch.log(gold / (total[column] + SMALL) + SMALL).mean() + np.log(1 / len(gold))
        losses.append(0.6 * some + 0.4 * every - 0.3 * torch.log(gold.max().clamp(max=1) + SMALL))
    return torch.stack(losses).sum() / len(batch) if losses else scored.sum() * 0


@torch.no_grad()
def hit_at_1(model: Reasoner, prepared: PreparedGraph, batch_size: int = 16) -> dict[str, float]:
    """Hit@1 of the best-scored node (an answerable question's), and mean certainty with and without an answer."""
    model.eval()
    hits, sure, unsure, polar = [], [], [], []
    for start in range(0, len(prepared.questions), batch_size):
        batch = prepared.questions[start : start + batch_size]
        found = score(model, prepared, batch)
        scored = found.scores
        for column, question in enumerate(batch):
            if question.polar is not None:
                polar.append(float((found.arrival[column] > 0.5) == question.polar))
                continue
            if question.form == "relation":
                continue
            best = float(scored[:, column].max())
            if len(question.gold):
                hits.append(float(int(scored[:, column].argmax()) in set(question.gold.tolist()) and best > 0))
                sure.append(best)
            else:
                unsure.append(best)
    mean = {
        name: float(np.mean(v))
        for name, v in (("hit_at_1", hits), ("polar", polar), ("certainty", sure), ("uncertainty", unsure))
        if v
    }
    return mean | {"n": float(len(prepared.questions))}


def batches(
    graphs: Sequence[PreparedGraph], settings: ReasonerTraining, rng: random.Random
) -> Iterator[tuple[int, list[int]]]:
    """One epoch: (graph, its questions' numbers), shuffled; `weight` repeats or thins a graph's questions."""
    plan: list[tuple[int, list[int]]] = []
    for number, prepared in enumerate(graphs):
        size = max(1, min(settings.batch, settings.max_mass // max(1, len(prepared.graph.source))))
        count = int(len(prepared.questions) * prepared.weight + rng.random())
        order: list[int] = []
        while len(order) < count:
            order.extend(rng.sample(range(len(prepared.questions)), len(prepared.questions)))
        plan.extend((number, order[i : min(i + size, count)]) for i in range(0, count, size))
    rng.shuffle(plan)
    return iter(plan)


def fit_forms(model: Reasoner, graphs: Sequence[PreparedGraph], steps: int = 400) -> None:
    """Fit the map from questions' vectors to what kind of answer is wanted, in place; on those that have an answer."""
    asked = [question for prepared in graphs for question in prepared.questions if _has_answer(question)]
    vectors = np.stack([np.concatenate([q.hits.vector, q.hits.asked_vector]) for q in asked])
    given, wanted = torch.from_numpy(vectors), torch.tensor([FORMS.index(question.form) for question in asked])
    optimizer = torch.optim.AdamW(model.form.parameters(), FORM_RATE, weight_decay=FORM_DECAY)
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(model.form_scores(given), wanted)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()


def _has_answer(question: PreparedQuestion) -> bool:
    return len(question.gold) > 0 or question.form in ("yes_no", "relation")


def train_reasoner(
    graphs: Sequence[PreparedGraph],
    validation: Sequence[PreparedGraph],
    settings: ReasonerTraining,
    out: Path,
    model: Reasoner | None = None,
    resume: bool = False,
) -> Reasoner:
    """Train, keep the weights with the best mean validation Hit@1, save them to `out`.

    Resumes from checkpoints: everything random is drawn from the seed and the step's number.
    """
    torch.manual_seed(settings.seed)
    model = model or Reasoner()
    trained = dict(model.named_parameters())
    optimizer = torch.optim.AdamW(trained.values(), settings.learning_rate, weight_decay=settings.weight_decay)
    epochs = [_steps_of(graphs, settings, epoch) for epoch in range(settings.epochs)]
    ends = set(np.cumsum([len(steps) for steps in epochs]).tolist())
    every = [batch for steps in epochs for batch in steps]
    curve, folder = Curve(out, "reasoner"), out / "reasoner"
    folder.mkdir(parents=True, exist_ok=True)
    first, best, waited = 0, -1.0, 0
    recipe = {**asdict(settings), "questions": sum(len(prepared.questions) for prepared in graphs)}
    if resume and (last := last_checkpoint(folder)):
        state = read_checkpoint(last, recipe, trained, optimizer)
        first, best, waited = state["step"], state["best"], state["waited"]
    else:
        drop_checkpoints(folder)
        fit_forms(model, graphs)
    curve.forget_after(first if first else -1)
    began, running = time.monotonic(), list[float]()
    for step in range(first, len(every)):
        if 0 < settings.patience <= waited:
            break
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * learning_rate(step, len(every), warmup=0.1, final_lr=0.0)
        running.append(_take_step(model, optimizer, graphs, every[step], settings.seed * 1_000_003 + step))
        done = step + 1
        if done % settings.log_every == 0 or done in ends:
            loss, running = float(np.mean(running)), []
            log.info("step %d of %d loss %.3f %.0f s", done, len(every), loss, time.monotonic() - began)
            curve.record(done, loss=round(loss, 4))
        if done in ends:
            found = {prepared.name: hit_at_1(model, prepared) for prepared in validation}
            mean = float(np.mean([figures["hit_at_1"] for figures in found.values() if "hit_at_1" in figures]))
            log.info("step %d validation %.3f %s", done, mean, found)
            curve.record(done, hit_at_1=round(mean, 4))
            waited = 0 if mean > best else waited + 1
            if mean > best:
                best = mean
                model.save(out)
        if done % settings.checkpoint_every == 0:
            state = {"recipe": recipe, "step": done, "best": best, "waited": waited}
            write_checkpoint(folder, done, trained, optimizer, state)
    drop_checkpoints(folder)
    folder.rmdir()
    return Reasoner.load(out)


def _steps_of(
    graphs: Sequence[PreparedGraph], settings: ReasonerTraining, epoch: int
) -> list[list[tuple[int, list[int]]]]:
    """The batches of an epoch, `accumulate` a step."""
    plan = list(batches(graphs, settings, random.Random(f"{settings.seed}/{epoch}")))
    return [plan[i : i + settings.accumulate] for i in range(0, len(plan), settings.accumulate)]


def _take_step(
    model: Reasoner,
    optimizer: torch.optim.Optimizer,
    graphs: Sequence[PreparedGraph],
    step: Sequence[tuple[int, list[int]]],
    seed: int,
) -> float:
    """Accumulate the gradients of a step's batches, then move once; returns the mean loss."""
    model.train()
    torch.manual_seed(seed)
    total = 0.0
    for number, rows in step:
        batch = [graphs[number].questions[row] for row in rows]
        loss = loss_of(score(model, graphs[number], batch), batch) / len(step)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return total
