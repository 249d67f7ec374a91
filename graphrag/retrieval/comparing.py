"""Comparing: questions about more and less. "Who earns the most?", "which films are longer than Heat?", "is A older than B?"

A walk follows relations and cannot compare the numbers that it comes to. Here a comparison is read by its words; the
relation or field that holds the numbers is the one whose name the question says or that the adjective is about (long:
length); what is compared is what has such a number and touches all else that the question names. Only plain questions
are read so: whatever says more than this, or is not clear, is left to the walk.
"""  # noqa: E501

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from graphrag.retrieval.compared import (
    CHECKS,
    HINTED,
    NEXT_BEST,
    NONE,
    SAID,
    Compared,
    Name,
    bound,
    called_so,
    named_in,
    touching_all,
    with_joins,
    words_beside,
)
from graphrag.retrieval.counting import count
from graphrag.retrieval.hits import Hits
from graphrag.retrieval.mentions import Word, content_words, stem
from graphrag.retrieval.reasoning import IntArray, ReasoningGraph

Aggregate = Callable[[npt.NDArray[np.float64]], Any]

MOST_RELATIONS = 20_000  # of a graph; among more, none is looked for
MOST_NUMBERS = 200_000  # of a relation; more are not compared
NUMERIC = 0.9  # share of a relation's values that are numbers of one unit, for it to hold numbers
LOOKED_AT = 200  # of its values, to tell
UNREAD = 2  # words that say something and are not part of the comparison: more make it another question
ROOT = 5  # letters that two forms of a word share ("directed", "director")
YEARS = (1000, 2200)
MOST_OF_UNIT = 12  # letters
TIMES = frozenset("year date birth born since founded built start established released opened".split())

_SIZE = "population area size surface quantity amount total".split()
_LENGTH = "length duration runtime running distance minutes pages".split()
_AGE = "age birth born founded built established year".split()
_TIME = "year date start since founded released built born opened".split()
_PRICE = "price cost fee budget".split()
_PAY = "salary income wage pay earnings".split()
_MERIT = "rating rated score stars grade mark".split()
# Adjectives: the sign of "more", what they are about, and the sign for times (what is old has an early year).
_ADJECTIVES: dict[str, tuple[int, Sequence[str], int]] = {
    "high": (1, ("height", "elevation"), 0),
    "low": (-1, ("height", "elevation"), 0),
    "great": (1, (), 0),
    "large": (1, _SIZE, 0),
    "big": (1, _SIZE, 0),
    "small": (-1, _SIZE, 0),
    "long": (1, _LENGTH, 0),
    "short": (-1, [*_LENGTH, "height"], 0),
    "tall": (1, ("height", "elevation"), 0),
    "heavy": (1, ("weight", "mass"), 0),
    "light": (-1, ("weight", "mass"), 0),
    "old": (1, _AGE, -1),
    "young": (-1, _AGE, 1),
    "new": (1, _TIME, 1),
    "late": (1, _TIME, 1),
    "recent": (1, _TIME, 1),
    "early": (-1, _TIME, -1),
    "cheap": (-1, _PRICE, 0),
    "expensive": (1, _PRICE, 0),
    "rich": (1, ("worth", "wealth", "income"), 0),
    "fast": (1, ("speed",), 0),
    "slow": (-1, ("speed",), 0),
    "deep": (1, ("depth",), 0),
    "populous": (1, ("population",), 0),
    "paid": (1, _PAY, 0),
    "good": (1, _MERIT, 0),
    "bad": (-1, _MERIT, 0),
}
_IRREGULAR = {"better": ("good", 1), "best": ("good", 2), "worse": ("bad", 1), "worst": ("bad", 2)}
# Other words that say what is compared.
_ABOUT: dict[str, Sequence[str]] = {
    "earn": _PAY,
    "paid": _PAY,
    "cost": _PRICE,
    "weigh": ("weight", "mass"),
    "people": ("population",),
    "inhabitants": ("population",),
    "hired": _TIME,
    "hire": _TIME,
    "join": _TIME,
    "start": _TIME,
    "rated": _MERIT,
}
QUANTIFIERS = {"more": 1, "most": 1, "less": -1, "least": -1, "fewer": -1, "fewest": -1}
_SUPERLATIVES = frozenset("most least fewest".split())
_THRESHOLDS = {"over": 1, "above": 1, "under": -1, "below": -1, "after": 1, "before": -1}
_OF_ALL: dict[str, Aggregate] = {"average": np.mean, "total": np.sum, "combined": np.sum}
_OF_OTHERS = frozenset("when where how".split())  # nothing that is compared answers these
_ORDER = {"first": -1, "last": 1}  # in time
_RANKS = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}
_SEVERAL = frozenset("top two three next".split())  # more than one are wanted
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_DIGITS = r"(-?\d[\d,]*(?:\.\d+)?)"
_NUMBER = re.compile(rf"^([^\w\s\-]?)\s?{_DIGITS}\s?([^\W\d]*|%)(?:\s([^\W\d]+))?\.?$")
_LIMIT = re.compile(rf"\W*(?:than|about|some)?\W*{_DIGITS}\s?(k|thousand|m|million|bn|billion)?\b", re.IGNORECASE)
_DAY = re.compile(r"\W*(?:than)?\W*(\d{4}-\d\d-\d\d)\b")
_VALUE = re.compile(
    r"^\W*what(?:'s| is| was| are| were) the (?:most |least )?\w+ (\w+)"
    r"(?=\W*$| (?:of|for|in|among|by|with|that|ever)\b)",
    re.IGNORECASE,
)
_KIND = re.compile(r"\b(?:which|what) (\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class _Wish:
    """The comparison that a question makes.

    Attributes:
        sign: +1 the more, -1 the less, 0 if only times can be meant. time: the sign for times, 0 if it is the same.
        about: words for what is compared, the likeliest first.
        best: whether the best is wanted, or all beyond something. limit: the number that they are beyond, if one is said.
        words: those that make the comparison. at: where in the question they begin.
    """  # noqa: E501

    sign: int
    time: int
    about: tuple[str, ...]
    best: bool
    limit: float | None
    words: tuple[str, ...]
    at: int
    of_all: Aggregate | None = None  # instead: a number made of all values
    rank: int = 1  # of the best: 2 for the second


@dataclass(frozen=True)
class _Table:
    """What has a number by a relation or field (its row): nodes [n], each with its value and the edge that says it.

    `sure`: that this relation is meant. `is_time`: the numbers are years or days, `in_days`: they are days.
    """

    row: int
    nodes: IntArray
    values: npt.NDArray[np.float64]
    edges: IntArray
    sure: float
    is_time: bool
    in_days: bool

    def where(self, rows: npt.NDArray[Any] | slice) -> _Table:
        """Some of the rows: a mask, positions in the order wanted, or a slice."""
        return replace(self, nodes=self.nodes[rows], values=self.values[rows], edges=self.edges[rows])


def compare(graph: ReasoningGraph, hits: Hits, name: Name) -> Compared | None:
    """Answer a question that compares numbers or counts; None if it does not, or if it is not clear what.

    Args:
        name: what a node of the reasoning graph is called.
    """
    return _compare(graph, hits, name) or count(graph, hits, name)


def superlative(words: Sequence[str]) -> int:
    """How many of the first words are one ("longest", "most expensive", "highest paid", "most"); 0: none."""
    one, two = [*words[:2], "", ""][:2]
    if one in _SUPERLATIVES:
        return 2 if two in _ADJECTIVES or any(degree_of(two, adjective) for adjective in _ADJECTIVES) else 1
    if one in _ORDER or any(degree_of(one, adjective) == 2 for adjective in _ADJECTIVES):
        return 2 if two in _ADJECTIVES else 1
    return 0


def holds_numbers(graph: ReasoningGraph, noun: str, name: Name) -> bool:
    """Whether a noun names a relation or field of numbers."""
    rows = [row for row, parts in enumerate(graph.relation_words[:MOST_RELATIONS]) if stem(noun) in parts]
    return any(_table(graph, row, SAID, name) for row in rows[:8])


def _compare(graph: ReasoningGraph, hits: Hits, name: Name) -> Compared | None:
    """Answer a question that compares numbers."""
    question, names = hits.question, named_in(hits, name)
    words = words_beside(question, names)
    wish = _wish(question, words) if len(graph.relations) <= MOST_RELATIONS else None
    table = _numbers(graph, [word for word, _, _ in words], wish, name) if wish else None
    if wish is None or table is None or not (wish.sign or table.is_time):
        return None
    tail = [word for word, start, _ in words if start > wish.at and content_words(word)]
    if (
        _is_other_noun(graph, table, wish, tail)
        or _is_about_another(graph, table, wish, tail, name)
        or (wish.best and words[0][0] in _OF_OTHERS)
    ):
        return None
    unread, joins = _unread(graph, question, words, wish, table), [NONE]
    named = [np.asarray(mention.nodes, np.int64) for mention in names]
    compared = [nodes for nodes in named if np.isin(nodes, table.nodes).any()]
    said = [*named, *_said_in_part(hits)]
    topics = [nodes for nodes in said if not np.isin(nodes, table.nodes).any()]
    for mention in names if wish.best else ():  # "managed by Tina": the words that bind a name to what is compared
        if (bond := bound(graph, table.nodes, words, mention, unread)) is not None:
            own = np.asarray(mention.nodes, np.int64)
            compared = [nodes for nodes in compared if not np.array_equal(nodes, own)]
            table, unread = table.where(bond.kept), [word for word in unread if word != bond.word]
            joins.append(bond.edges)
    if _says_more(graph, unread, wish, table):
        return None
    table = table.where(called_so(graph, table.nodes, hits, words, name))
    sign = (wish.time or wish.sign) if table.is_time else wish.sign
    if table.in_days and wish.limit is not None:
        wish = replace(wish, limit=_in_days(wish.limit, sign))
    kept, further = touching_all(graph, table.nodes, topics)
    table = table.where(kept & _of_kind(graph, table, question))
    if not len(table.nodes):
        return None
    joined = np.concatenate([*joins, further])
    if wish.of_all:
        made = f"{wish.of_all(table.values):.2f}".rstrip("0").rstrip(".")
        return Compared(table.nodes, with_joins(table.edges, joined, graph, table.nodes), NONE, table.sure, value=made)
    if words[0][0] in CHECKS:
        return _check_best(table, sign, wish.rank, compared) if wish.best else _check(table, sign, compared, wish.limit)
    if wish.best or (len(compared) > 1 and wish.limit is None):
        if len(compared) == 1:
            return None
        table = table.where(np.isin(table.nodes, np.concatenate(compared))) if compared else table
        value = _VALUE.match(question)
        wants_value = value is not None and stem(value.group(1).casefold()) in graph.relation_words[table.row]
        return _best(graph, table, sign, wish.rank, joined, wants_value)
    limit = wish.limit
    if limit is None and compared and " than " in question:  # "longer than Heat"
        limit = next(iter(table.values[np.isin(table.nodes, compared[0])].tolist()), None)
    beyond = table.where(sign * (table.values - limit) > 0) if limit is not None else table
    if limit is None:
        return None
    edges = with_joins(beyond.edges, joined, graph, beyond.nodes)
    counted = question.casefold().lstrip().startswith("how many")
    number = str(len({name(node) for node in beyond.nodes.tolist()})) if counted else None
    return Compared(beyond.nodes, edges, NONE, table.sure, value=number)


def number_of(text: str) -> tuple[float, str] | None:
    """The number that a text is, with its unit ("" for none, "day" for a date); None if it is another text."""
    if found := _NUMBER.match(text.strip()):
        sign, digits, *units = found.groups(default="")
        scale = next((_SCALES[unit.casefold()] for unit in units if unit.casefold() in _SCALES), 1.0)
        named = [unit for unit in units if unit and unit.casefold() not in _SCALES]
        if len(named) <= 1 and len(sign) + sum(map(len, named)) <= MOST_OF_UNIT:
            return float(digits.replace(",", "")) * scale, sign + "".join(named)
    try:
        return float(date.fromisoformat(text.strip()).toordinal()), "day"
    except ValueError:
        return None


def _wish(question: str, words: Sequence[Word]) -> _Wish | None:
    """The first comparison that the words make."""
    plain = [word for word, _, _ in words]
    at_rank = next((i for i, word in enumerate(plain) if word in _RANKS), None)
    if not _SEVERAL.isdisjoint(plain):
        return None
    if at_rank is not None:
        wish = _wish(question, [*words[:at_rank], *words[at_rank + 1 :]])
        ranked = wish and wish.best and superlative(plain[at_rank + 1 :]) and wish.at == words[at_rank + 1][1]
        return replace(wish, rank=_RANKS[plain[at_rank]]) if wish and ranked else None
    about = [noun for word, _, _ in words for noun in _ABOUT.get(word, _ABOUT.get(stem(word), ()))]
    for i, (word, at, end) in enumerate(words):
        limit = _limit(question, end, words)
        if word in QUANTIFIERS:
            turn, after = QUANTIFIERS[word], words[i + 1] if i + 1 < len(words) else ("", 0, end)
            sign, nouns, time = _ADJECTIVES.get(after[0], (1, (), 1))
            said = (word, after[0]) if after[0] in _ADJECTIVES else (word,)
            if limit is None and len(said) == 2:
                limit = _limit(question, after[2], words)
            return _Wish(turn * sign, turn * time, (*nouns, *about), word in _SUPERLATIVES, limit, said, at)
        for adjective, (sign, nouns, time) in _ADJECTIVES.items():
            if degree := degree_of(word, adjective):
                return _Wish(sign, time, (*nouns, *about), degree == 2, limit if degree == 1 else None, (word,), at)
        if word in _OF_ALL:
            return _Wish(1, 1, tuple(about), False, None, (word,), at, _OF_ALL[word])
        if word in _ORDER:
            return _Wish(0, _ORDER[word], tuple(about), True, None, (word,), at)
        if word in _THRESHOLDS and limit is not None:
            sign, nouns = _THRESHOLDS[word], _TIME if word in ("after", "before") else ()
            return _Wish(sign, sign, (*about, *nouns), False, limit, (word,), at)
    return None


def _limit(question: str, at: int, words: Sequence[Word]) -> float | None:
    """The number or the day that stands there, if it is not part of a name: is one of the words beside them."""
    if day := _DAY.match(question, at):
        found_day = number_of(day.group(1))
        return found_day[0] if found_day else None
    found = _LIMIT.match(question, at)
    if found is None or not any(start < found.end(1) <= end for _, start, end in words):
        return None
    return float(found.group(1).replace(",", "")) * _SCALES.get((found.group(2) or "").casefold(), 1.0)


def _in_days(limit: float, sign: int) -> float:
    """A year as its first day, if what is before it is wanted, or its last; a day as it is."""
    if not YEARS[0] <= limit <= YEARS[1]:
        return limit
    return float((date(int(limit), 12, 31) if sign > 0 else date(int(limit), 1, 1)).toordinal())


def degree_of(word: str, adjective: str) -> int:
    """1 for "larger", 2 for "largest", 0 for anything else."""
    if word in _IRREGULAR:
        return _IRREGULAR[word][1] if _IRREGULAR[word][0] == adjective else 0
    base = adjective[:-1] + "i" if adjective.endswith("y") else adjective.rstrip("e")
    for doubled in ("", base[-1:]):
        if word in (f"{base}{doubled}er", f"{base}{doubled}est"):
            return 2 if word.endswith("est") else 1
    return 0


def _unread(graph: ReasoningGraph, question: str, words: Sequence[Word], wish: _Wish, table: _Table) -> list[str]:
    """The words that say something and are not part of the comparison."""
    kind = _KIND.search(question)
    read = {*wish.words, *_ABOUT, *_SCALES, *_RANKS, *CHECKS, kind.group(1).casefold() if kind else ""}
    stems = {*graph.relation_words[table.row], *map(stem, wish.about), *map(stem, _ABOUT)}
    left = [word for word, _, _ in words if word not in read and not word[0].isdigit() and content_words(word)]
    return [word for word in left if stem(word) not in stems]


def _says_more(graph: ReasoningGraph, unread: Sequence[str], wish: _Wish, table: _Table) -> bool:
    """Whether the question says so much beside the comparison, or another relation, that it is another question."""
    others = {part[:ROOT] for row, parts in enumerate(graph.relation_words) if row != table.row for part in parts}
    return len(unread) > (UNREAD if wish.sign else 0) or any(len(w) >= ROOT and w[:ROOT] in others for w in unread)


def _said_in_part(hits: Hits) -> list[npt.NDArray[np.int64]]:
    """What is named by a part of its name, written as a name is ("the longest Nolan film")."""
    parts = [hit.mention for hit in hits.hits if hit.mention and 0 < hit.mention.share < 1 and hit.mention.start > 0]
    return [np.asarray(part.nodes, np.int64) for part in parts if hits.question[part.start].isupper()]


def _is_other_noun(graph: ReasoningGraph, table: _Table, wish: _Wish, tail: Sequence[str]) -> bool:
    """Whether the most of something else is wanted ("the most films" where a column is called "release year")."""
    counts = wish.best and len(wish.words) == 1 and wish.words[0] in QUANTIFIERS
    own = set(graph.relation_words[table.row])
    return counts and bool(tail) and own.isdisjoint(map(stem, tail)) and own.isdisjoint(map(stem, wish.about))


def _is_about_another(graph: ReasoningGraph, table: _Table, wish: _Wish, tail: Sequence[str], name: Name) -> bool:
    """Whether the adjective is about other numbers than those that are said elsewhere ("the stock of the cheapest")."""
    own = set(graph.relation_words[table.row])
    hints = {stem(noun) for noun in wish.about}
    if table.sure == HINTED or not own.isdisjoint(hints) or not own.isdisjoint(map(stem, tail[:3])):
        return False
    rows = [row for row, parts in enumerate(graph.relation_words) if not hints.isdisjoint(parts)]
    return any(_table(graph, row, HINTED, name) is not None for row in rows[:8])


def _numbers(graph: ReasoningGraph, words: Sequence[str], wish: _Wish, name: Name) -> _Table | None:
    """The numbers that are compared."""
    said, hints = {stem(word) for word in words}, [stem(noun) for noun in wish.about]
    rows = []
    for row, parts in enumerate(graph.relation_words):
        own = set(parts)
        share = len(own & said) / len(own) if own else 0.0
        hint = min((hints.index(noun) for noun in own & set(hints)), default=len(hints))
        if share >= 0.5:
            rows.append(((0, -share, hint), row, SAID))
        elif hint < len(hints):
            rows.append(((1, 0.0, hint), row, HINTED))
    tables = (_table(graph, row, sure, name) for _, row, sure in sorted(rows)[:8])
    return next((table for table in tables if table is not None), None)


def _table(graph: ReasoningGraph, row: int, sure: float, name: Name) -> _Table | None:
    """The numbers of a relation or field; None if its values are none."""
    edges = np.flatnonzero(graph.relation == row)
    if not 0 < len(edges) <= MOST_NUMBERS:
        return None
    looked_at = [number_of(name(node)) for node in graph.target[edges[:LOOKED_AT]].tolist()]
    (unit, share), *_ = Counter(found[1] if found else None for found in looked_at).most_common(1)
    if unit is None or share < NUMERIC * len(looked_at):
        return None
    found = [number_of(name(node)) for node in graph.target[edges].tolist()]
    known = np.asarray([number is not None and number[1] == unit for number in found])
    values = np.asarray([number[0] for number in found if number is not None and number[1] == unit])
    years = ((values >= YEARS[0]) & (values <= YEARS[1])).mean() >= NUMERIC
    timely = bool({stem(word) for word in TIMES} & set(graph.relation_words[row]))
    return _Table(
        row,
        graph.source[edges[known]],
        values,
        edges[known],
        sure,
        unit == "day" or bool(years and timely),
        unit == "day",
    )


def _of_kind(graph: ReasoningGraph, table: _Table, question: str) -> npt.NDArray[np.bool_]:
    """Which rows' nodes are what the question asks for ("which country"), as far as a relation of that name tells."""
    found = _KIND.search(question)
    wanted = (stem(found.group(1).casefold()),) if found else ()
    for row, parts in enumerate(graph.relation_words):
        if parts == wanted and row != table.row:
            return np.isin(table.nodes, graph.target[graph.relation == row])
    return np.ones(len(table.nodes), bool)


def _check(table: _Table, sign: int, compared: Sequence[IntArray], limit: float | None) -> Compared | None:
    """Whether the first is beyond the second, or beyond a number."""
    rows = [np.flatnonzero(np.isin(table.nodes, nodes))[:1] for nodes in compared]
    if not rows or not all(len(row) for row in rows) or len(rows) != (1 if limit is not None else 2):
        return None
    first, *others = (float(table.values[row[0]]) for row in rows)
    holds = sign * (first - (others[0] if limit is None else limit)) > 0
    at = np.concatenate(rows)
    return Compared(table.nodes[at], table.edges[at], NONE, table.sure, holds)


def _check_best(table: _Table, sign: int, rank: int, compared: Sequence[IntArray]) -> Compared | None:
    """Whether the one that is named is the best, or has that rank."""
    own = np.flatnonzero(np.isin(table.nodes, compared[0]))[:1] if len(compared) == 1 else NONE
    best = _of_rank(table, sign, rank)
    if not len(own) or not len(best):
        return None
    at = np.union1d(own, best[:1])
    return Compared(table.nodes[at], table.edges[at], NONE, table.sure, bool(np.isin(own, best).all()))


def _best(
    graph: ReasoningGraph, table: _Table, sign: int, rank: int, joins: IntArray, wants_value: bool
) -> Compared | None:
    """Those with the most, or with that rank, or how much it is; None if there are not so many."""
    best = _of_rank(table, sign, rank)
    if not len(best):
        return None
    ranked = np.argsort(-sign * table.values, kind="stable")
    near = ranked[~np.isin(ranked, best)][: NEXT_BEST + rank - 1]
    edges = with_joins(table.edges[best], joins, graph, table.nodes[best])
    further = with_joins(table.edges[near], joins, graph, table.nodes[near])
    return Compared(graph.target[table.edges[best]] if wants_value else table.nodes[best], edges, further, table.sure)


def _of_rank(table: _Table, sign: int, rank: int) -> IntArray:
    """The rows with the most (rank 1), the second most (2) and so on; equal values share a rank."""
    orders = np.unique(-sign * table.values)
    return np.flatnonzero(-sign * table.values == orders[rank - 1]) if len(orders) >= rank else NONE
