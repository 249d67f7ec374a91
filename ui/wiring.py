"""What happens on the page: opening a graph, asking, stopping, starting anew. Connects the components with the session.

Every handler takes and returns component values; a handler that fails on what the user brought says so in the notice or
the chat, and leaves the session as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from graph_data.errors import GraphError
from ui import turn
from ui.evidence import Payload, clip, payload
from ui.record import keep_opinion, record_of
from ui.session import Library, Session
from ui.why import Why, look_again

ASKING = 2  # questions answered at a time; others wait in line
Values = tuple[Any, ...]


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    session: Any
    key: Any  # of the session, kept in the visitor's browser
    header: Any
    notice: Any
    chooser: Any
    files: Any
    pasted: Any
    paste: Any
    chatbot: Any
    question: Any
    pane: Any
    table: Any
    record: Any
    why: Why


def connect(page: Any, library: Library, parts: Parts) -> None:
    """Attach the handlers. `ask`, `open_sample` and `open_files` are also the page's API."""
    opening = _Opening(library)
    seen = [parts.session, parts.key, parts.header, parts.notice, parts.chooser, parts.files]
    seen += [parts.chatbot, parts.pane, parts.table, parts.record]
    asked = [parts.session, parts.question, parts.chatbot, parts.pane, parts.table, parts.record]
    heavy = {"concurrency_limit": ASKING, "concurrency_id": "model", "show_progress": "hidden"}
    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    hidden = {"api_visibility": "private", **heavy}

    def ask(text: str, session: Session | None) -> Iterator[Values]:
        yield from _ask(session or library.begin(), text)

    page.load(opening.start, [parts.key], seen, **quiet)
    parts.chooser.input(opening.sample, [parts.chooser], seen, api_name="open_sample", **heavy)
    parts.files.upload(opening.files, [parts.files], seen, api_name="open_files", **heavy)
    parts.paste.click(opening.text, [parts.pasted], seen, api_name="open_text", **heavy)
    runs = [parts.question.submit(ask, [parts.question, parts.session], asked, api_name="ask", **heavy)]
    chosen = parts.chatbot.example_select(_example, None, [parts.question], **quiet)
    runs.append(chosen.then(ask, [parts.question, parts.session], asked, **hidden))
    runs.append(parts.chatbot.retry(_again, [parts.session], asked, **hidden))
    runs.append(parts.chatbot.edit(_anew, [parts.session], asked, **hidden))
    undone = [parts.question, parts.chatbot, parts.pane, parts.table, parts.record]
    parts.chatbot.undo(_undo, [parts.session], undone, **quiet)
    parts.chatbot.like(_note, [parts.session], None, **quiet)
    why = parts.why
    for slider in why.sliders:
        shown = [parts.pane, parts.table, why.told, why.prompt]
        slider.input(_look_again, [parts.session, *why.sliders], shown, trigger_mode="always_last", **hidden)
    stopped = [parts.question, parts.chatbot]
    parts.question.stop(_stop, [parts.session], stopped, cancels=runs, queue=False, **quiet)
    parts.chatbot.clear(_forget, [parts.session], [parts.pane, parts.table, parts.record], **quiet)


class _Opening:
    """Handlers that begin a session.

    Their values: session, key, header, notice, chooser, files, chat, pane, table, record.
    """

    def __init__(self, library: Library) -> None:
        self.library = library

    def start(self, key: str | None) -> Values:
        """The session of before a reload, or a new one."""
        session = self.library.resume(key)
        return self._opened(session or self.library.begin(), None)

    def sample(self, name: str | None) -> Iterator[Values]:
        if name:
            yield from self._try(lambda: self.library.begin(name), name)

    def files(self, paths: list[str] | None) -> Iterator[Values]:
        if paths:
            yield from self._try(lambda: self.library.begin_with_files(paths), "the file")

    def text(self, pasted: str | None) -> Iterator[Values]:
        if not (pasted or "").strip():
            yield _only_notice("Paste triples first, a line each: from, relation, to.", "error")
        else:
            yield from self._try(lambda: self.library.begin_with_text(str(pasted)), "the triples")

    def _try(self, begin: Callable[[], Session], what: str) -> Iterator[Values]:
        yield _only_notice(f"Reading and indexing {what} …", "busy")
        try:
            session = begin()
        except GraphError as error:
            yield _only_notice(str(error), "error")
        else:
            yield self._opened(session, {"text": session.report, "kind": "done"})

    def _opened(self, session: Session, notice: dict[str, str] | None) -> Values:
        graph = session.assistant.graph
        header = {"name": session.name, "nodes": graph.num_nodes, "edges": graph.num_edges}
        sample = session.name if session.name in self.library.samples() else None
        cards = [{"text": text} for text in session.examples]
        chat = gr.Chatbot(value=list(session.messages), examples=cards)
        drawn = _last_evidence(session)
        return session, session.key, header, notice, sample, None, chat, drawn, drawn, record_of(session)


def _only_notice(text: str, kind: str) -> Values:
    keep = gr.skip()
    drop = None if kind == "error" else keep  # a file that failed leaves the drop area
    return keep, keep, keep, {"text": clip(text, 1000), "kind": kind}, keep, drop, keep, keep, keep, keep


def _ask(session: Session, text: str) -> Iterator[Values]:
    """Values: session, question box, chat, pane, table, record."""
    box = gr.Textbox(value="", submit_btn=False, stop_btn=True)
    for frame in turn.take(session, text):
        record = gr.skip()
        if frame.last:
            box, record = gr.Textbox(submit_btn=True, stop_btn=False), record_of(session)
        drawn = frame.evidence if frame.redraw else gr.skip()
        yield session, box, list(session.messages), drawn, drawn, record
        box = gr.skip()


def _again(session: Session, event: gr.RetryData) -> Iterator[Values]:
    """Ask a question of before once more, as if nothing had been said since."""
    at = session.turn_at(int(event.index))
    question = session.turns[at].question
    session.rewind(at)
    yield from _ask(session, question)


def _anew(session: Session, event: gr.EditData) -> Iterator[Values]:
    """Ask a question of before in other words."""
    session.rewind(session.turn_at(int(event.index)))
    yield from _ask(session, turn.unliteral(str(event.value)))


def _undo(session: Session, event: gr.UndoData) -> Values:
    """Take back a question and all after it; it returns to the box. Values: box, chat, pane, table, record."""
    at = session.turn_at(int(event.index))
    question = session.turns[at].question
    session.rewind(at)
    drawn = _last_evidence(session)
    return question, list(session.messages), drawn, drawn, record_of(session)


def _note(session: Session, event: gr.LikeData) -> None:
    """Keep what the visitor thinks of an answer."""
    at = session.turn_at(int(event.index))
    said = event.liked if isinstance(event.liked, str) else "Like" if event.liked else "Dislike"
    if session.turns[at].opinion != said:  # it is told of each message of the reply
        session.turns[at].opinion = said
        keep_opinion(session, session.turns[at])


def _look_again(session: Session | None, nodes: float, cost: float, tokens: float) -> Values:
    """Values: pane, table, what was found in words, prompt."""
    drawn, told, prompt = look_again(session, nodes, cost, tokens)
    return drawn or gr.skip(), drawn or gr.skip(), told, prompt


def _last_evidence(session: Session) -> Payload | None:
    """What the pane shows of the last answer."""
    answer = session.turns[-1].answer if session.turns else None
    return payload(answer.subgraph, answer.question, answer, places=session.places) if answer else None


def _stop(session: Session | None) -> Values:
    return gr.Textbox(submit_btn=True, stop_btn=False), list(session.messages) if session else []


def _forget(session: Session | None) -> Values:
    if session:
        session.rewind(0)
    return None, None, None


def _example(event: gr.SelectData) -> str:
    return str(event.value["text"])
