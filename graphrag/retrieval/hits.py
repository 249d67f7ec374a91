"""Hits: a question as search leaves it. Its tokens, what it names, and what is near it in meaning.

Three ways to name a node, each tried on what the one before left over: its whole name, a good part of it, and, where
names are sentences, words of like meaning ("that taxes on sugar are good for us"). A question is read twice: as it
stands, and with every name in it replaced by a placeholder, so that the words of a long name ("Sugar taxes improve
health") cannot pass for what is asked about it. This module knows nothing of prizes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from graphrag.embedding import MiniLMEmbedder, TokenStates
from graphrag.retrieval.mentions import Mention, MentionTable, Word, content_words, words_with_spans
from graphrag.retrieval.search import nearest

FloatArray = npt.NDArray[np.float32]
# Texts with their vectors [n, D] by the offline embedder to the nearest (node, cosine) of each, NEAR at most.
Near = Callable[[Sequence[str], FloatArray], Sequence[Sequence[tuple[int, float]]]]

NEAR = 5  # nodes by cosine among the possible starts
SPANS = 12  # stretches of a question that are compared with sentence-like names
LIKE = 0.5  # cosine from which a stretch paraphrases a name
PARAPHRASES = 3  # of a question, at most
PLACEHOLDER = "X"
QUOTES = ('"', "'", "“", "‘", "«")
COSINE = 5  # where the cosine is among the features of a hit
PLAIN, NAMED, SECOND = 0, 1, 2  # kinds of tokens: as asked, inside a name, of the second reading
_CLAUSE = re.compile(
    r"[,;:?!.()\"“”«»]+\s*|\b(?:that|whether|if|because|about|against|for|to|of|by|is|are|was|does|do|did|say|says|saying)\b\s*",
    re.IGNORECASE,
)
QUESTION_WORDS = frozenset("who whom whose what which when where why how".split())
PREPOSITIONS = frozenset("about at by for from in of on to under with".split())
PRONOUNS = frozenset("it its he him his she her hers they them their theirs".split())


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
        vector, asked_vector: float32 [D], the embeddings of both.
        states: [L, D], token states of both readings; kinds: int64 [L], see above.
        hits: mentions first, then the nearest nodes.
    """

    question: str
    asked: str
    vector: FloatArray
    asked_vector: FloatArray
    states: npt.NDArray[np.floating]
    kinds: npt.NDArray[np.int64]
    hits: tuple[Hit, ...]

    @property
    def is_open(self) -> bool:
        """Whether it begins with a question word ("who", "in which"), so that neither yes nor no answers it."""
        first, second = [*(word for word, _, _ in words_with_spans(self.question)[:2]), "", ""][:2]
        return first in QUESTION_WORDS or (first in PREPOSITIONS and second in QUESTION_WORDS)

    def ambiguous(self, num_nodes: int) -> dict[str, int]:
        """What it says that is the whole name of several nodes, and of how many; `num_nodes`: of the graph."""
        mentions = [hit.mention for hit in self.hits if hit.mention and hit.mention.exact]
        count = {self.question[m.start : m.end]: sum(node < num_nodes for node in m.nodes) for m in mentions}
        return {name: nodes for name, nodes in count.items() if nodes > 1}

    @property
    def pronoun(self) -> tuple[int, int] | None:
        """Where the question says "it" or the like, if it does: the first of them."""
        found = pronoun_in(self.question)
        return found and found[1:]


def pronoun_in(question: str) -> Word | None:
    """The first "it" or the like that a question says."""
    return next((word for word in words_with_spans(question) if word[0] in PRONOUNS), None)


def find_hits(questions: Sequence[str], table: MentionTable, near: Near, embedder: MiniLMEmbedder) -> list[Hits]:
    """Search for each question; the embedder is the one whose states the reasoner reads."""
    named = [_named(question, table) for question in questions]
    paraphrased = _paraphrases(questions, named, table, near, embedder)
    first = embedder.token_states(questions)
    vectors = np.stack([states.pooled() for states in first]) if first else np.zeros((0, 1), np.float32)
    around = near(questions, vectors)
    asked = [
        without_names(question, [*mentions, *(mention for mention, _ in further)])
        for question, mentions, further in zip(questions, named, paraphrased, strict=True)
    ]
    second = embedder.token_states(asked)
    return [
        _hits(question, asked[i], [*((m, 0.0) for m in named[i]), *paraphrased[i]], first[i], second[i], around[i])
        for i, question in enumerate(questions)
    ]


def near_in(vectors: FloatArray) -> Near:
    """The NEAR rows of the node vectors [N, D] that each text's vector is nearest to, for `find_hits`."""

    def near(texts: Sequence[str], given: FloatArray) -> list[list[tuple[int, float]]]:
        found = (nearest(vectors, vector, NEAR) for vector in given)
        return [list(zip(nodes.tolist(), cosines.tolist(), strict=True)) for nodes, cosines in found]

    return near


def _named(question: str, table: MentionTable) -> list[Mention]:
    """Whole names, and parts of names in what they leave over; if there are none, such as are misspelled."""

    def found(words: Sequence[Word] | None) -> list[Mention]:
        whole = [mention for mention in table.find(question, words) if _is_name(mention, question)]
        return [*whole, *table.find_partial(question, whole, words)]

    mentions = found(None)
    if not mentions and (words := table.corrected(question)):
        mentions = [replace(mention, exact=False) for mention in found(words)]
    return sorted(mentions, key=lambda mention: (mention.start, -mention.end))


def _is_name(mention: Mention, question: str) -> bool:
    """Whether a mention may be meant: a node called "is" is only where the question writes it as a name."""
    inside_sentence = mention.start > 0 and question[mention.start].isupper()
    return not mention.function_words or inside_sentence or question[: mention.start].endswith(QUOTES)


def _paraphrases(
    questions: Sequence[str],
    named: Sequence[Sequence[Mention]],
    table: MentionTable,
    near: Near,
    embedder: MiniLMEmbedder,
) -> list[list[tuple[Mention, float]]]:
    """Stretches of each question that say a sentence-like name in other words, with their cosines; best first."""
    if not table.has_sentences:
        return [[] for _ in questions]
    spans = [stretches(question, mentions) for question, mentions in zip(questions, named, strict=True)]
    texts = [question[a:b] for question, own in zip(questions, spans, strict=True) for a, b in own]
    found = iter(near(texts, embedder.embed(texts)) if texts else ())
    paraphrased = []
    for own in spans:
        best = sorted(
            ((cosine, span, node) for span in own for node, cosine in next(found)[:2] if cosine >= LIKE),
            key=lambda item: (-item[0], item[1]),
        )
        kept: list[tuple[Mention, float]] = []
        for cosine, (start, end), node in best:
            again = any(node in mention.nodes for mention, _ in kept)
            if not again and len(kept) < PARAPHRASES and table.name_sizes[node] >= 3:
                kept.append((Mention(start, end, 0, (node,), False, False, 0.0), cosine))
        paraphrased.append(kept)
    return paraphrased


def stretches(question: str, mentions: Sequence[Mention]) -> list[tuple[int, int]]:
    """From clause to clause: (start, end) of stretches of three or more content words.

    None that a whole name covers.
    """
    cuts = [0, *sorted({at for cut in _CLAUSE.finditer(question) for at in cut.span()}), len(question)]
    found = []
    for i, start in enumerate(cuts):
        for end in cuts[i + 1 :]:
            text = question[start:end].strip(" ,;:?!.\"'")
            covered = any(m.exact and m.start <= start and end <= m.end + 1 for m in mentions)
            if len(content_words(text)) >= 3 and not covered:
                at = question.index(text, start)
                found.append((at, at + len(text)))
    longest_first = sorted(dict.fromkeys(found), key=lambda span: (span[0] - span[1], span))
    return [span for span in longest_first if span[1] - span[0] < 0.9 * len(question)][:SPANS]


def without_names(question: str, mentions: Sequence[Mention]) -> str:
    """The question with a placeholder for each mention; of those that overlap, the first."""
    parts, end = [], 0
    for mention in sorted(mentions, key=lambda mention: (mention.start, -mention.end)):
        if mention.start >= end:
            parts += [question[end : mention.start], PLACEHOLDER]
            end = mention.end
    return "".join([*parts, question[end:]])


def _hits(
    question: str,
    asked: str,
    mentions: Sequence[tuple[Mention, float]],
    first: TokenStates,
    second: TokenStates,
    near: Sequence[tuple[int, float]],
) -> Hits:
    states = np.concatenate([first.states, second.states])
    kinds = np.full(len(states), SECOND, np.int64)
    kinds[: len(first.states)] = PLAIN
    hits = []
    for mention, cosine in mentions:
        inside = np.zeros(len(states), bool)
        inside[: len(first.states)] = (first.offsets[:, 0] < mention.end) & (first.offsets[:, 1] > mention.start)
        kinds[inside] = NAMED
        features = start_features(mention, question, len(mention.nodes), cosine)
        hits.append(Hit(np.asarray(mention.nodes, np.int64), inside, features, mention))
    for node, cosine in near:
        features = start_features(None, question, 1, cosine)
        hits.append(Hit(np.asarray([node], np.int64), np.zeros(len(states), bool), features, None))
    return Hits(question, asked, first.pooled(), second.pooled(), states, kinds, tuple(hits))


def start_features(mention: Mention | None, question: str, num_nodes: int, cosine: float) -> tuple[float, ...]:
    """What the start gate knows of a hit besides its words (mention None: by cosine): START_FEATURES numbers."""
    size = float(np.log1p(num_nodes)) / 7
    if mention is None:
        return (0.0, 0.0, size, 0.0, 0.0, cosine, 1.0, 0.0, 0.0)
    capital = question[mention.start].isupper() or question[mention.start].isdigit()
    return (
        float(mention.exact),
        float(mention.function_words),
        size,
        mention.words / 5,
        float(capital),
        cosine,
        0.0,
        mention.share,
        float(mention.share == 0),
    )
