"""Selection: which nodes and edges become evidence, by what the walk credits.

The product's way is `tree`, a prize-collecting Steiner tree over the prized neighbourhood. `prized_triples`,
`shortest_paths` and `within_hops` are what it is compared with. All give (nodes, their scores, edges, their scores),
ids ascending.
"""

from __future__ import annotations

import numpy as np

from graphrag.retrieval.incidence import touching
from graphrag.retrieval.prizes import Plan, heaviest, start_prizes
from graphrag.retrieval.reasoning import FloatArray, IntArray, ReasoningGraph, Walk
from graphrag.retrieval.steiner import prized_subgraph

Chosen = tuple[IntArray, FloatArray, IntArray, FloatArray]

FLATTEN = 0.25  # prize = credit ** FLATTEN: a runner-up with a hundredth of the credit has a third of the prize
SPREAD = 60  # nodes of one mention that may enter the evidence
HUB = 2000  # edges of a node beyond which only credited ones are considered
HOPS, HOP_EDGES = 2, 4000  # of a neighbourhood, and its edges at most


def prized_neighbourhood(graph: ReasoningGraph, plan: Plan, walked: Walk, top_nodes: int, top_edges: int) -> Chosen:
    """What PCST is run on: the best credited nodes and edges, the starts, and the edges among all these."""
    own = walked.credit_nodes < graph.num_graph_nodes
    best, values = heaviest(walked.credit_nodes[own], walked.credit_node_values[own], top_nodes)
    prizes = dict(zip(best.tolist(), values.tolist(), strict=True))
    for node, gate in start_prizes(plan.starts, SPREAD).items():
        if node < graph.num_graph_nodes:
            prizes[node] = max(prizes.get(node, 0.0), gate if len(prizes) < SPREAD else 0.0)
    own = walked.credit_edges < graph.num_graph_edges
    credited, edge_values = heaviest(walked.credit_edges[own], walked.credit_edge_values[own], top_edges)
    nodes = np.unique(np.concatenate([np.asarray(list(prizes), np.int64), _ends(graph, credited).ravel()]))
    small = nodes[graph.indptr[nodes + 1] - graph.indptr[nodes] <= HUB]
    around = _touching(graph, small)
    edges = np.union1d(around[np.isin(_ends(graph, around), nodes).all(0)], credited)
    edge_prizes = np.zeros(len(edges), np.float32)
    edge_prizes[np.searchsorted(edges, credited)] = edge_values
    node_prizes = np.asarray([prizes.get(node, 0.0) for node in nodes.tolist()], np.float32)
    return nodes, node_prizes, edges, edge_prizes


def tree(graph: ReasoningGraph, prized: Chosen, edge_cost: float, walked: Walk) -> Chosen:
    """The Steiner tree of the part of a prized neighbourhood that holds the best answer: many faint ones elsewhere do
    not outweigh it.
    """
    nodes, node_prizes, edges, edge_prizes = _connected(graph, prized, _best_answer(graph, walked))
    if not len(nodes):
        return prized
    ends = np.searchsorted(nodes, _ends(graph, edges))
    chosen, kept = prized_subgraph(ends, node_prizes**FLATTEN, edge_prizes**FLATTEN, edge_cost)
    return nodes[chosen], node_prizes[chosen], edges[kept], edge_prizes[kept]


def with_answers(graph: ReasoningGraph, chosen: Chosen, answers: IntArray, edges: IntArray) -> Chosen:
    """What was chosen, and all answers with the edges at them, connected or not: a comparison follows from each."""
    literal = answers[answers >= graph.num_graph_nodes]
    owners = graph.source[_touching_any(graph, literal)]
    own = np.unique(
        np.concatenate([answers[answers < graph.num_graph_nodes], owners[np.isin(owners, graph.source[edges])]])
    )
    kept = edges[(edges < graph.num_graph_edges) & np.isin(_ends(graph, edges), answers).any(0)]
    nodes, node_prizes, taken, edge_prizes = chosen
    nodes, node_prizes = _joined(nodes, node_prizes, np.setdiff1d(np.union1d(own, _ends(graph, kept)), nodes), 1.0)
    taken, edge_prizes = _joined(taken, edge_prizes, np.setdiff1d(kept, taken), 1.0)
    return nodes, node_prizes, taken, edge_prizes


def _best_answer(graph: ReasoningGraph, walked: Walk) -> IntArray:
    """The best-scored node, or those that have the best-scored literal."""
    best = walked.nodes[np.argmax(walked.scores)] if len(walked.nodes) else graph.num_nodes
    if best < graph.num_graph_nodes or best >= graph.num_nodes:
        return np.asarray([best], np.int64)
    return graph.source[graph.incident[graph.indptr[best] : graph.indptr[best + 1]]]


def _connected(graph: ReasoningGraph, prized: Chosen, wanted: IntArray) -> Chosen:
    """The part of a prized neighbourhood that hangs together with the best prized wanted node; all if none is in it."""
    nodes, node_prizes, edges, edge_prizes = prized
    there = np.flatnonzero(np.isin(nodes, wanted))
    if not len(there):
        return prized
    ends = np.searchsorted(nodes, _ends(graph, edges))
    part = np.zeros(len(nodes), bool)
    part[there[np.argmax(node_prizes[there])]] = True
    while (further := part[ends[::-1]] & ~part[ends]).any():
        part[ends[further]] = True
    kept = part[ends[0]]
    return nodes[part], node_prizes[part], edges[kept], edge_prizes[kept]


def prized_triples(graph: ReasoningGraph, prized: Chosen) -> Chosen:
    """The edges that have a prize, with their ends, connected or not."""
    nodes, node_prizes, edges, edge_prizes = prized
    kept = edge_prizes > 0
    chosen = np.isin(nodes, _ends(graph, edges[kept]))
    return nodes[chosen], node_prizes[chosen], edges[kept], edge_prizes[kept]


def shortest_paths(graph: ReasoningGraph, prized: Chosen, plan: Plan) -> Chosen:
    """From what the question names a shortest path to each prized node that can be reached; of equals any one.

    What the path passes has the prize of the best node that it leads to.
    """
    nodes, node_prizes, edges, edge_prizes = prized
    ends = np.searchsorted(nodes, _ends(graph, edges))
    came = np.full(len(nodes), -1)  # the edge by which a node was reached
    reached = np.isin(nodes, list(start_prizes(plan.starts, SPREAD)))
    order = list(np.flatnonzero(reached))
    fresh = reached.copy()
    while fresh.any():
        front, fresh = fresh, np.zeros(len(nodes), bool)
        for near, far in ((0, 1), (1, 0)):
            further = np.flatnonzero(front[ends[near]] & ~reached[ends[far]])
            found, first = np.unique(ends[far, further], return_index=True)
            came[found], reached[found], fresh[found] = further[first], True, True
            order.extend(found)
    worth, edge_prizes = np.where(reached, node_prizes, 0), edge_prizes.copy()
    kept = np.zeros(len(edges), bool)
    for node in reversed(order):  # what was reached last comes first
        if came[node] >= 0 and worth[node] > 0:
            kept[came[node]] = True
            before = ends[:, came[node]].sum() - node
            worth[before] = max(worth[before], worth[node])
            edge_prizes[came[node]] = max(edge_prizes[came[node]], worth[node])
    chosen = worth > 0
    return nodes[chosen], worth[chosen], edges[kept], edge_prizes[kept]


def within_hops(graph: ReasoningGraph, plan: Plan) -> Chosen:
    """Everything within HOPS steps of what the question names, the nearer the better scored."""
    starts = [node for node in start_prizes(plan.starts, SPREAD) if node < graph.num_graph_nodes]
    nodes, edges = np.unique(np.asarray(starts, np.int64)), np.zeros(0, np.int64)
    node_scores, edge_scores = np.ones(len(nodes), np.float32), np.zeros(0, np.float32)
    for hop in range(1, HOPS + 1):
        further = np.setdiff1d(_touching(graph, nodes), edges)[: HOP_EDGES - len(edges)]
        reached = np.setdiff1d(_ends(graph, further), nodes)
        edges, edge_scores = _joined(edges, edge_scores, further, 1 / hop)
        nodes, node_scores = _joined(nodes, node_scores, reached, 1 / (hop + 1))
    return nodes, node_scores, edges, edge_scores


def _joined(ids: IntArray, scores: FloatArray, more: IntArray, score: float) -> tuple[IntArray, FloatArray]:
    """Ids with more of one score, ascending."""
    every = np.append(ids, more)
    order = np.argsort(every)
    return every[order], np.append(scores, np.full(len(more), score, np.float32))[order]


def _ends(graph: ReasoningGraph, edges: IntArray) -> IntArray:
    return np.stack([graph.source[edges], graph.target[edges]])


def _touching(graph: ReasoningGraph, nodes: IntArray) -> IntArray:
    """The graph's own edges that touch any of the nodes, ascending; edges to literals are not among them."""
    edges = _touching_any(graph, nodes)
    return edges[edges < graph.num_graph_edges]


def _touching_any(graph: ReasoningGraph, nodes: IntArray) -> IntArray:
    return touching(nodes, graph.indptr, graph.incident)
