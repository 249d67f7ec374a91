"""An evaluation asks every question and reports what the replies were worth."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from graph_data.benchmarks import Question
from graph_data.textual_graph import TextualGraph
from graphrag.answer import ABSTAIN_TEXT, Answer
from graphrag.errors import ConfigError, QuestionError
from graphrag.evaluation import Record, Report, evaluate
from graphrag.evaluation.report import Written
from graphrag.evaluation.runner import sample
from graphrag.retrieval.subgraph import EvidenceEdge, EvidenceNode, Subgraph

GRAPH = TextualGraph.from_triples([("Spain", "capital", "Madrid"), ("France", "capital", "Paris")])
MADRID = Subgraph(
    (EvidenceNode("Spain", "Spain", "terminal", 1.0), EvidenceNode("Madrid", "Madrid", "answer", 1.0)),
    (EvidenceEdge("Spain", "capital", "Madrid", "terminal", 1.0, position=0),),
)
INVENTED = Subgraph(MADRID.nodes, (EvidenceEdge("Spain", "capital", "Paris", "terminal", 1.0, position=1),))


class Scripted:
    """Replies by the book."""

    llm = "scripted"
    graph = GRAPH

    def __init__(self, **replies: Answer) -> None:
        self.replies = replies

    def ask(self, question: str) -> Answer:
        if question not in self.replies:
            raise QuestionError("The question is empty; ask something of the graph.")
        return self.replies[question]


def reply(*answers: str, subgraph: Subgraph = MADRID) -> Answer:
    text = ", ".join(answers) or ABSTAIN_TEXT
    return Answer("", text, list(answers), subgraph, abstained=not answers, prompt_tokens=10)


def ask(answer: Answer | None, *gold: str) -> Record:
    rag = Scripted(q=answer) if answer else Scripted()
    return evaluate(rag, [Question("1", "q", gold)]).records[0]


def test_a_right_reply() -> None:
    record = ask(reply("Madrid"), "Madrid")
    assert record.right
    assert (record.hit, record.hit_at_1, record.f1, record.exact_match) == (1, 1, 1, 1)
    assert (record.coverage, record.nodes, record.edges, record.tokens) == (1, 2, 1, 10)
    assert (record.valid_nodes, record.valid_edges) == (1, 1)


def test_a_second_place_is_a_hit_but_not_at_1() -> None:
    record = ask(reply("Paris", "Madrid"), "Madrid")
    assert not record.right
    assert (record.hit, record.hit_at_1, record.precision, record.recall) == (1, 0, 0.5, 1)


def test_what_the_graph_does_not_say() -> None:
    rightly, wrongly = ask(reply()), ask(reply("Madrid"))
    assert rightly.right
    assert not wrongly.right
    assert {rightly.hit, rightly.hit_at_1, rightly.f1, rightly.exact_match, rightly.coverage} == {None}


def test_what_the_reply_made_up() -> None:
    record = ask(reply("Madrid", "Atlantis", subgraph=INVENTED), "Madrid")
    assert (record.valid_nodes, record.valid_edges) == (0.5, 0)


def test_yes_and_no_name_nothing() -> None:
    record = ask(reply("yes"), "Yes")
    assert record.right
    assert record.valid_nodes is None
    assert record.coverage is None


def test_a_question_that_cannot_be_asked_is_wrong_and_does_not_stop_the_run() -> None:
    record = ask(None, "Madrid")
    assert (record.right, record.hit_at_1) == (False, 0)
    assert "empty" in record.error
    assert not ask(None).right  # an error is no abstention


@pytest.fixture
def report() -> Report:
    rag = Scripted(a=reply("Madrid"), b=reply("Paris", subgraph=INVENTED), c=reply(), d=reply())
    questions = [
        Question("1", "a", ("Madrid",)),
        Question("2", "b", ("Rome",)),
        Question("3", "c", ()),
        Question("4", "d", ("x",)),
    ]
    return evaluate(rag, questions, benchmark="qa", method="default")


def test_the_report_as_json(report: Report) -> None:
    found = report.to_dict()
    assert list(found) == [
        "benchmark",
        "split",
        "method",
        "model",
        "n",
        "metrics",
        "retrieval",
        "grounding",
        "seconds_per_question",
    ]
    assert (found["model"], found["n"]) == ("scripted", 4)
    assert found["metrics"] == {
        "hit": 0.3333,
        "hit_at_1": 0.3333,
        "precision": 0.3333,
        "recall": 0.3333,
        "f1": 0.3333,
        "exact_match": 0.3333,
        "accuracy": 0.5,
        "abstained_on_unanswerable": 1.0,
        "abstained_on_answerable": 0.3333,
    }
    assert found["retrieval"] == {"coverage": 0.3333, "nodes_mean": 2, "edges_mean": 1, "tokens_mean": 10}
    assert found["grounding"] == {"valid_nodes": 1.0, "valid_edges": 0.75, "fully_valid": 0.75}
    assert set(found["seconds_per_question"]) == {"median", "p95"}
    json.dumps(found)


def test_metrics_that_do_not_apply_are_absent() -> None:
    found = evaluate(Scripted(a=reply("Madrid")), [Question("1", "a", ("Madrid",))]).to_dict()
    assert "abstained_on_unanswerable" not in found["metrics"]
    found = evaluate(Scripted(a=reply(subgraph=Subgraph())), [Question("1", "a", ())]).to_dict()
    assert set(found["metrics"]) == {"accuracy", "abstained_on_unanswerable"}
    assert "coverage" not in found["retrieval"]
    assert found["grounding"] == {}
    assert evaluate(Scripted(), []).to_dict()["n"] == 0


def test_the_report_for_people(report: Report) -> None:
    screen = io.StringIO()
    Console(file=screen, width=100).print(report.table())
    assert "4 questions, 3 of them answerable" in screen.getvalue()
    assert "hit_at_1" in screen.getvalue()


def test_the_report_as_files(tmp_path: Path) -> None:
    written = Written(tmp_path / "deep" / "out")
    report = evaluate(Scripted(a=reply("Madrid")), [Question("1", "a", ("Madrid",))], keep=written.keep)
    written.finish(report)
    (line,) = (tmp_path / "deep" / "out" / "results.jsonl").read_text().splitlines()
    assert json.loads(line)["answers"] == ["Madrid"]
    content = json.loads((tmp_path / "deep" / "out" / "report.json").read_text())
    assert content["intervals_95"]["hit_at_1"] == [1, 1]
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written there"):
        Written(tmp_path / "file")


def test_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []
    evaluate(Scripted(a=reply()), [Question("1", "a", ())] * 2, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 2), (2, 2)]


def test_a_sample_keeps_the_order_and_the_seed() -> None:
    questions = [Question(str(i), "q", ()) for i in range(100)]
    drawn = sample(questions, 10, seed=1)
    assert drawn == sample(questions, 10, seed=1) != sample(questions, 10, seed=2)
    assert [int(question.id) for question in drawn] == sorted(int(question.id) for question in drawn)
    assert sample(questions, None) == sample(questions, 100) == questions
