"""What the default model reaches at its default settings, measured on questions that it was never trained on. Slow."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from graph_data import samples
from graph_data.benchmarks import Question, load_benchmark
from graphrag import GraphRAG
from graphrag.evaluation import evaluate
from graphrag.evaluation.runner import sample
from graphrag.index import GraphIndex

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_bundled_samples() -> None:
    """Hit@1 over the answerable questions of all samples together, at least 0.80."""
    hits: list[float] = []
    for name in samples.names():
        rows = samples.questions(name)
        questions = [Question(str(row["id"]), row["question"], tuple(row["answers"])) for row in rows]
        report = evaluate(GraphRAG.open(name), questions)
        print(name, report.metrics)
        hits += [record.hit_at_1 for record in report.records if record.hit_at_1 is not None]
    assert sum(hits) / len(hits) >= 0.80


def test_two_hops_from_two_topics() -> None:
    answer = GraphRAG.open("countries").ask("What is the capital of the country that borders both France and Portugal?")
    assert answer.answers[0] == "Madrid"


@pytest.fixture(scope="module")
def metaqa_index(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("metaqa") / "metaqa.index"
    GraphIndex.build(load_benchmark("metaqa", shared_data / "metaqa", split="test", hops=1).graph, path)
    return path


def test_metaqa_one_hop_on_the_whole_graph(shared_data: Path, metaqa_index: Path) -> None:
    """Hit@1 of at least 0.85 without a topic entity; half of the answers within a second; open within two."""
    benchmark = load_benchmark("metaqa", shared_data / "metaqa", split="test", hops=1)
    began = time.perf_counter()
    index = GraphIndex.open(metaqa_index)
    assert time.perf_counter() - began < 2
    report = evaluate(GraphRAG(index), sample(benchmark.questions, 1000))
    print(report.metrics, report.to_dict()["seconds_per_question"])
    assert report.metrics["hit_at_1"] >= 0.85
    assert report.to_dict()["seconds_per_question"]["median"] < 1
