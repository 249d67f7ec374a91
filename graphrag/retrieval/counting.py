"""Counting: questions about what has most of something. "Which department has the most employees?", "who directed the
most films?", "which genre is the most common?"

A relation pairs what is asked for with what is counted. Which relation, and which of its ends is which, is told by its
name: the question's "which ..." names it (department), or what is counted does (official languages), or its verb
(directed: director). Words that name nothing of the graph are only passed over where they fit what is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from graphrag.retrieval.compared import (
    CHECKS,
    DENIALS,
    HINTED,
    NEXT_BEST,
    SAID,
    Compared,
    Name,
    named_in,
    touching_all,
    with_joins,
    words_beside,
)
from graphrag.retrieval.hits import Hits
from graphrag.retrieval.mentions import Word, content_words
from graphrag.retrieval.naming import LOOKED_AT, doing, is_symmetric, looks_like, naming
from graphrag.retrieval.reasoning import IntArray, ReasoningGraph
from graphrag.wording.relation_forms import PREPOSITIONS

MOST_RELATIONS = 2_000  # of a graph; among more, none is looked for
MOST_PAIRS = 2_000_000  # of a relation
MOST_TIED = 24  # more that have equally much are no answer
MOST_SHOWN = 60  # edges of the evidence

_MOST = {"most": 1, "fewest": -1, "least": -1}
_NUMBER_OF = {"highest": 1, "largest": 1, "greatest": 1, "biggest": 1, "lowest": -1, "smallest": -1}
_COMMON = frozenset("common frequent often frequently".split())
_HAVING = frozenset("with having made make makes got gets placed place places".split())  # verbs that say nothing
_PLURALS = frozenset("people children men women".split())
_OPENERS = frozenset("which what who whose where".split())


@dataclass(frozen=True)
class _Asked:
    """What a question counts.

    Attributes:
        sign: +1 the most, -1 the fewest. at, end: where in the question that stands.
        kind: content words that may say what is asked for. noun: that may say what is counted. verbs: all others.
        words: all words beside names, as they stand.
        by: whether the counted is the doer ("used by the most"). turned: whether it is the subject ("do most live").
        common: whether the commonest is wanted.
    """

    sign: int
    at: int
    end: int
    kind: tuple[str, ...]
    noun: tuple[str, ...]
    verbs: tuple[str, ...]
    words: tuple[str, ...]
    by: bool
    turned: bool
    common: bool = False


@dataclass(frozen=True)
class _Pairing:
    """A relation, which of its ends is the answer, and how sure that is."""

    row: int
    answers_target: bool
    sure: float


def count(graph: ReasoningGraph, hits: Hits, name: Name) -> Compared | None:
    """Answer a question for what has the most or the fewest of something; None if it is none, or not clear."""
    if len(graph.relations) > MOST_RELATIONS:
        return None
    names = named_in(hits, name)
    asked = _asked(words_beside(hits.question, names))
    if asked is None or any(word[0].isdigit() or word in DENIALS for word in asked.words):
        return None
    counted_named = any(not hits.question[asked.end : mention.start].strip() for mention in names)
    pairing = next(_pairings(graph, asked, counted_named, name), None)
    if pairing is None:
        return None
    edges = np.flatnonzero(graph.relation == pairing.row)
    if not 0 < len(edges) <= MOST_PAIRS:
        return None
    answers, counted = graph.target[edges], graph.source[edges]
    if not pairing.answers_target:
        answers, counted = counted, answers
    if is_symmetric(graph.relations[pairing.row]):
        answers, counted = np.concatenate([answers, counted]), np.concatenate([counted, answers])
        edges = np.tile(edges, 2)
    before = [np.asarray(m.nodes, np.int64) for m in names if m.start < asked.at and not asked.common]
    after = [np.asarray(m.nodes, np.int64) for m in names if m.start > asked.at or asked.common]
    kept_answers, joins = touching_all(graph, answers, before)
    kept_counted, more_joins = touching_all(graph, counted, after)
    kept = kept_answers & kept_counted & (answers != counted)
    joins = np.concatenate([joins, more_joins])
    return _most(graph, asked.sign, answers[kept], counted[kept], edges[kept], joins, pairing.sure)


def _most(
    graph: ReasoningGraph,
    sign: int,
    answers: IntArray,
    counted: IntArray,
    edges: IntArray,
    joins: IntArray,
    sure: float,
) -> Compared | None:
    """Those with the most pairs, each pair counted once."""
    if not len(answers):
        return None
    _, once = np.unique(np.stack([answers, counted]), axis=1, return_index=True)
    answers, counted, edges = answers[once], counted[once], edges[once]
    things, counts = np.unique(answers, return_counts=True)
    order = np.argsort(-sign * counts, kind="stable")
    tied = int((counts == counts[order[0]]).sum())
    if tied > MOST_TIED or (tied > 1 and counts.max() == 1):  # none stands out
        return None
    best, next_best = things[order[:tied]], things[order[tied : tied + NEXT_BEST]]

    def shown(nodes: IntArray, most: int) -> IntArray:
        at = np.isin(answers, nodes)
        own = edges[at][:most]
        ends = np.union1d(answers[at][:most], counted[at][:most])
        return with_joins(own, joins, graph, ends)

    return Compared(best, shown(best, MOST_SHOWN), shown(next_best, MOST_SHOWN // 2), sure)


def _asked(words: Sequence[Word]) -> _Asked | None:
    """What the question counts, by its words beside names; None if it counts nothing."""
    plain = [word for word, _, _ in words]
    opener = next((i for i, word in enumerate(plain[:2]) if word in _OPENERS), None)
    if opener is None or any(word in PREPOSITIONS for word in plain[:opener]) != (opener == 1):
        return None
    at = next((i for i, word in enumerate(plain) if word in _MOST or word in _NUMBER_OF), None)
    if at is None:
        return None
    common = at + 1 < len(plain) and plain[at + 1] in _COMMON
    number_of = plain[at + 1 : at + 3] == ["number", "of"]
    if (plain[at] in _NUMBER_OF and not number_of) or plain[at + 1 : at + 2] == ["of"] or plain[at - 1] == "at":
        return None
    sign = _MOST.get(plain[at], 0) or _NUMBER_OF[plain[at]]
    before, after = plain[opener + 1 : at], plain[at + (3 if number_of else 2 if common else 1) :]
    last = next((word for word in reversed(before) if word != "the"), "")
    told = [word for word in before if _says(word)]
    kind = told if plain[opener] in ("which", "what") else []
    noun = [word for word in after if _says(word)]
    if common:
        kind, noun = [*told, *noun], []
    return _Asked(
        sign,
        words[at][1],
        words[at + 2 if number_of else at][2],
        tuple(kind),
        tuple(noun),
        () if kind else tuple(told),
        tuple(plain),
        last == "by",
        last in CHECKS and last not in ("has", "have") and not common,
        common,
    )


def _says(word: str) -> bool:
    return bool(content_words(word)) and word not in _HAVING


def _pairings(graph: ReasoningGraph, asked: _Asked, counted_named: bool, name: Name) -> Iterator[_Pairing]:
    """The relations that are clearly meant, by what is counted, by what is asked for, by the verb."""
    for kinds in (2, 1, 0) if asked.kind else (0,):
        for nouns in (2, 1, 0):
            noun, left = asked.noun[:nouns], asked.noun[nouns:]
            if len(asked.kind) < kinds or len(noun) < nouns or (left and not asked.turned):
                continue
            if not asked.common and not (_is_plural(noun) or (counted_named and not nouns)):
                continue
            verbs = (*asked.kind[kinds:], *asked.verbs, *left)
            if found := _paired(graph, asked, asked.kind[:kinds], noun, verbs, name):
                yield found


def _is_plural(noun: Sequence[str]) -> bool:
    return bool(noun) and (noun[-1].endswith("s") or noun[-1] in _PLURALS)


def _paired(
    graph: ReasoningGraph, asked: _Asked, kind: Sequence[str], noun: Sequence[str], verbs: Sequence[str], name: Name
) -> _Pairing | None:
    """The relation, if these words say what is asked for, what is counted, and the rest."""
    of_kind, of_noun, of_verbs = naming(graph, kind), naming(graph, noun), doing(graph, asked.words, verbs)
    if asked.common:
        row, flipped = of_kind[0] if len(of_kind) == 1 else (-1, False)
        fits = row >= 0 and (
            not verbs or (len(verbs) == 1 and not of_verbs and _fits(graph, verbs, row, flipped, name))
        )
        return _Pairing(row, not flipped, SAID) if fits else None
    if len(of_noun) == 1 and not of_kind:  # "the most official languages"
        row, flipped = of_noun[0]
        said = all(any(found == row for found, _ in doing(graph, asked.words, [verb])) for verb in verbs)
        said = said and not asked.turned and not asked.by and (not kind or _fits(graph, kind, row, flipped, name))
        return _Pairing(row, flipped, SAID) if said else None
    if len(noun) > 1:  # "the most young employees": what is young is not read
        return None
    if len(of_kind) == 1 and not of_noun:  # "which department"
        row, flipped = of_kind[0]
        own = all(any(found == row for found, _ in doing(graph, asked.words, [verb])) for verb in verbs)
        placed = asked.turned and len(verbs) == 1 and not of_verbs  # "in which city do most employees live"
        if (own or placed) and (not noun or _fits(graph, noun, row, flipped, name)):
            return _Pairing(row, not flipped, SAID if own and not noun else HINTED)
        return None
    if len(verbs) == 1 and len(of_verbs) == 1 and len(kind) < 2 and not of_noun and not of_kind:  # "who directed"
        row, doer_is_target = of_verbs[0]
        return _Pairing(row, doer_is_target != (asked.by or asked.turned), SAID)
    return None


def _fits(graph: ReasoningGraph, noun: Sequence[str], row: int, is_target: bool, name: Name) -> bool:
    """Whether the things at an end of a relation may be called so, by the relations that they have."""
    edges = np.flatnonzero(graph.relation == row)[:LOOKED_AT]
    things = np.unique(graph.target[edges] if is_target else graph.source[edges])
    return looks_like(graph, " ".join(noun), things, name)
