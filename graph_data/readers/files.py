"""From a path to text: opens a file (gzip too), finds its encoding, and refuses what is no text. Knows no format."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from graph_data.errors import GraphReadError

_BINARY = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook, not text; unpack it, or export the sheet as CSV",
    b"%PDF": "a PDF, not a graph",
    b"\x89PNG": "a PNG image, not a graph",
    b"\xff\xd8\xff": "a JPEG image, not a graph",
    b"SQLite format 3": "an SQLite database; export its tables as CSV",
    b"BZh": "compressed with bzip2; unpack it or use gzip",
    b"\xfd7zXZ": "compressed with xz; unpack it or use gzip",
    b"(\xb5/\xfd": "compressed with zstd; unpack it or use gzip",
    b"\x7fELF": "a program, not a graph",
    b"\x80\x04": "a Python pickle, and pickles are never loaded; save the graph as GraphML, JSON or CSV",
    b"\x80\x05": "a Python pickle, and pickles are never loaded; save the graph as GraphML, JSON or CSV",
}
WIDE_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CONTROL = bytes(range(9)) + bytes(range(14, 32))


@dataclass(frozen=True)
class TextFile:
    """A file's text as UTF-8 without a byte-order mark, and what was noted on the way."""

    path: Path
    data: bytes
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.data.decode("utf-8")


def suffix_of(path: Path) -> str:
    """The suffix that tells the format: `.tsv` of `kb.tsv.gz`, lower case."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return suffixes[-1] if suffixes else ""


def stem_of(path: Path) -> str:
    """The name without `.gz` and the format's suffix: `kb` of `kb.tsv.gz`."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return name[: -len(suffix)] if (suffix := Path(name).suffix) else name


_PACKED = 8  # times as large is a gzip file once unpacked, about


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; of a gzip file about as many as it unpacks to."""
    if path.is_dir():
        return sum(size_of(file) for file in path.iterdir() if file.is_file())
    try:
        with path.open("rb") as file:
            return path.stat().st_size * (_PACKED if file.read(2) == b"\x1f\x8b" else 1)
    except OSError:
        return 0  # whoever reads it says why


def read_bytes(path: Path) -> bytes:
    """The whole file, unpacked if it is gzip (by content, not by suffix)."""
    return _read(path, -1)


def read_head(path: Path, size: int) -> bytes:
    """The first `size` bytes, cut at the end of a line where there is one."""
    data = _read(path, size)
    return data[: data.rfind(b"\n") + 1 or None] if len(data) == size and data[:4] != b"PAR1" else data


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file as a stream of bytes, unpacked if it is gzip (by content, not by suffix).

    Raises: GraphReadError if it cannot be opened or unpacked, also while it is read in the `with` block.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            yield cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
    except FileNotFoundError:
        raise GraphReadError(path, "there is no such file", mend="check the name") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise GraphReadError(path, f"the gzip file is damaged ({error})", mend="fetch or pack it again") from error
    except OSError as error:
        raise GraphReadError(path, f"the file cannot be opened ({error.strerror or error})") from error


def position_in(stream: IO[bytes]) -> int:
    """How many bytes of the file itself, packed or not, a stream of `opened` has taken."""
    return stream.fileobj.tell() if isinstance(stream, gzip.GzipFile) and stream.fileobj else stream.tell()


def _read(path: Path, size: int) -> bytes:
    with opened(path) as file:
        data = file.read(size)
    if not data[:4096].strip(b" \t\r\n\x00") and not data.strip(b" \t\r\n\x00"):
        raise GraphReadError(path, "the file is empty", mend="give a file with a graph in it")
    return data


def read_text(path: Path, encoding: str | None = None) -> TextFile:
    """The file as text: UTF-8, else by its byte-order mark, else Latin-1 with a note. NUL bytes mean: no text."""
    return to_text(path, read_bytes(path), encoding)


def to_text(path: Path, data: bytes, encoding: str | None = None) -> TextFile:
    for magic, what in _BINARY.items():
        if data.startswith(magic):
            raise GraphReadError(path, f"this is {what}" if what.startswith("a") else f"this file is {what}")
    if encoding is None and data[:2] in WIDE_BOMS:
        encoding = WIDE_BOMS[data[:2]]
    if encoding is not None:
        return TextFile(path, _decode(path, data, encoding).removeprefix("\ufeff").encode("utf-8", "replace"))
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\x00" in data:
        line = data.count(b"\n", 0, data.index(b"\x00")) + 1
        raise GraphReadError(path, "a NUL byte: this is a binary file, a text file was expected", line=line)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        head = data[:65536]
        if len(head.translate(None, _CONTROL)) < 0.97 * len(head):
            raise GraphReadError(path, "this is a binary file, a text file was expected") from error
        note = f"not UTF-8 (line {line}): read as Latin-1; pass encoding=... if letters look wrong"
        return TextFile(path, data.decode("latin-1").encode("utf-8"), (note,))
    return TextFile(path, data)


def _decode(path: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError:
        raise GraphReadError(path, f"there is no encoding {encoding!r}", mend="e.g. utf-8, cp1252, utf-16") from None
    except UnicodeError as error:
        raise GraphReadError(path, f"the text is not {encoding} ({error})", mend="pass another encoding=...") from error
