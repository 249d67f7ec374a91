"""Query graphs: what a question may mean, as small patterns that are executed on the graph.

A query graph is one or two branches of steps from what the question names, which meet in the nodes that all of them
reach, and steps onward from there (staged query graph generation, Yih et al. 2015). "The capital of the country that
borders both France and Portugal": France -borders- A, Portugal -borders- A, A -capital- answer. A question for yes or
no is a check: a branch that leads to the other name ("is Lyon the capital of France": France -capital- Lyon), or two
that meet ("do France and Spain share a sea?"). Which are tried is for `proposals.py` to say, which is meant for the
ranker (`graphrag.models.query_ranker`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from graphrag.retrieval.reasoning import FloatArray, IntArray, ReasoningGraph

ALONG, AGAINST, EITHER = 0, 1, 2
Step = tuple[int, int]  # relation, direction

MOST_NODES = 4000  # of a frontier
MOST_EDGES = 100_000  # followed in a step
FLOOR = 1e-4


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
        answers: int64, ascending, what the pattern reaches, without the topics (unless by self-loops); of a check what
            it reaches at all.
        score: mean log gate of its steps and starts; least: log gate of the faintest step.
        holds: None; of a check, whether its branch reaches `goal`, or its branches meet.
        goal: the hit that the branch of a check should reach, -1 if there is none.
        narrowed: one answer picked out of several.
    """

    branches: tuple[Branch, ...]
    tail: tuple[Step, ...]
    answers: IntArray
    score: float
    least: float = 0.0
    holds: bool | None = None
    goal: int = -1
    narrowed: bool = False

    @property
    def hops(self) -> int:
        return max(len(branch.steps) for branch in self.branches) + len(self.tail)

    @property
    def steps(self) -> list[Step]:
        """Every step, branch by branch, then the tail."""
        return [*(step for branch in self.branches for step in branch.steps), *self.tail]

    @property
    def relations(self) -> tuple[int, ...]:
        """The relations of its steps, ascending."""
        return tuple(sorted(relation for relation, _ in self.steps))

    @property
    def turns_back(self) -> bool:
        """Whether a step undoes the one before it, as to what else shares a thing."""
        runs = [branch.steps for branch in self.branches] + [self.tail]
        return any(
            one[0] == two[0] and (one[1] != two[1] or one[1] == EITHER) for run in runs for one, two in pairwise(run)
        )


@dataclass
class Executor:
    """Steps over a graph; which ways leave a frontier is looked up once."""

    graph: ReasoningGraph
    _looked_up: dict[bytes, tuple[IntArray, IntArray]] = field(default_factory=dict)

    def _leaving(self, nodes: IntArray) -> tuple[IntArray, IntArray]:
        """The ways that leave the nodes: their rows and keys."""
        key = nodes.tobytes()
        if key not in self._looked_up:
            rows = self.graph.ways.leaving(nodes)
            self._looked_up[key] = rows, self.graph.ways.keys[rows]
        return self._looked_up[key]

    def step(self, nodes: IntArray, step: Step) -> IntArray:
        """Where a step leads, ascending, MOST_NODES at most."""
        rows, keys = self._leaving(nodes)
        relation, direction = step
        taken = keys // 2 == relation if direction == EITHER else keys == 2 * relation + direction
        return self.graph.ways.ends(rows[taken], MOST_EDGES)[:MOST_NODES]

    def arriving(self, nodes: IntArray) -> set[Step]:
        """The steps that lead to the nodes from somewhere."""
        ways = {(int(key) // 2, int(key) % 2) for key in self._leaving(nodes)[1]}
        return {(row, AGAINST if way == ALONG else ALONG) for row, way in ways} | {(row, EITHER) for row, _ in ways}

    def options(self, nodes: IntArray, gates: FloatArray, limit: int) -> list[tuple[Step, float]]:
        """The steps that leave the nodes, best log gates first; gates [2, R']."""
        distinct = np.unique(self._leaving(nodes)[1])
        logs = np.log(gates[distinct % 2, distinct // 2] + FLOOR)
        steps = [((int(k) // 2, int(k) % 2), float(v)) for k, v in zip(distinct, logs, strict=True)]
        for i in np.flatnonzero(np.diff(distinct // 2) == 0).tolist():
            steps.append(((int(distinct[i]) // 2, EITHER), float(max(logs[i], logs[i + 1])) - 0.1))
        steps.sort(key=lambda item: -item[1])
        return steps[:limit]
