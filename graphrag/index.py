"""GraphIndex: one directory a graph. Its texts embedded once, its topology as arrays, ready to be asked.

LanceDB tables hold the graph (nodes, edges, relations) and every distinct text with its vector: the store of record,
from which a rebuild takes the vectors it has. Arrays beside them, memory-mapped, hold the same for reading: an index
opens in a blink, without LanceDB and without a model. Knows nothing of questions.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graph_data.changes import with_added, without
from graph_data.external import Workspace
from graph_data.textual_graph import LoadReport, TextualGraph
from graphrag.embedding import Embedder, Progress, Vectors, default_embedder, load_embedder
from graphrag.errors import GraphIndexError
from graphrag.indexing import (
    ARRAYS,
    QUANTISED,
    approximate_search,
    build_files,
    check_fit,
    graph_fingerprint,
    num_node_texts,
    update_files,
)
from graphrag.retrieval import search
from graphrag.retrieval.incidence import touching
from graphrag.retrieval.mentions import MentionTable
from graphrag.retrieval.search import NodeSearch, Quantised, VectorTable
from graphrag.storage import (
    check_files,
    compact,
    damaged,
    is_index,
    load_array,
    load_strings,
    read_meta,
    restore,
    versions_of,
    writing,
)

_OPEN_TRIES = 3  # a rebuild may swap the data folder between reading `meta.json` and opening what it names


@dataclass(frozen=True, eq=False)
class GraphIndex:
    """An opened index.

    Attributes:
        path: its directory.
        meta: what `meta.json` says: schema, embedder, counts, load report, file sizes and checksums.
        graph: the textual graph, its columns memory-mapped.
        texts: distinct texts of nodes, relations and relations read as words, shape [U].
        text_vectors: float32 [U, D], unit length.
        node_text_row: int32 [N], each node's row in `texts`.
        relation_text_row: int32 [R], each relation's.
        relation_reading: float32 [R, 384], each relation read as words, always by the default embedder.
        indptr: int64 [N + 1]; `incident_edges[indptr[v]:indptr[v + 1]]` are the edges touching node v.
        incident_edges: int64 [2E - self-loops], edge ids, ascending within a node; a self-loop stands once.
        mentions: the names of nodes, for finding them in a question.
        quantised: the vectors in a byte a number, if there are many.
    """

    path: Path
    meta: Mapping[str, Any]
    graph: TextualGraph
    texts: pa.StringArray
    text_vectors: Vectors
    node_text_row: npt.NDArray[np.int32]
    relation_text_row: npt.NDArray[np.int32]
    relation_reading: Vectors
    indptr: npt.NDArray[np.int64]
    incident_edges: npt.NDArray[np.int64]
    mentions: MentionTable
    quantised: Quantised | None = None  # the vectors once more, of a large index
    _given_embedder: Embedder | None = field(default=None, repr=False)
    _kept: Any = field(default=None, repr=False)  # a temporary directory lives as long as the index

    @staticmethod
    def build(
        graph: TextualGraph,
        path: str | Path,
        embedder: Embedder | None = None,
        *,
        progress: Progress | None = None,
        overwrite: bool = False,
        workspace: Workspace | None = None,
    ) -> GraphIndex:
        """Embed a graph and write its index.

        Args:
            graph: what to index, at least one node.
            path: the index's directory; its parents are made.
            embedder: turns texts into vectors; None is the offline default.
            progress: called with (texts done, texts in all).
            overwrite: replace an index already there, taking over the vectors of texts that it shares. A folder that
                is no index is never touched.
            workspace: keeps on disk what does not fit in its memory; the index is the same.

        Raises:
            GraphIndexError: the path is taken, the disk is full, or the place cannot be written.
            EmptyGraphError: the graph has no nodes.
        """
        path = Path(path).expanduser()
        embedder = embedder or default_embedder()
        if not build_files(graph, path, embedder, progress, overwrite, workspace):
            raise GraphIndexError(f"{path}: another process made an index there meanwhile; use that one.")
        return GraphIndex.open(path, embedder)

    @staticmethod
    def open(path: str | Path, embedder: Embedder | None = None) -> GraphIndex:
        """Open an index without reading its vectors.

        Args:
            path: the index's directory.
            embedder: refuse an index made by another one; None takes the one that the index names.

        Raises:
            GraphIndexError: no index there, a damaged one, or one made by another embedder or schema version.
        """
        path = Path(path).expanduser()
        for attempt in range(_OPEN_TRIES):
            meta = read_meta(path)
            check_fit(path, meta, embedder)
            try:
                check_files(path, meta)
                return _load(path, meta, embedder)
            except (GraphIndexError, OSError):
                if attempt == _OPEN_TRIES - 1 or read_meta(path).get("data") == meta.get("data"):
                    raise
        raise damaged(path, "it changes while it is opened")

    @staticmethod
    def update(
        path: str | Path,
        embedder: Embedder | None = None,
        *,
        add: TextualGraph | None = None,
        remove: Sequence[str] = (),
        remove_edges: TextualGraph | None = None,
        progress: Progress | None = None,
    ) -> GraphIndex:
        """Change the graph of an index. Only texts that it does not have yet are embedded.

        The versions before stay, the last few of them, to go back to; who has the index open keeps what was opened.
        Processes that write at once take turns. If nothing changes there is no new version.

        Args:
            path: the index's directory.
            embedder: that of the index; None loads it by its name.
            add: nodes and edges to add; nodes of equal ids are one.
            remove: ids of nodes that go, with their edges; done before adding.
            remove_edges: edges that go, their nodes stay.
            progress: called with (texts done, texts in all).

        Raises:
            GraphIndexError: no index there, or a damaged one. GraphError: what is to go is not there.
        """
        path = Path(path).expanduser()

        def change() -> tuple[TextualGraph, Embedder]:
            index = GraphIndex.open(path, embedder)
            graph = without(index.graph, remove, remove_edges) if remove or remove_edges is not None else index.graph
            return (graph if add is None else with_added(graph, add)), index.embedder

        update_files(path, change, progress)
        return GraphIndex.open(path, embedder)

    @staticmethod
    def restore(path: str | Path, version: int) -> GraphIndex:
        """Go back (or forth) to a version that the index holds, see `versions`.

        Raises:
            GraphIndexError: no index there, or no such version.
        """
        path = Path(path).expanduser()
        read_meta(path)
        with writing(path):
            restore(path, version)
        return GraphIndex.open(path)

    @staticmethod
    def compact(path: str | Path) -> int:
        """Give up all versions but the current one, and their space. Returns how many went.

        Raises:
            GraphIndexError: no index there.
        """
        path = Path(path).expanduser()
        read_meta(path)
        with writing(path):
            return compact(path)

    @property
    def version(self) -> int:
        """Counts the updates, from 1."""
        return int(self.meta.get("version", 1))

    @property
    def lasts(self) -> bool:
        """Whether its folder stays when this is gone."""
        return bool(self.meta) and self._kept is None

    @property
    def versions(self) -> tuple[int, ...]:
        """What `restore` can go back to, the current one among them."""
        return tuple(number for number, _ in versions_of(self.meta))

    @staticmethod
    def is_index(path: str | Path) -> bool:
        """Whether an index, whole or damaged, lies at the path."""
        return is_index(Path(path).expanduser())

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder that made the vectors, for embedding questions.

        Raises:
            ModelError: it is not on this machine. GraphIndexError: its weights are not those of the index.
        """
        if self._given_embedder is not None:
            return self._given_embedder
        embedder = load_embedder(self.meta["embedder"]["name"])
        check_fit(self.path, self.meta, embedder)
        return embedder

    def node_vectors(self, nodes: npt.ArrayLike) -> Vectors:
        """Vectors of the nodes' texts, float32 [k, D]."""
        return self.text_vectors[self.node_text_row[np.asarray(nodes, np.int64)]]

    @cached_property
    def node_search(self) -> NodeSearch:
        """Search for nodes by their texts, in the way that suits how many there are."""
        rows = num_node_texts(self.node_text_row)
        approximate = None
        if rows >= search.APPROXIMATE_FROM and self.meta:
            approximate = approximate_search(self.path / str(self.meta["data"]) / "tables", rows)
        return NodeSearch(VectorTable(self.text_vectors, rows, self.quantised, approximate), self.node_text_row)

    def relation_vectors(self) -> Vectors:
        """Vectors of the relations as written, float32 [R, D]."""
        return self.text_vectors[self.relation_text_row]

    def incident(self, nodes: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Edges that touch any of the nodes, each once, ascending."""
        return touching(np.asarray(nodes, np.int64), self.indptr, self.incident_edges)

    def verify(self) -> None:
        """Read every file and compare it with its checksum.

        Raises:
            GraphIndexError: one differs.
        """
        check_files(self.path, self.meta, everything=True)


def index_of(
    graph: TextualGraph, embedder: Embedder | None = None, *, cache: bool = True, progress: Progress | None = None
) -> GraphIndex:
    """An index for a graph that has none: from the user's cache folder, made there if need be.

    Several processes may ask at once: each builds its own, the first one published is used by all.

    Args:
        cache: False builds in a temporary folder that goes with the index; so does a cache that cannot be written.
    """
    embedder = embedder or default_embedder()
    if cache and os.access(_existing(cache_folder()), os.W_OK):
        slug = re.sub(r"[^\w.\-]+", "_", embedder.name)[-40:]
        path = cache_folder() / f"{graph_fingerprint(graph)}-{slug}-{_short(embedder.fingerprint)}.index"
        with suppress(GraphIndexError):  # none yet, or damaged, or of an older version: made (again) without asking
            return GraphIndex.open(path, embedder)
        build_files(graph, path, embedder, progress, overwrite=True)
        return GraphIndex.open(path, embedder)
    kept = tempfile.TemporaryDirectory(prefix="chat-with-graph-", ignore_cleanup_errors=True)
    path = Path(kept.name) / "graph.index"
    build_files(graph, path, embedder, progress, overwrite=False)
    return _load(path, read_meta(path), embedder, kept)


def cache_folder() -> Path:
    """Where indexes of graphs without one are kept: `$XDG_CACHE_HOME/chat-with-graph`, or under `~/.cache`."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "chat-with-graph"


def _load(path: Path, meta: Mapping[str, Any], embedder: Embedder | None, kept: Any = None) -> GraphIndex:
    data = path / str(meta["data"])
    try:
        arrays = {name: load_array(data / f"{name}.npy") for name in ARRAYS}
        nodes, relations = load_strings(data / "nodes.arrow"), load_strings(data / "relations.arrow")
        graph = TextualGraph(
            node_ids=nodes["id"],
            node_texts=nodes["text"],
            edge_index=arrays.pop("edge_index"),
            edge_relation=arrays.pop("edge_relation"),
            relations=relations["text"],
            report=_report(meta["report"]),
        )
        texts, mentions = load_strings(data / "texts.arrow")["text"], MentionTable.load(data)
        is_large = f"{QUANTISED[0]}.npy" in meta["files"]
        quantised = Quantised(*(load_array(data / f"{name}.npy") for name in QUANTISED)) if is_large else None
    except (OSError, ValueError, KeyError, pa.ArrowInvalid) as error:
        raise damaged(path, " ".join(str(error).split())[:120]) from error
    return GraphIndex(
        path, meta, graph, texts, mentions=mentions, quantised=quantised, _given_embedder=embedder, _kept=kept, **arrays
    )


def _report(meta: Mapping[str, Any]) -> LoadReport:
    dropped = tuple((int(line), str(why)) for line, why in meta["dropped"])
    return LoadReport(**{**meta, "dropped": dropped, "notes": tuple(meta["notes"])})


def _short(fingerprint: str) -> str:
    return hashlib.sha256(fingerprint.encode()).hexdigest()[:8]


def _existing(folder: Path) -> Path:
    """The folder, or the nearest of its parents that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())
