"""Delimited text (CSV, TSV, `a;b`, `a|b`) to a Table: finds the delimiter, the quoting and the header, and reports
ragged rows.

Clean text is read by Arrow at a million rows a second; text that Arrow refuses is read again row by row, which
gives the exact line of whatever is wrong. Text that does not fit in memory is read in blocks, its form told by the
first of them. Knows nothing of graphs.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO, Any, Literal

import pyarrow as pa
import pyarrow.csv as pa_csv

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import KEPT_DROPPED
from graph_data.readers.attributes import is_number, key_of
from graph_data.readers.columns import KNOWN_NAMES
from graph_data.readers.files import WIDE_BOMS, TextFile, opened, position_in, read_head, suffix_of, to_text
from graph_data.readers.options import LoadOptions
from graph_data.readers.table import Table, clean, unique_names

DELIMITERS = "\t,;|"
_SAMPLE_BYTES, _SAMPLE_ROWS = 1 << 17, 200
_SUFFIX_DELIMITER = {".tsv": "\t", ".tab": "\t", ".psv": "|", ".csv": ","}
_BLOCK = 1 << 22
_COLUMN_NAME = re.compile(r"[^\W\d_][\w ()-]*")
_NO_COLUMNS = "no columns found: a table with commas, tabs, semicolons or | between them was expected"
_NAME_FORMAT = "if it is another format, name it with format=..."

csv.field_size_limit(1 << 30)


def read_table(file: TextFile, options: LoadOptions) -> Table:
    """Read delimited text. Ragged rows are left out and reported.

    Raises: GraphReadError if no delimiter is found, or most rows do not have the columns that the others have.
    """
    data = _plain_lines(file.data)
    delimiter = options.delimiter or sniff_delimiter(file, data)
    quoted = _is_quoted(data, delimiter)
    first_line = file.data[: len(file.data) - len(data)].count(b"\n")
    unbalanced = quoted and data.count(b'"') % 2 == 1  # Arrow would read to the end of the file
    table = None if unbalanced else _read_fast(data, delimiter, quoted)
    notes = list(file.notes)
    if table is not None:
        columns, width = [column.combine_chunks() for column in table.columns], table.num_columns
        line_of: Callable[[int], int] = _lazy_lines(data, delimiter, quoted, width)
        dropped: list[tuple[int, str]] = []
    else:
        rows, lines, note = _read_rows(file, data, delimiter, quoted)
        rows, lines, dropped = _even(file, rows, lines)
        dropped = [(line + first_line, why) for line, why in dropped]
        notes += [note] if note else []
        columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        line_of = lines.__getitem__
    return _with_header(file, columns, options, delimiter, lambda row: line_of(row) + first_line, dropped, notes)


def table_blocks(path: Path, options: LoadOptions, block: int) -> Iterator[tuple[Table, float]]:
    """Read delimited text of any size, `block` bytes at a time; each with the share of the file that has been read.

    Delimiter, quoting, header and encoding are those of the first block. Ragged rows are left out and reported, by the
    line on which they are if no row takes several.

    Raises: GraphReadError as `read_table`, and for a later block that cannot be read as the first.
    """
    data = read_head(path, block)
    head = to_text(path, data, options.encoding)
    plain = _plain_lines(head.data)
    delimiter = options.delimiter or sniff_delimiter(head, plain)
    form = read_table(head, replace(options, delimiter=delimiter))
    quoted = _is_quoted(plain, delimiter)
    encoding = options.encoding or ("latin-1" if head.notes else "utf-8")
    if data[:2] in WIDE_BOMS or encoding.lower().startswith(("utf-16", "utf-32", "utf16", "utf32")):
        raise GraphReadError(path, f"{encoding} is not read in blocks", mend="convert it to UTF-8")
    skipped = head.data[: len(head.data) - len(plain)].count(b"\n")
    left_out: list[tuple[int, str]] = []  # since the last block

    def ragged(row: Any) -> str:
        left_out.append((skipped + row.number, f"{row.actual_columns} columns, {row.expected_columns} expected"))
        return "skip"

    def block_of(columns: list[pa.Array], first: int, lines: Sequence[tuple[int, str]], header: bool) -> Table:
        return Table(
            where=form.where,
            names=form.names,
            columns=tuple(clean(column).slice(1 if header else 0) for column in columns),
            has_header=form.has_header,
            line_of=lambda row: _past(first + row + (1 if header else 0), lines),
            dropped=tuple(lines[:KEPT_DROPPED]),
            dropped_total=len(lines),
            notes=form.notes if first == skipped + 1 else (),
        )

    line = skipped + 1
    try:
        with opened(path) as stream:
            for _ in range(skipped):
                stream.readline()
            counted = _CountedQuotes(stream)
            for batch in _batches(counted, len(form.names), delimiter, quoted, encoding, block, ragged):
                last = _past(line + batch.num_rows - 1, left_out)
                mine = [found for found in left_out if found[0] <= last]
                del left_out[: len(mine)]
                share = position_in(stream) / max(path.stat().st_size, 1)
                yield block_of(batch.columns, line, mine, form.has_header and line == skipped + 1), share
                line = last + 1
            if quoted and counted.quotes % 2 == 1:
                raise GraphReadError(
                    path, 'quotes are not balanced, so that rows run into each other',
                    mend='close the quote that stays open, or double each " inside a field',
                )  # fmt: skip
            if left_out:
                yield block_of([pa.array([], pa.string())] * len(form.names), line, left_out, False), 1.0
    except (pa.ArrowException, UnicodeError) as error:
        what = " ".join(str(error).split())[:150].rstrip(".")
        raise GraphReadError(
            path, f"it cannot be read on as it began ({what})", line=line,
            mend="pass encoding=... or delimiter=..., or read it without a bound of memory",
        ) from error  # fmt: skip


class _CountedQuotes:
    """A stream of which the quotes are counted as it is read."""

    closed = False

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.quotes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.quotes += data.count(b'"')
        return data


def _past(line: int, left_out: Sequence[tuple[int, str]]) -> int:
    """The line of a row, given where it would be if none before it had been left out; these ascend."""
    for other, _ in left_out:
        if other > line:
            break
        line += 1
    return line


def _batches(
    stream: _CountedQuotes,
    width: int,
    delimiter: str,
    quoted: bool,
    encoding: str,
    block: int,
    ragged: Callable[[Any], str],
) -> Iterator[pa.RecordBatch]:
    reading, parsing, converting = _arrow_options(width, delimiter, quoted, block, ragged)
    reading.encoding = encoding
    yield from pa_csv.open_csv(stream, reading, parsing, converting)


def _plain_lines(data: bytes) -> bytes:
    """Lines that end in \\n, without comment lines (`# ...`) and blank lines at the top."""
    if b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    while match := re.match(rb"(?:#[ \t!][^\n]*|[ \t\r]*)\n", data):
        data = data[match.end() :]
    return data


def sniff_delimiter(file: TextFile, data: bytes | None = None) -> str:
    """The character that cuts most rows into the same number of columns, the suffix's own first.

    Raises: GraphReadError if there is none.
    """
    sample = (file.data if data is None else data)[:_SAMPLE_BYTES].decode("utf-8", "ignore")
    expected = _SUFFIX_DELIMITER.get(suffix_of(file.path), "")
    best, best_score = "", 0.0
    for delimiter in sorted(DELIMITERS, key=lambda d: d != expected):
        quoting = _quoting(delimiter in ",;")
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, quoting=quoting)
        widths = Counter(len(row) for row, _ in zip(reader, range(_SAMPLE_ROWS), strict=False) if row)
        if delimiter not in (expected, "\t") and widths and max(widths.values()) < 0.5 * sum(widths.values()):
            continue
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide:
            continue
        width, count = max(wide.items(), key=lambda item: (item[1], item[0]))
        score = count / sum(widths.values()) + 0.02 * min(width, 10) + (0.3 if delimiter == expected else 0)
        score += 0.2 if delimiter == "\t" else 0  # a tab is never part of a text by chance
        if score > best_score:
            best, best_score = delimiter, score
    if not best or best_score < 0.5:
        raise GraphReadError(file.path, _NO_COLUMNS, mend=_NAME_FORMAT)
    return best


def _quoting(quoted: bool) -> Literal[0, 3]:
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


@cache
def _quote_patterns(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    d = re.escape(delimiter.encode())
    whole = rb'"(?:[^"]|"")*"(?=' + d + rb"|\r?\n|\r?\Z)"
    return re.compile(rb"(?:^|(?<=" + d + rb'))"', re.M), re.compile(rb"(?:^|(?<=" + d + rb"))" + whole, re.M)


def _is_quoted(data: bytes, delimiter: str) -> bool:
    """Whether `"` quotes fields. In tables with tabs or | it is mostly a plain character, unless the quotes were
    needed."""
    if b'"' not in data:
        return False
    if delimiter in ",;":
        return True
    if not any(start in data for start in (delimiter.encode() + b'"', b'\n"')) and not data.startswith(b'"'):
        return False  # no field starts with one; the patterns below are slow
    opening, whole = _quote_patterns(delimiter)
    fields = whole.findall(data)
    needed = any(delimiter.encode() in field or b"\n" in field or b'""' in field[1:-1] for field in fields)
    return needed and len(fields) == len(opening.findall(data))


def _read_fast(data: bytes, delimiter: str, quoted: bool) -> pa.Table | None:
    """Arrow's reader, every column as strings; None for anything uneven."""
    head = data[: _SAMPLE_BYTES * 8].split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")
    try:
        width = len(next(csv.reader([head], delimiter=delimiter, quoting=_quoting(quoted))))
        return pa_csv.read_csv(io.BytesIO(data), *_arrow_options(width, delimiter, quoted, _BLOCK))
    except (pa.ArrowException, csv.Error, StopIteration):
        return None


def _arrow_options(
    width: int, delimiter: str, quoted: bool, block: int, ragged: Callable[[Any], str] | None = None
) -> tuple[pa_csv.ReadOptions, pa_csv.ParseOptions, pa_csv.ConvertOptions]:
    names = [f"f{i}" for i in range(width)]
    return (
        pa_csv.ReadOptions(column_names=names, block_size=block, use_threads=False),
        pa_csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if quoted else False,
            newlines_in_values=quoted,
            ignore_empty_lines=True,
            invalid_row_handler=ragged,
        ),
        pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )


def _read_rows(file: TextFile, data: bytes, delimiter: str, quoted: bool) -> tuple[list[list[str]], list[int], str]:
    """Row by row: the rows that are not blank, the line where each begins, and a note."""
    text = data.decode("utf-8")
    try:
        return *_rows(text, delimiter, _quoting(quoted)), ""
    except csv.Error as error:
        if not quoted:
            raise GraphReadError(file.path, f"the table cannot be read ({error})") from error
    try:
        rows, lines = _rows(text, delimiter, csv.QUOTE_NONE)
    except csv.Error as error:
        raise GraphReadError(file.path, f"the table cannot be read ({error})") from error
    return rows, lines, 'quotes are not balanced: every " was read as a plain character'


def _rows(text: str, delimiter: str, quoting: Literal[0, 3]) -> tuple[list[list[str]], list[int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    rows, lines, line = [], [], 1
    for row in reader:
        if row and (len(row) > 1 or row[0].strip()):
            rows.append(row)
            lines.append(line)
        line = reader.line_num + 1
    return rows, lines


def _lazy_lines(data: bytes, delimiter: str, quoted: bool, width: int) -> Callable[[int], int]:
    """The line of a row, counted only when someone asks."""

    @cache
    def lines() -> list[int]:
        try:
            return _rows(data.decode("utf-8"), delimiter, _quoting(quoted))[1]
        except csv.Error:
            return []

    return lambda row: lines()[row] if row < len(lines()) else row + 1


def _even(
    file: TextFile, rows: list[list[str]], lines: list[int]
) -> tuple[list[list[str]], list[int], list[tuple[int, str]]]:
    """The rows that have the usual number of columns, and (line, why) of the others."""
    for row in rows:  # a delimiter at the end of a row is no column
        while len(row) > 2 and row[-1] == "" and len(row) > len(rows[0]):
            row.pop()
    widths = Counter(map(len, rows))
    if not widths:
        raise GraphReadError(file.path, "the file has no rows")
    width = len(rows[0]) if widths[len(rows[0])] * 2 >= len(rows) else widths.most_common(1)[0][0]
    ragged = len(rows) - widths[width]
    if width < 2:
        raise GraphReadError(file.path, _NO_COLUMNS, mend=_NAME_FORMAT)
    if ragged * 2 > len(rows):
        line, row = next((line, row) for line, row in zip(lines, rows, strict=True) if len(row) != width)
        raise GraphReadError(
            file.path, f"most rows do not have the same number of columns: {len(row)} here, {width} in the most usual",
            line=line, mend="check the delimiter, or pass delimiter=...",
        )  # fmt: skip
    kept = [i for i, row in enumerate(rows) if len(row) == width]
    why = [
        (line, f"{len(row)} columns, {width} expected")
        for line, row in zip(lines, rows, strict=True)
        if len(row) != width
    ]
    return [rows[i] for i in kept], [lines[i] for i in kept], why


def _with_header(
    file: TextFile,
    columns: list[pa.Array],
    options: LoadOptions,
    delimiter: str,
    line_of: Callable[[int], int],
    dropped: list[tuple[int, str]],
    notes: list[str],
) -> Table:
    columns = [clean(column) for column in columns]
    header = options.header
    if header is None:
        header = has_header([column.slice(0, 2000).to_pylist() for column in columns], suffix_of(file.path), delimiter)
    names = unique_names((column[0].as_py() or "") if header else "" for column in columns)
    shift = 1 if header else 0
    return Table(
        where=str(file.path),
        names=names,
        columns=tuple(column.slice(shift) for column in columns),
        has_header=header,
        line_of=lambda row: line_of(row + shift),
        dropped=tuple(dropped[:KEPT_DROPPED]),
        dropped_total=len(dropped),
        notes=tuple(notes),
    )


def has_header(columns: list[list[str | None]], suffix: str, delimiter: str) -> bool:
    """Whether the first row names the columns.

    It does if two of its cells are usual column names. It does not if a cell is empty, repeated, or a number, or occurs
    again in the table. Else it does if below one of its words there are only numbers, if the table is a CSV or wider
    than 4, or if its cells are written alike (`country, capital`, not `Spain, capital`) above three rows or more.
    """
    first, rest = [column[0] for column in columns], [column[1:] for column in columns]
    known = sum(key_of(cell) in KNOWN_NAMES for cell in first if cell)
    if known >= 2 and len({key_of(cell) for cell in first if cell}) > 1:
        return True
    named = [cell for cell in first if cell]
    if len(named) < len(first) - 1 or len(set(named)) < len(named) or any(is_number(cell) for cell in named):
        return False
    below = {cell for column in rest for cell in column if cell}
    if any(cell in below for cell in named):
        return False
    for column in rest:
        cells = [cell for cell in column if cell]
        if cells and all(is_number(cell) for cell in cells):
            return True
    if suffix == ".csv" or delimiter in ",;" or len(first) > 4:
        return bool(below)
    alike = len({cell[0].isupper() for cell in named}) == 1 and all(_COLUMN_NAME.fullmatch(cell) for cell in named)
    return alike and len(rest[0]) >= 3
