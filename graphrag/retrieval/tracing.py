"""Tracing: the edges by which a query graph comes to its answers. They become the evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.query_graphs import AGAINST, ALONG, Branch, Executor, QueryGraph, Step
from graphrag.retrieval.reasoning import CREDITED, IntArray, ReasoningGraph


def trace(
    executor: Executor, plan: Plan, query: QueryGraph, answers: IntArray | None = None, most: int = CREDITED
) -> tuple[IntArray, IntArray]:
    """The edges by which a query graph comes to its answers (or to some), and the nodes on the way; ascending.

    Args:
        most: so many answers are traced.
    """
    wanted = query.answers if answers is None else answers
    if query.goal >= 0 and query.holds:
        wanted = np.intersect1d(wanted, plan.starts[query.goal].nodes)
    wanted = wanted[:most]
    edges: list[IntArray] = []
    nodes: list[IntArray] = [wanted]

    def back(frontiers: Sequence[IntArray], steps: Sequence[Step], wanted: IntArray) -> IntArray:
        for frontier, step in zip(reversed(frontiers), reversed(steps), strict=True):
            found, wanted = _between(executor.graph, frontier, step, wanted)
            edges.append(found)
            nodes.append(wanted)
        return wanted

    ways = [_frontiers(executor, plan, branch) for branch in query.branches]
    if query.tail:
        met = ways[0][-1]
        for way in ways[1:]:
            met = np.intersect1d(met, way[-1])
        onward = [met]
        for step in query.tail[:-1]:
            onward.append(executor.step(onward[-1], step))
        wanted = back(onward, query.tail, wanted)
    for way, branch in zip(ways, query.branches, strict=True):
        back(way[:-1], branch.steps, wanted if len(wanted) else way[-1][:CREDITED])
    return np.unique(np.concatenate([*edges, np.zeros(0, np.int64)])), np.unique(np.concatenate(nodes))


def _frontiers(executor: Executor, plan: Plan, branch: Branch) -> list[IntArray]:
    """The nodes before the first step of a branch, and after each."""
    frontiers = [np.unique(plan.starts[branch.topic].nodes)]
    for step in branch.steps:
        frontiers.append(executor.step(frontiers[-1], step))
    return frontiers


def _between(graph: ReasoningGraph, before: IntArray, step: Step, after: IntArray) -> tuple[IntArray, IntArray]:
    """Edges of a step from some nodes to others, and the nodes they leave."""
    counts = graph.indptr[after + 1] - graph.indptr[after]
    offsets = np.repeat(graph.indptr[after] - (np.cumsum(counts) - counts), counts)
    edges = graph.incident[np.arange(int(counts.sum())) + offsets]
    heads = np.repeat(after, counts)
    edges, heads = (x[graph.relation[edges] == step[0]] for x in (edges, heads))
    along = graph.target[edges] == heads
    tails = np.where(along, graph.source[edges], graph.target[edges])
    fits = np.isin(tails, before)
    if step[1] == ALONG:
        fits &= along
    elif step[1] == AGAINST:
        fits &= graph.source[edges] == heads
        tails = np.where(graph.source[edges] == heads, graph.target[edges], tails)
        fits &= np.isin(tails, before)
    return np.unique(edges[fits]), np.unique(tails[fits])
