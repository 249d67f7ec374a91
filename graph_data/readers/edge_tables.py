"""Tables of edges, alone or beside a table of nodes, to a TextualGraph. Column by column: no loop over rows of edges.

Rules
- The columns of an edge's ends and relation are those named by option, else found by name (see `columns`), else by
  position: head, relation, tail; or source, target, weight if the third column holds only numbers; or relation, head,
  tail if only so the two ends share values. What was taken is noted in the report.
- Equal values of the end columns are one node. With a nodes table the values are its ids (or its names, if these fit
  better); ids that it does not list become nodes under their id.
- Edge texts follow `attributes`: the relation, with a description or role as a field; other columns are left out and
  noted. Without a relation: the description; without both `connected to` with the other columns as fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graph_data.errors import EmptyGraphError, GraphReadError
from graph_data.readers.assemble import Codes, Findings, assemble
from graph_data.readers.attributes import DESCRIPTION_KEYS, ROLE_KEYS, is_number, is_opaque, key_of
from graph_data.readers.columns import end_columns, relation_column
from graph_data.readers.node_tables import read_nodes
from graph_data.readers.options import DEFAULT_RELATION, LoadOptions
from graph_data.readers.table import Table
from graph_data.textual_graph import TextualGraph

_BOOKKEEPING = ("id", "key", "edgeid", "humanreadableid", "textunitids", "combineddegree", "timeset")
_MANY = 1000  # distinct numbers from which an edge column says nothing that a question could ask for


@dataclass(frozen=True)
class EdgeColumns:
    """Positions of an edge table's columns."""

    head: int
    tail: int
    relation: int | None = None


def edge_columns(table: Table, options: LoadOptions) -> EdgeColumns | None:
    """The columns of the ends and the relation; None if this is no table of edges."""
    if options.head is not None or options.tail is not None:
        if options.head is None or options.tail is None:
            raise GraphReadError(
                table.where, "of the two ends of an edge only one was named", mend="pass head=... and tail=..."
            )
        head, tail = table.position(options.head, "edges' source"), table.position(options.tail, "edges' target")
        return EdgeColumns(head, tail, _named_relation(table, options, (head, tail)))
    if table.has_header:
        ends = end_columns(table.names)
        return EdgeColumns(*ends, _named_relation(table, options, ends)) if ends else None
    columns = _by_position(table)
    if options.relation is not None and columns is not None:
        return EdgeColumns(columns.head, columns.tail, table.position(options.relation, "relation"))
    return columns


def _named_relation(table: Table, options: LoadOptions, ends: tuple[int, int]) -> int | None:
    if options.relation is not None:
        return table.position(options.relation, "relation")
    found = relation_column(table.names, ends)
    if found is not None:
        values = {str(value).lower() for value in table.columns[found].unique().drop_null().slice(0, 50).to_pylist()}
        if not values or values <= {"directed", "undirected", "mutual"} or all(map(is_number, values)):
            return None
    return found


def _by_position(table: Table) -> EdgeColumns | None:
    """Columns of a table without a header."""
    if len(table.columns) == 2:
        return EdgeColumns(0, 1)
    sample = [column.slice(0, 5000).drop_null() for column in table.columns[:3]]
    first, second, third = (set(column.to_pylist()) for column in sample)
    numeric = all(map(is_number, third)) and bool(third)
    if numeric and (all(map(is_number, first | second)) or len(first & second) > 0.1 * len(second)):
        return EdgeColumns(0, 1)
    if len(second & third) > 0.5 * min(len(second), len(third)) and not first & third:
        return EdgeColumns(1, 2, 0)
    repeats = len(second) <= max(0.6 * len(sample[1]), 1) or len(sample[1]) < 20
    return EdgeColumns(0, 2, 1) if len(table.columns) == 3 or repeats else None


def read_edges(
    edges: Table,
    columns: EdgeColumns,
    findings: Findings,
    nodes: Table | None = None,
    options: LoadOptions | None = None,
) -> TextualGraph:
    """The graph of an edge table, with the nodes table where there is one."""
    take_over(edges, findings)
    findings.note(columns_used(edges, columns))
    edges = complete_rows(edges, columns, findings)
    if not edges.num_rows and findings.dropped_total:
        raise EmptyGraphError(f"{edges.where}: no row has both ends of an edge; check the columns, or name them.")
    heads, tails = edges.columns[columns.head], edges.columns[columns.tail]
    codes, relations = _encoded(EdgeText.of(edges, columns, findings).written(edges, findings))
    if nodes is None:
        ids, edge_index = _nodes_of_edges(heads, tails)
        return assemble(ids, ids, edge_index, codes, relations, findings)
    take_over(nodes, findings)
    node_ids, node_names, node_texts = read_nodes(nodes, options or LoadOptions(), findings)
    value_set = _matching(node_ids, node_names, pa.concat_arrays([heads, tails]), findings)
    found = [pc.index_in(ends, value_set=value_set) for ends in (heads, tails)]
    node_ids, node_texts, edge_index = _with_unlisted(node_ids, node_texts, (heads, tails), found, edges, findings)
    return assemble(node_ids, node_texts, edge_index, codes, relations, findings)


def take_over(table: Table, findings: Findings) -> None:
    """The table's own notes and dropped rows into the report."""
    for note in table.notes:
        findings.note(note)
    for line, why in table.dropped:
        findings.drop(line, why)
    findings.dropped_total += table.dropped_total - len(table.dropped)


def columns_used(table: Table, columns: EdgeColumns) -> str:
    relation = "none" if columns.relation is None else table.names[columns.relation]
    header = "" if table.has_header else " (no header)"
    return (
        f"columns used{header}: head={table.names[columns.head]}, relation={relation}, tail={table.names[columns.tail]}"
    )


def complete_rows(edges: Table, columns: EdgeColumns, findings: Findings) -> Table:
    """Without the rows that lack an end."""
    heads, tails = edges.columns[columns.head], edges.columns[columns.tail]
    if not heads.null_count and not tails.null_count:
        return edges
    complete = pc.and_(heads.is_valid(), tails.is_valid())
    for row in np.flatnonzero(~np.asarray(complete)):
        column = columns.tail if heads[int(row)].is_valid else columns.head
        findings.drop(edges.line_of(int(row)), f"{edges.names[column]} is empty")
    kept = np.flatnonzero(np.asarray(complete))
    return Table(
        edges.where, edges.names, tuple(column.filter(complete) for column in edges.columns), edges.has_header,
        lambda row: edges.line_of(int(kept[row])),
    )  # fmt: skip


def _nodes_of_edges(heads: pa.Array, tails: pa.Array) -> tuple[pa.Array, Codes]:
    """Distinct ends in order of first appearance, and the edges as positions [2, E]."""
    encoded = pa.concat_arrays([heads, tails]).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64).reshape(2, -1)
    interleaved = codes.T.ravel()
    first = np.zeros(len(encoded.dictionary), dtype=np.int64)
    first[interleaved[::-1]] = np.arange(
        len(interleaved) - 1, -1, -1
    )  # of several writes the last one stays: the first edge
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return encoded.dictionary.take(pa.array(order)), rank[codes]


@dataclass
class EdgeText:
    """How an edge's text is made of its row.

    Attributes:
        base: the column that says what the edge is; None if there is none.
        fields: columns written behind it.
        unlabelled: rows so far that said nothing.
    """

    base: int | None
    fields: Sequence[int]
    unlabelled: int = 0

    @staticmethod
    def of(edges: Table, columns: EdgeColumns, findings: Findings) -> EdgeText:
        """Choose the columns by the rows of a table; what is left out is noted."""
        others = {
            key_of(name): i for i, name in reversed(list(enumerate(edges.names))) if i not in (columns.head,
            columns.tail, columns.relation)
        }  # fmt: skip
        base = columns.relation
        if (
            base is None
            and (base := next((others[key] for key in DESCRIPTION_KEYS if key in others), None)) is not None
        ):
            findings.note(f"edge text taken from the column {edges.names[base]!r}")
            others = {key: i for key, i in others.items() if i != base}
        if base is not None:
            fields = [others[key] for key in (*ROLE_KEYS, *DESCRIPTION_KEYS) if key in others]
        else:
            fields = [i for key, i in reversed(others.items()) if _tells(key, edges.columns[i])]
        if left_out := [edges.names[i] for i in sorted(others.values()) if i not in fields]:
            findings.note(f"edge columns left out: {', '.join(left_out)}")
        return EdgeText(base, fields)

    def texts(self, edges: Table) -> pa.StringArray:
        """The texts of these rows."""
        if self.base is not None:
            base = edges.columns[self.base]
            self.unlabelled += base.null_count
            base = base.fill_null(DEFAULT_RELATION)
        else:
            self.unlabelled += edges.num_rows
            base = pa.repeat(pa.scalar(DEFAULT_RELATION), edges.num_rows)
        parts = [pc.binary_join_element_wise(f"; {edges.names[i]}: ", edges.columns[i], "") for i in self.fields]
        texts = pc.binary_join_element_wise(base, *parts, "", null_handling="skip") if parts else base
        return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts

    def note(self, findings: Findings) -> None:
        """Say how many rows said nothing."""
        if self.unlabelled:
            findings.note(f"{self.unlabelled:,} edges name no relation: written as {DEFAULT_RELATION!r}")

    def written(self, edges: Table, findings: Findings) -> pa.StringArray:
        """The texts of all rows, noted."""
        texts = self.texts(edges)
        self.note(findings)
        return texts


def _encoded(texts: pa.StringArray) -> tuple[Codes, pa.StringArray]:
    encoded = texts.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary


def _tells(key: str, column: pa.Array) -> bool:
    """Whether a column of an edge without a relation is worth writing."""
    distinct = column.drop_null().unique()
    if key in _BOOKKEEPING or len(distinct) < 2:
        return False
    sample = distinct.slice(0, 100).to_pylist()
    return not (len(distinct) > _MANY and all(map(is_number, sample))) and not all(map(is_opaque, sample))


def _matching(ids: pa.Array, names: pa.Array, ends: pa.Array, findings: Findings) -> pa.Array:
    """What the edges' ends name: the nodes' ids, or their names if far more of them are names."""
    distinct = ends.unique()
    by_id, by_name = (int(pc.sum(pc.is_in(distinct, value_set=values)).as_py() or 0) for values in (ids, names))
    if by_name > by_id and 2 * by_id < len(distinct):
        findings.note("edges name nodes by name, not by id")
        return names
    return ids


def _with_unlisted(
    ids: pa.Array,
    texts: pa.Array,
    ends: tuple[pa.Array, pa.Array],
    found: list[pa.Array],
    edges: Table,
    findings: Findings,
) -> tuple[pa.Array, pa.Array, Codes]:
    """Ends that the nodes table does not list become nodes under their id."""
    missing = [column.filter(positions.is_null()) for column, positions in zip(ends, found, strict=True)]
    new = pa.concat_arrays(missing).unique()
    if len(new):
        rows = sorted(int(row) for positions in found for row in np.flatnonzero(np.asarray(positions.is_null()))[:3])[
            :3
        ]
        lines = ", ".join(str(edges.line_of(row)) for row in rows)
        findings.note(
            f"{len(new):,} nodes named by edges are not in the nodes table and were added under their ids "
            f"({edges.where}, first at line {lines})"
        )
        clash = pc.is_in(new, value_set=ids)  # only if edges go by name: an id may be taken
        new_ids = pc.if_else(clash, pc.binary_join_element_wise(new, "(named by an edge)", " "), new)
        ids, texts = pa.concat_arrays([ids, new_ids]), pa.concat_arrays([texts, new])
    index: npt.NDArray[np.int64] = np.empty((2, len(ends[0])), dtype=np.int64)
    for row, (column, positions) in enumerate(zip(ends, found, strict=True)):
        extra = pc.add(pc.index_in(column, value_set=new), len(ids) - len(new))
        index[row] = pc.coalesce(positions, extra).to_numpy(zero_copy_only=False)
    return ids, texts, index
