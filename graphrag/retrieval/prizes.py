"""Prizes: what each node and edge near the question's hits is worth.

A reader turns the question into where to start and which relations to follow; mass walks accordingly
(`reasoning.py`); the credit that a node or an edge earns is its prize. Two readers: the learned one, and one by cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from graphrag.models.reasoner import FORMS, START_FEATURES, Reasoner
from graphrag.retrieval.hits import COSINE, Hits
from graphrag.retrieval.mentions import stem, words_with_spans
from graphrag.retrieval.reasoning import FloatArray, ReasoningGraph, Start

WORDING = 0.5  # chosen on held-out questions of invented worlds and PathQuestion
STEEPNESS = 12.0  # of the cosine reader's gates
COSINE_STEPS = (0.7, 0.2, 0.1)  # how often an answer is 1, 2 or 3 hops away


@dataclass(frozen=True)
class Forms:
    """How likely each kind of answer is wanted; they sum to 1."""

    name: float = 1.0
    yes_no: float = 0.0
    count: float = 0.0
    relation: float = 0.0


@dataclass(frozen=True)
class Plan:
    """How to walk: the input of `reasoning.walk`, and what kind of answer is wanted."""

    starts: tuple[Start, ...]
    gates: FloatArray  # [T, 2, R']
    step_weights: FloatArray  # [T]
    forms: Forms = field(default_factory=Forms)


class QuestionReader(Protocol):
    """Makes a plan from hits."""

    def plan(self, hits: Hits, graph: ReasoningGraph) -> Plan: ...


class LearnedReader:
    """The reasoner's reading (see `graphrag.models.reasoner`)."""

    def __init__(self, model: Reasoner, wording: float = WORDING) -> None:
        """`wording` >= 0: how much a relation gains by sharing words with the question."""
        self.model, self.wording = model, wording

    def plan(self, hits: Hits, graph: ReasoningGraph) -> Plan:
        import torch

        count, length = len(hits.hits), len(hits.states)
        with torch.inference_mode():
            reading = self.model.read(
                torch.tensor(hits.states)[None], torch.ones(1, length), torch.from_numpy(hits.kinds)[None]
            )
            gates = self.model.relation_gates(reading, torch.tensor(graph.relation_vectors))[0]
            start_gates = self.model.start_gates(
                reading,
                torch.zeros(count, dtype=torch.long),
                torch.tensor(np.asarray([hit.tokens for hit in hits.hits]).reshape(count, length), dtype=torch.float32),
                torch.tensor([hit.features for hit in hits.hits]).reshape(count, START_FEATURES),
            )
            vectors = torch.from_numpy(np.concatenate([hits.vector, hits.asked_vector]))
            scores = self.model.form_scores(vectors[None])[0]
            if hits.is_open:
                scores[FORMS.index("yes_no")] = -torch.inf
            read = scores.softmax(-1)
        starts = tuple(Start(hit.nodes, float(gate)) for hit, gate in zip(hits.hits, start_gates, strict=True))
        said = shared_words(hits.asked, graph.relation_words)
        heard = np.exp(self.wording * (said - said.max(initial=0.0)))
        forms = Forms(*read.tolist())
        return Plan(starts, gates.numpy() * heard, reading.step_weights[0].numpy(), forms)


class CosineReader:
    """No training: start at the mentions (or, without one, at the nearest nodes), follow relations near in meaning."""

    def plan(self, hits: Hits, graph: ReasoningGraph) -> Plan:
        starts = [Start(hit.nodes, 1.0) for hit in hits.hits if hit.mention]
        if not starts:
            starts = [Start(hit.nodes, max(hit.features[COSINE], 0.0)) for hit in hits.hits if not hit.mention]
        cosines = graph.relation_vectors @ hits.vector
        centre = (float(cosines.max()) + float(cosines.mean())) / 2 if len(cosines) else 0.0
        gate = (1 / (1 + np.exp(-STEEPNESS * (cosines - centre)))).astype(np.float32)
        gates = np.broadcast_to(gate, (len(COSINE_STEPS), 2, len(gate)))
        return Plan(tuple(starts), gates, np.asarray(COSINE_STEPS, np.float32))


def shared_words(asked: str, relations: Sequence[Sequence[str]]) -> FloatArray:
    """Share of each relation's words (the stems of those that carry meaning) that the question says, float32 [R]."""
    said = {stem(word) for word, _, _ in words_with_spans(asked)}
    shares = [sum(word in said for word in words) / len(words) if words else 0.0 for words in relations]
    return np.asarray(shares, np.float32)


def heaviest(ids: npt.NDArray[np.int64], values: FloatArray, k: int) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """The k ids with the largest values, ties by id; ids ascending."""
    order = np.sort(np.lexsort((ids, -values))[:k])
    return ids[order], values[order]


def start_prizes(starts: Sequence[Start], limit: int, at_least: float = 0.1) -> dict[int, float]:
    """The gates of the mentions that matter; of one that names many nodes only the first `limit`."""
    prizes: dict[int, float] = {}
    for start in starts:
        if start.gate >= at_least:
            for node in start.nodes[:limit].tolist():
                prizes[node] = max(prizes.get(node, 0.0), start.gate)
    return prizes
