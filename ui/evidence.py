"""Evidence as the page draws it: a Subgraph as plain JSON with roles, scores, what the answer rests on, and places.

In: a Subgraph and the question. Out: `payload(...)`, its texts clipped and otherwise raw: the panes show them as text.
This module knows nothing of Gradio.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from graph_data.text import readable_relation
from graphrag.answer import Answer
from graphrag.retrieval.subgraph import EvidenceEdge, EvidenceNode, Subgraph

ROOM = 1.4  # between two nodes, of the -1..1 that they share
STABLE = 0.4  # share of the nodes that were drawn before, from which they stay where they are
MAX_CITATIONS = 12  # listed under an answer
MAX_NODES = 150  # what a person can still read, and a browser lays out at once
MAX_LISTED = 40  # of them where most say the same: a long list of answers
NAME_LIMIT = 200  # characters
TEXT_LIMIT = 2000  # characters
ROLE_ORDER = {"answer": 0, "terminal": 1, "endpoint": 2, "bridge": 3, "neighbour": 4}

Payload = dict[str, Any]
Places = dict[str, tuple[float, float]]


def payload(
    subgraph: Subgraph,
    question: str,
    answer: Answer | None = None,
    *,
    places: Places | None = None,
    max_nodes: int = MAX_NODES,
) -> Payload:
    """What the graph pane and the triple table draw.

    Args:
        subgraph: the evidence; nodes that are answers carry that role.
        question: as asked; tells which terminals it names.
        answer: what was answered; None while it is being written.
        places: where nodes were drawn before, by id: they stay there. What is drawn now is added to it.
        max_nodes: nodes past this are left out, least important first, with their edges.

    Returns:
        `nodes`: [{id, row, name, text, role, score, used, x, y}], row in the graph, x and y in -1..1;
        `edges`: [{id, source, target, source_name, relation, text, target_name, role, score, used}], used ones first,
        then by score; `citations`: [{id, text}], the triples that the answer follows from, each with the edge or the
        node that it stands at, or None if that is not drawn; `total_nodes` and `total_edges` before the cap;
        `abstained`.
    """
    nodes = _most_important(subgraph.nodes, max_nodes)
    local = {node.id: f"n{i}" for i, node in enumerate(nodes)}
    edges = [edge for edge in subgraph.edges if edge.source in local and edge.target in local]
    abstained = answer is not None and answer.abstained
    cited = {citation.edge for citation in answer.citations} if answer else set()
    if any(edge.id in cited for edge in edges):
        used_nodes, used_edges = _cited(nodes, edges, cited)
    else:
        used_nodes, used_edges = support(nodes, edges, question, answered=answer is not None and not abstained)
    places = {} if places is None else places
    places.update(_places(nodes, edges, places))
    names = {node.id: clip(node.name, NAME_LIMIT) for node in nodes}
    drawn = [_edge(f"e{i}", edge, local, names, i in used_edges) for i, edge in enumerate(edges)]
    return {
        "nodes": [_node(local[node.id], node, places[node.id], node.id in used_nodes) for node in nodes],
        "edges": sorted(drawn, key=lambda edge: (not edge["used"], -edge["score"])),
        "citations": _citations(answer, {edge.id: f"e{i}" for i, edge in enumerate(edges)}, nodes) if answer else [],
        "total_nodes": len(subgraph.nodes),
        "total_edges": len(subgraph.edges),
        "abstained": abstained,
    }


def _citations(answer: Answer, edges: dict[str, str], nodes: list[EvidenceNode]) -> list[Payload]:
    """Each cited triple once, in the order of the answer."""
    by_name = {node.name: f"n{i}" for i, node in reversed(list(enumerate(nodes)))}
    said: dict[str, Payload] = {}
    for one in answer.citations:
        text = " → ".join(clip(part, NAME_LIMIT) for part in (one.head, spoken(one.relation), one.tail))
        said.setdefault(text, {"id": edges.get(one.edge) if one.edge else by_name.get(one.head), "text": text})
    return list(said.values())[:MAX_CITATIONS]


def _node(local_id: str, node: EvidenceNode, place: tuple[float, float], used: bool) -> Payload:
    return {
        "id": local_id,
        "row": node.position,
        "name": clip(node.name, NAME_LIMIT),
        "text": clip(node.text, TEXT_LIMIT),
        "role": node.role,
        "score": round(node.score, 3),
        "used": used,
        "x": place[0],
        "y": place[1],
    }


def _edge(local_id: str, edge: EvidenceEdge, local: dict[str, str], names: dict[str, str], used: bool) -> Payload:
    return {
        "id": local_id,
        "source": local[edge.source],
        "target": local[edge.target],
        "source_name": names[edge.source],
        "relation": clip(spoken(edge.text), NAME_LIMIT),
        "text": clip(edge.text, TEXT_LIMIT),
        "target_name": names[edge.target],
        "role": edge.role,
        "score": round(edge.score, 3),
        "used": used,
    }


def _cited(nodes: list[EvidenceNode], edges: list[EvidenceEdge], cited: set[str]) -> tuple[set[str], set[int]]:
    """What the answer says it follows from, and the answers."""
    used_edges = {i for i, edge in enumerate(edges) if edge.id in cited}
    ends = {end for i in used_edges for end in (edges[i].source, edges[i].target)}
    return ends | {node.id for node in nodes if node.role == "answer"}, used_edges


def support(
    nodes: list[EvidenceNode], edges: list[EvidenceEdge], question: str, *, answered: bool
) -> tuple[set[str], set[int]]:
    """What the answer rests on: all shortest ways from the answers to the terminals that the question names.

    Where the question names none, to the terminals of the highest score. Where the answer is no node (yes, no, a
    number), the ways among those terminals. Edges count in both directions.

    Returns:
        Ids of the nodes on such a way, and positions in `edges` of its edges; both empty without an answer.
    """
    if not answered:
        return set(), set()
    answers = [node.id for node in nodes if node.role == "answer"]
    asked = question.casefold()
    starts = [node.id for node in nodes if node.name.casefold() in asked and node.role != "bridge"]
    if not set(starts) - set(answers):
        best = max((node.score for node in nodes if node.role == "terminal"), default=0.0)
        starts = [node.id for node in nodes if node.role == "terminal" and node.score == best]
    ends = answers or starts
    graph = _undirected(nodes, edges)
    far = {node: nx.single_source_shortest_path_length(graph, node) for node in {*ends, *starts}}
    used_nodes, used_edges = set(answers), set()
    for end, start in product(ends, starts):
        length = far[start].get(end)
        if not length:  # the same node, or no way
            continue
        for i, edge in enumerate(edges):
            for a, b in ((edge.source, edge.target), (edge.target, edge.source)):
                if far[start].get(a, length) + 1 + far[end].get(b, length) == length:
                    used_nodes |= {a, b}
                    used_edges.add(i)
    return used_nodes, used_edges


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis if some were cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def spoken(relation: str) -> str:
    """A relation as a person reads it; one that is words already stays as it is."""
    return relation if " " in relation else readable_relation(relation)


def _most_important(nodes: tuple[EvidenceNode, ...], limit: int) -> list[EvidenceNode]:
    """The `limit` nodes of highest role, then score, in the order of the graph.

    Of a long list of answers those without a score come last, and only MAX_LISTED nodes are drawn with them.
    """
    listed = [node.role == "answer" and node.score == 0 for node in nodes]
    limit = min(limit, max(MAX_LISTED, len(nodes) - sum(listed)))
    if len(nodes) <= limit:
        return list(nodes)
    ranked = sorted(range(len(nodes)), key=lambda i: (listed[i], ROLE_ORDER[nodes[i].role], -nodes[i].score, i))
    return [nodes[i] for i in sorted(ranked[:limit])]


def _undirected(nodes: list[EvidenceNode], edges: list[EvidenceEdge]) -> nx.Graph[str]:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(node.id for node in nodes)
    graph.add_edges_from((edge.source, edge.target) for edge in edges)
    return graph


def _places(nodes: list[EvidenceNode], edges: list[EvidenceEdge], before: Places) -> Places:
    """A place for each node, -1..1; the same evidence gets the same places, and what has one keeps it."""
    graph = _undirected(nodes, edges)
    kept = {node.id: before[node.id] for node in nodes if node.id in before}
    if len(kept) == len(nodes):
        return kept
    if len(nodes) < 2:
        return {node.id: (0.0, 0.0) for node in nodes}
    if len(kept) < STABLE * len(nodes):  # nearly all is new: it is laid out afresh
        kept = {}
    if len(kept) > 1:
        near = {node: kept[other] for other in kept for node in graph[other] if node not in kept}
        draw = np.random.default_rng(0)
        start = {node.id: np.add(near.get(node.id, (0, 0)), draw.normal(0, 0.3, 2)) for node in nodes} | kept
        found = nx.spring_layout(graph, pos=start, fixed=list(kept), seed=0, iterations=60)
    elif len(nodes) <= 60 and nx.is_connected(graph):
        found = nx.kamada_kawai_layout(graph)
    else:
        found = nx.spring_layout(graph, seed=0, iterations=100)
    names = list(found)
    placed = _apart(np.stack([found[node] for node in names]), np.array([node in kept for node in names]))
    return {node: (float(x), float(y)) for node, (x, y) in zip(names, placed.round(4), strict=True)} | kept


def _apart(places: npt.NDArray[np.float64], fixed: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Places [n, 2] within -1..1 with room between them for names, which are wider than high; fixed ones stay."""
    room = np.array([ROOM, 0.6 * ROOM]) / len(places) ** 0.5
    nearest_to_itself = 2.0 * np.eye(len(places))
    places = np.clip(places, -1, 1)
    for _ in range(30):
        between = (places[:, None] - places[None]) / room
        far = np.hypot(*between.transpose(2, 0, 1)) + nearest_to_itself
        if far.min() >= 1:
            break
        push = between * (np.maximum(0, 1 - far) / np.maximum(far, 1e-3))[..., None]
        places = np.where(fixed[:, None], places, np.clip(places + 0.6 * push.sum(1) * room, -1, 1))
    return places
