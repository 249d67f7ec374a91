"""The files of an index: written whole, checked on opening, published in one step. Knows nothing of graphs.

    films.index/
        meta.json            names the data folder, sizes and checksums of its files; replaced atomically
        data-3f9c.../        arrays (.npy), strings (.arrow), LanceDB tables (tables/)

A new index is built in a hidden folder beside its place and renamed into it; one that replaces an older one has its
data folder moved in, then `meta.json` swapped. Killed at any moment, what is there is the old index or the new one.
Updates leave the versions before them in place, to go back to; one process at a time may write.
"""

from __future__ import annotations

import errno
import glob
import json
import os
import platform
import secrets
import shutil
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graph_data.errors import GraphError
from graph_data.external import Workspace
from graphrag.errors import GraphIndexError

META = "meta.json"
LOCK = ".lock"
KEPT_VERSIONS = 5  # the current one among them
KIND = "chat-with-graph index"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_WORDS = ("no space left", "quota exceeded", "file too large", "os error 28", "disk full")
_CHECKED_BYTES = 256 * 2**20  # larger files are checked by size alone when an index is opened
LEAST_MEMORY = 10**9  # bytes, of a build with a bound
_LIBRARIES = 800 * 10**6  # of it, taken by the embedder, LanceDB and Python
_DAY = 86_400.0
_PAGE = 4096
_NEEDED = {"schema_version", "embedder", "data", "files"}


def save_array(file: Path, array: npt.NDArray[Any]) -> None:
    """Write an array as `.npy`; a failed write says why (`np.save` on a full disk does not)."""
    array = np.ascontiguousarray(array)
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        stream.write(array.reshape(-1).view(np.uint8).data if array.size else b"")
        _flush(stream)


def load_array(file: Path) -> npt.NDArray[Any]:
    """Open a `.npy` memory-mapped, read-only; a small one is read."""
    mode: Any = "r" if file.stat().st_size > _PAGE else None  # an empty array cannot be mapped
    array: npt.NDArray[Any] = np.load(file, mmap_mode=mode, allow_pickle=False).view(np.ndarray)
    return array


def save_strings(file: Path, columns: Mapping[str, pa.StringArray]) -> None:
    """Write string columns of one length as one Arrow record batch."""
    batch = pa.record_batch(list(columns.values()), names=list(columns))
    with file.open("wb") as stream:
        with pa.ipc.new_file(stream, batch.schema) as writer:
            writer.write_batch(batch)
        _flush(stream)


def load_strings(file: Path) -> dict[str, pa.StringArray]:
    """Open what `save_strings` wrote, memory-mapped."""
    batch = pa.ipc.open_file(pa.memory_map(str(file))).get_batch(0)
    return {name: batch.column(i) for i, name in enumerate(batch.schema.names)}


def read_meta(path: Path) -> dict[str, Any]:
    """What `meta.json` says.

    Raises:
        GraphIndexError: there is no index at the path, or its `meta.json` is torn.
    """
    file = path / META
    if not path.exists():
        raise GraphIndexError(f"{path}: there is no such folder; make an index with `graphrag index SRC --out {path}`.")
    if not file.is_file():
        raise GraphIndexError(f"{path}: this is no index (it has no {META}); name an index folder, or make one.")
    try:
        meta = json.loads(file.read_text(encoding="utf-8"))
        if meta["kind"] != KIND or not meta.keys() >= _NEEDED:
            raise ValueError("another kind")
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise damaged(path, f"{META} cannot be read as an index's") from error
    return dict(meta)


def is_index(path: Path) -> bool:
    """Whether an index, whole or damaged, lies at the path."""
    try:
        read_meta(path)
    except GraphIndexError:
        return (path / META).is_file() and any(path.glob("data-*"))
    return True


def damaged(path: Path, what: str) -> GraphIndexError:
    """The error for an index that cannot be trusted."""
    return GraphIndexError(f"{path}: the index is damaged ({what}); make it again from its source.")


def check_files(path: Path, meta: Mapping[str, Any], *, everything: bool = False) -> None:
    """Compare the data folder with what `meta.json` says of its files: sizes, and checksums of all but the largest.

    Args:
        everything: read also the files above 256 MB and the LanceDB tables, whose sizes alone are compared otherwise.
    """
    data = path / str(meta["data"])
    for name, (size, checksum) in meta["files"].items():
        file = data / name
        if not file.is_file():
            raise damaged(path, f"{name} is missing")
        found = file.stat().st_size
        if found != size:
            raise damaged(path, f"{name} has {found:,} bytes instead of {size:,}")
        quick = size <= _CHECKED_BYTES and not name.startswith("tables/")
        if (everything or quick) and _checksum(file) != checksum:
            raise damaged(path, f"{name} differs from its checksum")


@contextmanager
def building(path: Path) -> Iterator[Path]:
    """A data folder to fill, hidden beside `path`; removed if it was not published, whatever went wrong.

    Raises:
        GraphIndexError: the disk is full, or the place cannot be written.
    """
    try:
        with hidden(path) as temporary:
            data = temporary / f"data-{secrets.token_hex(4)}"
            data.mkdir()
            yield data
    except GraphError:
        raise
    except Exception as error:
        if (reason := _disk_trouble(error)) is None:
            raise
        raise GraphIndexError(f"{path}: the index cannot be written: {reason}.") from error


@contextmanager
def scratch(path: Path, memory: int | None) -> Iterator[Workspace | None]:
    """A workspace beside `path` for a build that shall take at most `memory` bytes; None for one without a bound.

    Raises:
        GraphIndexError: the libraries alone take more.
    """
    if memory is None:
        yield None
        return
    if memory < LEAST_MEMORY:
        raise GraphIndexError(
            f"{path}: it cannot be built in {memory:,} bytes of memory, for the libraries alone take most of a "
            f"gigabyte; allow at least {LEAST_MEMORY:,}."
        )
    with hidden(path) as folder:
        yield Workspace(folder, (memory - _LIBRARIES) // 2)


@contextmanager
def hidden(path: Path) -> Iterator[Path]:
    """A hidden folder beside `path`, removed at the end; those that killed processes left are removed first."""
    prefix = f".{path.name}.building-{platform.node()}-"  # only this host's can be asked for
    temporary = path.parent / f"{prefix}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clean(path.parent, prefix)
        temporary.mkdir()
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """The right to replace the index at a path, waited for while another process has it; gone if this one is killed."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        yield
        return
    with (path / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def versions_of(meta: Mapping[str, Any]) -> list[tuple[int, str]]:
    """The versions that an index holds, oldest first: numbers and data folders."""
    return [(int(number), str(data)) for number, data in meta.get("versions", [[1, meta["data"]]])]


def publish(
    path: Path, data: Path, meta: Mapping[str, Any], *, replace: bool = False, keep: Sequence[tuple[int, str]] = ()
) -> bool:
    """Put a filled data folder in its place, `meta.json` last. False if another process put one there meanwhile.

    Args:
        path: the index's place.
        data: the folder made by `building`.
        meta: what else `meta.json` shall say.
        replace: an index is there and shall give way.
        keep: versions before this one that stay.
    """
    files = {
        file.relative_to(data).as_posix(): [file.stat().st_size, _checksum(file)]
        for file in sorted(data.rglob("*"))
        if file.is_file()
    }
    number = keep[-1][0] + 1 if keep else 1
    versions = [*keep[max(0, len(keep) - KEPT_VERSIONS + 1) :], (number, data.name)]
    said = {"kind": KIND, "version": number, **meta, "data": data.name, "files": files}
    _write_json(data / META, said)  # to go back to
    new_meta = data.parent / META
    _write_json(new_meta, {**said, "versions": versions})
    if not replace:
        try:
            data.parent.rename(path)
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST} and is_index(path):
                return False
            raise
        return True
    data.rename(path / data.name)
    new_meta.replace(path / META)
    _drop_others(path, versions)
    return True


def restore(path: Path, number: int) -> None:
    """Make an older version the current one. The others stay.

    Raises:
        GraphIndexError: there is no such version, or it is damaged.
    """
    meta = read_meta(path)
    versions = dict(versions_of(meta))
    if number not in versions:
        there = ", ".join(map(str, versions))
        raise GraphIndexError(f"{path}: there is no version {number}; there are {there}.")
    if number == meta.get("version", 1):
        return
    try:
        said = json.loads((path / versions[number] / META).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise damaged(path, f"version {number} cannot be read") from error
    check_files(path, said)
    _swap_meta(path, {**said, "versions": list(versions.items())})


def compact(path: Path) -> int:
    """Remove all versions but the current one. Returns how many went."""
    meta = read_meta(path)
    versions = versions_of(meta)
    current = (int(meta.get("version", 1)), str(meta["data"]))
    _swap_meta(path, {**meta, "versions": [current]})
    _drop_others(path, [current])
    return len(versions) - 1


def _swap_meta(path: Path, meta: Mapping[str, Any]) -> None:
    new = path / f".{META}-{secrets.token_hex(4)}"
    _write_json(new, meta)
    new.replace(path / META)


def _drop_others(path: Path, versions: Sequence[tuple[int, str]]) -> None:
    """Remove the data of versions that are given up, and what killed writers left; the lock keeps others out."""
    kept = {data for _, data in versions}
    for other in [*path.glob("data-*"), *path.glob(f".{META}-*")]:
        if other.is_dir() and other.name not in kept:
            shutil.rmtree(other, ignore_errors=True)
        elif other.is_file():
            other.unlink(missing_ok=True)


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    with file.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
        _flush(stream)


def _flush(stream: Any) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _checksum(file: Path) -> int:
    value = 0
    with file.open("rb") as stream:
        while block := stream.read(2**20):
            value = zlib.crc32(block, value)
    return value


def _disk_trouble(error: Exception) -> str | None:
    """What to tell of an error that came from the disk; None if it did not. LanceDB wraps the system's words."""
    words = str(error)
    full = isinstance(error, OSError) and error.errno in _FULL
    if full or any(word in words.lower() for word in _FULL_WORDS):
        return "the disk is full; free some space or choose another place"
    if isinstance(error, OSError):
        return f"{error.strerror or words}; choose a place that you may write to"
    return None


def _clean(folder: Path, prefix: str) -> None:
    """Remove what killed builds left: those of processes that are gone, and any older than a day."""
    for leftover in folder.glob(f"{glob.escape(prefix)}*"):
        process = leftover.name.removeprefix(prefix).split("-")[0]
        if _is_old(leftover) or (process.isdigit() and not _is_running(int(process))):
            shutil.rmtree(leftover, ignore_errors=True)


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > _DAY
    except OSError:  # another process removed it first
        return False


def _is_running(process: int) -> bool:
    if os.name != "posix":  # signal 0 is no question elsewhere
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
