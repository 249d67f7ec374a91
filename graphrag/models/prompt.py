"""Prompt: all that a language model is given for one question. The seam between retrieval and the model.

A training example is a prompt with its gold answers. This module knows nothing of tokenizers or networks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

CandidateKind = Literal["node", "attribute", "relation", "count", "yes", "no", "none", "choice"]
NONE_TEXT = "the graph does not say"  # what the model says to abstain


@dataclass(frozen=True)
class Candidate:
    """Something that an answer may say in grounded mode.

    `weight` > 0 is how likely retrieval holds it for the answer (unnormalised); the decoder multiplies the
    language model's probability with it. `confidence` is the probability that it is a right answer, by retrieval; None
    if that cannot tell. Candidates that stand `together` are answered all or none.
    """

    text: str
    weight: float = 1.0
    kind: CandidateKind = "node"
    confidence: float | None = None
    together: bool = False


@dataclass(frozen=True)
class Prompt:
    """One question with its evidence.

    Attributes:
        question: as asked.
        evidence: the textualized subgraph.
        candidates: what the evidence names, distinct texts, best first.
        node_vectors: float32 [n, D] embeddings of the subgraph's node texts; n may be 0.
        node_scores: float32 [n], each node's prize, 0..1.
        edge_index: int64 [2, e], positions in node_vectors.
        edge_vectors: float32 [e, D] embeddings of the edge texts.
        question_vector: float32 [D].
        every: all names that answer the question as it is likeliest meant; the evidence may have room for a part.
    """

    question: str
    evidence: str = ""
    candidates: tuple[Candidate, ...] = ()
    every: tuple[str, ...] = ()
    node_vectors: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 384), np.float32), repr=False)
    node_scores: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)
    edge_index: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, 0), np.int64), repr=False)
    edge_vectors: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 384), np.float32), repr=False)
    question_vector: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(384, np.float32), repr=False)


@dataclass(frozen=True)
class Example:
    """A prompt with its gold answers; no answers means: the graph does not say."""

    prompt: Prompt
    answers: tuple[str, ...] = ()
