"""Interpretation: the reasoner's walk, corrected by what the question means.

The reading proposes query graphs (`proposals.py`), a ranker says how likely each is meant, and the nodes that the
likely ones answer take the walk's place. What the walk found besides stays, faint: it is evidence, and the answer
when no pattern fits. A question that wants a number gets how many a query graph answers, or the value that it
answers; one for how two things are related gets the relations between them (`relating.py`), one about more or less
what numbers and counts say (`comparing.py`, `counting.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from graphrag.models.prompt import CandidateKind
from graphrag.retrieval.compared import Compared
from graphrag.retrieval.comparing import compare
from graphrag.retrieval.hits import Hits
from graphrag.retrieval.pattern_text import NUM_FEATURES, PatternText, features_of, text_of
from graphrag.retrieval.prizes import Forms, Plan
from graphrag.retrieval.proposals import propose
from graphrag.retrieval.query_graphs import Executor, QueryGraph
from graphrag.retrieval.reasoning import FloatArray, IntArray, ReasoningGraph, Walk
from graphrag.retrieval.relating import in_common, relate
from graphrag.retrieval.tracing import trace

Value = tuple[str, float, CandidateKind]  # text, how likely, kind

RANKED = 24  # query graphs that the ranker reads
TRACED = 6  # whose edges become evidence
LEAST_TRACED = 0.02  # probability from which they do
WALK_SHARE = 0.05  # of a score that the walk keeps
WALK_CREDIT = 0.3
SURE = 2.0  # exponent of what speaks for yes and for no: nearly every misreading is false; chosen on validation graphs
RELATED = 0.5  # chance that relations are wanted, from which they are looked for,
UNREAD = 0.5  # unless a query graph is meant: chance that none is
NEXT_BEST_SHARE = 0.5  # of a prize, for what comes next to the best


@dataclass(frozen=True)
class Meaning:
    """What a question means on a graph.

    Attributes:
        walk: scores, credits and certainty.
        forms: what kind of answer is wanted.
        values: answers besides the names of nodes, with how likely each is if its kind is wanted.
        queries: the query graphs that are likely meant, likeliest first.
        related: int64, the edges between two things whose relation is wanted, or that a comparison follows from.
        share: of all that the question may mean, what gives the best-scored name; None if that is not known.
        value_share: the same of the first of `values`.
        whole: whether the best-scored names are the answer together, none without the others.
    """

    walk: Walk
    forms: Forms
    values: tuple[Value, ...] = ()
    queries: tuple[QueryGraph, ...] = ()
    related: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    share: float | None = None
    value_share: float = 1.0
    whole: bool = False


class Ranker(Protocol):
    """Says how likely each query graph is meant; see `graphrag.models.query_ranker`."""

    def screen(self, features: FloatArray) -> FloatArray: ...

    def rank(self, texts: Sequence[PatternText], features: FloatArray) -> FloatArray: ...

    def confidence(self, share: float) -> float: ...


def interpret(
    graph: ReasoningGraph, plan: Plan, hits: Hits, walked: Walk, ranker: Ranker, name: Callable[[int], str]
) -> Meaning:
    """The meaning of a question whose plan was walked."""
    if (compared := compare(graph, hits, name) or in_common(graph, hits, name)) is not None:
        return _of_comparison(graph, walked, compared)
    queries, features = shortlist(graph, plan, hits, walked, ranker, name)
    shares = np.ones(1, np.float32)
    if queries:
        shares = ranker.rank([text_of(query, plan, hits, graph, name) for query in queries], features)
    if plan.forms.relation > RELATED and shares[-1] > UNREAD and (related := relate(graph, plan, hits)) is not None:
        values: tuple[Value, ...] = tuple((graph.relations[row], 1.0, "relation") for row in related.relations)
        evident = _with_evidence(walked, [(related.edges, related.nodes, 1.0)], certainty=1.0)
        return Meaning(evident, plan.forms, values, related=related.edges)
    return combine(graph, plan, walked, queries, shares, name) if queries else Meaning(walked, plan.forms)


def _of_comparison(graph: ReasoningGraph, walked: Walk, compared: Compared) -> Meaning:
    """The meaning of a question about more or less."""
    nodes, sure = np.unique(compared.nodes), compared.sure
    shown = [(compared.edges, 1.0), (compared.further, NEXT_BEST_SHARE)]
    traced = [(edges, np.unique([graph.source[edges], graph.target[edges]]), share) for edges, share in shown]
    answered = replace(
        walked, nodes=nodes, scores=np.full(len(nodes), sure, np.float32), arrival=float(compared.holds or 0)
    )
    values: tuple[Value, ...] = ()
    if compared.value is not None:
        forms, values = Forms(0.0, 0.0, 1.0), ((compared.value, 1.0, "count"),)
    else:
        forms = Forms(1.0) if compared.holds is None else Forms(0.0, 1.0)
    told = len(nodes) > 0 or compared.value is not None
    evident = _with_evidence(answered, traced, certainty=float(told))  # it is not for the language model to doubt
    return Meaning(evident, forms, values, related=compared.edges, share=sure, value_share=sure, whole=True)


def shortlist(
    graph: ReasoningGraph, plan: Plan, hits: Hits, walked: Walk, ranker: Ranker, name: Callable[[int], str]
) -> tuple[list[QueryGraph], FloatArray]:
    """The query graphs that are worth reading, RANKED at most, likeliest first, with their features."""
    queries = propose(graph, plan, hits, name)
    if not queries:
        return [], np.zeros((0, NUM_FEATURES), np.float32)
    features = features_of(queries, plan, hits, walked, graph)
    best = np.argsort(-ranker.screen(features), kind="stable")[:RANKED]
    return [queries[i] for i in best.tolist()], features[best]


def combine(
    graph: ReasoningGraph,
    plan: Plan,
    walked: Walk,
    queries: Sequence[QueryGraph],
    shares: FloatArray,
    name: Callable[[int], str],
) -> Meaning:
    """Mix a walk with query graphs; shares [len(queries) + 1], the last that none is meant."""
    # 1. What is meant, and what kind of answer that has.
    meant = 1 - float(shares[-1])
    given = shares[:-1] / max(float(shares[:-1].sum()), 1e-9)
    checks = np.asarray([query.holds is not None for query in queries])
    polar = float(given[checks].sum())
    heard = np.where(checks, given, 0.0) ** SURE
    true, told = float(heard[[bool(query.holds) for query in queries]].sum()), float(heard.sum())
    counting = plan.forms.count / max(plan.forms.count + plan.forms.name, 1e-9)
    forms = Forms((1 - polar) * (1 - counting), polar, (1 - polar) * counting, 0.0)
    # 2. Its answers.
    nodes, scores = _scores(walked, [query.answers for query in queries], np.where(checks, 0.0, given))
    share = float(scores.max(initial=0.0))
    scores *= meant / max(share, 1e-9)
    facts = [(query, float(share)) for query, share in zip(queries, given, strict=True) if query.holds is None]
    values, value_share = _counts(facts, name) if counting > LEAST_TRACED else ((), 1.0)
    # 3. Its evidence.
    executor, most = Executor(graph), float(given.max())
    likely = [i for i in np.argsort(-given, kind="stable")[:TRACED].tolist() if given[i] >= LEAST_TRACED]
    traced = [(*trace(executor, plan, queries[i]), float(given[i]) / most) for i in likely]
    arrival = true / told if told > 0 else walked.arrival
    answered = replace(walked, nodes=nodes, scores=scores, arrival=arrival)
    return Meaning(
        _with_evidence(answered, traced, meant),
        forms,
        values,
        tuple(queries[i] for i in likely),
        share=min(share / max(1 - polar, 1e-9), 1.0),
        value_share=value_share / max(1 - polar, 1e-9),
    )


def _with_evidence(walked: Walk, traced: Sequence[tuple[IntArray, IntArray, float]], certainty: float) -> Walk:
    """A walk whose credits are those of (edges, nodes, share) traced, its own kept faintly."""
    node_parts, node_values = [walked.credit_nodes], [walked.credit_node_values * WALK_CREDIT]
    edge_parts, edge_values = [walked.credit_edges], [walked.credit_edge_values * WALK_CREDIT]
    for edges, nodes, share in traced:
        node_parts.append(nodes)
        node_values.append(np.full(len(nodes), share))
        edge_parts.append(edges)
        edge_values.append(np.full(len(edges), share))
    credit_nodes, credit_node_values = _strongest(node_parts, node_values)
    credit_edges, credit_edge_values = _strongest(edge_parts, edge_values)
    return replace(
        walked,
        credit_nodes=credit_nodes,
        credit_node_values=credit_node_values,
        credit_edges=credit_edges,
        credit_edge_values=credit_edge_values,
        certainty=certainty,
    )


def _counts(facts: Sequence[tuple[QueryGraph, float]], name: Callable[[int], str]) -> tuple[tuple[Value, ...], float]:
    """How many each query graph answers, or the number that it answers, with its part of the largest share, and that.

    The shares of like numbers are summed.
    """
    counts: dict[str, float] = {}
    for query, share in facts:
        number = counted(query, name)
        counts[number] = counts.get(number, 0.0) + share
    most = max(counts.values(), default=1.0)
    return tuple((number, share / most, "count") for number, share in sorted(counts.items(), key=lambda c: -c[1])), most


def counted(query: QueryGraph, name: Callable[[int], str]) -> str:
    """How many names a query graph answers, or the number that it answers."""
    names = {name(node) for node in query.answers.tolist()}
    only = next(iter(names), "")
    return only if len(names) == 1 and only.replace(",", "").replace(".", "").isdigit() else str(len(names))


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


def _summed(ids: Sequence[IntArray], values: Sequence[npt.NDArray[np.floating]]) -> tuple[IntArray, FloatArray]:
    distinct, inverse = np.unique(np.concatenate(ids), return_inverse=True)
    return distinct, np.bincount(inverse, np.concatenate(values), len(distinct)).astype(np.float32)


def _strongest(ids: Sequence[IntArray], values: Sequence[npt.NDArray[np.floating]]) -> tuple[IntArray, FloatArray]:
    distinct, inverse = np.unique(np.concatenate(ids), return_inverse=True)
    most = np.zeros(len(distinct), np.float32)
    np.maximum.at(most, inverse, np.concatenate(values).astype(np.float32))
    return distinct, most
