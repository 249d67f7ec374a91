"""Relating: how two things that a question names are connected: the edges between them, or through one node between;
and what things have in common.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from graphrag.retrieval.compared import NONE, SAID, Compared, Name
from graphrag.retrieval.hits import Hits
from graphrag.retrieval.naming import looks_like, naming
from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.reasoning import IntArray, ReasoningGraph

NAMED = 3  # of what is named, the surest
THROUGH = 3  # nodes between, at most: those with the fewest edges
MOST_EDGES = 20_000  # of one name, looked at
_IN_COMMON = re.compile(r"^\W*(?:what|which)(?: (\w+))? (?:do|does|did|have|has) .* in common\b", re.IGNORECASE)


@dataclass(frozen=True)
class Related:
    """The connection.

    Attributes:
        relations: rows of the graph's relations, in the order of the way, each once.
        edges, nodes: int64, ascending.
    """

    relations: tuple[int, ...]
    edges: IntArray
    nodes: IntArray


def relate(graph: ReasoningGraph, plan: Plan, hits: Hits) -> Related | None:
    """The shortest connection of the two surest names that have one, of one step or two."""
    named = [i for i, hit in enumerate(hits.hits) if hit.mention]
    surest = sorted(named, key=lambda i: -plan.starts[i].gate)[:NAMED]
    pairs = [(hits.hits[i].nodes, hits.hits[j].nodes) for i, j in itertools.combinations(surest, 2)]
    for steps in (_between, _through):
        for one, two in pairs:
            if (found := steps(graph, one, two)) is not None:
                return found
    return None


def in_common(graph: ReasoningGraph, hits: Hits, name: Name) -> Compared | None:
    """What all that are named stand in the same relation to ("What do A and B have in common?"); None if nothing."""
    asked = _IN_COMMON.match(hits.question)
    named = _named(hits) if asked else []
    if asked is None or len(named) < 2:
        return None
    ways = [list(_ways(graph, nodes)) for nodes in named]
    shared = set.intersection(*({way for way, _ in own} for own in ways))
    shared -= {way for way in shared if any(way.end in nodes for nodes in named)}
    if noun := (asked.group(1) or "").casefold():  # "which languages"
        shared = _called(graph, shared, noun, name)
    if not shared:
        return None
    edges = np.unique([edge for own in ways for way, edge in own if way in shared])
    return Compared(np.unique([way.end for way in shared]), edges, NONE, SAID)


class _Way(NamedTuple):
    """What an edge says of a thing: to what it leads, by which relation, and whether away from the thing."""

    row: int
    away: bool
    end: int


def _ways(graph: ReasoningGraph, nodes: IntArray) -> Iterator[tuple[_Way, int]]:
    """What is said of a thing, each with its edge."""
    edges, ends = _around(graph, nodes)
    away = np.isin(graph.source[edges], nodes)
    said = zip(graph.relation[edges].tolist(), away.tolist(), ends.tolist(), strict=True)
    return zip(itertools.starmap(_Way, said), edges.tolist(), strict=True)


def _called(graph: ReasoningGraph, ways: Set[_Way], noun: str, name: Name) -> set[_Way]:
    """Those that lead to what a noun names: by their relation, or the only ones whose ends may be called so."""
    rows = {row for row, _ in naming(graph, [noun])}
    if said := {way for way in ways if way.row in rows}:
        return said
    kinds = {way[:2] for way in ways}
    alike = [{way for way in ways if way[:2] == kind} for kind in kinds]
    fits = [own for own in alike if looks_like(graph, noun, np.asarray([way.end for way in own]), name)]
    return fits[0] if len(fits) == 1 else set()


def _named(hits: Hits) -> list[IntArray]:
    """What the question names, whole or by a part that is written as a name, each once."""
    mentions = [hit.mention for hit in hits.hits if hit.mention and hit.mention.share > 0]
    told = [m for m in mentions if m.share == 1 or hits.question[m.start].isupper()]
    widest = [m for m in told if not any(o.start <= m.start and m.end <= o.end and o is not m for o in told)]
    return [np.asarray(mention.nodes, np.int64) for mention in widest]


def _around(graph: ReasoningGraph, nodes: IntArray) -> tuple[IntArray, IntArray]:
    """The edges that touch the nodes, with their other ends."""
    edges = np.concatenate([graph.incident[graph.indptr[v] : graph.indptr[v + 1]] for v in nodes])[:MOST_EDGES]
    return edges, np.where(np.isin(graph.source[edges], nodes), graph.target[edges], graph.source[edges])


def _between(graph: ReasoningGraph, one: IntArray, two: IntArray) -> Related | None:
    edges, ends = _around(graph, one)
    edges = np.unique(edges[np.isin(ends, two)])
    return _related(graph, edges, edges) if len(edges) else None


def _through(graph: ReasoningGraph, one: IntArray, two: IntArray) -> Related | None:
    (first, middle), (second, other) = _around(graph, one), _around(graph, two)
    shared = np.setdiff1d(np.intersect1d(middle, other), np.concatenate([one, two]))
    if not len(shared):
        return None
    degrees = graph.indptr[shared + 1] - graph.indptr[shared]
    shared = shared[np.argsort(degrees, kind="stable")[:THROUGH]]
    ways = first[np.isin(middle, shared)], second[np.isin(other, shared)]
    return _related(graph, np.unique(np.concatenate(ways)), np.concatenate(ways))


def _related(graph: ReasoningGraph, edges: IntArray, in_order: IntArray) -> Related:
    nodes = np.unique(np.concatenate([graph.source[edges], graph.target[edges]]))
    return Related(tuple(dict.fromkeys(graph.relation[in_order].tolist())), edges, nodes)
