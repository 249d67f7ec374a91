"""From a textual graph to the files of its index: distinct texts, vectors, incidence, tables, each step one function.

How files are written whole and published is the storage's affair; how they are read, the index's.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graph_data.errors import EmptyGraphError
from graph_data.external import BLOCK_ROWS, Numbering, Workspace, blocks
from graph_data.text import readable_relation
from graph_data.textual_graph import TextualGraph
from graphrag.embedding import Embedder, Progress, Vectors, default_embedder
from graphrag.errors import GraphIndexError
from graphrag.retrieval import search
from graphrag.retrieval.incidence import incidence_of
from graphrag.retrieval.mentions import MentionTable
from graphrag.retrieval.search import Quantised
from graphrag.storage import (
    building,
    check_files,
    is_index,
    publish,
    read_meta,
    save_array,
    save_strings,
    versions_of,
    writing,
)
from graphrag.unfinished import Unfinished

Known = Callable[[], Iterable[tuple[Sequence[str], Vectors]]]  # texts with vectors, some at a time

SCHEMA_VERSION = 4
ARRAYS = (
    "edge_index",
    "edge_relation",
    "text_vectors",
    "node_text_row",
    "relation_text_row",
    "relation_reading",
    "indptr",
    "incident_edges",
)
QUANTISED = ("text_codes", "text_scales", "text_errors")  # of a large index
_ROWS_PER_WRITE = 65_536  # of a table, at a time
_PART = 8192  # texts that are embedded between two moments at which a killed build can go on
_TEXT_BYTES = 256  # of memory that a text takes while it is compared with those known
_APPROXIMATELY = 5  # times as many are looked up in full precision as are wanted


def build_files(
    graph: TextualGraph,
    path: Path,
    embedder: Embedder,
    progress: Progress | None,
    overwrite: bool,
    workspace: Workspace | None = None,
) -> bool:
    """Write the index; False if another process published one there first."""
    if not _is_to_replace(path, overwrite):
        return _build(graph, path, embedder, progress, workspace=workspace)
    with writing(path):
        return _build(graph, path, embedder, progress, replace=True, workspace=workspace)


def update_files(path: Path, change: Callable[[], tuple[TextualGraph, Embedder]], progress: Progress | None) -> None:
    """Write the next version of an index; `change` makes its graph once no other process is writing."""
    read_meta(path)
    with writing(path):
        graph, embedder = change()
        meta = read_meta(path)
        if graph_fingerprint(graph) != meta["graph_fingerprint"]:
            _build(graph, path, embedder, progress, replace=True, keep=versions_of(meta))


def _build(
    graph: TextualGraph,
    path: Path,
    embedder: Embedder,
    progress: Progress | None,
    replace: bool = False,
    keep: Sequence[tuple[int, str]] = (),
    workspace: Workspace | None = None,
) -> bool:
    started = time.perf_counter()
    if graph.num_nodes == 0:
        raise EmptyGraphError("the graph has no nodes, so there is nothing to index; name a graph with at least one.")
    with building(path) as data:
        arrays, texts = text_rows(graph, workspace)
        known = _known_vectors(path, embedder) if replace else None
        unfinished = Unfinished(path, embedder.fingerprint)
        arrays["text_vectors"] = embed_texts(texts, embedder, known, progress, unfinished, workspace)
        arrays["relation_reading"] = _relation_reading(graph.relations, workspace)
        source, target = graph.edge_index
        arrays["indptr"], arrays["incident_edges"] = incidence_of(source, target, graph.num_nodes, workspace)
        arrays["edge_index"], arrays["edge_relation"] = graph.edge_index, graph.edge_relation
        names: Sequence[str] = ARRAYS
        if num_node_texts(arrays["node_text_row"]) >= search.QUANTISED_FROM:
            quantised = Quantised.of(arrays["text_vectors"], workspace)
            arrays |= zip(QUANTISED, (quantised.codes, quantised.scales, quantised.errors), strict=True)
            names = (*ARRAYS, *QUANTISED)
        for name in names:
            save_array(data / f"{name}.npy", arrays[name])
        save_strings(data / "nodes.arrow", {"id": graph.node_ids, "text": graph.node_texts})
        save_strings(data / "relations.arrow", {"text": graph.relations})
        save_strings(data / "texts.arrow", {"text": texts})
        MentionTable.build(graph, workspace).save(data)
        write_tables(data / "tables", graph, texts, arrays)
        meta = {
            "schema_version": SCHEMA_VERSION,
            "embedder": {"name": embedder.name, "fingerprint": embedder.fingerprint, "dimension": embedder.dimension},
            "counts": {
                "nodes": graph.num_nodes,
                "edges": graph.num_edges,
                "relations": len(graph.relations),
                "texts": len(texts),
            },
            "graph_fingerprint": graph_fingerprint(graph),
            "build_seconds": round(time.perf_counter() - started, 3),
            "report": asdict(graph.report),
        }
        published = publish(path, data, meta, replace=replace, keep=keep)
        unfinished.drop()
        return published


def _is_to_replace(path: Path, overwrite: bool) -> bool:
    """True for an index that may be replaced, False for a free place; anything else is refused."""
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return False
    if not is_index(path):
        raise GraphIndexError(f"{path}: this exists and is no index, so it is left alone; choose another place.")
    if not overwrite:
        raise GraphIndexError(f"{path}: an index is already there; choose another place, or allow overwriting it.")
    return True


def check_fit(path: Path, meta: Mapping[str, Any], embedder: Embedder | None) -> None:
    """Refuse an index of another schema version, or made by another embedder than the one given."""
    if meta.get("schema_version") != SCHEMA_VERSION:
        raise GraphIndexError(
            f"{path}: the index has schema version {meta.get('schema_version')}, this program reads version "
            f"{SCHEMA_VERSION}; make it again from its source."
        )
    made_by = meta["embedder"]
    if embedder is not None and embedder.fingerprint != made_by["fingerprint"]:
        raise GraphIndexError(
            f"{path}: the index was made by the embedder {made_by['name']} ({made_by['fingerprint']}), not by "
            f"{embedder.name} ({embedder.fingerprint}); open it with the former, or make it again with the latter."
        )


def _known_vectors(path: Path, embedder: Embedder) -> Known | None:
    """The vectors in the store of an older index, if the same embedder made them; nothing if it is damaged."""
    try:
        meta = read_meta(path)
        check_fit(path, meta, embedder)
        check_files(path, meta, everything=True)
    except GraphIndexError:
        return None
    return functools.partial(stored_vectors, path / str(meta["data"]) / "tables")


def graph_fingerprint(graph: TextualGraph) -> str:
    """32 hex digits that are equal for equal graphs: ids, texts, relations and topology, in order."""
    digest = hashlib.blake2b(digest_size=16)
    for column in (graph.node_ids, graph.node_texts, graph.relations):
        if not len(column):
            continue
        strings = column.cast(pa.string())
        _, begins, characters = strings.buffers()
        begin = np.frombuffer(begins, np.int32)[strings.offset : strings.offset + len(strings) + 1]
        for part in blocks(len(strings)):
            digest.update(np.diff(begin[part.start : part.stop + 1]).astype(np.int64).tobytes())
        digest.update(memoryview(characters)[begin[0] : begin[-1]] if begin[-1] else b"")
    for array, dtype in (
        (graph.edge_index[0], np.int64),
        (graph.edge_index[1], np.int64),
        (graph.edge_relation, np.int32),
    ):
        for part in blocks(len(array)):
            digest.update(np.ascontiguousarray(array[part], dtype).tobytes())
    return digest.hexdigest()


def text_rows(
    graph: TextualGraph, workspace: Workspace | None = None
) -> tuple[dict[str, npt.NDArray[Any]], pa.StringArray]:
    """Distinct texts of nodes, relations and readable relations, and each node's and relation's row among them."""
    n, r = graph.num_nodes, len(graph.relations)
    columns = [graph.node_texts, graph.relations]
    readable = (pa.array(map(readable_relation, part), pa.string()) for part in _lists(graph.relations))
    if workspace is None:
        encoded = pa.concat_arrays([*(column.cast(pa.string()) for column in columns), *readable]).dictionary_encode()
        rows = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        texts = encoded.dictionary
    else:
        numbering = Numbering(workspace)
        for column in columns:
            for part in blocks(len(column)):
                numbering.add(column.slice(part.start, part.stop - part.start))
        for some in readable:
            numbering.add(some)
        rows, texts = numbering.finish()
    return {"node_text_row": rows[:n], "relation_text_row": rows[n : n + r]}, texts


def _lists(strings: pa.StringArray, size: int = BLOCK_ROWS) -> Iterator[list[str]]:
    """Strings as lists, some at a time."""
    return (strings.slice(part.start, part.stop - part.start).to_pylist() for part in blocks(len(strings), size))


def _relation_reading(relations: pa.StringArray, workspace: Workspace | None) -> Vectors:
    embedder = default_embedder()
    vectors = array_in(workspace, (len(relations), embedder.dimension), np.float32)
    at = 0
    for some in _lists(relations, _PART):
        vectors[at : at + len(some)] = embedder.embed([readable_relation(relation) for relation in some])
        at += len(some)
    return vectors


def num_node_texts(node_text_row: npt.NDArray[np.int32]) -> int:
    """How many of the distinct texts, the first, are nodes'."""
    return int(node_text_row.max(initial=-1)) + 1


def embed_texts(
    texts: pa.StringArray,
    embedder: Embedder,
    known: Known | None = None,
    progress: Progress | None = None,
    unfinished: Unfinished | None = None,
    workspace: Workspace | None = None,
) -> Vectors:
    """Vectors of distinct texts [U, D], those already known taken over, also from a build that was not finished.

    Many texts are embedded part by part, each kept until the build is finished. With a workspace the vectors lie in it,
    and only so many texts as fit are compared with what is known at a time.
    """
    vectors = array_in(workspace, (len(texts), embedder.dimension), np.float32)
    window = workspace.rows(_TEXT_BYTES) if workspace else max(len(texts), 1)
    for block in blocks(len(texts), window):
        here = texts.slice(block.start, block.stop - block.start).to_pylist()
        left = {text: row for row, text in enumerate(here, block.start)}
        for some, made in itertools.chain(known() if known else (), unfinished.parts() if unfinished else ()):
            for text, vector in zip(some, made, strict=True):
                if (row := left.pop(text, None)) is not None:
                    vectors[row] = vector
        new = list(left)
        beyond = len(texts) - block.stop  # what of these is known is not known yet
        for start in range(0, len(new), _PART):
            part = new[start : start + _PART]
            before = block.start + start
            tell = (
                None
                if progress is None
                else functools.partial(_tell, progress, before, block.start + len(new) + beyond)
            )
            vectors[[left[text] for text in part]] = made = embedder.embed(part, tell)
            if unfinished and len(new) > _PART:
                unfinished.keep(part, made)
    return vectors


def _tell(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)


def array_in(workspace: Workspace | None, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array of zeros, in memory without a workspace."""
    return np.zeros(shape, dtype) if workspace is None else workspace.array(shape, dtype)


def stored_vectors(tables: Path) -> Iterator[tuple[list[str], Vectors]]:
    """Every text in a store with its vector: texts and vectors [n, D], some at a time."""
    import lancedb

    for batch in (
        lancedb.connect(tables).open_table("texts").search().select(["text", "vector"]).to_batches(_ROWS_PER_WRITE)
    ):
        yield batch["text"].to_pylist(), batch["vector"].flatten().to_numpy().reshape(batch.num_rows, -1)


def write_tables(
    folder: Path, graph: TextualGraph, texts: pa.StringArray, arrays: Mapping[str, npt.NDArray[Any]]
) -> None:
    """The store of record: LanceDB tables `texts`, `nodes`, `edges`, `relations`."""
    import lancedb

    dimension = arrays["text_vectors"].shape[1]
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(arrays["text_vectors"].reshape(-1)), dimension)
    source, target = graph.edge_index
    tables = {
        "texts": {"row": np.arange(len(texts), dtype=np.int64), "text": texts, "vector": vectors},
        "nodes": {"id": graph.node_ids, "text": graph.node_texts, "row": np.arange(graph.num_nodes, dtype=np.int64)},
        "edges": {"source": source, "target": target, "relation": graph.edge_relation},
        "relations": {"text": graph.relations, "row": np.arange(len(graph.relations), dtype=np.int64)},
    }
    store = lancedb.connect(folder)
    for name, columns in tables.items():
        table = pa.table({column: pa.array(values) for column, values in columns.items()})
        batches = table.to_batches(max_chunksize=_ROWS_PER_WRITE)
        store.create_table(name, pa.RecordBatchReader.from_batches(table.schema, batches))
    if num_node_texts(arrays["node_text_row"]) >= search.APPROXIMATE_FROM:
        from lancedb.index import IvfHnswSq

        store.open_table("texts").create_index("vector", config=IvfHnswSq(distance_type="cosine"))


def approximate_search(tables: Path, rows: int) -> search.Approximate:
    """Search of the first `rows` texts by the index of the store."""
    import lancedb

    table = lancedb.connect(tables).open_table("texts")

    def near(vector: Vectors, k: int) -> npt.NDArray[np.int64]:
        query = table.search(vector).distance_type("cosine").nprobes(20).ef(10 * _APPROXIMATELY * k)
        found = query.where(f"row < {rows}", prefilter=True).select(["row", "_distance"]).limit(_APPROXIMATELY * k)
        return np.asarray(found.to_arrow()["row"].to_numpy(), np.int64)

    return near
