"""A table with one entity a row and its properties in columns (films.csv: title, director, year) to a TextualGraph.

The rule
- A row is a node. Its name is the column name, label or title, else the first that ends so, else the first with words
  in it that tell rows apart. Its id is the id column if its values are distinct, else its name; equal names in two rows
  stay two nodes, `EDUARDO` and `EDUARDO (2)`. A row that only a number tells from others is called after the column
  or the file: `order 1003`.
- Every other column is a relation: an edge called like the column from the row to each of the cell's values. A cell
  holds several values if they are separated by `;` or `|`. Equal texts are one node, across columns too: a director
  who also writes is one person. A value that is the name of a row, or the id of one in a column named `... id`, is
  that row.
- Numbers and dates are nodes of their column: the year 2002 and 2002 copies are not the same thing.
- What is a property rather than a thing stays in the row's text as a field: texts longer than 80 characters, links,
  yes/no columns, and numbers that are nearly all different (years and dates excepted).
- Columns of hashes and empty columns are left out; the report says so.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from graph_data.errors import EmptyGraphError
from graph_data.readers.assemble import Findings, assemble, encode
from graph_data.readers.attributes import DESCRIPTION_KEYS, LONG, is_number, is_opaque, key_of, value_text
from graph_data.readers.columns import id_column, is_year_or_date, name_column, words_of
from graph_data.readers.edge_tables import take_over
from graph_data.readers.options import LoadOptions
from graph_data.readers.table import Table
from graph_data.text import describe
from graph_data.textual_graph import TextualGraph

_VALUES = re.compile(r"\s*[;|]\s*")
_LINK = re.compile(r"(?:https?|ftp)://\S+|www\.\S+", re.I)
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[T ].*)?")
_YES_NO = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"0", "1"}, {"ja", "nein"})
_NEARLY_ALL = 0.5  # share of distinct values from which numbers are measurements
_TELLING = 0.5  # share of distinct words from which they are the rows' names; beside distinct ids
_TELLING_BESIDE_IDS = 0.9
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"[^\W\d_]{0,6}[-_./#]?\d[\w./#-]*")
_ID_ENDING = re.compile(r"(?<=[a-z])ids?$|(?:^|[ _.-])(?:id|no|nr|num|number|key|ref|#)$", re.I)
_PLURALS = ((r"ies$", "y"), (r"(s|x|ch|sh)es$", r"\1"), (r"(?<=[^s])s$", ""))

Column = list[str | None]


@dataclass
class _Graph:
    """The graph while it grows: rows first, then values."""

    ids: list[str]
    names: list[str]
    fields: list[dict[str, str]]
    position: dict[str, int] = field(default_factory=dict)  # a value's key -> its node
    edges: list[tuple[int, str, int]] = field(default_factory=list)

    def value(self, key: str, name: str) -> int:
        """The node of a value, made at its first use."""
        if key not in self.position:
            self.position[key] = len(self.ids)
            self.ids.append(key)
            self.names.append(name)
        return self.position[key]


def read_entities(table: Table, options: LoadOptions, findings: Findings) -> TextualGraph:
    """The graph of an entity table."""
    if not table.num_rows:
        raise EmptyGraphError(f"{table.where}: the table has a header and no rows; nothing to ask.")
    take_over(table, findings)
    columns: list[Column] = [column.to_pylist() for column in table.columns]
    id_at, name_at = _row_columns(table, columns, options)
    names = _row_names(table, columns, id_at, name_at)
    graph = _Graph(_row_ids(columns, id_at, names, findings), list(names), [{} for _ in names])
    _shorten_names(graph, "text" if name_at is None else table.names[name_at])
    columns_by: dict[str, list[str]] = {"relation": [], "field": [], "nothing": []}
    for i, cells in enumerate(columns):
        if i in (id_at, name_at):
            continue
        column: Column = [value_text(cell) or None for cell in cells]
        kind = _kind(table.names[i], column)
        columns_by[kind].append(table.names[i])
        if kind == "relation":
            _relate(graph, table.names[i], column, columns[id_at] if id_at is not None else None)
        elif kind == "field":
            _describe(graph, table.names[i], column)
    naming = next((at for at in (name_at, id_at) if at is not None), None)
    named = f"row = node, named by {table.names[naming]}" if naming is not None else "row = node"
    used, in_text = (", ".join(columns_by[kind]) or "none" for kind in ("relation", "field"))
    findings.note(f"{named}; relations: {used}; in the node's text: {in_text}")
    if columns_by["nothing"]:
        findings.note(f"columns left out: {', '.join(columns_by['nothing'])}")
    return _finish(graph, findings)


def _finish(graph: _Graph, findings: Findings) -> TextualGraph:
    rows = len(graph.fields)
    texts = [describe(name, graph.fields[i]) if i < rows else describe(name) for i, name in enumerate(graph.names)]
    ends = np.array([[s for s, _, _ in graph.edges], [t for _, _, t in graph.edges]], dtype=np.int64).reshape(2, -1)
    codes, relations = encode([relation for _, relation, _ in graph.edges])
    return assemble(pa.array(graph.ids, pa.string()), pa.array(texts, pa.string()), ends, codes, relations, findings)


def _row_columns(table: Table, columns: list[Column], options: LoadOptions) -> tuple[int | None, int | None]:
    """The id column (None if its values are not distinct) and the name column."""
    id_at = id_column(table.names) if options.id is None else table.position(options.id, "rows' id")
    if options.id is None and id_at is not None and not _all_distinct(columns[id_at]):
        id_at = None
    if options.name is not None:
        return id_at, table.position(options.name, "rows' name")
    name_at = name_column(table.names, exclude=id_at)
    if name_at is None:
        share = _TELLING if id_at is None else _TELLING_BESIDE_IDS
        telling = [i for i, column in enumerate(columns) if i != id_at and _tells_rows(column, share)]
        codes = [i for i in telling if _holds_codes(columns[i])]  # words go before codes if they tell nearly all rows
        words = [i for i in telling if i not in codes and (not codes or _tells_rows(columns[i], _TELLING_BESIDE_IDS))]
        name_at = next(iter([*words, *codes]), None)
    if id_at is None and name_at is None and _numbers_rows(table.names[0], columns[0]):
        id_at = 0
    return id_at, name_at


def _all_distinct(column: Column) -> bool:
    return None not in column and "" not in column and len(set(column)) == len(column)


def _tells_rows(column: Column, share: float) -> bool:
    """Whether a column of words, not numbers, dates or scores, has so large a share of distinct values."""
    values = [value for value in column if value]
    return (
        bool(values)
        and len(set(values)) > share * len(values)
        and all(_LETTER.search(v) and not is_number(v) and not is_opaque(v) for v in values[:50])
    )


def _holds_codes(column: Column) -> bool:
    """Whether the values are codes, such as A-101 or LH400."""
    values = [value for value in column if value]
    return all(_CODE.fullmatch(value) for value in values[:50])


def _numbers_rows(name: str, column: Column) -> bool:
    """Whether a column numbers the rows, whatever it is called."""
    return _all_distinct(column) and all((v or "").isdigit() for v in column) and not is_year_or_date(name)


def _row_names(table: Table, columns: list[Column], id_at: int | None, name_at: int | None) -> list[str]:
    rows = range(1, table.num_rows + 1)
    noun = _noun_of_rows(table, id_at)
    ids = [f"row {row}" for row in rows] if id_at is None else [_called(noun, value) for value in columns[id_at]]
    names = ids if name_at is None else columns[name_at]
    return [name or own or f"row {row}" for row, name, own in zip(rows, names, ids, strict=True)]


def _called(noun: str, value: str | None) -> str | None:
    return f"{noun} {value}" if value and value.isdigit() else value


def _noun_of_rows(table: Table, id_at: int | None) -> str:
    """What a row is: order, by its column order_id, or by its file orders.csv."""
    column = table.names[id_at] if id_at is not None else ""
    words = words_of(_ID_ENDING.sub("", column))
    if not words or " ".join(words) in ("row", "uu", "u"):
        stem = re.split(r"[\\/]", table.where)[-1].partition(".")[0]
        words = words_of(stem) if stem.endswith("s") and stem.isalpha() else []
        words[-1:] = [_singular(words[-1])] if words else []
    return " ".join(words) or "row"


def _singular(plural: str) -> str:
    for ending, singular in _PLURALS:
        if re.search(ending, plural):
            return re.sub(ending, singular, plural)
    return plural


def _row_ids(columns: list[Column], id_at: int | None, names: list[str], findings: Findings) -> list[str]:
    wanted = [value or name for value, name in zip(columns[id_at], names, strict=True)] if id_at is not None else names
    seen: Counter[str] = Counter()
    taken = set(wanted)
    ids = []
    for value in wanted:
        seen[value] += 1
        candidate, copy = value, seen[value]
        while seen[value] > 1 and candidate in taken:
            candidate, copy = f"{value} ({copy})", copy + 1
        taken.add(candidate)
        ids.append(candidate)
    if repeated := sum(count - 1 for count in seen.values()):
        findings.note(f"rows with the name of an earlier row, kept as nodes of their own: {repeated:,}")
    return ids


def _shorten_names(graph: _Graph, column: str) -> None:
    """A text in place of a name: its beginning is the name, the whole a field."""
    for row, name in enumerate(graph.names):
        if len(name) > 2 * LONG:
            graph.names[row] = name[:LONG].rsplit(" ", 1)[0] + " ..."
            graph.fields[row][column] = name


def _kind(name: str, column: Column) -> str:
    """What a column becomes: "relation", "field" or "nothing"."""
    values = [value for value in column if value]
    distinct = set(values)
    if not values or all(is_opaque(part) for value in values[:200] for part in _VALUES.split(value)):
        return "nothing"
    if (
        key_of(name) in DESCRIPTION_KEYS
        or {value.lower() for value in distinct} in _YES_NO
        or distinct <= {"true", "false"}
    ):
        return "field"
    if sum(len(part) > LONG for value in values for part in _VALUES.split(value)) * 3 > len(values):
        return "field"
    if sum(_LINK.fullmatch(value) is not None for value in values) > 0.9 * len(values):
        return "field"
    if all(map(is_number, values)) and not is_year_or_date(name) and len(distinct) > _NEARLY_ALL * len(values):
        return "field"
    return "relation"


def _relate(graph: _Graph, relation: str, column: Column, ids: Column | None) -> None:
    """Edges from every row to the values of its cell."""
    rows = len(graph.fields)
    is_key = ids is not None and words_of(relation)[-1:] in (["id"], ["ids"])
    by_id = {value: row for row, value in enumerate(ids or []) if value} if is_key else {}
    once = Counter(graph.names[:rows])
    by_name = {name: row for row, name in enumerate(graph.names[:rows]) if once[name] == 1}
    taken = set(graph.ids[:rows])
    label = re.sub(r"[ _]?ids?$", "", relation, flags=re.I) or relation if by_id else relation
    for row, content in enumerate(column):
        for value in dict.fromkeys(_VALUES.split(content)) if content else ():
            if not value:
                continue
            if len(value) > LONG:
                known = graph.fields[row].get(relation)
                graph.fields[row][relation] = f"{known}, {value}" if known else value
                continue
            if value == graph.names[row]:
                continue
            target = by_id.get(value, by_name.get(value))
            if target is None:
                own = is_number(value) or _DATE.fullmatch(value) is not None or value in taken
                target = graph.value(f"{relation}: {value}" if own else value, value)
            graph.edges.append((row, label, target))


def _describe(graph: _Graph, name: str, column: Column) -> None:
    for row, value in enumerate(column):
        if value and value != graph.names[row]:
            graph.fields[row][name] = {"TRUE": "yes", "FALSE": "no", "true": "yes", "false": "no"}.get(value, value)
