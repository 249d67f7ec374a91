"""Session: one visitor's graph and conversation, and the library that opens graphs for all of them.

The page asks of an assistant only what the protocols below name; `graphrag.GraphRAG` is one. An opened sample is shared
by all visitors, for it is only read; a dropped file belongs to the session that dropped it.
This module knows nothing of Gradio.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from graph_data import samples
from graph_data.errors import GraphError
from graph_data.textual_graph import TextualGraph
from graphrag.answer import Answer
from graphrag.retrieval.subgraph import Subgraph
from ui.evidence import clip, spoken

NUM_EXAMPLES = 4


class AnswerStream(Protocol):
    """The pieces of one reply; `subgraph` is there before the first piece, `answer` after the last."""

    @property
    def subgraph(self) -> Subgraph: ...
    @property
    def answer(self) -> Answer | None: ...
    def __iter__(self) -> Iterator[str]: ...
    def close(self) -> None: ...


class Conversation(Protocol):
    """Questions that build on one another."""

    def stream(self, question: str) -> AnswerStream: ...


class Assistant(Protocol):
    """One graph, ready to be asked."""

    @property
    def graph(self) -> TextualGraph: ...
    def chat(self) -> Conversation: ...


Opener = Callable[[str | None], Assistant]  # a sample's name, a file, a folder, or None for the default sample


@dataclass
class Session:
    """One visitor: the open graph, the conversation about it, and what was said."""

    assistant: Assistant
    name: str
    conversation: Conversation
    examples: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def report(self) -> str:
        """What the reader did, without the folder it read from."""
        report = self.assistant.graph.report
        return clip(str(replace(report, source=Path(report.source).name)), 1000)

    def restart(self) -> None:
        """Forget what was said; the graph stays."""
        self.messages = []
        self.conversation = self.assistant.chat()


class Library:
    """Opens graphs. Samples and the graph that the page starts with are opened once."""

    def __init__(self, opener: Opener, start: str | None = None) -> None:
        self.opener, self.start = opener, start
        self._opened: dict[str | None, Assistant] = {}
        self._lock = Lock()

    def samples(self) -> list[str]:
        """Names of the bundled samples."""
        return list(samples.names())

    def begin(self, source: str | None = None) -> Session:
        """A session on a sample, or on the graph that the page starts with (None).

        Raises:
            GraphError: the graph cannot be opened.
        """
        source = source if source is not None else self.start
        if source not in self._opened:
            with self._lock:
                if source not in self._opened:  # another visitor may have opened it meanwhile
                    self._opened[source] = self.opener(source)
        return _session(self._opened[source], source or samples.DEFAULT)

    def begin_with_files(self, files: Sequence[str]) -> Session:
        """A session on what a visitor brought: one file, or several that make up one graph.

        Raises:
            GraphError: they cannot be read as a graph.
        """
        with tempfile.TemporaryDirectory() as folder:
            copies = [shutil.copy(file, folder) for file in files]
            try:
                assistant = self.opener(copies[0] if len(copies) == 1 else folder)
            except GraphError as error:  # a visitor knows the file's name, not where the server keeps it
                raise GraphError(str(error).replace(f"{folder}/", "").replace(folder, "these files")) from error
            return _session(assistant, ", ".join(Path(file).name for file in files))


def _session(assistant: Assistant, source: str) -> Session:
    if source in samples.names():
        name, examples = source, [str(item["question"]) for item in samples.questions(source)]
        examples = examples[:: max(1, len(examples) // NUM_EXAMPLES)][:NUM_EXAMPLES]
    else:
        name, examples = Path(source).name, _made_examples(assistant.graph)
    return Session(assistant, clip(name, 120), assistant.chat(), examples)


def _made_examples(graph: TextualGraph) -> list[str]:
    """Questions about a few triples spread over the graph, each of another relation where there are several."""
    found: dict[int, str] = {}
    step = max(1, graph.num_edges // 200)
    for edge in range(0, graph.num_edges, step):
        relation = int(graph.edge_relation[edge])
        if relation in found:
            continue
        source = clip(graph.node_name(int(graph.edge_index[0, edge])), 60)
        found[relation] = _question_about(source, clip(spoken(graph.relation(edge)), 60))
        if len(found) == NUM_EXAMPLES:
            break
    return list(found.values())


def _question_about(source: str, relation: str) -> str:
    """Words around a relation: `directed by` is asked otherwise than `capital` and `languages`."""
    last = relation.split()[-1] if relation.split() else relation
    if last in {"by", "in", "at", "on", "of", "to", "from", "for", "with", "as"} or last.endswith("ed"):
        return f"{source} {relation} what?"
    return f"What {'are' if last.endswith('s') else 'is'} the {relation} of {source}?"
