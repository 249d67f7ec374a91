"""Opening a graph: it is read and indexed in the background, while the notice tells how far it is and lets one cancel.

What a visitor brought and cannot be opened becomes one sentence in the notice; the graph of before stays.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from graph_data.errors import GraphError
from graphrag.embedding import Progress
from ui.evidence import clip
from ui.library import Library
from ui.limits import RateLimit
from ui.record import record_of
from ui.session import Session

NUM_KEYS = 12  # sessions that a browser remembers
LOOKED_AT_EVERY = 0.25  # seconds
Values = tuple[Any, ...]
Begin = Callable[[Progress], Session]

log = logging.getLogger(__name__)


class Openings:
    """Handlers that begin a session.

    Their values: session, keys, header, notice, chooser, files, chat, graph, table, citations, record. Keys are those
    of the visitor's sessions, the present one first, as the browser keeps them.
    """

    def __init__(self, library: Library, limit: RateLimit) -> None:
        self.library, self.limit = library, limit

    def start(self, keys: list[str] | None) -> Values:
        """The session of before a reload, or a new one."""
        session = next(filter(None, map(self.library.resume, _known(keys)[:1])), None)
        return self._opened(session or self.library.begin(), keys, None)

    def chosen(self, name: str | None, keys: list[str] | None, request: gr.Request) -> Iterator[Values]:
        """A sample by its name, or a recent graph by its session's key."""
        if not name:
            return
        if name in self.library.samples():
            yield from self._try(lambda tell: self.library.begin(name, tell), name, keys, request)
        elif name in _known(keys):
            yield from self._try(lambda tell: self.library.reopen(name, tell), "the graph", keys, request)
        else:
            yield _only_notice("That is no graph of yours; choose one of the list.", "error")

    def files(self, paths: list[str] | None, keys: list[str] | None, request: gr.Request) -> Iterator[Values]:
        if paths:
            what = "the file" if len(paths) == 1 else "the files"
            yield from self._try(lambda tell: self.library.begin_with_files(paths, tell), what, keys, request)

    def text(self, pasted: str | None, keys: list[str] | None, request: gr.Request) -> Iterator[Values]:
        if not (pasted or "").strip():
            yield _only_notice("Paste triples first, a line each: from, relation, to.", "error")
        else:
            begin = lambda tell: self.library.begin_with_text(str(pasted), tell)  # noqa: E731
            yield from self._try(begin, "the triples", keys, request)

    def _try(self, begin: Begin, what: str, keys: list[str] | None, request: gr.Request) -> Iterator[Values]:
        if wait := self.limit.wait(request.client.host if request.client else ""):
            yield _only_notice(f"Too many graphs were opened from here; try again in {wait:.0f} s.", "error")
            return
        work = Background(begin)
        try:
            yield _only_notice(f"Reading {what} …", "busy")
            while not work.is_done(LOOKED_AT_EVERY):
                yield _only_notice(work.told() or f"Reading {what} …", "busy")
            session = work.session()
        except GraphError as error:
            yield _only_notice(str(error), "error")
        else:
            yield self._opened(session, keys, {"text": session.report, "kind": "done"})
        finally:
            work.cancel()

    def _opened(self, session: Session, keys: list[str] | None, notice: dict[str, str] | None) -> Values:
        graph = session.assistant.graph
        keys = [session.key, *(key for key in _known(keys) if key != session.key)][:NUM_KEYS]
        header = {"name": session.name, "nodes": graph.num_nodes, "edges": graph.num_edges}
        cards = [{"text": text} for text in session.examples]
        chat = gr.Chatbot(value=list(session.messages), examples=cards)
        drawn = session.draw_turn()
        chooser = self._chooser(session, keys)
        return session, keys, header, notice, chooser, None, chat, drawn, drawn, drawn, record_of(session)

    def _chooser(self, session: Session, keys: list[str]) -> Any:
        """The samples and what this visitor brought, the open one chosen."""
        names = self.library.samples()
        recent = [(clip(one.name, 60), one.key) for one in self.library.recent(keys)]
        value = session.name if session.name in names else session.key
        choices = [*((name, name) for name in names), *recent]
        return gr.Dropdown(choices=choices, value=value if any(value == key for _, key in choices) else None)


class Background:
    """Begins a session in a thread of its own, which stops once it is cancelled and next tells how far it is."""

    def __init__(self, begin: Begin) -> None:
        self._cancelled, self._done = threading.Event(), threading.Event()
        self._found: Session | Exception | None = None
        self._progress: tuple[int, int] | None = None
        self._began = time.monotonic()
        threading.Thread(target=self._run, args=(begin,), daemon=True).start()

    def _run(self, begin: Begin) -> None:
        try:
            self._found = begin(self._tell)
        except Exception as error:
            self._found = error
        self._done.set()

    def _tell(self, done: int, total: int) -> None:
        if self._cancelled.is_set():
            raise GraphError("Cancelled.")
        if self._progress is None:
            self._began = time.monotonic()  # what came before was reading
        self._progress = done, total

    def cancel(self) -> None:
        self._cancelled.set()

    def is_done(self, timeout: float) -> bool:
        return self._done.wait(timeout)

    def told(self) -> str:
        """How far it is, in words; empty while it reads."""
        if self._progress is None:
            return ""
        done, total = self._progress
        left = (time.monotonic() - self._began) * (total - done) / max(done, 1)
        return f"Indexing: {done:,} of {total:,} texts" + (f", about {left:.0f} s left" if left >= 1 else "")

    def session(self) -> Session:
        """What was begun.

        Raises:
            GraphError: the graph cannot be opened.
        """
        if isinstance(self._found, GraphError):
            raise self._found
        if isinstance(self._found, Exception):
            log.error("a graph could not be opened", exc_info=self._found)
            raise GraphError("This went wrong inside the program; its log says more.") from self._found
        assert self._found is not None
        return self._found


def cancelled() -> dict[str, str]:
    """The notice after a visitor cancelled."""
    return {"text": "Cancelled; the graph of before is still open.", "kind": "done"}


def _known(keys: Any) -> list[str]:
    """Keys as a browser sends them: whatever else it sends is left out."""
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def _only_notice(text: str, kind: str) -> Values:
    keep, emptied = gr.skip(), None  # a file leaves the drop area once it is taken
    return keep, keep, keep, {"text": clip(text, 1000), "kind": kind}, keep, emptied, *([keep] * 5)
