"""A table of nodes: its ids, names and texts.

The id is the column id, key, uuid or one that ends so; the name is name, label, title or one that ends so, else the
id. The other columns are fields, types first and descriptions last. Without a header the id is the first column and
the name the first after it that is mostly distinct; a column of few values is `type`, a last one of long values
`description`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import DESCRIPTION_KEYS, TYPE_KEYS, is_opaque, key_of
from graph_data.readers.columns import id_column, name_column
from graph_data.readers.options import LoadOptions
from graph_data.readers.table import LIST_SEPARATOR, Table
from graph_data.text import describe


def read_nodes(nodes: Table, options: LoadOptions, findings: Findings) -> tuple[pa.Array, pa.Array, pa.Array]:
    """A nodes table as ids, names and texts; rows without an id, or with one that is taken, are dropped."""
    id_at, name_at = node_columns(nodes, options)
    what = f"node columns used: id={nodes.names[id_at]}, name={nodes.names[name_at]}"
    findings.note(what if nodes.has_header else f"{what} (no header)")
    ids = nodes.columns[id_at]
    encoded = ids.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    codes = np.nan_to_num(encoded, nan=-1).astype(np.int64)
    first = np.zeros(len(codes), dtype=bool)
    first[np.unique(codes, return_index=True)[1]] = True
    keep = first & (codes >= 0)
    for row in np.flatnonzero(~keep):
        findings.drop(
            nodes.line_of(int(row)), "no id" if codes[row] < 0 else f"node id {ids[int(row)].as_py()!r} again"
        )
    mask = pa.array(keep)
    names = pc.coalesce(nodes.columns[name_at], ids).filter(mask)
    fields = {
        _field_name(nodes, i): column.filter(mask).to_pylist()
        for i, column in sorted(enumerate(nodes.columns), key=lambda item: _field_rank(nodes, item[0]))
        if i not in (id_at, name_at) and _is_field(nodes, i, findings)
    }
    return ids.filter(mask), names, pa.array(_node_texts(names.to_pylist(), fields), pa.string())


def node_columns(nodes: Table, options: LoadOptions) -> tuple[int, int]:
    """The columns of id and name; one column can be both."""
    id_at = None if options.id is None else nodes.position(options.id, "nodes' id")
    name_at = None if options.name is None else nodes.position(options.name, "nodes' name")
    if nodes.has_header:
        id_at = id_column(nodes.names) if id_at is None else id_at
        name_at = name_column(nodes.names, exclude=id_at) if name_at is None else name_at
        if id_at is None:
            id_at = name_at if name_at is not None else 0
        return id_at, id_at if name_at is None else name_at
    id_at = 0 if id_at is None else id_at
    return id_at, _unnamed_name(nodes, id_at) if name_at is None else name_at


def _unnamed_name(nodes: Table, id_at: int) -> int:
    """Without a header: the first column after the id that is mostly distinct and short, else the id."""
    for i, column in enumerate(nodes.columns):
        values = column.slice(0, 5000).drop_null()
        if i != id_at and len(values) and len(values.unique()) > 0.3 * len(values):
            return i
    return id_at


def _field_name(nodes: Table, i: int) -> str:
    """A column's name; without a header `type` for few values, `description` for long ones, else its position."""
    if nodes.has_header:
        return nodes.names[i]
    values = nodes.columns[i].slice(0, 5000).drop_null()
    lengths = pc.mean(pc.utf8_length(values)).as_py() or 0 if len(values) else 0
    if len(values) and len(values.unique()) <= max(0.02 * len(values), 2) and "type" not in nodes.names:
        earlier = [j for j in range(1, i) if len(nodes.columns[j].unique()) <= max(0.02 * len(values), 2)]
        return "category" if earlier else "type"
    return "description" if lengths > 12 and i == len(nodes.columns) - 1 else nodes.names[i]


def _field_rank(nodes: Table, i: int) -> int:
    key = key_of(_field_name(nodes, i))
    return 0 if key in TYPE_KEYS else 2 if key in DESCRIPTION_KEYS else 1


def _is_field(nodes: Table, i: int, findings: Findings) -> bool:
    values = nodes.columns[i].slice(0, 200).drop_null().to_pylist()
    hashes = bool(values) and all(is_opaque(part) for value in values for part in value.split(LIST_SEPARATOR))
    if hashes or key_of(nodes.names[i]) in ("textunitids", "humanreadableid"):
        findings.note(f"node column left out: {nodes.names[i]} (opaque ids)")
        return False
    return bool(values)


def _node_texts(names: list[str], fields: dict[str, list[str | None]]) -> list[str]:
    if not fields:
        return [describe(name) for name in names]
    keys = list(fields)
    texts = []
    for name, *values in zip(names, *fields.values(), strict=True):
        present = {k: v.replace(LIST_SEPARATOR, ", ") for k, v in zip(keys, values, strict=True) if v and v != name}
        texts.append(describe(name, present))
    return texts
