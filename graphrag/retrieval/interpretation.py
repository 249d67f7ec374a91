"""Interpretation: the reasoner's walk, corrected by what the question means.

The reading proposes query graphs (`query_graphs.py`), a ranker says how likely each is meant, and the nodes that the
likely ones answer take the walk's place. What the walk found besides stays, faint: it is evidence, and the answer when
no pattern fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from graphrag.retrieval.hits import Hits
from graphrag.retrieval.pattern_text import NUM_FEATURES, PatternText, features_of, text_of
from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.proposals import propose
from graphrag.retrieval.query_graphs import AGAINST, ALONG, Branch, Executor, QueryGraph, Step
from graphrag.retrieval.reasoning import CREDITED, FloatArray, IntArray, ReasoningGraph, Walk

RANKED = 24  # query graphs that the ranker reads
TRACED = 6  # whose edges become evidence
LEAST_TRACED = 0.02  # probability from which they do
WALK_SHARE = 0.05  # of a score that the walk keeps
WALK_CREDIT = 0.3


class Ranker(Protocol):
    """Says how likely each query graph is meant; see `graphrag.models.query_ranker`."""

    def screen(self, features: FloatArray) -> FloatArray: ...

    def rank(self, texts: Sequence[PatternText], features: FloatArray) -> FloatArray: ...


def interpret(
    graph: ReasoningGraph, plan: Plan, hits: Hits, walked: Walk, ranker: Ranker, name: Callable[[int], str]
) -> Walk:
    """The walk with scores, credits and certainty of the query graphs that are likely meant."""
    queries, features = shortlist(graph, plan, hits, walked, ranker)
    if not queries:
        return walked
    texts = [text_of(query, plan, hits, graph, name) for query in queries]
    shares = ranker.rank(texts, features)
    return combine(graph, plan, walked, queries, shares)


def shortlist(
    graph: ReasoningGraph, plan: Plan, hits: Hits, walked: Walk, ranker: Ranker
) -> tuple[list[QueryGraph], FloatArray]:
    """The query graphs that are worth reading, RANKED at most, likeliest first, with their features."""
    queries = propose(graph, plan, hits)
    if not queries:
        return [], np.zeros((0, NUM_FEATURES), np.float32)
    features = features_of(queries, plan, hits, walked, graph)
    best = np.argsort(-ranker.screen(features), kind="stable")[:RANKED]
    return [queries[i] for i in best.tolist()], features[best]


def combine(graph: ReasoningGraph, plan: Plan, walked: Walk, queries: Sequence[QueryGraph], shares: FloatArray) -> Walk:
    """Mix a walk with query graphs; shares [len(queries) + 1], the last that none is meant."""
    meant = 1 - float(shares[-1])
    given = shares[:-1] / max(float(shares[:-1].sum()), 1e-9)
    checks = np.asarray([query.holds is not None for query in queries])
    nodes, scores = _scores(walked, [query.answers for query in queries], np.where(checks, 0.0, given))
    scores *= meant / max(float(scores.max(initial=0.0)), 1e-9)
    polar = float(given[checks].sum())
    true = float(given[[bool(query.holds) for query in queries]].sum())
    node_parts, node_values = [walked.credit_nodes], [walked.credit_node_values * WALK_CREDIT]
    edge_parts, edge_values = [walked.credit_edges], [walked.credit_edge_values * WALK_CREDIT]
    executor = Executor(graph)
    most = float(given.max())
    for i in np.argsort(-given, kind="stable")[:TRACED].tolist():
        if given[i] < LEAST_TRACED:
            break
        edges, passed = trace(executor, plan, queries[i])
        node_parts.append(passed)
        node_values.append(np.full(len(passed), given[i] / most))
        edge_parts.append(edges)
        edge_values.append(np.full(len(edges), given[i] / most))
    return Walk(
        nodes,
        scores,
        *_strongest(node_parts, node_values),
        *_strongest(edge_parts, edge_values),
        certainty=meant,
        arrival=true / polar if polar > 0 else walked.arrival,
        polar=polar,
    )


def _scores(walked: Walk, answers: Sequence[IntArray], shares: FloatArray) -> tuple[IntArray, FloatArray]:
    """Nodes with the shares of the query graphs that answer them, and a little of the walk's scores."""
    best = max(float(walked.scores.max(initial=0.0)), 1e-9)
    return _summed(
        [walked.nodes, *answers],
        [
            walked.scores / best * WALK_SHARE,
            *(np.full(len(nodes), share) for nodes, share in zip(answers, shares, strict=True)),
        ],
    )


def trace(executor: Executor, plan: Plan, query: QueryGraph) -> tuple[IntArray, IntArray]:
    """The edges by which a query graph comes to its answers, and every node on the way; both ascending."""
    wanted = query.answers
    if query.goal >= 0 and query.holds:
        wanted = np.intersect1d(wanted, plan.starts[query.goal].nodes)
    wanted = wanted[:CREDITED]
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


def _summed(ids: Sequence[IntArray], values: Sequence[npt.NDArray[np.floating]]) -> tuple[IntArray, FloatArray]:
    distinct, inverse = np.unique(np.concatenate(ids), return_inverse=True)
    return distinct, np.bincount(inverse, np.concatenate(values), len(distinct)).astype(np.float32)


def _strongest(ids: Sequence[IntArray], values: Sequence[npt.NDArray[np.floating]]) -> tuple[IntArray, FloatArray]:
    distinct, inverse = np.unique(np.concatenate(ids), return_inverse=True)
    most = np.zeros(len(distinct), np.float32)
    np.maximum.at(most, inverse, np.concatenate(values).astype(np.float32))
    return distinct, most
