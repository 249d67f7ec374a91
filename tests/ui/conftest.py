"""A small hand-made assistant with GraphRAG's surface, pages served from it, and a browser that watches requests."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from graph_data.errors import GraphError
from graph_data.textual_graph import TextualGraph
from graphrag.answer import ABSTAIN_TEXT, Answer
from graphrag.assistant import Look
from graphrag.embedding import Progress
from graphrag.errors import QuestionError
from graphrag.retrieval.subgraph import EvidenceEdge, EvidenceNode, Subgraph, around
from graphrag.wording.statements import Citation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LOCAL = re.compile(r"^(https?://(127\.0\.0\.1|localhost):|data:|blob:)")
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
    cites: Callable[[tuple[str, str, str]], bool]
    closed: bool = False

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
            prompt=f"[CLS] {self.question}",
            seconds={"embed": 0.01, "retrieve": 0.02, "generate": 0.03, "total": 0.06},
            citations=tuple(
                Citation(*triple, f"e{edge}")
                for edge, triple in enumerate(self.graph.triples())
                if self.answers and self.cites(triple)
            ),
        )

    def close(self) -> None:
        self.closed = True

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
    cites: Callable[[tuple[str, str, str]], bool] = TRIPLES[:3].__contains__
    streams: list[Stream] = field(default_factory=list)
    rewound: list[int] = field(default_factory=list)
    looks: list[dict[str, Any]] = field(default_factory=list)
    altered_to: list[tuple[str, str | None, bool]] = field(default_factory=list)

    @property
    def turns(self) -> list[Answer]:
        return [stream.answer for stream in self.streams if not stream.closed]

    @property
    def place(self) -> None:
        return None

    def chat(self, turns: Sequence[Answer] = ()) -> HandMade:
        return self

    def altered(self, llm: str, adapter: str | None, grounded: bool) -> HandMade:
        self.altered_to.append((llm, adapter, grounded))
        return self

    def neighbours(self, node: int, limit: int = 12, beyond: Subgraph | None = None) -> Subgraph:
        found = np.flatnonzero((self.graph.edge_index == node).any(0))
        known = [edge.position for edge in beyond.edges] if beyond else []
        return around(self.graph, node, found[~np.isin(found, known)], limit)

    def look(self, question: str, before: Answer | None = None, **settings: float | None) -> Look:
        self.looks.append(settings)
        found = whole(self.graph, (), question)
        return Look(found, f"[CLS] {question}", 12, 3, {"embed": 0.01, "retrieve": 0.02})

    def rewind(self, turns: int) -> None:
        self.rewound.append(turns)

    def stream(self, question: str) -> Stream:
        if not question.strip():
            raise QuestionError("the question is empty; ask something.")
        self.streams.append(Stream(question, self.graph, self.knows(question), self.pause, self.cites))
        return self.streams[-1]


def opened(source: str | None, progress: Progress | None = None) -> HandMade:
    """An opener: knows the graph above, and fails on any file as a reader does."""
    if source is not None and "/" in source:
        raise GraphError(f"{source.rsplit('/', 1)[-1]}, line 2: expected 3 columns, found 1.")
    graph = TextualGraph.from_triples(TRIPLES)
    return HandMade(graph, lambda question: ["Madrid"] if "capital" in question else [])


@pytest.fixture
def hand_made() -> HandMade:
    return opened(None)


@pytest.fixture(scope="session")
def open_hand_made() -> Callable[..., HandMade]:
    return opened


@pytest.fixture(scope="session")
def hand_made_type() -> type[HandMade]:
    return HandMade


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """A function that serves a page from an opener, with options of `build`, on a free port; tells its address."""
    from ui import app

    pages = []

    def start(opener: Any, *options: Any) -> str:
        page = app.build(opener, *options)
        pages.append(page)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        page.launch(server_name="127.0.0.1", server_port=port, quiet=True, prevent_thread_lock=True, **app.LOOKS)
        return str(page.local_url)

    yield start
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, where there is one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh window; at the end of the test: no request left the machine, and the console held no error."""
    window = browser.new_page(viewport={"width": 1440, "height": 900})
    window.set_default_timeout(60_000)  # a busy machine is slow, not wrong
    strangers: list[str] = []
    errors: list[str] = []
    window.on("request", lambda request: None if LOCAL.match(request.url) else strangers.append(request.url))
    window.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    window.on("pageerror", lambda error: errors.append(str(error)))
    yield window
    window.close()
    assert strangers == []
    assert errors == []
