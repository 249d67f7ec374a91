"""External memory: rows sorted, strings numbered and columns grown on disk, for graphs that do not fit in memory.

Sorting is the classic one: as many rows as fit are sorted and written as a run, and the runs are merged, here range of
keys by range of keys (Knuth, The Art of Computer Programming, vol. 3, 5.4). Knows nothing of graphs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graph_data.errors import GraphError

Array = npt.NDArray[Any]
BLOCK_ROWS = 65_536  # of what is gone through from disk without being sorted
_TEXT_LIMIT = 2**31 - 1  # bytes that an Arrow column of strings can hold
_COPIES = 4  # of a row, while it is sorted


@dataclass
class Workspace:
    """A folder for what does not fit in memory.

    Attributes:
        folder: is there, and is removed by whoever made it.
        memory: bytes that may be in memory at a time, by each that sorts.
    """

    folder: Path
    memory: int
    _files: int = field(default=0, repr=False)

    def file(self) -> Path:
        """A path that is free."""
        self._files += 1
        return self.folder / f"{self._files}.bin"

    def array(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array of zeros that lies on disk."""
        return on_disk(self.file(), shape, dtype)

    def rows(self, row_bytes: int) -> int:
        """How many rows may be sorted at a time."""
        return max(1024, self.memory // (_COPIES * (row_bytes + 8)))


def on_disk(file: Path, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """An array of zeros in a file of its own, without a header.

    Raises:
        GraphError: the disk is full; found out now, for later it would end the process.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size == 0:  # an empty file cannot be mapped
        return np.zeros(shape, dtype)
    try:
        with file.open("wb") as stream:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(stream.fileno(), 0, size)
            else:
                stream.truncate(size)
    except OSError as error:
        raise GraphError(f"{file.parent}: no room for {size:,} bytes ({error.strerror}); free some space.") from error
    return np.memmap(file, dtype, "r+", shape=shape).view(np.ndarray)


def blocks(count: int, size: int = BLOCK_ROWS) -> Iterator[slice]:
    """Slices that go through `count` rows."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


class SortedRows:
    """Rows of some columns, stably sorted by the first one; on disk where there is a workspace and they are many.

    Args:
        workspace: None keeps all in memory.
        dtypes: of the columns.
    """

    def __init__(self, workspace: Workspace | None, *dtypes: npt.DTypeLike) -> None:
        self._workspace = workspace
        self._dtypes = [np.dtype(dtype) for dtype in dtypes]
        self._most = workspace.rows(sum(d.itemsize for d in self._dtypes)) if workspace else None
        self._buffer: list[list[Array]] = []
        self._buffered = 0
        self._runs: list[list[Array]] = []

    def add(self, *columns: npt.ArrayLike) -> None:
        """Add rows; the columns have one length, less than what fits."""
        arrays = [np.asarray(column, dtype) for column, dtype in zip(columns, self._dtypes, strict=True)]
        if self._most is not None and self._buffered and self._buffered + len(arrays[0]) > self._most:
            self._spill()
        self._buffer.append(arrays)
        self._buffered += len(arrays[0])

    def parts(self) -> Iterator[list[Array]]:
        """The sorted rows, part by part; rows of one key are in one part."""
        if not self._runs:
            if self._buffered:
                yield self._sorted_buffer()
            return
        if self._buffered:
            self._spill()
        starts = [0] * len(self._runs)
        for key in [*self._cuts(), None]:
            keys = [run[0] for run in self._runs]
            ends = [len(k) if key is None else int(np.searchsorted(k, key, "right")) for k in keys]
            spans = list(zip(self._runs, starts, ends, strict=True))
            part = [np.concatenate([run[c][a:b] for run, a, b in spans]) for c in range(len(self._dtypes))]
            starts = ends
            if len(part[0]):
                order = np.argsort(part[0], kind="stable")
                yield [column[order] for column in part]

    def columns(self) -> list[Array]:
        """The sorted rows as whole columns, on disk if they were so."""
        if not self._runs or self._workspace is None:
            return next(self.parts(), [np.zeros(0, dtype) for dtype in self._dtypes])
        count = self._buffered + sum(len(run[0]) for run in self._runs)
        columns = [self._workspace.array(count, dtype) for dtype in self._dtypes]
        at = 0
        for part in self.parts():
            for column, values in zip(columns, part, strict=True):
                column[at : at + len(values)] = values
            at += len(part[0])
        return columns

    def _cuts(self) -> list[Any]:
        """Keys after which a part ends, so that it fits, unless the rows of one key do not."""
        assert self._most is not None
        step = max(1, self._most // (2 * len(self._runs)))
        samples = np.sort(np.concatenate([run[0][step - 1 :: step] for run in self._runs]))
        return list(np.unique(samples[len(self._runs) - 1 :: len(self._runs)]))

    def _sorted_buffer(self) -> list[Array]:
        columns = [np.concatenate(some) for some in zip(*self._buffer, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return [column[order] for column in columns]

    def _spill(self) -> None:
        assert self._workspace is not None
        run = []
        for values in self._sorted_buffer():
            column = self._workspace.array(len(values), values.dtype)
            column[:] = values
            run.append(column)
        self._runs.append(run)
        self._buffer, self._buffered = [], 0


class StringColumn:
    """A column of strings that grows on disk.

    Raises:
        GraphError: more than 2 GB of text.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._offsets, self._characters = workspace.file(), workspace.file()
        self._offsets.write_bytes(np.zeros(1, np.int32).tobytes())
        self._characters.touch()
        self._count = self._size = 0

    def append(self, strings: pa.StringArray) -> None:
        """Add strings, none of them null."""
        if not len(strings):
            return
        _, offsets, characters = strings.buffers()
        at = np.frombuffer(offsets, np.int32)[strings.offset : strings.offset + len(strings) + 1].astype(np.int64)
        size = int(at[-1] - at[0])
        if self._size + size > _TEXT_LIMIT:
            raise GraphError("there are more than 2 GB of distinct texts, which is more than one index can hold.")
        with self._offsets.open("ab") as file:
            file.write((at[1:] - at[0] + self._size).astype(np.int32).tobytes())
        with self._characters.open("ab") as file:
            file.write(memoryview(characters)[at[0] : at[-1]] if size else b"")
        self._count, self._size = self._count + len(strings), self._size + size

    def finish(self) -> pa.StringArray:
        """The column, memory-mapped."""
        offsets, characters = (
            pa.memory_map(str(file)).read_buffer() if file.stat().st_size else pa.py_buffer(b"")
            for file in (self._offsets, self._characters)
        )
        return pa.StringArray.from_buffers(self._count, offsets, characters)


class Numbering:
    """Strings numbered in order of first appearance, as `dictionary_encode` does, on disk.

    Of each batch the distinct strings are kept, with a hash of 128 bits and where they came. Sorting by hash shows
    which are equal and which of them came first.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._hashes = SortedRows(workspace, np.uint64, np.uint64, np.int64)
        self._codes, self._texts = workspace.file(), workspace.file()
        self._codes.touch()
        self._sizes: list[tuple[int, int]] = []  # of each batch: strings, distinct ones
        self._distinct = 0
        self._writer = pa.ipc.new_stream(str(self._texts), pa.schema([("text", pa.string())]))

    def add(self, strings: pa.StringArray) -> None:
        """Number a batch."""
        encoded = strings.dictionary_encode()
        texts = encoded.dictionary
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        with self._codes.open("ab") as file:
            file.write(codes.tobytes())
        self._writer.write_batch(pa.record_batch([texts], names=["text"]))
        high, low = hashes_of(texts.to_pylist())
        self._hashes.add(high, low, np.arange(self._distinct, self._distinct + len(texts)))
        self._sizes.append((len(codes), len(texts)))
        self._distinct += len(texts)

    def finish(self) -> tuple[Array, pa.StringArray]:
        """The number of each string, int32 [n], and the distinct strings; both lie on disk."""
        self._writer.close()
        numbers = self._numbers()
        column = StringColumn(self._workspace)
        total = sum(count for count, _ in self._sizes)
        found = self._workspace.array(total, np.int32)
        given = np.memmap(self._codes, np.int32, "r") if total else np.zeros(0, np.int32)
        at = start = seen = 0
        with pa.memory_map(str(self._texts)) as file:
            for batch, (count, distinct) in zip(pa.ipc.open_stream(file), self._sizes, strict=True):
                own = numbers[start : start + distinct]
                new = np.flatnonzero(own >= seen)  # new ones are numbered in the order in which they come
                column.append(batch.column(0).take(pa.array(new)))
                seen += len(new)
                found[at : at + count] = own[given[at : at + count]]
                at, start = at + count, start + distinct
        return found, column.finish()

    def _numbers(self) -> Array:
        """Of each string kept, the number."""
        first = self._workspace.array(self._distinct, np.int64)  # where the string equal to it came first
        for high, low, at in self._hashes.parts():
            order = np.lexsort((at, low, high))
            high, low, at = high[order], low[order], at[order]
            new = np.ones(len(at), bool)
            new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
            first[at] = at[new][np.cumsum(new) - 1]
        numbers = self._workspace.array(self._distinct, np.int32)
        count = 0
        for part in blocks(self._distinct):
            is_first = first[part] == np.arange(part.start, part.stop)
            own = count + np.cumsum(is_first) - 1
            numbers[part] = np.where(is_first, own, numbers[np.where(is_first, 0, first[part])])
            # of a string that came before in this very block the number was not there yet
            inside = ~is_first & (first[part] >= part.start)
            numbers[part.start + np.flatnonzero(inside)] = own[first[part][inside] - part.start]
            count += int(is_first.sum())
        return numbers


def hashes_of(texts: Sequence[str]) -> tuple[Array, Array]:
    """128 bits that tell texts apart (BLAKE2b), as two columns of uint64."""
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts)
    both = np.frombuffer(digests, np.uint64).reshape(-1, 2)
    return both[:, 0], both[:, 1]
