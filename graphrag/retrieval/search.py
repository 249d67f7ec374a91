"""Search: which nodes a question names (mentions), and which are near it in meaning (cosine).

A mention forgives case, accents, punctuation, underscores, a leading article, a trailing "(...)" and a plural s.
Names are stored as sorted 64-bit hashes of their normalised words: a look-up is a binary search.
This module knows nothing of prizes or models.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graph_data.text import name_of
from graph_data.textual_graph import TextualGraph
from graphrag.retrieval.literals import literals_of

MAX_MENTION_WORDS = 24
MAX_NODES_PER_MENTION = 1000
_ARTICLES = frozenset({"the", "a", "an"})
_WORD = re.compile(r"[^\W_]+")
_PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*$")
FUNCTION_WORDS = frozenset(
    "a about all also an and any are as at be been both but by can did do does for from had has have he her him "
    "his how i if in into is it its me more most no not of on or our s she so some tell than that the their them "
    "then there these they this those to was we were what when where which who whom whose why will with would yes "
    "you your name list give show".split()
)


@dataclass(frozen=True)
class Mention:
    """A stretch of the question that names nodes.

    `nodes` are positions; those from `graph.num_nodes` on are literals (see `literals.py`).
    """

    start: int  # characters of the question
    end: int
    words: int
    nodes: tuple[int, ...]
    exact: bool  # named as written, not through an alias or a plural
    function_words: bool  # made of nothing but words like "what" and "the"


def words_with_spans(text: str) -> list[tuple[str, int, int]]:
    """Normalised words (case folded, accents removed) with their character spans."""
    return [(_plain(match.group()), match.start(), match.end()) for match in _WORD.finditer(text)]


def _plain(word: str) -> str:
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _key(words: Iterable[str]) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest(), "little")


def _name_keys(name: str) -> Iterator[tuple[int, bool]]:
    """The keys under which a name is found, each with whether it is the name itself rather than an alias."""
    words = [word for word, _, _ in words_with_spans(name)][:MAX_MENTION_WORDS]
    if not words:
        return
    yield _key(words), True
    if len(words) > 1 and words[0] in _ARTICLES:
        yield _key(words[1:]), False
    shorter = _PARENTHESIS.sub("", name)
    if shorter != name:
        alias = [word for word, _, _ in words_with_spans(shorter)]
        if alias:
            yield _key(alias), False


@dataclass(frozen=True)
class MentionTable:
    """Names to nodes. Arrays are sorted by key and may be memory-mapped."""

    keys: npt.NDArray[np.uint64]  # [M]
    nodes: npt.NDArray[np.int32]  # [M]
    exact: npt.NDArray[np.bool_]  # [M]

    @staticmethod
    def build(graph: TextualGraph) -> MentionTable:
        """Read the names of all nodes, then of all literals."""
        keys: list[int] = []
        nodes: list[int] = []
        exact: list[bool] = []
        names = [name_of(text) for text in graph.node_texts.to_pylist()]
        for node, name in enumerate([*names, *literals_of(graph).values]):
            for key, is_name in _name_keys(name):
                keys.append(key)
                nodes.append(node)
                exact.append(is_name)
        key_array = np.asarray(keys, dtype=np.uint64)
        order = np.argsort(key_array, kind="stable")
        return MentionTable(key_array[order], np.asarray(nodes, np.int32)[order], np.asarray(exact, np.bool_)[order])

    def save(self, folder: Path) -> None:
        """Write three `.npy` files into the folder."""
        np.save(folder / "mention_keys.npy", self.keys)
        np.save(folder / "mention_nodes.npy", self.nodes)
        np.save(folder / "mention_exact.npy", self.exact)

    @staticmethod
    def load(folder: Path) -> MentionTable:
        """Open what `save` wrote, memory-mapped."""
        keys, nodes, exact = (
            np.load(folder / f"mention_{part}.npy", mmap_mode="r") for part in ("keys", "nodes", "exact")
        )
        return MentionTable(keys, nodes, exact)

    def find(self, question: str) -> list[Mention]:
        """The longest mentions, in order; one inside a longer one is left out."""
        words = words_with_spans(question)
        found: list[Mention] = []
        covered_to = 0
        for first in range(len(words)):
            for last in range(min(len(words), first + MAX_MENTION_WORDS), first, -1):
                if last <= covered_to:
                    break
                mention = self._mention(words[first:last])
                if mention is not None:
                    found.append(mention)
                    covered_to = last
                    break
        return found

    def _mention(self, span: list[tuple[str, int, int]]) -> Mention | None:
        words = [word for word, _, _ in span]
        nodes, exact = self._look_up(_key(words))
        if not nodes and len(words[-1]) > 3 and words[-1].endswith("s"):
            nodes, exact = self._look_up(_key([*words[:-1], words[-1][:-1]]))[0], False
        if not nodes:
            return None
        return Mention(span[0][1], span[-1][2], len(words), nodes, exact, all(word in FUNCTION_WORDS for word in words))

    def _look_up(self, key: int) -> tuple[tuple[int, ...], bool]:
        wanted = np.uint64(key)
        low, high = (int(np.searchsorted(self.keys, wanted, side)) for side in ("left", "right"))
        if low == high:
            return (), False
        nodes, exact = self.nodes[low:high], self.exact[low:high]
        if exact.any():  # a node of just that name outranks those it is an alias of
            nodes = nodes[exact]
        return tuple(dict.fromkeys(nodes[:MAX_NODES_PER_MENTION].tolist())), bool(exact.any())


def nearest(
    vectors: npt.NDArray[np.float32], question_vector: npt.NDArray[np.float32], k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The k rows of `vectors` [U, D] (L2-normalised) with the largest cosine to the question [D], best first.

    Ties by row. Returns (rows int64 [k], cosines float32 [k]); fewer where there are fewer rows.
    """
    similarities = np.asarray(vectors @ question_vector, dtype=np.float32)
    k = min(k, len(similarities))
    if k == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    candidates = np.argpartition(-similarities, k - 1)[:k]
    threshold = similarities[candidates].min()
    candidates = np.flatnonzero(similarities >= threshold)
    order = np.lexsort((candidates, -similarities[candidates]))[:k]
    best = candidates[order].astype(np.int64)
    return best, similarities[best]
