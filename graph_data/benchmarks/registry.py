"""The benchmarks by name. A benchmark is a graph with the questions of one split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from graph_data.benchmarks import expla_graphs, metaqa
from graph_data.benchmarks.questions import Question
from graph_data.errors import GraphReadError
from graph_data.textual_graph import TextualGraph


@dataclass(frozen=True)
class Benchmark:
    """A graph and the questions asked of it; `graph` is None where each question brings its own."""

    name: str
    split: str
    graph: TextualGraph | None
    questions: list[Question]


Loader = Callable[..., tuple[TextualGraph | None, list[Question]]]

BENCHMARKS: dict[str, Loader] = {"expla_graphs": expla_graphs.load, "metaqa": metaqa.load}


def load_benchmark(name: str, data_dir: str | PathLike[str], *, split: str = "test", **options: Any) -> Benchmark:
    """Read a benchmark from the folder that holds its files.

    Args:
        name: a key of `BENCHMARKS`.
        data_dir: the folder.
        split: train, dev or test, as far as the benchmark has them.
        options: the benchmark's own, e.g. `hops=1` of MetaQA; `limit` for the first questions only.

    Raises: GraphReadError if the benchmark, the folder, the split or an option is not there.
    """
    if name not in BENCHMARKS:
        raise GraphReadError(name, "there is no such benchmark", mend=f"benchmarks are {', '.join(BENCHMARKS)}")
    folder = Path(data_dir)
    if not folder.is_dir():
        raise GraphReadError(folder, "there is no such folder", mend=f"give the folder that holds {name}'s files")
    try:
        graph, questions = BENCHMARKS[name](folder, split=split, **options)
    except TypeError as error:
        raise GraphReadError(name, f"an option does not fit ({error})") from error
    return Benchmark(name, split, graph, questions)
