"""From a textual graph to the files of its index: distinct texts, vectors, incidence, tables, each step one function.

How files are written whole and published is the storage's affair; how they are read, the index's.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graph_data.errors import EmptyGraphError
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
_APPROXIMATELY = 5  # times as many are looked up in full precision as are wanted


def build_files(
    graph: TextualGraph, path: Path, embedder: Embedder, progress: Progress | None, overwrite: bool
) -> bool:
    """Write the index; False if another process published one there first."""
    if not _is_to_replace(path, overwrite):
        return _build(graph, path, embedder, progress)
    with writing(path):
        return _build(graph, path, embedder, progress, replace=True)


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
) -> bool:
    started = time.perf_counter()
    if graph.num_nodes == 0:
        raise EmptyGraphError("the graph has no nodes, so there is nothing to index; name a graph with at least one.")
    with building(path) as data:
        arrays, texts = text_rows(graph)
        known = _known_vectors(path, embedder) if replace else {}
        unfinished = Unfinished(path, embedder.fingerprint)
        arrays["text_vectors"] = embed_texts(texts.to_pylist(), embedder, known, progress, unfinished)
        readable = [readable_relation(relation) for relation in graph.relations.to_pylist()]
        arrays["relation_reading"] = default_embedder().embed(readable)
        source, target = graph.edge_index
        arrays["indptr"], arrays["incident_edges"] = incidence_of(source, target, graph.num_nodes)
        arrays["edge_index"], arrays["edge_relation"] = graph.edge_index, graph.edge_relation
        names: Sequence[str] = ARRAYS
        if num_node_texts(arrays["node_text_row"]) >= search.QUANTISED_FROM:
            quantised = Quantised.of(arrays["text_vectors"])
            arrays |= zip(QUANTISED, (quantised.codes, quantised.scales, quantised.errors), strict=True)
            names = (*ARRAYS, *QUANTISED)
        for name in names:
            save_array(data / f"{name}.npy", arrays[name])
        save_strings(data / "nodes.arrow", {"id": graph.node_ids, "text": graph.node_texts})
        save_strings(data / "relations.arrow", {"text": graph.relations})
        save_strings(data / "texts.arrow", {"text": texts})
        MentionTable.build(graph).save(data)
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


def _known_vectors(path: Path, embedder: Embedder) -> Mapping[str, Vectors]:
    """The vectors in the store of an older index, if the same embedder made them; nothing if it is damaged."""
    try:
        meta = read_meta(path)
        check_fit(path, meta, embedder)
        check_files(path, meta, everything=True)
    except GraphIndexError:
        return {}
    return stored_vectors(path / str(meta["data"]) / "tables")


def graph_fingerprint(graph: TextualGraph) -> str:
    """32 hex digits that are equal for equal graphs: ids, texts, relations and topology, in order."""
    digest = hashlib.blake2b(digest_size=16)
    for column in (graph.node_ids, graph.node_texts, graph.relations):
        strings = column.cast(pa.large_string())
        _, begins, characters = strings.buffers()
        if len(strings):
            begin = np.frombuffer(begins, np.int64)[strings.offset : strings.offset + len(strings) + 1]
            digest.update(np.diff(begin).tobytes())
            digest.update(memoryview(characters)[begin[0] : begin[-1]] if begin[-1] else b"")
    for array, dtype in ((graph.edge_index, np.int64), (graph.edge_relation, np.int32)):
        digest.update(np.ascontiguousarray(array, dtype).tobytes())
    return digest.hexdigest()


def text_rows(graph: TextualGraph) -> tuple[dict[str, npt.NDArray[Any]], pa.StringArray]:
    """Distinct texts of nodes, relations and readable relations, and each node's and relation's row among them."""
    readable = pa.array([readable_relation(r) for r in graph.relations.to_pylist()], pa.string())
    columns = [graph.node_texts.cast(pa.string()), graph.relations.cast(pa.string()), readable]
    encoded = pa.concat_arrays(columns).dictionary_encode()
    rows = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    n, r = graph.num_nodes, len(graph.relations)
    return {"node_text_row": rows[:n], "relation_text_row": rows[n : n + r]}, encoded.dictionary


def num_node_texts(node_text_row: npt.NDArray[np.int32]) -> int:
    """How many of the distinct texts, the first, are nodes'."""
    return int(node_text_row.max(initial=-1)) + 1


def embed_texts(
    texts: Sequence[str],
    embedder: Embedder,
    known: Mapping[str, Vectors],
    progress: Progress | None,
    unfinished: Unfinished | None = None,
) -> Vectors:
    """Vectors of the texts [U, D], those already known taken over, also from a build that was not finished.

    Many texts are embedded part by part, each kept until the build is finished.
    """
    vectors = np.empty((len(texts), embedder.dimension), np.float32)
    left = {text: row for row, text in enumerate(texts)}

    def take(some: Iterable[str], made: Iterable[Vectors]) -> None:
        for text, vector in zip(some, made, strict=True):
            if (row := left.pop(text, None)) is not None:
                vectors[row] = vector

    take(known, known.values())
    for earlier, made in unfinished.parts() if unfinished else ():
        take(earlier, made)
    new = list(left)
    for start in range(0, len(new), _PART):
        part = new[start : start + _PART]
        tell = None if progress is None else functools.partial(_tell, progress, start, len(new))
        vectors[[left[text] for text in part]] = made = embedder.embed(part, tell)
        if unfinished and len(new) > _PART:
            unfinished.keep(part, made)
    return vectors


def _tell(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)


def stored_vectors(tables: Path) -> Mapping[str, Vectors]:
    """Every text in a store with its vector [D]."""
    import lancedb

    table = lancedb.connect(tables).open_table("texts").to_arrow().combine_chunks()
    column = table["vector"].combine_chunks()
    vectors = column.flatten().to_numpy().reshape(len(column), -1)
    return dict(zip(table["text"].to_pylist(), vectors, strict=True))


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
