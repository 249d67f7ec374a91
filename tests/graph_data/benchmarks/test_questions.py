"""Question files and benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graph_data import GraphReadError
from graph_data.benchmarks import Question, load_benchmark, load_questions

Write = Callable[..., Path]


@pytest.mark.parametrize("name", ["q.jsonl", "q.jsonl.gz"])
def test_questions(write: Write, name: str) -> None:
    lines = '{"question": "Who  directed Heat?", "answers": ["Mann", "Mann"], "hops": 1}\n\n'
    lines += '{"id": 7, "question": "When?", "answers": [1995]}\n{"question": "Why?", "answers": []}\n'
    questions = load_questions(write(name, lines))
    assert questions == [
        Question("q-1", "Who directed Heat?", ("Mann",)),
        Question("7", "When?", ("1995",)),
        Question("q-4", "Why?", ()),
    ]
    assert questions[0].extra == {"hops": 1}
    assert len(load_questions(write(name, lines), limit=2)) == 2


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{oops}", "not JSON"),
        ('["Who?", "Ann"]', "a list"),
        ('{"answers": ["Ann"]}', "no question in words"),
        ('{"question": " ", "answers": ["Ann"]}', "no question in words"),
        ('{"question": "Who?"}', 'no "answers"'),
        ('{"question": "Who?", "answers": "Ann"}', "not a list of texts"),
    ],
)
def test_what_is_no_question_says_its_line(write: Write, line: str, what: str) -> None:
    with pytest.raises(GraphReadError, match="line 2: ") as caught:
        load_questions(write("q.jsonl", f'{{"question": "Who?", "answers": ["Ann"]}}\n{line}\n'))
    assert what in str(caught.value)


class TestMetaqa:
    def folder(self, write: Write, tmp_path: Path) -> Path:
        write("kb.tsv.gz", "Heat\tdirected_by\tMann\nHeat\trelease_year\t1995\n")
        write("kb_extra_from_1hop_dev.tsv.gz", "Heat\tstarred_actors\tPacino\nHeat\tdirected_by\tMann\n")
        write("1hop_test.jsonl.gz", '{"question": "who directed Heat", "answers": ["Mann"]}\n')
        return tmp_path

    def test_graph_and_questions(self, write: Write, tmp_path: Path) -> None:
        benchmark = load_benchmark("metaqa", self.folder(write, tmp_path), split="test", hops=1)
        assert benchmark.graph is not None
        assert list(benchmark.graph.triples()) == [
            ("Heat", "directed_by", "Mann"),
            ("Heat", "release_year", "1995"),
            ("Heat", "starred_actors", "Pacino"),
        ]
        assert benchmark.graph.report.duplicate_edges == 1
        assert benchmark.questions[0].answers == ("Mann",)

    def test_what_is_missing_is_said(self, write: Write, tmp_path: Path) -> None:
        folder = self.folder(write, tmp_path)
        with pytest.raises(GraphReadError, match=r"no questions of 3 hops and split 'test'; there are 1hop_test"):
            load_benchmark("metaqa", folder, hops=3)
        with pytest.raises(GraphReadError, match="no such benchmark; benchmarks are expla_graphs, metaqa"):
            load_benchmark("squad", folder)
        with pytest.raises(GraphReadError, match="no such folder"):
            load_benchmark("metaqa", folder / "none")

    def test_the_real_one(self, shared_data: Path) -> None:
        benchmark = load_benchmark("metaqa", shared_data / "metaqa", limit=100)
        assert benchmark.graph is not None
        assert (benchmark.graph.num_nodes, benchmark.graph.num_edges) == (42_873, 130_096)
        names = set(benchmark.graph.node_texts.to_pylist())
        assert all(answer in names for question in benchmark.questions for answer in question.answers)


class TestExplaGraphs:
    HEADER = "arg1\targ2\tlabel\tgraph\n"

    def test_each_question_has_its_graph_and_its_choices(self, write: Write, tmp_path: Path) -> None:
        row = 'Wear helmets.\tThey "save" lives.\tsupport\t(helmets; save; Lives)(lives; is a; good)\n'
        write("val.tsv", self.HEADER + row)
        benchmark = load_benchmark("expla_graphs", tmp_path, split="val")
        (question,) = benchmark.questions
        assert benchmark.graph is None
        assert question.question.endswith('each other? Wear helmets. They "save" lives.')
        assert question.answers == ("support",)
        assert question.choices == ("support", "counter")
        assert question.graph is not None
        assert list(question.graph.triples()) == [("helmets", "save", "lives"), ("lives", "is a", "good")]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a\tb\n", "line 1: other columns"),
            (HEADER + "A.\tB.\tmaybe\t(a; b; c)\n", "line 2: not a question"),
            (HEADER + "A.\tB.\tsupport\n", "line 2: not a question"),
        ],
    )
    def test_what_is_no_question_says_its_line(self, write: Write, tmp_path: Path, text: str, message: str) -> None:
        write("val.tsv", text)
        with pytest.raises(GraphReadError, match=message):
            load_benchmark("expla_graphs", tmp_path, split="val")

    def test_a_missing_split_is_said(self, write: Write, tmp_path: Path) -> None:
        write("val.tsv", self.HEADER)
        with pytest.raises(GraphReadError, match="no split 'test'; there are val"):
            load_benchmark("expla_graphs", tmp_path)

    def test_the_real_one(self, shared_data: Path) -> None:
        questions = load_benchmark("expla_graphs", shared_data / "expla_graphs", split="val").questions
        assert len(questions) == 553
        assert sum(question.answers == ("support",) for question in questions) == 289
