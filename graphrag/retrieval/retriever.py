"""Retriever: a question in, a prompt out. Embed, search, read, walk, solve, textualize.

Default mode: what the question mentions starts a walk along the relations that the reader opens (`prizes.py`); a
ranker says which of the patterns on its way is meant (`interpretation.py`); the credit of nodes and edges are their
prizes; PCST keeps the evidence connected and small. What a question asks of the outcome of a comparison is asked of
what that comes to (`nesting.py`). Reference mode: `reference.py`.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from graph_data.text import is_opaque, name_of
from graphrag.embedding import default_embedder
from graphrag.errors import ConfigError
from graphrag.index import GraphIndex
from graphrag.models.prompt import Candidate, CandidateKind, Prompt
from graphrag.retrieval.candidates import candidates_of, closing_candidates
from graphrag.retrieval.citing import Reasons, at_answers
from graphrag.retrieval.compared import Compared
from graphrag.retrieval.follow_up import written_out
from graphrag.retrieval.hits import NEAR, Hits, find_hits
from graphrag.retrieval.interpretation import Meaning, Ranker, interpret
from graphrag.retrieval.mentions import Mention
from graphrag.retrieval.nesting import nested
from graphrag.retrieval.prizes import CosineReader, Plan, QuestionReader
from graphrag.retrieval.reasoning import FloatArray, ReasoningGraph, Start, Walk, walk
from graphrag.retrieval.reference import EdgeKinds, reference_edge_terms, searched_node_prizes
from graphrag.retrieval.selection import (
    Chosen,
    prized_neighbourhood,
    prized_triples,
    shortest_paths,
    tree,
    with_answers,
    within_hops,
)
from graphrag.retrieval.steiner import Topology, prized_tree
from graphrag.retrieval.subgraph import Subgraph, evidence_of
from graphrag.retrieval.textualize import Form, textualize
from graphrag.wording.statements import MOST_ANSWERS, Citation

Cite = Callable[[Sequence[str], CandidateKind], tuple[Citation, ...]]
Widen = Callable[[Sequence[str]], Subgraph]
Mode = Literal["default", "reference"]
Selection = Literal["pcst", "triples", "paths", "hops"]
CARRIED_GATE = 0.9  # of what a follow-up leans on
MOST_LOOKED_AT = 10_000  # edges of a mention, to tell what kind it is
WHOLE = 24  # edges up to which a graph is all evidence where choices are offered


@dataclass(frozen=True)
class RetrieverConfig:
    """Settings of a retrieval.

    Attributes:
        mode: `default` or `reference`.
        top_k_nodes, top_k_edges: how many nodes and edges get prizes (None: one for every 10 and 5 tokens of the
            budget; in reference mode 3 and 5).
        edge_cost: cost of an edge, in prizes (None: 0.5).
        token_budget: tokens of the textualized evidence.
        form: how it is written.
        selection: what of the prized neighbourhood becomes evidence (default mode only). `pcst`: a Steiner tree;
            `triples`: the edges with the best prizes, connected or not; `paths`: shortest paths to the nodes with the
            best prizes; `hops`: all within two steps of what the question names, prizes or not. The others are there
            to be compared with.
    """

    mode: Mode = "default"
    top_k_nodes: int | None = None
    top_k_edges: int | None = None
    edge_cost: float | None = None
    token_budget: int = 240
    form: Form = "triples"
    selection: Selection = "pcst"

    def __post_init__(self) -> None:
        if self.mode not in ("default", "reference"):
            raise ConfigError(f"retriever must be 'default' or 'reference', not {self.mode!r}.")
        if self.selection not in get_args(Selection):
            raise ConfigError(f"selection must be one of {', '.join(get_args(Selection))}, not {self.selection!r}.")
        for name in ("top_k_nodes", "top_k_edges"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ConfigError(f"{name} must be at least 0, not {value}.")
        if self.edge_cost is not None and not self.edge_cost > 0:
            raise ConfigError(f"edge_cost must be more than 0, not {self.edge_cost}.")
        if self.token_budget < 16:
            raise ConfigError(f"token_budget must be at least 16, not {self.token_budget}.")


@dataclass(frozen=True)
class Retrieved:
    """The evidence and the prompt made of it.

    Attributes:
        certainty: 0..1, how sure retrieval is that the graph says anything.
        seconds: embed, retrieve.
        tokens: of the evidence text. dropped: triples that the budget left out.
        cite: the triples that answers of a kind follow from.
        widen: gives the evidence with all that names follow from, those of a list that did not fit into the prompt
            (default mode only).
        ambiguous: what the question says that several nodes are called, and how many (default mode only).
    """

    subgraph: Subgraph
    prompt: Prompt
    certainty: float
    seconds: dict[str, float]
    tokens: int
    dropped: int
    cite: Cite
    widen: Widen | None
    ambiguous: Mapping[str, int]


@dataclass(frozen=True)
class _Found:
    """What a mode found: see `Retrieved` and `Prompt`."""

    subgraph: Subgraph
    candidates: tuple[Candidate, ...]
    certainty: float
    cite: Cite
    widen: Widen | None = None
    ambiguous: Mapping[str, int] = field(default_factory=dict)
    every: tuple[str, ...] = ()


class Retriever:
    """Retrieves from one index; holds what is computed once a graph."""

    def __init__(
        self,
        index: GraphIndex,
        config: RetrieverConfig | None = None,
        reader: QuestionReader | None = None,
        count_tokens: Callable[[str], int] | None = None,
        ranker: Ranker | None = None,
    ) -> None:
        """`reader` None reads by cosine; `count_tokens` None counts words times 4/3; `ranker` None trusts the walk."""
        self.index = index
        self.config = config or RetrieverConfig()
        self.reader = reader or CosineReader()
        self.ranker = ranker
        self.count_tokens = count_tokens or (lambda text: len(text.split()) * 4 // 3)

    def with_config(self, config: RetrieverConfig) -> Retriever:
        """The same with other settings; what was computed of the graph is shared."""
        if config.mode != "reference":
            self.reasoning  # noqa: B018  # a cached property
        other = copy.copy(self)
        other.config = config
        return other

    def retrieve(self, question: str, carried: Subgraph | None = None, choices: Sequence[str] = ()) -> Retrieved:
        """Retrieve for a question.

        Args:
            carried: the evidence of the turn before, whose nodes may be meant.
            choices: what may be answered, and nothing else; a small graph is then the evidence as a whole.
        """
        began = time.perf_counter()
        if self.config.mode == "reference":
            own_vector = self.index.embedder.embed([question])[0]
            embedded = time.perf_counter()
            found = self._reference(own_vector)
        elif choices and self.index.graph.num_edges <= WHOLE:
            own_vector = self.index.embedder.embed([question])[0]
            embedded = time.perf_counter()
            found = self._whole()
        else:
            hits, own_vector = self._hits(question)
            inner = None
            if not choices and self.ranker is not None and (inside := nested(self.reasoning, hits, self._name)):
                onward, onward_vector = self._hits(inside.question)
                if (meant := inside.meant(onward)) is not None:
                    question, inner, hits, own_vector = inside.question, inside.compared, meant, onward_vector
            embedded = time.perf_counter()
            found = self._default(hits, self._carried(hits, carried), inner)
        if choices:  # it is for the language model to tell between them
            found = replace(found, candidates=tuple(Candidate(choice, 1.0, "choice") for choice in choices))
        written = textualize(found.subgraph, self.config.token_budget, self.count_tokens, self.config.form)
        prompt = self._prompt(question, own_vector, found, written.text)
        done = time.perf_counter()
        seconds = {"embed": embedded - began, "retrieve": done - embedded}
        dropped = len(written.dropped)
        return Retrieved(
            found.subgraph,
            prompt,
            found.certainty,
            seconds,
            written.tokens,
            dropped,
            found.cite,
            found.widen,
            found.ambiguous,
        )

    def written_out(self, question: str, before: str) -> str:
        """A follow-up that names only another thing, as a question of its own (see `follow_up`)."""
        return written_out(question, before, self.index.mentions, self._kinds)

    def _kinds(self, mention: Mention) -> set[tuple[int, bool]]:
        """The relations at what is mentioned, each with whether it leads away."""
        index, graph = self.index, self.index.graph
        nodes = [node for node in mention.nodes if node < graph.num_nodes]
        edges = index.incident(nodes)[:MOST_LOOKED_AT]
        away = np.isin(graph.edge_index[0, edges], nodes)
        return set(zip(graph.edge_relation[edges].tolist(), away.tolist(), strict=True))

    @cached_property
    def reasoning(self) -> ReasoningGraph:
        """The graph as the reader walks it; reference mode needs none."""
        index = self.index
        incidence = index.indptr, index.incident_edges
        return ReasoningGraph.of(index.graph, index.relation_reading, default_embedder().embed, incidence)

    @cached_property
    def _edges_by_relation(self) -> EdgeKinds:
        return EdgeKinds.of(self.index.graph.edge_relation, len(self.index.graph.relations))

    def _hits(self, question: str) -> tuple[Hits, FloatArray]:
        """The hits of a question, and its vector by the index's embedder."""
        offline, own = default_embedder(), self.index.embedder
        same = own.fingerprint == offline.fingerprint

        def near(texts: Sequence[str], vectors: FloatArray) -> list[list[tuple[int, float]]]:
            found = []
            for vector in vectors if same else own.embed(list(texts)):
                nodes, values = self.index.node_search.nearest(vector, NEAR)
                found.append(list(zip(nodes.tolist(), values.tolist(), strict=True)))
            return found

        hits = find_hits([question], self.index.mentions, near, offline)[0]
        return hits, hits.vector if same else own.embed([question])[0]

    def _carried(self, hits: Hits, before: Subgraph | None) -> tuple[Start, ...]:
        """What a follow-up leans on: the topics and answers before, if it says "it" or names nothing itself."""
        names_something = any(hit.mention for hit in hits.hits)
        if before is None or (names_something and hits.pronoun is None):
            return ()
        meant = [node.position for node in before.nodes if node.role == "answer" or node.score >= 0.5]
        return (Start(np.asarray(meant, np.int64), CARRIED_GATE),) if meant else ()

    def _default(self, hits: Hits, carried: tuple[Start, ...] = (), inner: Compared | None = None) -> _Found:
        """Plan, walk, prizes, PCST. `inner`: the comparison that gave what the question names."""
        plan = self.reader.plan(hits, self.reasoning)
        if carried:
            plan = replace(plan, starts=(*plan.starts, *carried))
        walked = walk(self.reasoning, plan.starts, plan.gates, plan.step_weights)
        meaning = Meaning(walked, plan.forms)
        if self.ranker is not None:
            meaning = interpret(self.reasoning, plan, hits, walked, self.ranker, self._name)
        walked = meaning.walk
        chosen = self._selected(plan, walked)
        if meaning.whole:
            most = _or(self.config.top_k_nodes, self.config.token_budget // 10)
            chosen = with_answers(self.reasoning, chosen, walked.nodes[:most], meaning.related)
        if inner is not None:
            chosen = with_answers(self.reasoning, chosen, inner.nodes, inner.edges)
        subgraph = evidence_of(self.index.graph, *chosen)
        sure = 1.0 if inner is None else inner.sure
        calibrate = (lambda share: share) if self.ranker is None else self.ranker.confidence
        candidates = candidates_of(subgraph, meaning, self.reasoning, lambda share: sure * calibrate(share))
        reasons = Reasons(self.reasoning, plan, meaning, subgraph, self._name, self._relation, inner)
        ambiguous, every = hits.ambiguous(self.index.graph.num_nodes), self._every(meaning)

        def widen(answers: Sequence[str]) -> Subgraph:
            nodes, edges = reasons.grounds(answers)
            no_prizes = [np.zeros(len(ids), np.float32) for ids in (nodes, edges)]
            return subgraph.joined(evidence_of(self.index.graph, nodes, no_prizes[0], edges, no_prizes[1]))

        return _Found(subgraph, candidates, walked.certainty, reasons.cite, widen, ambiguous, every)

    def _every(self, meaning: Meaning) -> tuple[str, ...]:
        """The names of all that the likeliest meaning answers."""
        nodes = meaning.walk.nodes if meaning.whole else next((q.answers for q in meaning.queries[:1]), None)
        if nodes is None or not (meaning.whole or meaning.queries[0].holds is None):
            return ()
        names = dict.fromkeys(self._name(node) for node in nodes[: 2 * MOST_ANSWERS].tolist())
        return tuple(name for name in names if not is_opaque(name))[:MOST_ANSWERS]

    @property
    def edge_cost(self) -> float:
        return 0.5 if self.config.edge_cost is None else self.config.edge_cost

    def _selected(self, plan: Plan, walked: Walk) -> Chosen:
        """What becomes evidence, by the configuration's selection."""
        graph, config = self.reasoning, self.config
        if config.selection == "hops":
            return within_hops(graph, plan)
        nodes, edges = (
            _or(config.top_k_nodes, config.token_budget // 10),
            _or(config.top_k_edges, config.token_budget // 5),
        )
        found = prized_neighbourhood(graph, plan, walked, nodes, edges)
        if config.selection == "triples":
            return prized_triples(graph, found)
        if config.selection == "paths":
            return shortest_paths(graph, found, plan)
        return tree(graph, found, self.edge_cost, walked)

    def _whole(self) -> _Found:
        """The whole graph as evidence."""
        graph = self.index.graph
        nodes, edges = np.arange(graph.num_nodes), np.arange(graph.num_edges)
        subgraph = evidence_of(graph, nodes, np.ones(len(nodes), np.float32), edges, np.ones(len(edges), np.float32))
        return _Found(subgraph, (), 1.0, lambda answers, kind: ())

    def _name(self, node: int) -> str:
        """What a node of the reasoning graph is called."""
        graph = self.index.graph
        own = node < graph.num_nodes
        return name_of(graph.node_text(node)) if own else self.reasoning.literals[node - graph.num_nodes]

    def _relation(self, edge: int) -> str:
        """What an edge of the reasoning graph says."""
        own = edge < self.index.graph.num_edges
        return self.index.graph.relation(edge) if own else self.reasoning.relations[self.reasoning.relation[edge]]

    def _reference(self, vector: FloatArray) -> _Found:
        """The published method; every name in the evidence is as likely as any other."""
        graph, search, config = self.index.graph, self.index.node_search, self.config
        top_k_nodes = _or(config.top_k_nodes, 3)
        relation_cosines = np.asarray(self.index.relation_vectors() @ vector, np.float32)
        if graph.num_edges == 0:  # nothing to connect: the nearest nodes are the evidence
            nodes, edges = np.sort(search.nearest(vector, top_k_nodes)[0]), np.zeros(0, np.int64)
        else:
            terms = reference_edge_terms(
                relation_cosines, self._edges_by_relation, _or(config.top_k_edges, 5), self.edge_cost
            )
            topology = Topology(graph.edge_index, self.index.indptr, self.index.incident_edges)
            found = prized_tree(topology, searched_node_prizes(search, vector, top_k_nodes), *terms)
            nodes, edges = found.nodes, found.edges
        subgraph = evidence_of(
            graph,
            nodes,
            search.cosines_of(nodes, vector).clip(0),
            edges,
            relation_cosines[graph.edge_relation[edges]].clip(0),
        )
        names = dict.fromkeys(node.name for node in sorted(subgraph.nodes, key=lambda node: -node.score))
        candidates = (*(Candidate(name) for name in names), *closing_candidates(0.2, 0.5, 1.0))
        certainty = float(search.nearest(vector, 1)[1].max(initial=0.0))
        return _Found(subgraph, candidates, certainty, lambda answers, kind: at_answers(subgraph, answers))

    def _prompt(self, question: str, vector: FloatArray, found: _Found, text: str) -> Prompt:
        index, subgraph = self.index, found.subgraph
        positions = np.asarray([node.position for node in subgraph.nodes], np.int64)
        edges = np.asarray([edge.position for edge in subgraph.edges], np.int64)
        return Prompt(
            question=question,
            evidence=text,
            candidates=found.candidates,
            every=found.every,
            node_vectors=np.asarray(index.node_vectors(positions), np.float32),
            node_scores=np.asarray([node.score for node in subgraph.nodes], np.float32),
            edge_index=np.searchsorted(positions, index.graph.edge_index[:, edges]).astype(np.int64),
            edge_vectors=np.asarray(index.relation_vectors()[index.graph.edge_relation[edges]], np.float32),
            question_vector=vector,
        )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
