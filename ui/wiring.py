"""What happens on the page: opening a graph, asking, stopping, starting anew. Connects the components with the session.

Every handler takes and returns component values; a handler that fails on what the user brought says so in the notice or
the chat, and leaves the session as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from graph_data.errors import GraphError
from ui import turn
from ui.answering import Model, choose
from ui.evidence import Payload
from ui.library import Library
from ui.limits import RateLimit
from ui.opening import Openings, Values, cancelled
from ui.record import keep_opinion, record_of
from ui.session import Session
from ui.why import Why, as_answered, look_again

ASKING = 2  # questions answered at a time; others wait in line
OPENINGS_A_MINUTE = 30  # of one address


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    session: Any
    keys: Any  # of the visitor's sessions, kept in the browser
    header: Any
    notice: Any
    chooser: Any
    files: Any
    pasted: Any
    paste: Any
    chatbot: Any
    question: Any
    graph: Any
    table: Any
    citations: Any
    record: Any
    why: Why

    @property
    def views(self) -> list[Any]:
        """What shows evidence; all take the same value."""
        return [self.graph, self.table, self.citations]


def connect(page: Any, library: Library, parts: Parts, models: Sequence[Model], questions_a_minute: int) -> None:
    """Attach the handlers. `ask` and the ways to open a graph are also the page's API.

    Args:
        models: that the page offers.
        questions_a_minute: answered to one address; 0 sets no limit.
    """
    opening = Openings(library, RateLimit(OPENINGS_A_MINUTE if questions_a_minute else 0))
    limit = RateLimit(questions_a_minute)
    seen = [parts.session, parts.keys, parts.header, parts.notice, parts.chooser, parts.files]
    seen += [parts.chatbot, *parts.views, parts.record]
    asked = [parts.session, parts.question, parts.chatbot, *parts.views, parts.record, parts.why.told, parts.why.prompt]
    heavy = {"concurrency_limit": ASKING, "concurrency_id": "model", "show_progress": "hidden"}
    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    hidden = {"api_visibility": "private", **heavy}
    reading = {"concurrency_limit": ASKING, "concurrency_id": "reading", "show_progress": "hidden"}

    def ask(text: str, session: Session | None, request: gr.Request) -> Iterator[Values]:
        yield from _ask(session or library.begin(), text, limit, request)

    def again(session: Session, event: gr.RetryData, request: gr.Request) -> Iterator[Values]:
        """Ask a question of before once more, as if nothing had been said since."""
        at = session.turn_at(int(event.index))
        question = session.turns[at].question
        session.rewind(at)
        yield from _ask(session, question, limit, request)

    def anew(session: Session, event: gr.EditData, request: gr.Request) -> Iterator[Values]:
        """Ask a question of before in other words."""
        session.rewind(session.turn_at(int(event.index)))
        yield from _ask(session, turn.unliteral(str(event.value)), limit, request)

    def answer_by(session: Session | None, chosen: str, grounded: bool) -> str:
        return choose(session, models, chosen, grounded)

    page.load(opening.start, [parts.keys], seen, **quiet)
    opens = [
        parts.chooser.input(opening.chosen, [parts.chooser, parts.keys], seen, api_name="open_sample", **reading),
        parts.files.upload(opening.files, [parts.files, parts.keys], seen, api_name="open_files", **reading),
        parts.paste.click(opening.text, [parts.pasted, parts.keys], seen, api_name="open_text", **reading),
    ]
    parts.notice.stop(cancelled, None, [parts.notice], cancels=opens, queue=False, **quiet)
    runs = [parts.question.submit(ask, [parts.question, parts.session], asked, api_name="ask", **heavy)]
    chosen = parts.chatbot.example_select(_example, None, [parts.question], **quiet)
    runs.append(chosen.then(ask, [parts.question, parts.session], asked, **hidden))
    runs.append(parts.chatbot.retry(again, [parts.session], asked, **hidden))
    runs.append(parts.chatbot.edit(anew, [parts.session], asked, **hidden))
    parts.chatbot.undo(_undo, [parts.session], [parts.question, parts.chatbot, *parts.views, parts.record], **quiet)
    parts.chatbot.like(_note, [parts.session], None, **quiet)
    parts.chatbot.select(_show_turn, [parts.session], parts.views, **quiet)
    parts.graph.expand(_grow, [parts.session], parts.views, **quiet)
    why = parts.why
    for slider in why.sliders:
        shown = [*parts.views, why.told, why.prompt]
        slider.change(_look_again, [parts.session, *why.sliders], shown, trigger_mode="always_last", **hidden)
    for setting in (why.model, why.grounded):
        setting.input(answer_by, [parts.session, why.model, why.grounded], [why.about], **hidden)
    stopped = [parts.question, parts.chatbot]
    parts.question.stop(_stop, [parts.session], stopped, cancels=runs, queue=False, **quiet)
    parts.chatbot.clear(_forget, [parts.session], [*parts.views, parts.record], **quiet)


def _ask(session: Session, text: str, limit: RateLimit, request: gr.Request) -> Iterator[Values]:
    """Values: session, question box, chat, graph, table, citations, record, what was found in words, prompt."""
    wait = limit.wait(request.client.host if request.client else "")
    box = gr.Textbox(value="", submit_btn=False, stop_btn=True)
    for frame in turn.refuse(session, text, wait) if wait else turn.take(session, text):
        record = told = prompt = gr.skip()
        if frame.last:
            box, record = gr.Textbox(submit_btn=True, stop_btn=False), record_of(session)
            told, prompt = as_answered(session)
        drawn = frame.evidence if frame.redraw else gr.skip()
        yield session, box, list(session.messages), drawn, drawn, drawn, record, told, prompt
        box = gr.skip()


def _undo(session: Session, event: gr.UndoData) -> Values:
    """Take back a question and all after it; it returns to the box. Values: box, chat, views, record."""
    at = session.turn_at(int(event.index))
    question = session.turns[at].question
    session.rewind(at)
    drawn = session.draw_turn()
    return question, list(session.messages), drawn, drawn, drawn, record_of(session)


def _note(session: Session, event: gr.LikeData) -> None:
    """Keep what the visitor thinks of an answer."""
    at = session.turn_at(int(event.index))
    said = event.liked if isinstance(event.liked, str) else "Like" if event.liked else "Dislike"
    if session.turns[at].opinion != said:  # it is told of each message of the reply
        session.turns[at].opinion = said
        keep_opinion(session, session.turns[at])


def _look_again(session: Session | None, nodes: float, cost: float, tokens: float) -> Values:
    """Values: views, what was found in words, prompt."""
    drawn, told, prompt = look_again(session, nodes, cost, tokens)
    return *_alike(drawn), told, prompt


def _show_turn(session: Session, event: gr.SelectData) -> Values:
    """The evidence of the answer that is clicked on. Values: views."""
    at = session.turn_at(int(event.index))
    return _alike(session.draw_turn(at) if at < len(session.turns) else None)


def _grow(session: Session | None, event: gr.EventData) -> Values:
    """What is drawn with the neighbours of a node. Values: views."""
    try:
        return _alike(session.grow(int(event.row)) if session else None)
    except (GraphError, TypeError, ValueError, AttributeError):  # what a page sends that is not ours
        return _alike(None)


def _alike(drawn: Payload | None) -> Values:
    return (drawn or gr.skip(),) * 3


def _stop(session: Session | None) -> Values:
    return gr.Textbox(submit_btn=True, stop_btn=False), list(session.messages) if session else []


def _forget(session: Session | None) -> Values:
    if session:
        session.rewind(0)
    return (None,) * 4


def _example(event: gr.SelectData) -> str:
    return str(event.value["text"])
