"""Compared: what a comparison comes to, and what comparing numbers and comparing counts share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphrag.retrieval.hits import Hits
from graphrag.retrieval.incidence import touching
from graphrag.retrieval.mentions import Mention, Word, words_with_spans
from graphrag.retrieval.naming import doing, is_symmetric, looks_like
from graphrag.retrieval.reasoning import IntArray, ReasoningGraph

Name = Callable[[int], str]

BEFORE = 3  # words before a name that may bind it
NEXT_BEST = 4  # shown beside the best
SAID, HINTED = 0.95, 0.8  # how sure the choice of a relation is: by its name, by what the words are about
DENIALS = frozenset("not no never without except but".split())  # what they leave out is not read
CHECKS = frozenset("is are was were does do did has have".split())
NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Compared:
    """What came of it.

    Attributes:
        nodes: int64, the answers; of a question for yes or no what was compared.
        edges: int64, from which it follows. further: those of the next best.
        sure: 0..1. holds: of a question for yes or no. value: the number that is wanted, if it is one of no node.
    """

    nodes: IntArray
    edges: IntArray
    further: IntArray
    sure: float
    holds: bool | None = None
    value: str | None = None


def named_in(hits: Hits, name: Name) -> list[Mention]:
    """The names that the question says whole; numbers and dates are none."""
    whole = [
        hit.mention for hit in hits.hits if hit.mention and hit.mention.share == 1 and not hit.mention.function_words
    ]
    return [mention for mention in whole if not re.sub(r"[,.-]", "", name(mention.nodes[0])).isdigit()]


def words_beside(question: str, names: Sequence[Mention]) -> list[Word]:
    """The words of the question that no name covers."""
    return [
        (word, start, end)
        for word, start, end in words_with_spans(question)
        if not any(mention.start <= start < mention.end for mention in names)
    ]


@dataclass(frozen=True)
class Bond:
    """How a name is bound to nodes: which of them, bool, by which edges, and the word that says so."""

    kept: npt.NDArray[np.bool_]
    edges: IntArray
    word: str


def bound(
    graph: ReasoningGraph, nodes: IntArray, words: Sequence[Word], mention: Mention, verbs: Sequence[str]
) -> Bond | None:
    """What binds a name to some of the nodes: a verb at it ("bordering France", "managed by Tina", "Tina manages")."""
    before, after = [w for w in words if w[2] <= mention.start][-BEFORE:], [w for w in words if w[1] >= mention.end][:1]
    own = np.asarray(mention.nodes, np.int64)
    edges = touching(own, graph.indptr, graph.incident)
    for word, start, _ in [*reversed(before), *after]:
        for row, doer_is_target in doing(graph, [w for w, _, _ in words], [word]) if word in verbs else ():
            does = start > mention.start or before[-1][0] == "by"
            at_target, other = graph.target[edges], graph.source[edges]
            if doer_is_target != does:
                at_target, other = other, at_target
            ways = (
                [(at_target, other), (other, at_target)] if is_symmetric(graph.relations[row]) else [(at_target, other)]
            )
            joins = [np.flatnonzero(np.isin(here, own) & (graph.relation[edges] == row)) for here, _ in ways]
            ends = np.concatenate([far[at] for (_, far), at in zip(ways, joins, strict=True)])
            if (kept := np.isin(nodes, ends)).any():
                return Bond(kept, edges[np.concatenate(joins)], word)
    return None


def called_so(
    graph: ReasoningGraph, nodes: IntArray, hits: Hits, words: Sequence[Word], name: Name
) -> npt.NDArray[np.bool_]:
    """Which of the nodes have in their names what they are called ("lamp": Desk Lamp); all, if any may be called so."""
    kept = np.ones(len(nodes), bool)
    for mention in (hit.mention for hit in hits.hits if hit.mention and 0 < hit.mention.share < 1):
        noun = " ".join(word for word, start, _ in words if mention.start <= start < mention.end)
        holding = np.isin(nodes, mention.nodes)
        if noun and holding.any() and not looks_like(graph, noun, np.unique(nodes), name):
            kept &= holding
    return kept


def touching_all(
    graph: ReasoningGraph, nodes: IntArray, topics: Sequence[IntArray]
) -> tuple[npt.NDArray[np.bool_], IntArray]:
    """Which of the nodes touch every topic, and the edges between them."""
    kept, joins = np.ones(len(nodes), bool), [NONE]
    for topic in topics:
        edges = touching(topic, graph.indptr, graph.incident)
        ends = np.where(np.isin(graph.source[edges], topic), graph.target[edges], graph.source[edges])
        kept &= np.isin(nodes, ends)
        joins.append(edges[np.isin(ends, nodes)])
    return kept, np.concatenate(joins)


def with_joins(edges: IntArray, joins: IntArray, graph: ReasoningGraph, nodes: IntArray) -> IntArray:
    """The edges, and those of the joins that touch the nodes."""
    at_nodes = np.isin(graph.source[joins], nodes) | np.isin(graph.target[joins], nodes)
    return np.unique(np.concatenate([edges, joins[at_nodes]]))
