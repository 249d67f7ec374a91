"""One turn: the chat grows word by word, the evidence comes before the first word, a failure is a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphrag.answer import Answer
from graphrag.retrieval.subgraph import Subgraph
from ui import turn
from ui.session import Session


@pytest.fixture
def session(hand_made) -> Session:  # type: ignore[no-untyped-def]
    return Session(hand_made, "hand-made", hand_made.chat())


def test_the_evidence_is_drawn_before_the_first_word(session: Session) -> None:
    frames = turn.take(session, "What is the capital of Spain?")
    next(frames)
    assert session.messages[-1]["content"] == "…"
    drawn = next(frames)
    assert session.messages[-1]["content"] == "…"
    assert drawn.evidence is not None
    assert "answer" not in {node["role"] for node in drawn.evidence["nodes"]}


def test_the_last_frame_marks_the_answer_and_tells_how_sure_it_is(session: Session) -> None:
    *_, last = turn.take(session, "What is the capital of Spain?")
    user, reply, facts = session.messages
    assert last.last
    assert [node["name"] for node in (last.evidence or {})["nodes"] if node["role"] == "answer"] == ["Madrid"]
    assert (user["content"], reply["content"]) == ("What is the capital of Spain?", "Madrid.")
    assert facts["metadata"]["title"] == "93% sure · grounded in the graph · 0.06 s"
    assert "retrieval 0.02 s" in facts["content"]


def test_text_arrives_piece_by_piece(session: Session) -> None:
    seen = [session.messages[1]["content"] for _ in turn.take(session, "Who is the president of Mars?")]
    words = ["The ", "The graph ", "The graph does ", "The graph does not ", "The graph does not say. "]
    assert seen == ["…", "…", *words, "The graph does not say."]


def test_abstaining_is_said_in_the_chat_and_in_the_pane(session: Session) -> None:
    *_, last = turn.take(session, "Who is the president of Mars?")
    assert (last.evidence or {})["abstained"]
    assert session.messages[1]["content"] == "The graph does not say."


def test_an_empty_question_gets_its_sentence(session: Session) -> None:
    *_, last = turn.take(session, "  ")
    assert session.messages[1]["content"] == "⚠ the question is empty; ask something."
    assert (last.last, last.redraw, last.evidence) == (True, True, None)


def test_a_bug_is_logged_and_never_shown_as_a_traceback(
    session: Session, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(question: str) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(session.conversation, "stream", fail)
    *_, last = turn.take(session, "Why?")
    assert last.last
    assert "secret" not in session.messages[-1]["content"]
    assert "secret detail" in caplog.text


def test_a_very_long_question_is_not_repeated_in_full(session: Session) -> None:
    list(turn.take(session, "x" * 100_000))
    assert len(session.messages[0]["content"]) == turn.ECHO_LIMIT


def test_the_headline_warns_of_an_ungrounded_answer() -> None:
    answer = Answer("q", "Rome", ["Rome"], Subgraph(), grounded=False, confidence=0.5, seconds={"total": 1.0})
    assert turn.headline(answer) == "50% sure · not grounded: check it · 1.00 s"
    assert "nearest evidence" in turn.headline(replace(answer, abstained=True))
