"""Proposals: the query graphs worth ranking. The reasoner's gates say which steps are tried; each has been executed.

Chains of up to three steps from one name, meetings of two with up to two steps onward, checks where the question may
want yes or no, and of a field with several values ("attribute: red, small") each value by itself. Many are listed;
which one is meant is for the ranker to say (`graphrag.models.query_ranker`). This module knows no words.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from graph_data.text import is_opaque
from graphrag.retrieval.hits import Hits
from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.query_graphs import (
    ALONG,
    EITHER,
    FLOOR,
    MOST_NODES,
    Branch,
    Executor,
    QueryGraph,
    Step,
)
from graphrag.retrieval.reasoning import BoolArray, FloatArray, IntArray, ReasoningGraph

TOPICS = 6  # hits that chains may start from, by gate
NAMESAKES = 8  # of a topic, at most, for one of them to answer what is asked of the others
UNNAMED = 0.5  # how a hit by cosine alone counts beside one that is named
PAIRED = 4  # mentions that may meet
FAINT_START = 0.02
EXPANDED = (16, 20)  # patterns of one and two steps that are taken further
KEPT = (40, 50, 40)  # chains of one, two and three steps
WAYS_ON = 10  # steps tried from one frontier after the first
SIDES = (12, 8)  # one- and two-step branches of a topic that may meet another's
MEETINGS = 30
ONWARD = (12, 24, 4, 8)  # meetings taken one step further, kept; two steps further, kept
ELSEWHEN = 0.4  # of a gate, at the steps that it was not read for
ALIKE = 0.3  # gate of the relation nearest in meaning to the question
SPREAD_OF_COSINES = 0.1
POLAR = 0.02  # chance that yes or no is wanted, from which checks are listed
CHECKS = 24
CHECKED = (12, 10)  # one- and two-step branches of a topic that may lead to the goal
KIN_BY, KIN = 8, 200  # relations by which others of a kind are found, and as many of them
LOOKED_AT = 3  # answers of a pattern, to see whether they have names
MOST_VALUES = 8  # of a field, for each to be listed by itself


@dataclass
class _Partial:
    branches: tuple[Branch, ...]
    tail: tuple[Step, ...]
    nodes: IntArray
    logs: float  # sum of the log gates of steps
    steps: int
    start: float  # mean log gate of the starts
    least: float = 0.0  # log gate of the faintest step

    @property
    def score(self) -> float:
        return self.start + self.logs / max(1, self.steps)

    @property
    def meaning(self) -> object:
        """The same for patterns that differ in the direction of a step and reach the same: one fact stored twice."""
        sides = frozenset((branch.topic, tuple(r for r, _ in branch.steps)) for branch in self.branches)
        return sides, tuple(relation for relation, _ in self.tail), self.nodes.tobytes()


def propose(
    graph: ReasoningGraph, plan: Plan, hits: Hits, name: Callable[[int], str] | None = None
) -> list[QueryGraph]:
    """Query graphs that a question may mean: those that answer, by score, then checks.

    Args:
        plan: of the same hits; starts beyond `hits.hits` (carried over from a turn before) may be topics too.
        name: what a node is called; patterns that answer nothing with a name that says something are left out.
    """
    gates = _widened(plan.gates, graph.relation_vectors @ hits.vector)
    executor = Executor(graph)
    topics = [i for i, start in enumerate(plan.starts) if len(start.nodes) and _may_be_topic(i, start.gate, hits)]
    named = {i for i in topics if i >= len(hits.hits) or hits.hits[i].mention}
    topics = sorted(topics, key=lambda i: -plan.starts[i].gate * (1 if i in named else UNNAMED))[:TOPICS]
    seeds = {
        i: _Partial(
            (Branch(i, ()),), (), np.unique(plan.starts[i].nodes)[:MOST_NODES], 0.0, 0, _log(plan.starts[i].gate)
        )
        for i in topics
    }
    homes = {i: seed.nodes for i, seed in seeds.items()}

    def extend(partial: _Partial, step_gates: FloatArray, limit: int) -> list[_Partial]:
        home = np.concatenate([homes[branch.topic] for branch in partial.branches])
        found = []
        for step, value in executor.options(partial.nodes, step_gates, limit):
            nodes = executor.step(partial.nodes, step)
            back = np.isin(nodes, home)
            if back.any():  # only a self-loop leads to a topic, or another one of its name
                stays = np.isin(nodes, partial.nodes, assume_unique=True) & graph.loops_at(nodes, step[0])
                stays |= _from_namesakes(executor, partial, step, nodes, back)
                nodes = nodes[~back | stays]
            if not len(nodes):
                continue
            if len(partial.branches) == 1:
                branch = partial.branches[0]
                grown: tuple[tuple[Branch, ...], tuple[Step, ...]]
                grown = ((Branch(branch.topic, (*branch.steps, step)),), ())
            else:
                grown = (partial.branches, (*partial.tail, step))
            least = min(partial.least, value)
            found.append(_Partial(*grown, nodes, partial.logs + value, partial.steps + 1, partial.start, least))
        return found

    ones = {i: extend(seed, gates[0], 40) for i, seed in seeds.items()}
    levels = [_best(itertools.chain.from_iterable(ones.values()), KEPT[0])]
    for depth, count in enumerate(EXPANDED, start=1):
        if depth < len(gates):
            grown = (p for partial in levels[-1][:count] for p in extend(partial, gates[depth], WAYS_ON))
            levels.append(_best(grown, KEPT[depth]))
    made = list(itertools.chain.from_iterable(levels))
    made += _meetings(seeds, ones, levels, gates, extend)
    if name is not None:
        made = [p for p in made if not all(is_opaque(name(node)) for node in p.nodes[:LOOKED_AT].tolist())]
    made.sort(key=lambda p: -p.score)
    queries = _with_values(graph, [QueryGraph(p.branches, p.tail, p.nodes, p.score, p.least) for p in made])
    if plan.forms.yes_no > POLAR:
        paired = [i for i in topics if i in named][:PAIRED]
        further = {i: [p for p in levels[1] if p.branches[0].topic == i] if len(levels) > 1 else [] for i in paired}
        sides = {i: [*_best(ones[i], CHECKED[0]), *further[i][: CHECKED[1]]] for i in paired}
        arriving = {i: executor.arriving(_kin(executor, homes[i])) for i in paired}
        queries += _checks(sides, homes, arriving)[:CHECKS]
    return queries


def _from_namesakes(executor: Executor, partial: _Partial, step: Step, nodes: IntArray, back: BoolArray) -> BoolArray:
    """Which of the topics that a first step comes back to are reached from another node of that name."""
    found = np.zeros(len(nodes), bool)
    if partial.steps == 0 and 1 < len(partial.nodes) <= NAMESAKES:
        for at in np.flatnonzero(back).tolist():
            found[at] = nodes[at] in executor.step(np.setdiff1d(partial.nodes, nodes[at]), step)
    return found


def _may_be_topic(hit: int, gate: float, hits: Hits) -> bool:
    """Whether patterns may start from a hit: by its gate, or because it is named outright.

    What the reasoner had better not walk from, for it leads everywhere (a position that half of all players have), can
    still be what another topic is narrowed by.
    """
    mention = hits.hits[hit].mention if hit < len(hits.hits) else None
    return gate > FAINT_START or bool(mention and mention.exact and not mention.function_words)


def _with_values(graph: ReasoningGraph, queries: Sequence[QueryGraph]) -> list[QueryGraph]:
    """After each query graph that ends in a field with several values, the same with one value alone."""
    listed = []
    for query in queries:
        listed.append(query)
        several = 2 <= len(query.answers) <= MOST_VALUES
        if several and int(query.answers[0]) >= graph.num_graph_nodes:
            listed += (
                replace(query, answers=query.answers[i : i + 1], narrowed=True) for i in range(len(query.answers))
            )
    return listed


def _kin(executor: Executor, nodes: IntArray) -> IntArray:
    """Nodes with some of what stands at them as well: things of one kind."""
    graph, kin = executor.graph, [nodes]
    for row, way in sorted(executor.arriving(nodes))[: 3 * KIN_BY]:
        if way != EITHER:
            edges = np.flatnonzero(graph.relation == row)[:KIN]
            kin.append((graph.target if way == ALONG else graph.source)[edges])
    return np.unique(np.concatenate(kin))


def _checks(
    sides: dict[int, list[_Partial]], homes: dict[int, IntArray], arriving: Mapping[int, Set[Step]]
) -> list[QueryGraph]:
    """Checks of every two topics, best first: that a branch of one leads to the other, that like branches meet.

    A branch whose last step never leads to things of the other's kind (whose `arriving` lacks it) is no check: of an
    order's columns only one has products.
    """
    found: dict[object, QueryGraph] = {}

    def add(check: QueryGraph, topics: frozenset[int]) -> None:
        found.setdefault((topics, check.relations, check.holds), check)

    for first, second in itertools.combinations(sides, 2):
        topics = frozenset((first, second))
        if len(np.intersect1d(homes[first], homes[second])):
            continue
        for topic, goal in ((first, second), (second, first)):
            for side in sides[topic]:
                if side.branches[0].steps[-1] not in arriving[goal]:
                    continue
                holds = bool(len(np.intersect1d(side.nodes, homes[goal])))
                add(QueryGraph(side.branches, (), side.nodes, side.score, side.least, holds, goal), topics)
        for one, two in itertools.product(sides[first], sides[second]):
            ways = one.branches[0], two.branches[0]
            if [relation for relation, _ in ways[0].steps] == [relation for relation, _ in ways[1].steps]:
                shared = np.intersect1d(one.nodes, two.nodes)
                score, least = (one.score + two.score) / 2, min(one.least, two.least)
                add(QueryGraph(ways, (), shared, score, least, bool(len(shared))), topics)
    return sorted(found.values(), key=lambda check: -check.score)


def _widened(gates: FloatArray, cosines: FloatArray) -> FloatArray:
    """Gates that let through, less readily, what is read at another step, or what sounds like the question."""
    if not len(cosines):
        return gates
    elsewhere = ELSEWHEN * gates.max(0, keepdims=True)
    alike = ALIKE * np.exp((cosines - cosines.max()) / SPREAD_OF_COSINES)
    widened: FloatArray = np.maximum(np.maximum(gates, elsewhere), alike).astype(np.float32)
    return widened


def _meetings(
    seeds: dict[int, _Partial],
    ones: dict[int, list[_Partial]],
    levels: Sequence[Sequence[_Partial]],
    gates: FloatArray,
    extend: Callable[[_Partial, FloatArray, int], list[_Partial]],
) -> list[_Partial]:
    """Patterns of two topics, and their steps onward."""
    sides: dict[int, list[_Partial]] = {}
    for i in list(seeds)[:PAIRED]:
        further = [p for p in levels[1] if p.branches[0].topic == i] if len(levels) > 1 else []
        itself = [seeds[i]] if len(seeds[i].nodes) > 1 else []
        sides[i] = [*itself, *_best(ones[i], SIDES[0]), *further[: SIDES[1]]]
    met: list[_Partial] = []
    for first, second in itertools.combinations(sides, 2):
        homes = np.union1d(seeds[first].nodes, seeds[second].nodes)
        if len(homes) < len(seeds[first].nodes) + len(seeds[second].nodes):
            continue
        for one, two in itertools.product(sides[first], sides[second]):
            if not one.steps + two.steps:
                continue
            nodes = np.intersect1d(one.nodes, two.nodes, assume_unique=True)
            if one.steps and two.steps:
                nodes = nodes[~np.isin(nodes, homes, assume_unique=True)]
            if len(nodes):
                branches = (one.branches[0], two.branches[0])
                logs, steps = one.logs + two.logs, one.steps + two.steps
                start, least = (one.start + two.start) / 2, min(one.least, two.least)
                met.append(_Partial(branches, (), nodes, logs, steps, start, least))
    met = _best(met, MEETINGS)
    further_one, kept_one, further_two, kept_two = ONWARD
    found = list(met)
    if len(gates) > 1:
        onward = _best((q for p in met[:further_one] for q in extend(p, gates[1], WAYS_ON)), kept_one)
        found += onward
        if len(gates) > 2:
            found += _best((q for p in onward[:further_two] for q in extend(p, gates[2], WAYS_ON)), kept_two)
    return found


def _best(partials: Iterable[_Partial], limit: int) -> list[_Partial]:
    """The best of each meaning."""
    distinct: dict[object, _Partial] = {}
    for partial in sorted(partials, key=lambda p: -p.score):
        distinct.setdefault(partial.meaning, partial)
    return list(distinct.values())[:limit]


def _log(value: float) -> float:
    return float(np.log(value + FLOOR))
