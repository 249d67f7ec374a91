"""Table: named columns of strings. What delimited text, Parquet, JSON lines and data frames have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from graph_data.errors import GraphReadError
from graph_data.readers.attributes import value_text

LIST_SEPARATOR = " | "  # between the items of a list in one cell


@dataclass(frozen=True)
class Table:
    """Columns of strings of one length; an empty cell is null.

    Attributes:
        where: the file, for messages.
        names: distinct column names; "column 1", ... where the source has none.
        columns: one string array a name.
        has_header: the source named the columns.
        line_of: the 1-based line in the source of a row (from 0).
        dropped: (line, why) of rows already left out; the list may be shorter than `dropped_total`.
        notes: what was guessed.
    """

    where: str
    names: tuple[str, ...]
    columns: tuple[pa.StringArray, ...]
    has_header: bool = True
    line_of: Callable[[int], int] = field(default=lambda row: row + 1)
    dropped: tuple[tuple[int, str], ...] = ()
    dropped_total: int = 0
    notes: tuple[str, ...] = ()

    @property
    def num_rows(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def position(self, wanted: str | int, what: str) -> int:
        """Where the column of that name (any case) or position is; `what` says in an error what it is for."""
        if isinstance(wanted, int):
            if 0 <= wanted < len(self.names):
                return wanted
        elif wanted in self.names:
            return self.names.index(wanted)
        elif matches := [i for i, name in enumerate(self.names) if name.lower() == wanted.lower()]:
            return matches[0]
        raise GraphReadError(
            self.where, f"there is no column {wanted!r} for the {what}", mend=f"the columns are {', '.join(self.names)}"
        )


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Column names made distinct and non-empty: `a, a, ""` is `a, a (2), column 3`."""
    found: list[str] = []
    for position, name in enumerate(names, 1):
        name, copy = " ".join(name.split()) or f"column {position}", 2
        candidate = name
        while candidate in found:
            candidate, copy = f"{name} ({copy})", copy + 1
        found.append(candidate)
    return tuple(found)


def clean(column: pa.Array) -> pa.StringArray:
    """A column's white space folded and its empty cells null; works on distinct values, so that repeats cost
    nothing."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    encoded = column.cast(pa.string()).dictionary_encode()
    values = encoded.dictionary
    folded = pc.utf8_trim_whitespace(pc.replace_substring_regex(values, r"\s{2,}|[\t\r\n\v\f]", " "))
    folded = pc.if_else(pc.equal(folded, ""), pa.scalar(None, pa.string()), folded)
    if folded.null_count == 0 and folded.equals(values):
        return column.cast(pa.string())
    return folded.take(encoded.indices)


def from_records(where: str, records: Sequence[Mapping[str, object]], lines: Sequence[int] | None = None) -> Table:
    """A table of dictionaries: one column a key, in order of first appearance; lists become cells of several values."""
    names = tuple(dict.fromkeys(str(key) for record in records for key in record))
    columns = [[cell(record.get(name)) for record in records] for name in names]
    arrays = tuple(clean(pa.array(column, pa.string())) for column in columns)
    line_of = (lambda row: lines[row]) if lines is not None else (lambda row: row + 1)
    return Table(where, names, arrays, line_of=line_of)


def cell(value: object) -> str | None:
    """A value as a cell: lists joined by ` | `, None for nothing."""
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):  # a NumPy array or scalar
        value = value.tolist()
    if isinstance(value, list | tuple | set):
        return LIST_SEPARATOR.join(text for item in value if (text := value_text(item))) or None
    return value_text(value) or None


def from_arrow(where: str, table: pa.Table) -> Table:
    """An Arrow table (Parquet, Feather, a data frame) with every column as strings."""
    columns = []
    for column in table.columns:
        array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        simple = (
            pa.types.is_string(array.type) or pa.types.is_large_string(array.type) or pa.types.is_integer(array.type)
        )
        if not simple:
            array = pa.array([cell(value) for value in array.to_pylist()], pa.string())
        columns.append(clean(array))
    return Table(where, unique_names(str(name) for name in table.column_names), tuple(columns))
