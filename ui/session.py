"""Session: one visitor's graph and conversation.

The page asks of an assistant only what the protocols below name; `graphrag.GraphRAG` is one.
This module knows nothing of Gradio.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from graph_data.textual_graph import TextualGraph
from graphrag.answer import Answer
from graphrag.embedding import Progress
from graphrag.retrieval.subgraph import Subgraph
from ui.evidence import Payload, Places, clip, payload

if TYPE_CHECKING:
    from graphrag.assistant import Look


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
