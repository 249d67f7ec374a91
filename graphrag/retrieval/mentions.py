"""Mentions: which nodes a question names.

A whole name forgives case, accents, punctuation, underscores, a leading article, a trailing "(...)" and a plural s.
Of what is left over, words that make a good part of a name ("Hale" of "Captain Hale") name it too, with the share of
it that they make. Where a question names nothing, words of it may be misspelled: one letter too many, missing, wrong or
changed places. Names are stored as sorted 64-bit hashes of their normalised words, and of each of their words, and of
these with one letter left out (Garbe's symmetric delete): a look-up is a binary search. This module knows nothing of
prizes or models.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graph_data.external import SortedRows, Workspace, blocks
from graph_data.text import name_of
from graph_data.textual_graph import TextualGraph
from graphrag.retrieval.literals import literals_of

MAX_MENTION_WORDS = 24
MAX_NODES_PER_MENTION = 1000
PARTIAL_MENTIONS = 4  # of a question, at most
PARTIAL_SHARE = 0.34  # of a name's words, from which they name it
SENTENCE = 4  # content words from which a name may be a sentence
SPELLED = (5, 24)  # letters of a word that may be misspelled
_NAMES = 16_384  # read at a time
RARE = 300  # nodes at most that a word must lead to, to begin a partial mention
_ARTICLES = frozenset({"the", "a", "an"})
_WORD = re.compile(r"[^\W_]+")
_PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*$")
FUNCTION_WORDS = frozenset(
    "a about all also an and any are as at be been both but by can did do does for from had has have he her him "
    "his how i if in into is it its me more most no not of on or our s she so some tell than that the their them "
    "then there these they this those to was we were what when where which who whom whose why will with would yes "
    "you your name list give show".split()
)


Word = tuple[str, int, int]  # normalised, with where it stands in the question


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
    share: float = 1.0  # of the name's words that are said


def words_with_spans(text: str) -> list[Word]:
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


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order."""
    return [stem(word) for word, _, _ in words_with_spans(text) if _carries(word)]


def stem(word: str) -> str:
    """A word without its inflection, roughly: "working", "works" and "worked" are one."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e")


def _carries(word: str) -> bool:
    return word not in FUNCTION_WORDS and (len(word) > 1 or word.isdigit())


def _vocabulary(names: Iterable[str]) -> list[bytes]:
    words = {word for name in names for word, _, _ in words_with_spans(name) if _carries(word) and not word.isdigit()}
    return [word.encode() for word in words if _may_be_misspelled(word)]


def _distinct(ascending: npt.NDArray[np.bytes_]) -> npt.NDArray[np.bytes_]:
    new = np.ones(len(ascending), bool)
    new[1:] = ascending[1:] != ascending[:-1]
    return ascending[new]


def _names_of(graph: TextualGraph, literals: Sequence[str], block: slice) -> dict[int, str]:
    """Names of nodes, from `graph.num_nodes` on of literals, by their numbers."""
    texts = graph.node_texts.slice(block.start, block.stop - block.start).to_pylist()
    beyond = literals[max(0, block.start - graph.num_nodes) : max(0, block.stop - graph.num_nodes)]
    return dict(enumerate([*map(name_of, texts), *beyond], block.start))


def _may_be_misspelled(word: str) -> bool:
    return len(word) >= SPELLED[0] and len(word.encode()) <= SPELLED[1]


def _spellings(word: str) -> Iterator[int]:
    """Keys of a word and of what is left of it without one of its letters."""
    yield _key((word,))
    for shorter in {word[:i] + word[i + 1 :] for i in range(len(word))}:
        yield _key((shorter,))


def _one_letter_apart(one: str, two: str) -> bool:
    """Whether one letter more, less or other, or two that changed places, make one word the other."""
    if len(one) > len(two):
        one, two = two, one
    at = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), len(one))
    if len(one) < len(two):
        return one[at:] == two[at + 1 :]
    changed_places = one[at : at + 2] == two[at : at + 2][::-1] and one[at + 2 :] == two[at + 2 :]
    return one[at + 1 :] == two[at + 1 :] or changed_places


@dataclass(frozen=True)
class MentionTable:
    """Names to nodes, and words of names to nodes. Arrays are sorted by key and may be memory-mapped."""

    keys: npt.NDArray[np.uint64]  # [M]
    nodes: npt.NDArray[np.int32]  # [M]
    exact: npt.NDArray[np.bool_]  # [M]
    word_keys: npt.NDArray[np.uint64]  # [W]
    word_nodes: npt.NDArray[np.int32]  # [W]
    name_sizes: npt.NDArray[np.uint8]  # [N'], distinct content words of each name
    vocabulary: npt.NDArray[np.bytes_]  # [V], ascending: the words of names that may be misspelled
    spelled_keys: npt.NDArray[np.uint64]  # [S], these with one letter left out, or none
    spelled_words: npt.NDArray[np.int32]  # [S], rows of `vocabulary`

    @staticmethod
    def build(graph: TextualGraph, workspace: Workspace | None = None) -> MentionTable:
        """Read the names of all nodes, then of all literals; what does not fit in memory goes to the workspace."""
        whole = SortedRows(workspace, np.uint64, np.int32, np.bool_)
        parts = SortedRows(workspace, np.uint64, np.int32)
        vocabulary = SortedRows(workspace, f"S{SPELLED[1]}")
        literals = literals_of(graph).values
        sizes = np.zeros(graph.num_nodes + len(literals), np.uint8)
        for block in blocks(len(sizes), _NAMES):
            names = _names_of(graph, literals, block)
            named = [(key, node, exact) for node, name in names.items() for key, exact in _name_keys(name)]
            words = {node: set(content_words(name)[:MAX_MENTION_WORDS]) for node, name in names.items()}
            sizes[block] = [len(some) for some in words.values()]
            if named:
                whole.add(*zip(*named, strict=True))
            if held := [(_key((word,)), node) for node, some in words.items() for word in some]:
                parts.add(*zip(*held, strict=True))
            vocabulary.add(_vocabulary(names.values()))
        spellable = _distinct(*vocabulary.columns())
        spelled = SortedRows(workspace, np.uint64, np.int32)
        for block in blocks(len(spellable), _NAMES):
            numbered = enumerate(spellable[block].tolist(), block.start)
            ways = ((key, row) for row, word in numbered for key in _spellings(word.decode()))
            spelled.add(*zip(*ways, strict=True))
        keys, nodes, exact = whole.columns()
        word_keys, word_nodes = parts.columns()
        spelled_keys, spelled_words = spelled.columns()
        return MentionTable(keys, nodes, exact, word_keys, word_nodes, sizes, spellable, spelled_keys, spelled_words)

    @cached_property
    def has_sentences(self) -> bool:
        """Whether a good part of the names are as long as sentences."""
        return bool((np.asarray(self.name_sizes) >= SENTENCE).mean() > 0.05) if len(self.name_sizes) else False

    def save(self, folder: Path) -> None:
        """Write one `.npy` file an array into the folder."""
        for part in fields(self):
            np.save(folder / f"mention_{part.name}.npy", getattr(self, part.name))

    @staticmethod
    def load(folder: Path) -> MentionTable:
        """Open what `save` wrote, memory-mapped."""
        parts = (np.load(folder / f"mention_{part.name}.npy", mmap_mode="r") for part in fields(MentionTable))
        return MentionTable(*parts)

    def find(self, question: str, words: Sequence[Word] | None = None) -> list[Mention]:
        """The longest mentions of whole names, in order; one inside a longer one is left out.

        Args:
            words: what to read in place of the question's own words.
        """
        words = words_with_spans(question) if words is None else words
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

    def find_partial(
        self, question: str, found: Sequence[Mention], words: Sequence[Word] | None = None
    ) -> list[Mention]:
        """Names of which the question says a good part, in words that no mention in `found` covers; best first.

        Each is the stretch from the first to the last word said, which may run over mentions found. Nodes of which the
        same words make the same share are one mention. `words`: see `find`.
        """
        words = words_with_spans(question) if words is None else words
        said = {i: self._holders(stem(word)) for i, (word, _, _) in enumerate(words) if _carries(word)}
        free = {i for i in said if not any(m.start <= words[i][1] and words[i][2] <= m.end for m in found)}
        begin = [said[i] for i in free if 0 < len(said[i]) <= RARE]
        if not begin:
            return []
        nodes = np.unique(np.concatenate(begin))
        has = np.stack([np.isin(nodes, holders) for holders in said.values()])  # [words, nodes]
        stems = [stem(words[i][0]) for i in said]
        first_of = {word: row for row, word in reversed(list(enumerate(stems)))}
        distinct = np.asarray([first_of[word] == row for row, word in enumerate(stems)])
        shares = has[distinct].sum(0) / self.name_sizes[nodes]
        groups: dict[tuple[tuple[int, ...], float], list[int]] = {}
        for column in np.flatnonzero(shares >= PARTIAL_SHARE).tolist():
            rows = tuple(np.asarray(list(said))[has[:, column]].tolist())
            groups.setdefault((rows, float(shares[column])), []).append(int(nodes[column]))
        ranked = sorted(groups.items(), key=lambda item: (-item[0][1] * len(item[0][0]) ** 0.5, item[0][0]))
        partial: list[Mention] = []
        for (rows, share), same in ranked:
            inside = sum(rows[0] <= i <= rows[-1] for i in said)
            start, end = words[rows[0]][1], words[rows[-1]][2]
            if 2 * len(rows) < inside or any(m.start < end and start < m.end for m in partial):
                continue
            held = tuple(same[:MAX_NODES_PER_MENTION])
            partial.append(Mention(start, end, len(rows), held, False, False, min(share, 0.99)))
            if len(partial) == PARTIAL_MENTIONS:
                break
        return partial

    def corrected(self, question: str) -> list[Word] | None:
        """The question's words, those that no name has put right where a name has them but for one letter.

        None if there is nothing to put right.
        """
        words = words_with_spans(question)
        right = [(self._spelled(word) if _carries(word) else None) or word for word, _, _ in words]
        put_right = [(word, start, end) for word, (_, start, end) in zip(right, words, strict=True)]
        return put_right if put_right != words else None

    def _spelled(self, word: str) -> str | None:
        """The word of names that this may be a misspelling of; of several the first."""
        if not SPELLED[0] <= len(word) <= SPELLED[1] or self._is_known(word):
            return None
        rows: set[int] = set()
        for key in _spellings(word):
            low, high = (int(np.searchsorted(self.spelled_keys, np.uint64(key), side)) for side in ("left", "right"))
            rows.update(self.spelled_words[low:high].tolist())
        near = (bytes(self.vocabulary[row]).decode() for row in sorted(rows))
        return next((other for other in near if _one_letter_apart(word, other)), None)

    def _is_known(self, word: str) -> bool:
        at = int(np.searchsorted(self.vocabulary, word.encode()))
        return at < len(self.vocabulary) and bytes(self.vocabulary[at]) == word.encode()

    def _holders(self, word: str) -> npt.NDArray[np.int32]:
        """The nodes whose names have this word."""
        wanted = np.uint64(_key((word,)))
        low, high = (int(np.searchsorted(self.word_keys, wanted, side)) for side in ("left", "right"))
        return np.asarray(self.word_nodes[low:high])

    def _mention(self, span: Sequence[Word]) -> Mention | None:
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
