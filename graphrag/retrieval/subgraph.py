"""Subgraph: the evidence. A small connected part of the graph; each node and edge knows its role and score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from graph_data.text import NAME_FIELD, fields_of, name_of, values_of
from graph_data.textual_graph import TextualGraph

NodeRole = Literal["answer", "terminal", "bridge", "endpoint", "neighbour"]
EdgeRole = Literal["terminal", "bridge", "neighbour"]


@dataclass(frozen=True)
class EvidenceNode:
    """One node of the evidence.

    Roles: `answer` names an answer; `terminal` has a prize of its own; `endpoint` is an end of a prized edge;
    `bridge` only connects; `neighbour` was added for whoever looks, no model read it.
    """

    id: str  # the source's own id
    text: str
    role: NodeRole
    score: float  # prize, 0..1 of the largest
    position: int = field(default=-1, repr=False, compare=False)  # row in the graph

    @property
    def name(self) -> str:
        return name_of(self.text)


@dataclass(frozen=True)
class EvidenceEdge:
    """One edge of the evidence: `source` and `target` are node ids, `text` is the relation."""

    source: str
    text: str
    target: str
    role: EdgeRole
    score: float
    position: int = field(default=-1, repr=False, compare=False)

    @property
    def id(self) -> str:
        """Unique in the graph: its row."""
        return f"e{self.position}"

    @property
    def relation(self) -> str:
        return self.text


@dataclass(frozen=True)
class Subgraph:
    """Evidence, nodes and edges each in the order of the graph."""

    nodes: tuple[EvidenceNode, ...] = ()
    edges: tuple[EvidenceEdge, ...] = ()

    def with_answers(self, names: Sequence[str]) -> Subgraph:
        """The same evidence with the nodes that an answer names marked `answer`.

        An answer that is no node's name marks the best-scored nodes one of whose fields has it as a value.
        """
        by_name = {node.name for node in self.nodes}
        answering = {node.id for node in self.nodes if node.name in names}
        for value in (name for name in names if name not in by_name):
            owners = [node for node in self.nodes if value in field_values(node.text)]
            best = max((node.score for node in owners), default=0.0)
            answering |= {node.id for node in owners if node.score == best}
        return replace(
            self, nodes=tuple(replace(node, role="answer") if node.id in answering else node for node in self.nodes)
        )

    def joined(self, other: Subgraph) -> Subgraph:
        """This and what of another is not in it yet."""
        ids, rows = {node.id for node in self.nodes}, {edge.position for edge in self.edges}
        return Subgraph(
            (*self.nodes, *(node for node in other.nodes if node.id not in ids)),
            (*self.edges, *(edge for edge in other.edges if edge.position not in rows)),
        )


def evidence_of(
    graph: TextualGraph,
    nodes: npt.NDArray[np.int64],
    node_scores: npt.NDArray[np.float32],
    edges: npt.NDArray[np.int64],
    edge_scores: npt.NDArray[np.float32],
) -> Subgraph:
    """Nodes and edges of a graph, ids ascending, with their texts, roles and scores; a score above 0 is a prize."""
    ends = set(np.unique(graph.edge_index[:, edges[edge_scores > 0]]).tolist())
    ids = {node: graph.node_id(node) for node in nodes.tolist()}

    def role(node: int, score: float) -> NodeRole:
        return "terminal" if score > 0 else "endpoint" if node in ends else "bridge"

    evidence_nodes = tuple(
        EvidenceNode(ids[node], graph.node_text(node), role(node, score), round(score, 4), node)
        for node, score in zip(nodes.tolist(), node_scores.tolist(), strict=True)
    )
    evidence_edges = []
    for edge, score in zip(edges.tolist(), edge_scores.tolist(), strict=True):
        source, target = graph.edge_index[:, edge].tolist()
        edge_role: EdgeRole = "terminal" if score > 0 else "bridge"
        evidence_edges.append(
            EvidenceEdge(ids[source], graph.relation(edge), ids[target], edge_role, round(score, 4), edge)
        )
    return Subgraph(evidence_nodes, tuple(evidence_edges))


def around(graph: TextualGraph, node: int, edges: npt.NDArray[np.int64], limit: int) -> Subgraph:
    """A node (its row) with at most `limit` of the `edges` that touch it, taken from each relation in turn."""
    relations = graph.edge_relation[edges]
    by_relation = np.argsort(relations, kind="stable")
    firsts = np.searchsorted(relations[by_relation], relations[by_relation])
    turn = np.empty(len(edges), np.int64)
    turn[by_relation] = np.arange(len(edges)) - firsts
    taken = edges[np.sort(np.argsort(turn, kind="stable")[:limit])].tolist()
    ends = {edge: graph.edge_index[:, edge].tolist() for edge in taken}
    rows = sorted({node}.union(*ends.values()))
    return Subgraph(
        tuple(EvidenceNode(graph.node_id(row), graph.node_text(row), "neighbour", 0.0, row) for row in rows),
        tuple(
            EvidenceEdge(graph.node_id(a), graph.relation(edge), graph.node_id(b), "neighbour", 0.0, edge)
            for edge, (a, b) in ends.items()
        ),
    )


def field_values(text: str) -> set[str]:
    """The single values in a node's text, its name aside."""
    return {value for key, joined in fields_of(text).items() if key != NAME_FIELD for value in values_of(joined)}
