"""A small hand-made assistant with the surface of GraphRAG, and a page served from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from graph_data.errors import GraphError
from graph_data.textual_graph import TextualGraph
from graphrag.answer import ABSTAIN_TEXT, Answer
from graphrag.errors import QuestionError
from graphrag.retrieval.subgraph import EvidenceEdge, EvidenceNode, Subgraph

TRIPLES = [
    ("Spain", "capital", "Madrid"),
    ("Spain", "borders", "France"),
    ("Spain", "borders", "Portugal"),
    ("France", "capital", "Paris"),
    ("Madrid", "lies on", "Manzanares"),
]
ROLES = {"Madrid": "answer", "France": "terminal", "Portugal": "terminal", "Spain": "bridge"}


def whole(graph: TextualGraph, answers: Sequence[str] = (), question: str = "") -> Subgraph:
    """The whole graph as evidence: nodes that the question names are terminals, the rest bridges."""

    def role(name: str) -> str:
        return "answer" if name in answers else "terminal" if name.casefold() in question.casefold() else "bridge"

    names = [graph.node_name(i) for i in range(graph.num_nodes)]
    nodes = tuple(
        EvidenceNode(graph.node_id(i), graph.node_text(i), role(name), 0.5, i)  # type: ignore[arg-type]
        for i, name in enumerate(names)
    )
    edges = tuple(
        EvidenceEdge(nodes[a].id, graph.relation(i), nodes[b].id, "bridge", 0.25, i)
        for i, (a, b) in enumerate(graph.edge_index.T.tolist())
    )
    return Subgraph(nodes, edges)


@dataclass
class Stream:
    """One reply, word by word."""

    question: str
    graph: TextualGraph
    answers: list[str]
    pause: float

    def __post_init__(self) -> None:
        self.subgraph = whole(self.graph, (), self.question)
        text = ", ".join(self.answers) + "." if self.answers else ABSTAIN_TEXT
        self.answer = Answer(
            question=self.question,
            text=text,
            answers=self.answers,
            subgraph=whole(self.graph, self.answers, self.question),
            abstained=not self.answers,
            confidence=0.93,
            model="hand-made",
            prompt_tokens=42,
            seconds={"embed": 0.01, "retrieve": 0.02, "generate": 0.03, "total": 0.06},
        )

    def __iter__(self) -> Iterator[str]:
        for word in self.answer.text.split(" "):
            time.sleep(self.pause)
            yield word + " "


@dataclass
class HandMade:
    """Answers with the node that `knows` tells for the question; abstains where it tells none."""

    graph: TextualGraph
    knows: Callable[[str], list[str]] = lambda question: []
    pause: float = 0.0
    asked: list[str] = field(default_factory=list)

    def chat(self) -> HandMade:
        return self

    def stream(self, question: str) -> Stream:
        self.asked.append(question)
        if not question.strip():
            raise QuestionError("the question is empty; ask something.")
        return Stream(question, self.graph, self.knows(question), self.pause)


def open_hand_made(source: str | None) -> HandMade:
    """An opener: knows the graph above, and fails on any file as a reader does."""
    if source is not None and "/" in source:
        raise GraphError(f"{source.rsplit('/', 1)[-1]}, line 2: expected 3 columns, found 1.")
    knows = {"capital": ["Madrid"], "hidden": []}
    graph = TextualGraph.from_triples(TRIPLES)
    return HandMade(graph, lambda question: next((v for k, v in knows.items() if k in question.lower()), []))


@pytest.fixture
def hand_made() -> HandMade:
    return open_hand_made(None)
