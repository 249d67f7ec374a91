"""Query graphs: what a question may mean, as small patterns that are executed on the graph.

A query graph is one or two branches of steps from what the question names, which meet in the nodes that all of them
reach, and steps onward from there (staged query graph generation, Yih et al. 2015). "The capital of the country that
borders both France and Portugal": France -borders- A, Portugal -borders- A, A -capital- answer. The reasoner's gates
say which steps are tried; every pattern that is proposed has answers. Which of them is meant is for the ranker to say
(`graphrag.models.query_ranker`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from graphrag.retrieval.hits import Hits
from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.reasoning import FloatArray, IntArray, ReasoningGraph, Walk

ALONG, AGAINST, EITHER = 0, 1, 2
Step = tuple[int, int]  # relation, direction

TOPICS = 5  # hits that chains may start from, by gate
PAIRED = 4  # mentions that may meet
FAINT_START = 0.02
EXPANDED = (10, 8)  # patterns of one and two steps that are taken further
KEPT = (14, 14, 8)  # chains of one, two and three steps
WAYS_ON = 8  # steps tried from one frontier after the first
SIDES = (8, 4)  # one- and two-step branches of a topic that may meet another's
MEETINGS = 12
ONWARD = (5, 10, 2, 4)  # meetings taken one step further, kept; two steps further, kept
MOST_NODES = 4000  # of a frontier
MOST_EDGES = 100_000  # looked at from one frontier
FLOOR = 1e-4
ELSEWHEN = 0.4  # of a gate, at the steps that it was not read for
ALIKE = 0.3  # gate of the relation nearest in meaning to the question
SPREAD_OF_COSINES = 0.1
NUM_FEATURES = 8
JUDGED = (0, 1, 6)  # features that are the reasoner's judgement
EXEMPLARS = 2
MOST_WORDS = 6  # of a name in a pattern's text


@dataclass(frozen=True)
class Branch:
    """Steps from one hit of the question (`topic`: its row in `Hits.hits`)."""

    topic: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class QueryGraph:
    """A pattern with what it answers.

    Attributes:
        branches: one, or two that meet.
        tail: steps after the meeting; of a single branch none.
        answers: int64, ascending, what the pattern reaches, without the topics.
        score: mean log gate of its steps and starts.
    """

    branches: tuple[Branch, ...]
    tail: tuple[Step, ...]
    answers: IntArray
    score: float

    @property
    def hops(self) -> int:
        return max(len(branch.steps) for branch in self.branches) + len(self.tail)


@dataclass(frozen=True)
class PatternText:
    """A query graph beside its question, in words.

    Attributes:
        question: with X (and Y) for the topics of the pattern.
        facts: "X borders A, A capital answer".
        examples: the first of its answers.
    """

    question: str
    facts: str
    examples: str


@dataclass
class _Partial:
    branches: tuple[Branch, ...]
    tail: tuple[Step, ...]
    nodes: IntArray
    logs: float  # sum of the log gates of steps
    steps: int
    start: float  # mean log gate of the starts

    @property
    def score(self) -> float:
        return self.start + self.logs / max(1, self.steps)

    @property
    def meaning(self) -> object:
        """The same for patterns that differ in the direction of a step and reach the same: one fact stored twice."""
        sides = frozenset((branch.topic, tuple(r for r, _ in branch.steps)) for branch in self.branches)
        return sides, tuple(relation for relation, _ in self.tail), self.nodes.tobytes()


@dataclass
class Executor:
    """Steps over a graph, each frontier's edges gathered once."""

    graph: ReasoningGraph
    _gathered: dict[bytes, tuple[IntArray, IntArray]] = field(default_factory=dict)

    def ways(self, nodes: IntArray) -> tuple[IntArray, IntArray]:
        """Keys (2 * relation + direction, sorted) and heads of every edge that leaves the nodes."""
        key = nodes.tobytes()
        if key not in self._gathered:
            self._gathered[key] = self._gather(nodes)
        return self._gathered[key]

    def _gather(self, nodes: IntArray) -> tuple[IntArray, IntArray]:
        graph = self.graph
        counts = graph.indptr[nodes + 1] - graph.indptr[nodes]
        if counts.sum() > MOST_EDGES:
            kept = np.searchsorted(np.cumsum(counts), MOST_EDGES)
            nodes, counts = nodes[: kept + 1], counts[: kept + 1].copy()
            counts[-1] = MOST_EDGES - counts[:-1].sum()
        offsets = np.repeat(graph.indptr[nodes] - (np.cumsum(counts) - counts), counts)
        edges = graph.incident[np.arange(int(counts.sum())) + offsets]
        tails = np.repeat(nodes, counts)
        along = graph.source[edges] == tails
        heads = np.where(along, graph.target[edges], graph.source[edges])
        keys = 2 * graph.relation[edges] + ~along
        order = np.argsort(keys, kind="stable")
        return keys[order], heads[order]

    def step(self, nodes: IntArray, step: Step) -> IntArray:
        """Where a step leads, ascending."""
        keys, heads = self.ways(nodes)
        relation, direction = step
        low = 2 * relation + (1 if direction == AGAINST else 0)
        high = 2 * relation + (0 if direction == ALONG else 1)
        found = np.unique(heads[np.searchsorted(keys, low) : np.searchsorted(keys, high, side="right")])
        return found[:MOST_NODES]

    def options(self, nodes: IntArray, gates: FloatArray, limit: int) -> list[tuple[Step, float]]:
        """The steps that leave the nodes, best log gates first; gates [2, R']."""
        keys, _ = self.ways(nodes)
        distinct = np.unique(keys)
        logs = np.log(gates[distinct % 2, distinct // 2] + FLOOR)
        steps = [((int(k) // 2, int(k) % 2), float(v)) for k, v in zip(distinct, logs, strict=True)]
        for i in np.flatnonzero(np.diff(distinct // 2) == 0).tolist():
            steps.append(((int(distinct[i]) // 2, EITHER), float(max(logs[i], logs[i + 1])) - 0.1))
        steps.sort(key=lambda item: -item[1])
        return steps[:limit]


def propose(graph: ReasoningGraph, plan: Plan, hits: Hits) -> list[QueryGraph]:
    """The likeliest query graphs of a question, best first.

    Args:
        plan: of the same hits; starts beyond `hits.hits` (carried over from a turn before) may be topics too.
    """
    gates = _widened(plan.gates, graph.relation_vectors @ hits.vector)
    executor = Executor(graph)
    topics = [i for i, start in enumerate(plan.starts) if start.gate > FAINT_START and len(start.nodes)]
    topics = sorted(topics, key=lambda i: -plan.starts[i].gate)[:TOPICS]
    seeds = {
        i: _Partial(
            (Branch(i, ()),), (), np.unique(plan.starts[i].nodes)[:MOST_NODES], 0.0, 0, _log(plan.starts[i].gate)
        )
        for i in topics
    }
    homes = {i: seed.nodes for i, seed in seeds.items()}

    def extend(partial: _Partial, step_gates: FloatArray, limit: int) -> list[_Partial]:
        topic_nodes = [homes[branch.topic] for branch in partial.branches]
        found = []
        for step, value in executor.options(partial.nodes, step_gates, limit):
            nodes = executor.step(partial.nodes, step)
            for home in topic_nodes:
                nodes = nodes[~np.isin(nodes, home, assume_unique=True)]
            if not len(nodes):
                continue
            if len(partial.branches) == 1:
                branch = partial.branches[0]
                grown: tuple[tuple[Branch, ...], tuple[Step, ...]]
                grown = ((Branch(branch.topic, (*branch.steps, step)),), ())
            else:
                grown = (partial.branches, (*partial.tail, step))
            found.append(_Partial(*grown, nodes, partial.logs + value, partial.steps + 1, partial.start))
        return found

    ones = {i: extend(seed, gates[0], 40) for i, seed in seeds.items()}
    levels = [_best(itertools.chain.from_iterable(ones.values()), 40)]
    for depth, count in enumerate(EXPANDED, start=1):
        if depth < len(gates):
            grown = (p for partial in levels[-1][:count] for p in extend(partial, gates[depth], WAYS_ON))
            levels.append(_best(grown, 40))
    made = [p for level, kept in zip(levels, KEPT, strict=False) for p in level[:kept]]
    made += _meetings(seeds, ones, levels, gates, extend)
    made.sort(key=lambda p: -p.score)
    return [QueryGraph(p.branches, p.tail, p.nodes, p.score) for p in made]


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
                start = (one.start + two.start) / 2
                met.append(_Partial(branches, (), nodes, one.logs + two.logs, one.steps + two.steps, start))
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


def features_of(query: QueryGraph, plan: Plan, hits: Hits, walked: Walk) -> tuple[float, ...]:
    """What the ranker knows of a query graph besides its words: NUM_FEATURES numbers."""
    used = {branch.topic for branch in query.branches}
    spans = [hits.hits[i].mention for i in used if i < len(hits.hits)]
    unused = 0.0
    for i, hit in enumerate(hits.hits):
        if (
            hit.mention
            and i not in used
            and not any(span and span.start < hit.mention.end and hit.mention.start < span.end for span in spans)
        ):
            unused += plan.starts[i].gate
    at = np.searchsorted(walked.nodes, query.answers)
    known = at < len(walked.nodes)
    known[known] = walked.nodes[at[known]] == query.answers[known]
    best = float(walked.scores[at[known]].max(initial=0.0)) / max(float(walked.scores.max(initial=0.0)), 1e-6)
    weights = plan.step_weights
    return (
        query.score / 3,
        _log(float(weights[min(query.hops, len(weights)) - 1])) / 3 if query.hops else -2.0,
        min(_log(plan.starts[i].gate) for i in used) / 3,
        float(np.log1p(len(query.answers))) / 4,
        min(unused, 3.0),
        float(len(query.branches) > 1),
        best,
        len(query.tail) + sum(len(branch.steps) for branch in query.branches) / 3,
    )


def without_judgement(features: tuple[float, ...]) -> tuple[float, ...]:
    """The features, those that say how likely the reasoner finds the pattern set to 0."""
    return tuple(0.0 if i in JUDGED else value for i, value in enumerate(features))


def text_of(
    query: QueryGraph, plan: Plan, hits: Hits, graph: ReasoningGraph, name: Callable[[int], str]
) -> PatternText:
    """A query graph in words; `name` is that of a node."""
    letters = iter("XY")
    called: dict[int, str] = {}
    spans = []
    for branch in query.branches:
        mention = hits.hits[branch.topic].mention if branch.topic < len(hits.hits) else None
        if mention is None:
            called[branch.topic] = _short(name(int(plan.starts[branch.topic].nodes[0])))
        else:
            called[branch.topic] = next(letters)
            spans.append((mention.start, mention.end, called[branch.topic]))
    asked, end = [], 0
    for start, stop, letter in sorted(spans):
        asked += [hits.question[end:start], letter]
        end = stop
    asked.append(hits.question[end:])
    variables = iter("ABCDEF")
    facts: list[str] = []

    def say(subject: str, step: Step, thing: str) -> None:
        relation = graph.relations[step[0]]
        facts.append(
            f"{subject} {relation} {thing}"
            if step[1] == ALONG
            else f"{thing} {relation} {subject}"
            if step[1] == AGAINST
            else f"{subject} and {thing} {relation}"
        )

    meeting = next(variables) if query.tail else "answer"
    for branch in query.branches:
        at = called[branch.topic]
        if not branch.steps:
            facts.append(f"{meeting} is {at}")
        for i, step in enumerate(branch.steps):
            to = meeting if i == len(branch.steps) - 1 else next(variables)
            say(at, step, to)
            at = to
    at = meeting
    for i, step in enumerate(query.tail):
        to = "answer" if i == len(query.tail) - 1 else next(variables)
        say(at, step, to)
        at = to
    examples = ", ".join(_short(name(int(node))) for node in query.answers[:EXEMPLARS])
    more = " ..." if len(query.answers) > EXEMPLARS else ""
    return PatternText("".join(asked), ", ".join(facts), examples + more)


def _short(name: str) -> str:
    return " ".join(name.replace("_", " ").split()[:MOST_WORDS])
