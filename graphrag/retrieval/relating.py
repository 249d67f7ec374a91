"""Relating: how two things that a question names are connected: the edges between them, or through one node between."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from graphrag.retrieval.hits import Hits
from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.reasoning import IntArray, ReasoningGraph

NAMED = 3  # of what is named, the surest
THROUGH = 3  # nodes between, at most: those with the fewest edges
MOST_EDGES = 20_000  # of one name, looked at


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
