"""Hits: a question as search leaves it. Its tokens, what it names, and what is near it in meaning.

A question is read twice: as it stands, and with every name in it replaced by a placeholder, so that the words of a long
name ("Sugar taxes improve health") cannot pass for what is asked about it. This module knows nothing of prizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphrag.embedding import MiniLMEmbedder, TokenStates
from graphrag.retrieval.search import Mention, MentionTable, nearest

FloatArray = npt.NDArray[np.float32]
Near = Callable[[FloatArray], Sequence[tuple[int, float]]]  # question vector [D] to (node, cosine)

NEAR = 5  # nodes by cosine among the possible starts
PLACEHOLDER = "X"
QUOTES = ('"', "'", "“", "‘", "«")
PLAIN, NAMED, SECOND = 0, 1, 2  # kinds of tokens: as asked, inside a name, of the second reading


@dataclass(frozen=True)
class Hit:
    """Nodes that a question may start from together.

    `tokens` are the question's tokens that name them, bool [L]; `features` see `start_features`.
    """

    nodes: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.bool_]
    features: tuple[float, ...]
    mention: Mention | None  # None: a hit by cosine alone


@dataclass(frozen=True)
class Hits:
    """What search found for a question.

    Attributes:
        asked: the question without the names in it.
        vector: float32 [D], its embedding.
        states: [L, D], token states of both readings; kinds: int64 [L], see above.
        hits: mentions first, then the nearest nodes.
    """

    question: str
    asked: str
    vector: FloatArray
    states: npt.NDArray[np.floating]
    kinds: npt.NDArray[np.int64]
    hits: tuple[Hit, ...]


def find_hits(questions: Sequence[str], table: MentionTable, near: Near, embedder: MiniLMEmbedder) -> list[Hits]:
    """Search for each question; the embedder is the one whose states the reasoner reads."""
    mentions = [[m for m in table.find(question) if _is_name(m, question)] for question in questions]
    second = [without_names(question, found) for question, found in zip(questions, mentions, strict=True)]
    states = embedder.token_states([*questions, *second])
    return [
        _hits(question, second[i], found, states[i], states[len(questions) + i], near)
        for i, (question, found) in enumerate(zip(questions, mentions, strict=True))
    ]


def near_in(vectors: FloatArray) -> Near:
    """The NEAR rows of the node vectors [N, D] that a question vector is nearest to, for `find_hits`."""

    def near(vector: FloatArray) -> list[tuple[int, float]]:
        nodes, cosines = nearest(vectors, vector, NEAR)
        return list(zip(nodes.tolist(), cosines.tolist(), strict=True))

    return near


def _is_name(mention: Mention, question: str) -> bool:
    """Whether a mention may be meant: a node called "is" is only where the question writes it as a name."""
    inside_sentence = mention.start > 0 and question[mention.start].isupper()
    return not mention.function_words or inside_sentence or question[: mention.start].endswith(QUOTES)


def without_names(question: str, mentions: Sequence[Mention]) -> str:
    """The question with a placeholder for each mention."""
    parts, end = [], 0
    for mention in mentions:
        parts += [question[end : mention.start], PLACEHOLDER]
        end = mention.end
    return "".join([*parts, question[end:]])


def _hits(
    question: str, asked: str, mentions: Sequence[Mention], first: TokenStates, second: TokenStates, near: Near
) -> Hits:
    states = np.concatenate([first.states, second.states])
    kinds = np.full(len(states), SECOND, np.int64)
    kinds[: len(first.states)] = PLAIN
    hits = []
    for mention in mentions:
        inside = np.zeros(len(states), bool)
        inside[: len(first.states)] = (first.offsets[:, 0] < mention.end) & (first.offsets[:, 1] > mention.start)
        kinds[inside] = NAMED
        features = start_features(mention, question, len(mention.nodes), 0.0)
        hits.append(Hit(np.asarray(mention.nodes, np.int64), inside, features, mention))
    vector = first.pooled()
    for node, cosine in near(vector):
        features = start_features(None, question, 1, cosine)
        hits.append(Hit(np.asarray([node], np.int64), np.zeros(len(states), bool), features, None))
    return Hits(question, asked, vector, states, kinds, tuple(hits))


def start_features(mention: Mention | None, question: str, num_nodes: int, cosine: float) -> tuple[float, ...]:
    """What the start gate knows of a hit besides its words (mention None: by cosine): START_FEATURES numbers."""
    size = float(np.log1p(num_nodes)) / 7
    if mention is None:
        return (0.0, 0.0, size, 0.0, 0.0, cosine, 1.0)
    capital = question[mention.start].isupper() or question[mention.start].isdigit()
    return (
        float(mention.exact),
        float(mention.function_words),
        size,
        mention.words / 5,
        float(capital),
        0.0,
        0.0,
    )
