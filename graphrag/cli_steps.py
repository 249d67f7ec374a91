"""What the commands have in common: a quiet, offline setting, opening a graph with a model, what to ask, what to tell.

Raises the errors of `graphrag.errors` for what cannot be done and `typer.BadParameter` for wrong usage. On stdout it
prints nothing.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from graph_data.benchmarks import Question
    from graph_data.external import Workspace
    from graph_data.textual_graph import TextualGraph
    from graphrag.assistant import GraphRAG
    from graphrag.index import GraphIndex

DEFAULT = "default"
_TOP_RELATIONS = 10
_SETTINGS = {
    "TOKENIZERS_PARALLELISM": "false",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TRANSFORMERS_VERBOSITY": "error",
}
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}  # a download may show its progress


@contextmanager
def working(*models: str | None, tell: bool = False) -> Iterator[None]:
    """The setting for a command's work: what libraries print goes to stderr, and nothing is asked of the network.

    Args:
        models: what the user named. Only a name that is no folder here lets the Hugging Face Hub be asked, and
            `HF_HUB_OFFLINE`, if the user has set it, outranks that.
        tell: let the program say on stderr what it is doing.
    """
    remote = any(name not in (None, DEFAULT) and not Path(str(name)).expanduser().exists() for name in models)
    settings = _SETTINGS if remote else {**_SETTINGS, **_OFFLINE}
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    if "--debug" not in sys.argv:
        warnings.simplefilter("ignore")
        logging.basicConfig(level=logging.ERROR, format="%(message)s")
    if tell:
        logging.getLogger("graphrag").setLevel(logging.INFO)
    with redirect_stdout(sys.stderr):
        yield


def open_rag(source: str | TextualGraph | None, llm: str, adapter: Path | None, **settings: Any) -> GraphRAG:
    """A graph with its models loaded; a model that is not there is told before the graph is read.

    Args:
        source: as `--graph`, or a graph that is loaded already.
        settings: those of `GraphRAG`.
    """
    check_model(llm, adapter)
    from graphrag.assistant import GraphRAG
    from graphrag.console import progress
    from graphrag.embedding import load_embedder
    from graphrag.index import GraphIndex

    embedder = settings.get("embedder")
    with progress("Embedding texts", sys.stderr) as tell:
        options = {**settings, "llm": llm, "adapter": adapter, "progress": tell}
        if isinstance(source, str) and embedder and GraphIndex.is_index(source):
            rag = GraphRAG(GraphIndex.open(source, load_embedder(embedder)), **options)
        elif source is None or isinstance(source, str):
            rag = GraphRAG.open(source, **options)
        else:
            rag = GraphRAG(source, **options)
    report = rag.graph.report
    if report.dropped_total and not (isinstance(source, str) and GraphIndex.is_index(source)):
        print(f"graphrag: {report}", file=sys.stderr)  # an index told it when it was made
    for part in ("model", "retriever"):  # loaded now, so that the seconds of a question are its own
        getattr(rag, part)
    return rag


def each_its_own(llm: str, adapter: Path | None, **settings: Any) -> Callable[[Question], GraphRAG]:
    """What answers a question of the graph that it brings, the models loaded once for all."""
    check_model(llm, adapter)
    from graphrag.assistant import GraphRAG
    from graphrag.embedding import load_embedder
    from graphrag.index import index_of

    embedder = load_embedder(settings["embedder"]) if settings.get("embedder") else None

    def make(question: Question) -> GraphRAG:
        assert question.graph is not None
        rag = GraphRAG(index_of(question.graph, embedder, cache=False), llm=llm, adapter=adapter, **settings)
        for part in ("model", "retriever"):
            getattr(rag, part)
        return rag

    return make


def check_model(llm: str, adapter: Path | None) -> None:
    """Refuse a language model or an adapter that is not there.

    Raises:
        ModelError: one of them is not.
    """
    from graphrag.errors import ModelError
    from graphrag.hub import locate

    if llm != DEFAULT:
        locate(llm, "language model")
    if adapter is not None and not adapter.is_dir():
        raise ModelError(f"{adapter}: there is no such adapter folder; name one that `graphrag train` wrote.")


def load_graph(
    source: str,
    read: Sequence[str] | None = None,
    workspace: Workspace | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TextualGraph:
    """The graph of a file, a folder, an index or a sample.

    Args:
        read: `key=value` options of `graph_data.load`.
        workspace, progress: of `graph_data.load`.
    """
    import graph_data
    from graphrag.index import GraphIndex

    if GraphIndex.is_index(source):
        return GraphIndex.open(source).graph
    return graph_data.load(source, workspace=workspace, progress=progress, **_read_options(read or ()))


def size_in_bytes(text: str) -> int:
    """`2GB`, `1.5 GB`, `800MB` as bytes."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt])i?b?\s*", text, re.IGNORECASE)
    if match is None:
        raise typer.BadParameter(f"--memory {text!r} is no size, e.g. 2GB or 1500MB")
    return int(float(match[1]) * 1000 ** (1 + "kmgt".index(match[2].lower())))


def _read_options(pairs: Sequence[str]) -> dict[str, Any]:
    """`head=2` as a position, `header=false` as a truth value, anything else as text."""
    words: dict[str, Any] = {"true": True, "false": False, "tab": "\t"}
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals and value):
            raise typer.BadParameter(f"--read {pair!r} is not KEY=VALUE, e.g. --read head=subject")
        found[key] = int(value) if value.isdigit() else words.get(value.lower(), value)
    return found


def about_graph(graph: TextualGraph) -> dict[str, Any]:
    """What a graph holds and what its reader did."""
    import numpy as np

    from graph_data.external import blocks

    report = graph.report
    counts = np.bincount(graph.edge_relation, minlength=len(graph.relations))
    top = np.argsort(-counts, kind="stable")[:_TOP_RELATIONS]
    touched = np.zeros(graph.num_nodes, bool)
    for part in blocks(graph.num_edges):
        touched[graph.edge_index[:, part]] = True
    return {
        "source": report.source,
        "format": report.format,
        "nodes": graph.num_nodes,
        "edges": graph.num_edges,
        "relations": len(graph.relations),
        "isolated_nodes": graph.num_nodes - int(touched.sum()),
        "duplicate_edges": report.duplicate_edges,
        "dropped_rows": report.dropped_total,
        "dropped": [{"line": line, "why": why} for line, why in report.dropped],
        "notes": list(report.notes),
        "top_relations": [{"relation": str(graph.relations[int(i)]), "edges": int(counts[i])} for i in top],
    }


def about_index(index: GraphIndex) -> dict[str, Any]:
    """What an index adds to its graph."""
    return {
        "texts": index.meta["counts"]["texts"],
        "embedder": index.meta["embedder"]["name"],
        "dimension": index.meta["embedder"]["dimension"],
        "schema_version": index.meta["schema_version"],
        "version": index.version,
        "versions": list(index.versions),
        "bytes": sum(size for size, _ in index.meta["files"].values()),
        "build_seconds": index.meta["build_seconds"],
    }


def what_to_ask(
    name: str, data: Path | None, split: str, hops: int | None, graph: str | None, questions: Path | None
) -> tuple[str | TextualGraph | None, list[Question], dict[str, Any]]:
    """The graph and the questions of `eval NAME`, and how its report names them.

    Raises:
        BadParameter: the options do not go together.
    """
    from graph_data.benchmarks import BENCHMARKS, load_benchmark

    if name == "qa":
        if data is not None or hops is not None:
            raise typer.BadParameter("--data and --hops are for benchmarks; qa takes --graph SRC and --questions FILE")
        return graph, _own_questions(graph, questions), {"benchmark": "qa", "split": ""}
    if name not in BENCHMARKS:
        raise typer.BadParameter(f"there is no benchmark {name!r}; there are qa, {', '.join(BENCHMARKS)}")
    if graph is not None or questions is not None:
        raise typer.BadParameter(f"--graph and --questions are for qa; {name} brings its own")
    if data is None:
        raise typer.BadParameter(f"{name} needs --data DIR, the folder with its files")
    options = {} if hops is None else {"hops": hops}
    loaded = load_benchmark(name, data, split=split, **options)
    return loaded.graph, loaded.questions, {"benchmark": name, "split": split, "options": options}


def _own_questions(source: str | None, questions: Path | None) -> list[Question]:
    """From a file, or a sample's own."""
    from graph_data import samples
    from graph_data.benchmarks import load_questions

    if questions is not None:
        return load_questions(questions)
    name = samples.DEFAULT if source is None else source
    if name not in samples.names() or (source is not None and Path(name).exists()):
        raise typer.BadParameter(f"--questions FILE is missing, and {name} is no sample with questions of its own")
    return load_questions(samples.path(name) / "questions.jsonl")
