"""Unfinished work: the vectors that a build has made so far, on disk, so that one that was killed goes on there.

    .films.index.vectors-1a2b3c4d/     beside films.index, named by the embedder
        7-0.npy  7-0.arrow             vectors and their texts, part by part; a part is there whole or not at all

It goes when the index is published. Parts of several processes may stand side by side.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from graphrag.embedding import Vectors
from graphrag.storage import load_array, load_strings, save_array, save_strings


class Unfinished:
    """What a build of the index at `path` with an embedder of this fingerprint has embedded."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        digest = hashlib.sha256(fingerprint.encode()).hexdigest()[:8]
        self.folder = path.parent / f".{path.name}.vectors-{digest}"

    def parts(self) -> Iterator[tuple[list[str], Vectors]]:
        """Texts with their vectors [n, D]; a part that cannot be read is left out."""
        for file in sorted(self.folder.glob("*.arrow")):
            with suppress(OSError, ValueError, KeyError, pa.ArrowInvalid):
                texts, vectors = load_strings(file)["text"].to_pylist(), load_array(file.with_suffix(".npy"))
                if len(texts) == len(vectors):
                    yield texts, vectors

    def keep(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Add a part."""
        self.folder.mkdir(exist_ok=True)
        stem = self.folder / f"{os.getpid()}-{len(list(self.folder.glob('*.arrow')))}"
        save_array(stem.with_suffix(".npy"), vectors)
        written = stem.with_suffix(".part")
        save_strings(written, {"text": pa.array(texts, pa.string())})
        written.replace(stem.with_suffix(".arrow"))  # the last of the two, so that a part is whole

    def drop(self) -> None:
        """It is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
