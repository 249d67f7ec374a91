"""MetaQA: questions of 1, 2 and 3 hops about films (Zhang et al., AAAI 2018), asked of one graph of 43,000 nodes.

The folder holds kb.tsv or kb.tsv.gz (head, relation, tail), any kb_extra*.tsv(.gz) with further triples, and
{1,2,3}hop_{train,dev,test}.jsonl(.gz). The original kb.txt (`head|relation|tail`) is read too.
"""

from __future__ import annotations

from pathlib import Path

from graph_data.benchmarks.questions import Question, load_questions
from graph_data.errors import GraphReadError
from graph_data.readers.merge import merge
from graph_data.readers.options import LoadOptions
from graph_data.readers.tables import read_triples
from graph_data.textual_graph import TextualGraph

_GRAPH = ("kb.tsv.gz", "kb.tsv", "kb.txt", "kb.txt.gz")


def load(
    folder: Path, *, split: str = "test", hops: int = 1, limit: int | None = None
) -> tuple[TextualGraph, list[Question]]:
    """The whole graph and the questions of one split and number of hops.

    Raises: GraphReadError if a file is missing.
    """
    return load_graph(folder), load_questions(_questions_file(folder, split, hops), limit)


def load_graph(folder: Path) -> TextualGraph:
    """The graph with its extra triples; equal names are one node."""
    main = next((folder / name for name in _GRAPH if (folder / name).is_file()), None)
    if main is None:
        raise GraphReadError(folder, "MetaQA's graph is not here", mend="kb.tsv.gz or kb.txt was expected")
    files = [main, *sorted(folder.glob("kb_extra*.tsv*"))]
    options = LoadOptions(head=0, relation=1, tail=2, header=False)
    return merge([read_triples(file, options) for file in files], str(folder), "MetaQA")


def _questions_file(folder: Path, split: str, hops: int) -> Path:
    for suffix in (".jsonl.gz", ".jsonl"):
        if (file := folder / f"{hops}hop_{split}{suffix}").is_file():
            return file
    there = sorted(file.name.split(".")[0] for file in folder.glob("*hop_*.jsonl*"))
    raise GraphReadError(
        folder, f"no questions of {hops} hops and split {split!r}", mend=f"there are {', '.join(there) or 'none'}"
    )
