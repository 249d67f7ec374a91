"""Citing: the triples that an answer follows from, of all that the evidence holds.

Of the query graphs that are likely meant, the likeliest that gives the answer is traced back to what is named; an
answer that none gives is cited with the best triples at it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from graphrag.models.prompt import CandidateKind
from graphrag.retrieval.compared import Compared
from graphrag.retrieval.interpretation import Meaning, counted
from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.query_graphs import Executor, QueryGraph
from graphrag.retrieval.reasoning import CREDITED, IntArray, ReasoningGraph
from graphrag.retrieval.subgraph import Subgraph
from graphrag.retrieval.tracing import trace
from graphrag.wording.statements import Citation

MOST_CITED = 40  # triples
AGAINST = 4  # triples cited for a no at most: more of what holds instead would say little
AT_ANSWER = 2  # triples cited of an answer that no query graph gives


@dataclass(frozen=True)
class Reasons:
    """What was understood of one question, ready to be cited from.

    Attributes:
        name: what a node of the reasoning graph is called.
        relation: what an edge of the reasoning graph says.
        inner: the comparison that gave what the question names.
    """

    graph: ReasoningGraph
    plan: Plan
    meaning: Meaning
    subgraph: Subgraph
    name: Callable[[int], str]
    relation: Callable[[int], str]
    inner: Compared | None = None

    def grounds(self, answers: Sequence[str]) -> tuple[IntArray, IntArray]:
        """The graph's own nodes and edges that names follow from, ascending."""
        traced, _ = self._traced(answers, "node", len(answers))
        edges: IntArray = np.unique(np.asarray(traced, np.int64))
        ends = np.stack([self.graph.source[edges], self.graph.target[edges]])
        if len(self.meaning.related):  # of all that was compared, what is at the answers
            named = set(answers)
            kept = np.flatnonzero([self.name(one) in named or self.name(two) in named for one, two in ends.T.tolist()])
            ends, edges = ends[:, kept], edges[kept]
        nodes = np.unique(ends)
        return nodes[nodes < self.graph.num_graph_nodes], edges[edges < self.graph.num_graph_edges]

    def cite(self, answers: Sequence[str], kind: CandidateKind) -> tuple[Citation, ...]:
        """The triples that the answers, of this kind, follow from; those of the first answer first."""
        if kind in ("none", "choice") or not answers:
            return ()
        traced, left = self._traced(answers[:MOST_CITED], kind)
        if self.inner is not None:
            traced = list(dict.fromkeys([*traced, *self.inner.edges.tolist()]))
        shown = {edge.position: edge.id for edge in self.subgraph.edges}
        heads, tails = self.graph.source[traced].tolist(), self.graph.target[traced].tolist()
        cited = [
            Citation(self.name(head), self.relation(edge), self.name(tail), shown.get(edge, ""))
            for edge, head, tail in zip(traced, heads, tails, strict=True)
        ]
        return tuple(dict.fromkeys([*cited, *at_answers(self.subgraph, left)]))[:MOST_CITED]

    def _traced(self, answers: Sequence[str], kind: CandidateKind, most: int = CREDITED) -> tuple[list[int], list[str]]:
        """Edges, of `most` answers of a query graph, and the answers that none gives."""
        if kind == "relation" or len(self.meaning.related):
            return self.meaning.related.tolist(), []
        executor = Executor(self.graph)

        def edges(query: QueryGraph, wanted: IntArray | None = None) -> list[int]:
            found: list[int] = trace(executor, self.plan, query, wanted, most)[0].tolist()
            return found

        if kind in ("yes", "no", "count"):
            fits = (query for query in self.meaning.queries if self._gives(query, answers[0], kind))
            found = next((edges(query) for query in fits), [])
            return found if kind != "no" or len(found) <= AGAINST else [], []
        left, found = list(answers), []
        for query in self.meaning.queries:
            named = {int(node): self.name(int(node)) for node in query.answers} if query.holds is None else {}
            called = set(named.values())
            given = [answer for answer in left if answer in called]
            if given:
                wanted = np.asarray([node for node, name in named.items() if name in given], np.int64)
                found += edges(query, wanted)
                left = [answer for answer in left if answer not in given]
        return list(dict.fromkeys(found)), left

    def _gives(self, query: QueryGraph, answer: str, kind: CandidateKind) -> bool:
        if kind == "count":
            return query.holds is None and counted(query, self.name) == answer
        return query.holds is (kind == "yes")


def at_answers(subgraph: Subgraph, answers: Sequence[str]) -> tuple[Citation, ...]:
    """The evidence's best triples at each answer."""
    names = {node.id: node.name for node in subgraph.nodes}
    cited = []
    for answer in answers:
        touching = [edge for edge in subgraph.edges if answer in (names.get(edge.source), names.get(edge.target))]
        touching.sort(key=lambda edge: -edge.score)
        cited += [Citation(names[e.source], e.text, names[e.target], e.id) for e in touching[:AT_ANSWER]]
    return tuple(cited)
