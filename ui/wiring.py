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
from ui.evidence import clip
from ui.session import Library, Session

ASKING = 2  # questions answered at a time; others wait in line
Values = tuple[Any, ...]


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    session: Any
    header: Any
    notice: Any
    chooser: Any
    files: Any
    chatbot: Any
    question: Any
    pane: Any
    table: Any


def connect(page: Any, library: Library, parts: Parts) -> None:
    """Attach the handlers. `ask`, `open_sample` and `open_files` are also the page's API."""
    opening = _Opening(library)
    opened = [parts.session, parts.header, parts.notice, parts.chooser, parts.files]
    opened += [parts.chatbot, parts.pane, parts.table]
    asked = [parts.session, parts.question, parts.chatbot, parts.pane, parts.table]
    heavy = {"concurrency_limit": ASKING, "concurrency_id": "model", "show_progress": "hidden"}
    quiet = {"api_visibility": "private", "show_progress": "hidden"}

    def ask(text: str, session: Session | None) -> Iterator[Values]:
        yield from _ask(session or library.begin(), text)

    page.load(opening.start, None, opened, **quiet)
    parts.chooser.input(opening.sample, [parts.chooser], opened, api_name="open_sample", **heavy)
    parts.files.upload(opening.files, [parts.files], opened, api_name="open_files", **heavy)
    run = parts.question.submit(ask, [parts.question, parts.session], asked, api_name="ask", **heavy)
    chosen = parts.chatbot.example_select(_example, None, [parts.question], **quiet)
    also = chosen.then(ask, [parts.question, parts.session], asked, api_visibility="private", **heavy)
    stopped = [parts.question, parts.chatbot]
    parts.question.stop(_stop, [parts.session], stopped, cancels=[run, also], queue=False, **quiet)
    parts.chatbot.clear(_forget, [parts.session], [parts.pane, parts.table], **quiet)


class _Opening:
    """Handlers that begin a session. Their values: session, header, notice, chooser, files, chat, pane, table."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def start(self) -> Values:
        return self._opened(self.library.begin(), None)

    def sample(self, name: str | None) -> Iterator[Values]:
        if name:
            yield from self._try(lambda: self.library.begin(name), name)

    def files(self, paths: list[str] | None) -> Iterator[Values]:
        if paths:
            yield from self._try(lambda: self.library.begin_with_files(paths), "the file")

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
        return session, header, notice, sample, None, gr.Chatbot(value=[], examples=cards), None, None


def _only_notice(text: str, kind: str) -> Values:
    keep = gr.skip()
    drop = None if kind == "error" else keep  # a file that failed leaves the drop area
    return keep, keep, {"text": clip(text, 1000), "kind": kind}, keep, drop, keep, keep, keep


def _ask(session: Session, text: str) -> Iterator[Values]:
    """Values: session, question box, chat, pane, table."""
    box = gr.Textbox(value="", submit_btn=False, stop_btn=True)
    for frame in turn.take(session, text):
        if frame.last:
            box = gr.Textbox(submit_btn=True, stop_btn=False)
        drawn = frame.evidence if frame.redraw else gr.skip()
        yield session, box, list(session.messages), drawn, drawn
        box = gr.skip()


def _stop(session: Session | None) -> Values:
    return gr.Textbox(submit_btn=True, stop_btn=False), list(session.messages) if session else []


def _forget(session: Session | None) -> Values:
    if session:
        session.restart()
    return None, None


def _example(event: gr.SelectData) -> str:
    return str(event.value["text"])
