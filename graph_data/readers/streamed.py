"""Tables of edges that do not fit in memory, to a TextualGraph whose columns lie on disk: the graph as if read whole.

One pass over the file numbers its names and edge texts (`external.Numbering`); a second, over the numbers alone, finds
edges that stand twice. Which columns are which is told by the first block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graph_data.errors import EmptyGraphError, GraphReadError
from graph_data.external import Array, Numbering, SortedRows, Workspace, blocks
from graph_data.readers.assemble import Findings
from graph_data.readers.delimited import table_blocks
from graph_data.readers.edge_tables import (
    EdgeColumns,
    EdgeText,
    columns_used,
    complete_rows,
    edge_columns,
    take_over,
)
from graph_data.readers.files import read_head
from graph_data.readers.options import LoadOptions
from graph_data.readers.table import Table, from_arrow
from graph_data.readers.tables import format_of, kind_of
from graph_data.textual_graph import TextualGraph

Progress = Callable[[int, int], None]
_ROWS = 262_144  # of a Parquet file, at a time
_SHARE = 64  # of the memory, for a block of text: as Python sees it, it takes many times as much
_BLOCKS = (1 << 16, 1 << 23)  # bytes, least and most


def read_edges_streamed(
    path: Path,
    options: LoadOptions,
    workspace: Workspace,
    progress: Progress | None = None,
    columns_of: Callable[[Table, LoadOptions], EdgeColumns | None] = edge_columns,
) -> TextualGraph:
    """Read a table of triples or edges: delimited text (gzip too) or Parquet.

    Args:
        columns_of: finds the columns of the ends and the relation in the first block.
        progress: called with (rows done, rows in all, as far as can be told).

    Raises: GraphReadError if it is no table of edges, or its later rows are not as its first.
    """
    names, texts = Numbering(workspace), Numbering(workspace)
    findings = Findings(str(path), "")
    columns: EdgeColumns | None = None
    edge_text: EdgeText | None = None
    read = 0
    for block, share in _blocks(path, options, workspace):
        columns = columns or columns_of(block, options)
        if columns is None:
            raise GraphReadError(
                path, "a bound of memory is for tables of triples or edges, and this seems to have one thing a row",
                mend="name the columns with --read head=... --read tail=..., or leave the bound out",
            )  # fmt: skip
        take_over(block, findings)
        if edge_text is None:
            findings.note(columns_used(block, columns))
            edge_text = EdgeText.of(block, columns, findings)
        read += block.num_rows
        if 2 * findings.dropped_total > read + findings.dropped_total:
            raise GraphReadError(path, "most rows do not have both ends of an edge and as many columns as the first")
        block = complete_rows(block, columns, findings)
        if block.num_rows:
            ends = pa.concat_arrays([block.columns[columns.head], block.columns[columns.tail]])
            by_edge = np.arange(len(ends)).reshape(2, -1).T.ravel()
            names.add(ends.take(pa.array(by_edge)))
            texts.add(edge_text.texts(block))
        if progress:
            progress(read, round(read / max(share, 1e-9)))
    if columns is None or edge_text is None or not read:
        raise EmptyGraphError(f"{path}: the table was read, but holds no edge; nothing to ask.")
    edge_text.note(findings)
    findings.format = format_of(columns, kind_of(path))
    ends, node_ids = names.finish()
    relation, relations = texts.finish()
    edge_index, edge_relation = _without_repeats(ends, relation, workspace)
    touched = workspace.array(len(node_ids), bool)
    for part in blocks(edge_index.shape[1]):
        touched[edge_index[:, part].ravel()] = True
    counts = len(node_ids), edge_index.shape[1], len(relations)
    isolated = len(node_ids) - int(np.count_nonzero(touched))
    report = findings.report(*counts, len(relation) - edge_index.shape[1], isolated)
    return TextualGraph(node_ids, node_ids, edge_index, edge_relation, relations, report)


def _blocks(path: Path, options: LoadOptions, workspace: Workspace) -> Iterator[tuple[Table, float]]:
    """The table block by block, each with the share of the file that has been read."""
    if read_head(path, 4) != b"PAR1":
        yield from table_blocks(path, options, min(max(workspace.memory // _SHARE, _BLOCKS[0]), _BLOCKS[1]))
        return
    try:
        with pq.ParquetFile(path) as file:
            read = 0
            for batch in file.iter_batches(_ROWS):
                read += batch.num_rows
                yield from_arrow(str(path), pa.Table.from_batches([batch])), read / file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise GraphReadError(path, f"the Parquet file is damaged ({error})", mend="write it again") from error


def _without_repeats(ends: Array, relation: Array, workspace: Workspace) -> tuple[Array, Array]:
    """Edge index [2, E] and relation [E] of the edges, each kept once; `ends` are source, target, source, ..."""
    count = len(relation)
    rows = SortedRows(workspace, np.uint64, np.int32, np.int64)
    for part in blocks(count):
        pair = ends[2 * part.start : 2 * part.stop].astype(np.uint64).reshape(-1, 2)
        rows.add((pair[:, 0] << np.uint64(32)) | pair[:, 1], relation[part], np.arange(part.start, part.stop))
    repeated, repeats = workspace.array(count, bool), 0
    for pairs, kinds, edges in rows.parts():
        order = np.lexsort((edges, kinds, pairs))
        pairs, kinds, edges = pairs[order], kinds[order], edges[order]
        again = edges[1:][(pairs[1:] == pairs[:-1]) & (kinds[1:] == kinds[:-1])]
        repeated[again] = True
        repeats += len(again)
    edge_index = workspace.array((2, count - repeats), np.int64)
    edge_relation = workspace.array(count - repeats, np.int32)
    at = 0
    for part in blocks(count):
        kept = part.start + np.flatnonzero(~repeated[part])
        span = slice(at, at + len(kept))
        edge_index[0, span], edge_index[1, span] = ends[2 * kept], ends[2 * kept + 1]
        edge_relation[span] = relation[kept]
        at += len(kept)
    return edge_index, edge_relation
