"""The record of a conversation: what was asked and answered, to be exported; and what visitors think of answers.

The record's value is {name, markdown, json}, or None while nothing was said; its script offers the two as files, which
the browser makes itself. Opinions go to `feedback.jsonl` in the user's cache folder, a line each, and nowhere else.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from graphrag.answer import Answer
from graphrag.index import cache_folder
from ui.pane import pane
from ui.session import Session, Turn

FEEDBACK = "feedback.jsonl"
TEMPLATE = """
<div class="record" hidden>
  <span>Save the conversation:</span>
  <button type="button" data-as="markdown">Markdown</button>
  <button type="button" data-as="json">JSON</button>
</div>
"""


def record_bar(**options: Any) -> Any:
    """Buttons that save the conversation. Options as `gr.HTML` takes them."""
    return pane(TEMPLATE, "record.js", **options)


def record_of(session: Session) -> dict[str, str] | None:
    """A session's conversation in both forms."""
    turns = [turn for turn in session.turns if turn.answer]
    if not turns:
        return None
    said = [_turn(turn) for turn in turns]
    text = json.dumps({"graph": session.name, "turns": said}, ensure_ascii=False, indent=1)
    return {"name": session.name, "markdown": as_markdown(session.name, turns), "json": text}


def as_markdown(name: str, turns: list[Turn]) -> str:
    """Questions as headings, answers as paragraphs, the triples they follow from as lists; names are escaped."""
    parts = [f"# {_escaped(name)}"]
    for turn in turns:
        assert turn.answer is not None
        parts.append(f"## {_escaped(turn.question)}")
        parts.append(_escaped(turn.answer.text))
        parts.append("\n".join(f"- {_escaped(' → '.join(triple))}" for triple in _cited(turn.answer)))
        parts.append(f"{turn.answer.confidence:.0%} sure" + (f" · {_escaped(turn.opinion)}" if turn.opinion else ""))
    return "\n\n".join(part for part in parts if part) + "\n"


def keep_opinion(session: Session, turn: Turn) -> None:
    """Append what a visitor thinks of an answer to the local file."""
    if turn.answer is None or turn.opinion is None:
        return
    line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "graph": session.name, **_turn(turn)}
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / FEEDBACK).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _turn(turn: Turn) -> dict[str, Any]:
    answer = turn.answer
    assert answer is not None
    return {
        "question": turn.question,
        "answer": answer.text,
        "answers": answer.answers,
        "confidence": answer.confidence,
        "abstained": answer.abstained,
        "triples": [list(triple) for triple in _cited(answer)],
        "opinion": turn.opinion,
    }


def _cited(answer: Answer) -> list[tuple[str, str, str]]:
    return list(dict.fromkeys((one.head, one.relation, one.tail) for one in answer.citations))


def _escaped(text: str) -> str:
    """One line of text that Markdown shows as it is."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]()#+-.!|<>&~$" else char for char in " ".join(text.split()))
