"""One turn of the chat: a question goes in, frames of the page come out, the last one with the whole answer.

A failure the user can cause becomes one sentence in the chat. This module knows nothing of Gradio but its message form.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from graph_data.errors import GraphError
from graphrag.answer import Answer
from ui import evidence
from ui.session import AnswerStream, Session, Turn

ECHO_LIMIT = 2000  # characters of a question that the chat repeats
STAGES = {"embed": "embedding", "retrieve": "retrieval", "generate": "answering"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """What changed on the page: the chat always, the evidence if `redraw`."""

    evidence: evidence.Payload | None = None
    redraw: bool = False
    last: bool = False


def take(session: Session, question: str) -> Iterator[Frame]:
    """Ask, and write the reply into the session's next turn as it comes.

    Yields a frame after the question, after the retrieval, after each piece of text, and once at the end.
    """
    echo = evidence.clip(question, ECHO_LIMIT) if question.strip() else "(nothing)"
    turn = session.begin_turn(question)
    turn.messages += [{"role": "user", "content": literal(echo)}, {"role": "assistant", "content": "…"}]
    yield Frame()
    try:
        with closing(session.conversation.stream(question)) as stream:
            yield Frame(session.draw(stream.subgraph, question), redraw=True)
            yield from _pieces(turn, stream)
            if stream.answer:
                yield _finish(session, turn, stream.answer)
    except GraphError as error:
        turn.messages[-1]["content"] = literal(f"⚠ {error}")
        yield Frame(redraw=True, last=True)
    except Exception:
        log.exception("a question failed")
        turn.messages[-1]["content"] = "⚠ This went wrong inside the program; its log says more."
        yield Frame(redraw=True, last=True)


def refuse(session: Session, question: str, wait: float) -> Iterator[Frame]:
    """A reply to who asks too much: in how many seconds to ask again."""
    turn = session.begin_turn(question)
    said = f"⚠ Too many questions came from here within a minute; ask again in {wait:.0f} s."
    echo = literal(evidence.clip(question, ECHO_LIMIT))
    turn.messages += [{"role": "user", "content": echo}, {"role": "assistant", "content": said}]
    yield Frame(last=True)


def literal(text: str) -> str:
    """Text that the chat shows as it is.

    Gradio's chat reads tags and entities even where Markdown is off. A word joiner, which nobody sees, after what would
    open one leaves it text to the HTML parser, and keeps it legible where the chat is copied.
    """
    return re.sub(r"<|&(?=[#A-Za-z0-9])", "\\g<0>\u2060", text)


def unliteral(text: str) -> str:
    """What was typed, from what the chat shows."""
    return text.replace("\u2060", "")


def _pieces(turn: Turn, stream: AnswerStream) -> Iterator[Frame]:
    said = ""
    for piece in stream:
        said += piece
        turn.messages[-1]["content"] = literal(said)
        yield Frame()


def _finish(session: Session, turn: Turn, answer: Answer) -> Frame:
    turn.answer = answer
    turn.messages[-1]["content"] = literal(answer.text)
    turn.messages.append(
        {
            "role": "assistant",
            "content": literal(details(answer)),
            "metadata": {"title": headline(answer), "status": "done"},
        }
    )
    return Frame(session.draw_turn(), redraw=True, last=True)


def headline(answer: Answer) -> str:
    """How far to trust the answer, in one line."""
    total = answer.seconds.get("total", sum(answer.seconds.values()))
    if answer.abstained:
        kind = "the nearest evidence is shown"
    else:
        kind = "grounded in the graph" if answer.grounded else "not grounded: check it"
    return f"{answer.confidence:.0%} sure · {kind} · {total:.2f} s"


def details(answer: Answer) -> str:
    """Timings, model and prompt, a line each."""
    timings = [f"{word} {answer.seconds[stage]:.2f} s" for stage, word in STAGES.items() if stage in answer.seconds]
    lines = [
        f"Read as: {answer.understood}" if answer.understood not in ("", answer.question) else "",
        evidence.clip(answer.ambiguity(), 300),
        f"Evidence: {len(answer.subgraph.nodes)} nodes, {len(answer.subgraph.edges)} triples.",
        f"Time: {', '.join(timings)}." if timings else "",
        f"Model: {answer.model}, {answer.prompt_tokens} tokens read." if answer.model else "",
        f"{answer.dropped_triples} triples did not fit into the prompt." if answer.dropped_triples else "",
        f"Further answers: {'; '.join(answer.answers[1:10])}." if len(answer.answers) > 1 else "",
    ]
    return "\n".join(line for line in lines if line)
