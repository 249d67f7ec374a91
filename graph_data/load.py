"""load: the one way from a file, a folder or a sample's name to a TextualGraph."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import pyarrow as pa

from graph_data import samples
from graph_data.errors import GraphError, GraphReadError, UnknownSampleError
from graph_data.external import Workspace
from graph_data.readers import ALIASES, READERS, folder, tables
from graph_data.readers.edge_tables import edge_columns
from graph_data.readers.files import size_of
from graph_data.readers.options import LoadOptions
from graph_data.readers.sniff import sniff
from graph_data.readers.streamed import Progress, read_edges_streamed
from graph_data.textual_graph import TextualGraph

_WHOLE = 20  # times as much memory as a source has bytes, at most, are taken to read it whole

# What parsers raise on input that nobody foresaw; it is the input's fault and becomes a sentence.
_UNFORESEEN = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, RecursionError, OverflowError,
    MemoryError, OSError, pa.ArrowException,
)  # fmt: skip


def load(
    source: str | PathLike[str],
    /,
    *,
    format: str | None = None,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> TextualGraph:
    """Read a graph.

    Args:
        source: a file, a folder, or the name of a bundled sample (`graph_data.samples.names()`). A file may be gzip.
        format: a name from `graph_data.readers.READERS`; found out from content and suffix by default.
        workspace: for a source that does not fit in memory, a table of triples or edges (CSV, TSV, Parquet): it is read
            block by block, and the columns of the graph lie in the workspace, which has to outlast it. A source of at
            most a twentieth of the workspace's memory is read whole, of whatever form it is.
        progress: called with (rows done, rows in all, as far as can be told) of a source read block by block.
        options: see `graph_data.readers.options.LoadOptions`: columns by name or position (`head` or `source`,
        `relation`, `tail` or `target`, `id`,
            `name`), `delimiter`, `header`, `encoding`, `nodes` or `edges` (a second table), `language`, `image`.

    Returns: the graph; `graph.report` says what was read, guessed and left out.

    Raises: GraphError, with one sentence that says what is wrong, where, and what to do.

    Example:
        >>> load("films.csv"); load("people.csv", edges="knows.csv", id="person_id"); load("wiki.ttl.gz", language="de")
    """
    path = Path(source)
    checked = LoadOptions.of(str(source), options)
    if format is not None and ALIASES.get(format, format) not in READERS:
        raise GraphReadError(
            source if isinstance(source, str) else path,
            f"there is no format {format!r}",
            mend=f"formats are {', '.join(READERS)}",
        )
    if not _exists(path):
        if str(source) in samples.names():
            return samples.load(str(source))
        known = ", ".join(samples.names())
        raise UnknownSampleError(
            f"{source}: there is no such file or folder, and no sample of that name; samples are {known}."
        )
    try:
        if workspace is not None and _WHOLE * size_of(path) > workspace.memory:
            return _read_in_blocks(path, checked, format, workspace, progress)
        if path.is_dir():
            return folder.read(path, checked, lambda file, given: _read_file(file, given, format))
        return _read_file(path, checked, format)
    except GraphError:
        raise
    except _UNFORESEEN as error:
        what = " ".join(str(error).split())[:150].rstrip(".")
        raise GraphReadError(path, f"it cannot be read as a graph ({type(error).__name__}: {what})") from error


def _read_in_blocks(
    path: Path, options: LoadOptions, format: str | None, workspace: Workspace, progress: Progress | None
) -> TextualGraph:
    if path.is_dir():
        found = "folder"
    else:
        found = ALIASES.get(format, format) if format is not None else sniff(path, options.encoding)[0]
    if found not in ("table", "triples") or options.nodes is not None or options.edges is not None:
        what = "two tables" if found == "table" else f"a source of the form {found}"
        raise GraphReadError(
            path, f"{what} cannot be read block by block, only one table of triples or edges can",
            mend="name such a table (CSV, TSV, Parquet), or allow more memory",
        )  # fmt: skip
    columns_of = tables.triple_columns if found == "triples" else edge_columns
    return read_edges_streamed(path, options, workspace, progress, columns_of)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return False


def _read_file(path: Path, options: LoadOptions, format: str | None) -> TextualGraph:
    if format is None and options.edges is None and options.nodes is None and (pair := folder.partner(path)):
        return tables.read_nodes_and_edges(*pair, options)
    found, note = (ALIASES.get(format, format), "") if format is not None else sniff(path, options.encoding)
    if (options.edges is not None or options.nodes is not None) and found != "table":
        raise GraphReadError(path, f"nodes= and edges= go with tables, and this is {found}")
    if options.image is not None and found != "scene-graph":
        raise GraphReadError(path, f"image= goes with scene graphs, and this is {found}")
    graph = READERS[found](path, options)
    if not note:
        return graph
    return replace(graph, report=replace(graph.report, notes=(note, *graph.report.notes)))
