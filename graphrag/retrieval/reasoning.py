"""Reasoning: mass walks from what the question names, along the relations that the reasoner reads, to the answers.

Forward, m_t(v) = p-norm over edges of m_{t-1}(u) g_t(r, d); the score of a node is sum_t alpha_t m_t(v). In the first
step p = 1, so that a node which two topics lead to stands out; later p = `LATER_POWER`, so that a hub does not win by
the number of ways that lead to it. Backward, the credit of the best nodes is traced to the edges that carried it: the
path that an answer came by. Time follows the neighbourhood that the gates open, not the graph. This module knows
nothing of how the gates are made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from graph_data.text import readable_relation
from graph_data.textual_graph import TextualGraph
from graphrag.retrieval.incidence import incidence_of
from graphrag.retrieval.literals import literals_of
from graphrag.retrieval.mentions import content_words
from graphrag.retrieval.ways import Ways

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
Embed = Callable[[Sequence[str]], FloatArray]

FRONTIER = 4096  # nodes kept after a step, the heaviest
LATER_POWER = 3.0  # chosen on held-out questions of invented worlds, MetaQA and PathQuestion
FAINT = 1e-4  # messages below this are dropped
CREDITED = 40  # nodes whose paths are traced back


@dataclass(frozen=True)
class ReasoningGraph:
    """A textual graph's topology with its literals (`literals.py`) appended as nodes and edges.

    Nodes 0..num_graph_nodes-1 and edges 0..num_graph_edges-1 are the graph's own.

    Attributes:
        source, target: int64 [E'].
        relation: int64 [E'], row of `relation_vectors`.
        relations: readable relation and field names, [R'].
        relation_vectors: float32 [R', D], their embeddings.
        indptr: int64 [N' + 1] and incident: int64 [...], the edges that touch each node.
        literals: text of node num_graph_nodes + i.
    """

    num_graph_nodes: int
    num_graph_edges: int
    source: IntArray
    target: IntArray
    relation: IntArray
    relations: tuple[str, ...]
    relation_vectors: FloatArray
    indptr: IntArray
    incident: IntArray
    literals: tuple[str, ...]

    @property
    def num_nodes(self) -> int:
        return len(self.indptr) - 1

    @cached_property
    def ways(self) -> Ways:
        """The edges that leave each node, grouped by relation and direction."""
        return Ways.of(self.source, self.target, self.relation, self.indptr, self.incident)

    @cached_property
    def relation_words(self) -> tuple[tuple[str, ...], ...]:
        """Of each relation, the stems of the words that carry meaning."""
        return tuple(tuple(content_words(relation)) for relation in self.relations)

    @cached_property
    def _loops(self) -> IntArray:
        """node * R' + relation of every self-loop, ascending."""
        loops = np.flatnonzero(self.source == self.target)
        return np.unique(self.source[loops] * len(self.relations) + self.relation[loops])

    def loops_at(self, nodes: IntArray, relation: int) -> BoolArray:
        """Which of the nodes an edge of this relation ties to themselves."""
        return np.isin(nodes * len(self.relations) + relation, self._loops)

    @staticmethod
    def of(
        graph: TextualGraph,
        relation_vectors: FloatArray,
        embed: Embed,
        incidence: tuple[IntArray, IntArray] | None = None,
    ) -> ReasoningGraph:
        """Append the literals. `incidence` (indptr, incident) of the graph itself is used where there are none."""
        literals = literals_of(graph)
        source, target = graph.edge_index[0], graph.edge_index[1]
        relation = graph.edge_relation.astype(np.int64)
        num_nodes = graph.num_nodes + len(literals.values)
        relations = [readable_relation(name) for name in (*graph.relations.to_pylist(), *literals.fields)]
        if literals.values:
            source = np.concatenate([source, literals.owners])
            target = np.concatenate([target, graph.num_nodes + literals.value_ids])
            relation = np.concatenate([relation, len(graph.relations) + literals.field_ids])
            relation_vectors = np.concatenate([relation_vectors, embed(relations[len(graph.relations) :])])
        if literals.values or incidence is None:
            incidence = incidence_of(source, target, num_nodes)
        return ReasoningGraph(
            graph.num_nodes,
            graph.num_edges,
            source,
            target,
            relation,
            tuple(relations),
            relation_vectors,
            incidence[0],
            incidence[1],
            literals.values,
        )


@dataclass(frozen=True)
class Start:
    """Nodes that a question starts from together, with the gate the reasoner gave them."""

    nodes: IntArray
    gate: float


@dataclass(frozen=True)
class Walk:
    """Where the mass went.

    Attributes:
        nodes: int64 [n] ascending, every node scored; scores: float32 [n], sum_t alpha_t m_t.
        credit_nodes, credit_node_values: nodes on the way to the best, each with its credit in 0..1.
        credit_edges, credit_edge_values: edges on the way, likewise.
        certainty: 0..1, the largest score: how sure it is that the graph says anything.
        arrival: 0..1, how much of one start's mass reaches another: how true a yes-or-no question is.
    """

    nodes: IntArray
    scores: FloatArray
    credit_nodes: IntArray
    credit_node_values: FloatArray
    credit_edges: IntArray
    credit_edge_values: FloatArray
    certainty: float
    arrival: float


@dataclass(frozen=True)
class _Step:
    tails: IntArray  # [M] node a message left
    heads: IntArray  # [M] node it reached
    edges: IntArray  # [M]
    shares: FloatArray  # [M] of the mass of its head that each message made, summing to 1 a head
    nodes: IntArray  # [F] ascending
    mass: FloatArray  # [F]
    home: FloatArray  # [S] mass that came to each start before it was turned away


def walk(graph: ReasoningGraph, starts: Sequence[Start], gates: FloatArray, step_weights: FloatArray) -> Walk:
    """Move mass from the starts and trace the best answers back.

    Args:
        starts: mentions with their gates.
        gates: [T, 2, R'], direction 0 along the edge.
        step_weights: [T].
    """
    start_nodes, start_mass = _start(starts)
    blocked = start_mass / max(float(start_mass.max(initial=0.0)), 1e-6)
    nodes, mass = start_nodes, start_mass
    steps: list[_Step] = []
    for step_gates in gates:
        step = _step(graph, nodes, mass, step_gates, start_nodes, blocked, LATER_POWER if steps else 1.0)
        steps.append(step)
        nodes, mass = step.nodes, step.mass
    scored, inverse = np.unique(np.concatenate([step.nodes for step in steps]), return_inverse=True)
    contributions = np.concatenate([weight * step.mass for weight, step in zip(step_weights, steps, strict=True)])
    scores = np.bincount(inverse, contributions, len(scored)).astype(np.float32)
    credit = _trace(scored, scores, steps, step_weights)
    arrival = sum(
        (weight * step.home for weight, step in zip(step_weights, steps, strict=True)), np.zeros(len(blocked))
    )
    return Walk(
        scored,
        scores,
        *credit,
        float(min(1.0, scores.max(initial=0.0))),
        float(min(1.0, (arrival * blocked).max(initial=0.0))),
    )


def _start(starts: Sequence[Start]) -> tuple[IntArray, FloatArray]:
    """Distinct start nodes, ascending, each with the largest gate of its mentions."""
    if not starts:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    all_nodes = np.concatenate([start.nodes for start in starts])
    all_gates = np.concatenate([np.full(len(start.nodes), start.gate, np.float32) for start in starts])
    nodes, inverse = np.unique(all_nodes, return_inverse=True)
    mass = np.zeros(len(nodes), np.float32)
    np.maximum.at(mass, inverse, all_gates)
    return nodes, mass


def _step(
    graph: ReasoningGraph,
    nodes: IntArray,
    mass: FloatArray,
    gates: FloatArray,
    starts: IntArray,
    blocked: FloatArray,
    power: float,
) -> _Step:
    """One step from the frontier; nothing flows back into the starts."""
    counts = graph.indptr[nodes + 1] - graph.indptr[nodes]
    offsets = np.repeat(graph.indptr[nodes] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    edges = graph.incident[np.arange(int(counts.sum())) + offsets] if len(nodes) else np.zeros(0, np.int64)
    tails, carried = np.repeat(nodes, counts), np.repeat(mass, counts)
    along = graph.source[edges] == tails
    messages = carried * gates[np.where(along, 0, 1), graph.relation[edges]]
    loud = messages > FAINT
    edges, tails, along, messages = edges[loud], tails[loud], along[loud], messages[loud]
    heads = np.where(along, graph.target[edges], graph.source[edges])
    home = np.zeros(len(starts), np.float32)
    if len(starts) and len(heads):
        at = np.minimum(np.searchsorted(starts, heads), len(starts) - 1)
        inside = starts[at] == heads
        np.add.at(home, at[inside], messages[inside])
        messages = messages * np.where(inside, 1 - blocked[at], 1).astype(np.float32)
        open_ways = messages > FAINT
        edges, tails, heads, messages = edges[open_ways], tails[open_ways], heads[open_ways], messages[open_ways]
    reached, inverse = np.unique(heads, return_inverse=True)
    parts = messages.astype(np.float64) ** power
    sums = np.bincount(inverse, parts, len(reached))
    total, shares = (sums ** (1 / power)).astype(np.float32), (parts / sums[inverse]).astype(np.float32)
    total /= max(1.0, float(total.max(initial=0.0)))
    if len(reached) > FRONTIER:
        kept = np.sort(np.argpartition(-total, FRONTIER)[:FRONTIER])
        stays = np.zeros(len(reached), bool)
        stays[kept] = True
        edges, tails, heads, shares = (x[stays[inverse]] for x in (edges, tails, heads, shares))
        reached, total = reached[kept], total[kept]
    return _Step(tails, heads, edges, shares, reached, total, home)


def _trace(
    nodes: IntArray, scores: FloatArray, steps: Sequence[_Step], step_weights: FloatArray
) -> tuple[IntArray, FloatArray, IntArray, FloatArray]:
    """Share each good node's credit (its score over the best) among the messages that made it, step by step back."""
    if not len(nodes) or scores.max() <= 0:
        return nodes[:0], scores[:0], np.zeros(0, np.int64), np.zeros(0, np.float32)
    best = np.argsort(-scores, kind="stable")[:CREDITED]
    deserved = np.zeros(len(nodes), np.float64)
    deserved[best] = scores[best] / scores.max()
    later = np.zeros(len(nodes), np.float64)  # credit owed to nodes by the step after
    tail_nodes: list[IntArray] = [nodes]
    tail_credit: list[npt.NDArray[np.float64]] = [deserved]
    edge_ids: list[IntArray] = []
    edge_credit: list[npt.NDArray[np.float64]] = []
    for step, weight in zip(reversed(steps), reversed(step_weights), strict=True):
        at = np.searchsorted(nodes, step.nodes)
        own = np.divide(weight * step.mass, scores[at], out=np.zeros_like(step.mass), where=scores[at] > 0)
        owed = deserved[at] * own + later[at]  # [F]
        head = np.searchsorted(step.nodes, step.heads)
        flow = owed[head] * step.shares
        kept = flow > 1e-3
        edge_ids.append(step.edges[kept])
        edge_credit.append(flow[kept])
        tail_nodes.append(step.tails[kept])
        tail_credit.append(flow[kept])
        later = np.zeros(len(nodes), np.float64)
        known = np.searchsorted(nodes, step.tails[kept])
        inside = (known < len(nodes)) & (nodes[np.minimum(known, len(nodes) - 1)] == step.tails[kept])
        np.add.at(later, known[inside], flow[kept][inside])
    return (
        *_capped_sum(np.concatenate(tail_nodes), np.concatenate(tail_credit)),
        *_capped_sum(np.concatenate(edge_ids), np.concatenate(edge_credit)),
    )


def _capped_sum(ids: IntArray, values: npt.NDArray[np.float64]) -> tuple[IntArray, FloatArray]:
    """Sum by id, at most 1 each; ids without credit are left out."""
    distinct, inverse = np.unique(ids, return_inverse=True)
    total = np.minimum(np.bincount(inverse, values, len(distinct)), 1).astype(np.float32)
    return distinct[total > 0], total[total > 0]
