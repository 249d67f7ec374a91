"""Session: one visitor's graph and conversation, and the library that opens graphs for all of them.

The page asks of an assistant only what the protocols below name; `graphrag.GraphRAG` is one. An opened sample is shared
by all visitors, for it is only read; a dropped file belongs to the session that dropped it.
This module knows nothing of Gradio.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from graph_data import samples
from graph_data.errors import GraphError
from graph_data.textual_graph import TextualGraph
from graphrag.answer import Answer
from graphrag.embedding import Progress
from graphrag.retrieval.subgraph import Subgraph
from ui.evidence import Payload, Places, clip, payload, spoken
from ui.recent import RecentGraph, recent, remember

if TYPE_CHECKING:
    from graphrag.assistant import Look

NUM_EXAMPLES = 4
PASTED = "pasted triples.csv"
KEPT_SESSIONS = 30  # those used last can be come back to after a reload


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

    @property
    def turns(self) -> Sequence[Answer]: ...
    def stream(self, question: str) -> AnswerStream: ...
    def rewind(self, turns: int) -> None: ...


class Assistant(Protocol):
    """One graph, ready to be asked."""

    @property
    def graph(self) -> TextualGraph: ...
    @property
    def place(self) -> Path | None: ...  # of its index, if that lasts
    def chat(self, turns: Sequence[Answer] = ...) -> Conversation: ...
    def altered(self, llm: str, adapter: str | None, grounded: bool) -> Assistant: ...
    def neighbours(self, node: int, limit: int = ..., beyond: Subgraph | None = None) -> Subgraph: ...
    @property
    def look(self) -> Callable[..., Look]: ...  # see `GraphRAG.look`


# Opens a sample by its name, a file, a folder, or None, the default sample; tells how many texts are embedded.
Opener = Callable[[str | None, Progress | None], Assistant]


@dataclass
class Turn:
    """One question and what came of it.

    Attributes:
        before: answers that the conversation held when it was asked.
        messages: as the chat shows them, the question first.
        answer: once it is there. opinion: what the visitor thinks of it.
    """

    question: str
    before: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    answer: Answer | None = None
    opinion: str | None = None


@dataclass(frozen=True)
class Drawing:
    """What the panes show: evidence, the question it is for, and the answer, None while there is none."""

    evidence: Subgraph
    question: str
    answer: Answer | None = None


@dataclass
class Session:
    """One visitor: the open graph, the conversation about it, and what was said."""

    assistant: Assistant
    name: str
    conversation: Conversation
    examples: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    places: Places = field(default_factory=dict)  # of what the pane has drawn
    drawing: Drawing | None = None
    answering: tuple[str, str | None, bool] | None = None  # model, adapter, grounded; None: as the graph was opened
    key: str = field(default_factory=secrets.token_urlsafe)  # known to the visitor's browser alone

    def answer_by(self, llm: str, adapter: str | None, grounded: bool) -> None:
        """Go on with another model, or with answers bound to the evidence or not; the conversation stays.

        Raises:
            GraphError: the model cannot be loaded.
        """
        if (llm, adapter, grounded) == self.answering:  # a browser says it twice
            return
        self.assistant = self.assistant.altered(llm, adapter, grounded)
        self.answering = llm, adapter, grounded
        self.conversation = self.assistant.chat(self.conversation.turns)

    @property
    def report(self) -> str:
        """What the reader did, without the folder it read from."""
        report = self.assistant.graph.report
        return clip(str(replace(report, source=Path(report.source).name)), 1000)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was said, as the chat shows it."""
        return [message for turn in self.turns for message in turn.messages]

    def begin_turn(self, question: str) -> Turn:
        """The next turn."""
        self.turns.append(Turn(question, len(self.conversation.turns)))
        return self.turns[-1]

    def turn_at(self, message: int) -> int:
        """The turn that a message of the chat belongs to."""
        ends = accumulate(len(turn.messages) for turn in self.turns)
        return next((turn for turn, end in enumerate(ends) if message < end), len(self.turns))

    def draw(self, evidence: Subgraph, question: str, answer: Answer | None = None) -> Payload:
        """What the panes show of evidence; nodes stay where they were drawn before."""
        self.drawing = Drawing(evidence, question, answer)
        return payload(evidence, question, answer, places=self.places)

    def draw_turn(self, turn: int = -1) -> Payload | None:
        """The evidence of an answer; None if there is none."""
        answer = self.turns[turn].answer if self.turns else None
        return self.draw(answer.subgraph, answer.question, answer) if answer else None

    def grow(self, node: int) -> Payload | None:
        """What is drawn, and the neighbours of a node (its row)."""
        if self.drawing is None:
            return None
        shown = self.drawing
        found = self.assistant.neighbours(node, beyond=shown.evidence)
        return self.draw(shown.evidence.joined(found), shown.question, shown.answer)

    def rewind(self, turn: int) -> None:
        """Forget a turn and all after it; the graph stays."""
        if turn < len(self.turns):
            self.conversation.rewind(self.turns[turn].before)
            self.places = self.places if turn else {}
            del self.turns[turn:]


class Library:
    """Opens graphs. Samples and the graph that the page starts with are opened once."""

    def __init__(self, opener: Opener, start: str | None = None) -> None:
        self.opener, self.start = opener, start
        self._opened: dict[str | None, Assistant] = {}
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock, self._keeping = Lock(), Lock()

    def samples(self) -> list[str]:
        """Names of the bundled samples."""
        return list(samples.names())

    def keep(self, session: Session) -> Session:
        """Remember a session, so that its visitor can come back to it."""
        with self._keeping:
            self._sessions[session.key] = session
            self._sessions.move_to_end(session.key)
            while len(self._sessions) > KEPT_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def resume(self, key: str) -> Session | None:
        """The session with that key, if it is still remembered."""
        with self._keeping:
            return self._sessions.get(key)

    def recent(self, keys: Sequence[str]) -> list[RecentGraph]:
        """The graphs that the visitor with these keys brought."""
        return recent(keys)

    def reopen(self, key: str, progress: Progress | None = None) -> Session:
        """The session with that key, or a new one on the graph that it brought.

        Raises:
            GraphError: that graph is no longer there, or cannot be opened.
        """
        session = self.resume(key)
        if session is None:
            graph = next(iter(recent([key])), None)
            if graph is None:
                raise GraphError("That graph is no longer kept here; open its file again.")
            session = replace(_session(self.opener(graph.index, progress), graph.name), key=key)
        return self.keep(session)

    def begin(self, source: str | None = None, progress: Progress | None = None) -> Session:
        """A session on a sample, or on the graph that the page starts with (None).

        Raises:
            GraphError: the graph cannot be opened.
        """
        source = source if source is not None else self.start
        if source not in self._opened:
            with self._lock:
                if source not in self._opened:  # another visitor may have opened it meanwhile
                    self._opened[source] = self.opener(source, progress)
        return self.keep(_session(self._opened[source], source or samples.DEFAULT))

    def begin_with_text(self, text: str, progress: Progress | None = None) -> Session:
        """A session on triples that a visitor typed or pasted, as a file of them would hold them.

        Raises:
            GraphError: they cannot be read as a graph.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / PASTED
            file.write_text(text, encoding="utf-8")
            return self.begin_with_files([str(file)], progress)

    def begin_with_files(self, files: Sequence[str], progress: Progress | None = None) -> Session:
        """A session on what a visitor brought: one file, or several that make up one graph.

        Raises:
            GraphError: they cannot be read as a graph.
        """
        with tempfile.TemporaryDirectory() as folder:
            copies = [shutil.copy(file, folder) for file in files]
            try:
                assistant = self.opener(copies[0] if len(copies) == 1 else folder, progress)
            except GraphError as error:  # a visitor knows the file's name, not where the server keeps it
                raise GraphError(str(error).replace(f"{folder}/", "").replace(folder, "these files")) from error
        session = self.keep(_session(assistant, ", ".join(Path(file).name for file in files)))
        if assistant.place:
            remember(RecentGraph(session.key, session.name, str(assistant.place)))
        return session


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
