"""ExplaGraphs: do two arguments support or counter each other (Saha et al., EMNLP 2021)? Each has a graph of its own.

The folder holds train.tsv and val.tsv with the columns arg1, arg2, label, graph. The question is G-Retriever's (He et
al., NeurIPS 2024), put more shortly.
"""

from __future__ import annotations

import csv
from pathlib import Path

from graph_data.benchmarks.questions import Question
from graph_data.errors import GraphReadError
from graph_data.readers.expla_graphs import of_text
from graph_data.readers.files import read_text
from graph_data.textual_graph import TextualGraph

CHOICES = ("support", "counter")
COLUMNS = ("arg1", "arg2", "label", "graph")


def load(folder: Path, *, split: str = "val", limit: int | None = None) -> tuple[TextualGraph | None, list[Question]]:
    """The questions of a split, each with its graph.

    Raises: GraphReadError if a file is missing or not as described, with the line.
    """
    path = folder / f"{split}.tsv"
    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in folder.glob("*.tsv"))) or "none"
        raise GraphReadError(folder, f"there is no split {split!r}", mend=f"there are {there}")
    lines = read_text(path).text.rstrip("\n").split("\n")
    rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    if tuple(next(rows, ())) != COLUMNS:
        raise GraphReadError(path, "other columns than expected", line=1, mend=f"{', '.join(COLUMNS)} were expected")
    found = [_question(path, number, row) for number, row in enumerate(rows, start=2)]
    return None, found if limit is None else found[:limit]


def _question(path: Path, number: int, row: list[str]) -> Question:
    if len(row) != len(COLUMNS) or row[2] not in CHOICES:
        expected = f"two arguments, {' or '.join(CHOICES)}, and a graph were expected"
        raise GraphReadError(path, "not a question", line=number, mend=expected)
    first, second, label, graph = row
    text = f"Do these arguments support or counter each other? {first} {second}"
    return Question(f"{path.stem}-{number}", text, (label,), choices=CHOICES, graph=of_text(graph, f"{path}:{number}"))
