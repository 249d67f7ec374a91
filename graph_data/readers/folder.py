"""Folders: which of a folder's files make the graph.

In this order: Microsoft GraphRAG's entities and relationships; one table of nodes and one of edges (nodes.csv and
edges.csv, got-nodes.csv and got-edges.csv); the file `graph.*` or `kb.*`; `scene.json`; tables train, valid and test
of one set of triples; the only file that can be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from graph_data.errors import GraphReadError
from graph_data.readers.files import stem_of, suffix_of
from graph_data.readers.merge import merge
from graph_data.readers.options import LoadOptions
from graph_data.readers.sniff import SUFFIXES
from graph_data.readers.tables import read_nodes_and_edges, read_triples
from graph_data.textual_graph import TextualGraph

ReadFile = Callable[[Path, LoadOptions], TextualGraph]

_NODES = re.compile(r"^(?P<set>.*?)[-_. ]?(?:nodes?|entities|entity|vertices)$", re.I)
_EDGES = re.compile(r"^(?P<set>.*?)[-_. ]?(?:edges?|links?|relations|relationships?|triples)$", re.I)
_SPLITS = ("train", "valid", "dev", "test")
_PREFERENCE = (".parquet", ".tsv", ".csv")


def read(folder: Path, options: LoadOptions, read_file: ReadFile) -> TextualGraph:
    """Read a folder; `read_file` reads one file of any format.

    Raises: GraphReadError if nothing in it is a graph, or several things are.
    """
    files = sorted(file for file in folder.iterdir() if file.is_file() and suffix_of(file) in SUFFIXES)
    files = [file for file in files if not file.name.startswith((".", "questions", "README"))]
    if not files:
        raise GraphReadError(
            folder,
            "no file in this folder can be read as a graph",
            mend="name a file, or see the README for the formats",
        )
    pairs = table_pairs(files)
    if len(pairs) > 1:
        (nodes, edges), *_ = pairs.values()
        mend = f"load one, e.g. load({str(nodes)!r}, edges={str(edges)!r})"
        raise GraphReadError(folder, f"{len(pairs)} pairs of node and edge tables ({', '.join(pairs)})", mend=mend)
    if pairs:
        return _noting_others(
            read_nodes_and_edges(*next(iter(pairs.values())), options), files, next(iter(pairs.values()))
        )
    for name in ("graph", "kb", "scene", "triples", "edges"):
        if found := [file for file in files if stem_of(file).lower() == name]:
            return _noting_others(read_file(found[0], options), files, (found[0],))
    if splits := [file for file in files if stem_of(file).lower() in _SPLITS and suffix_of(file) in _PREFERENCE]:
        merged = merge(
            [read_triples(file, options) for file in splits], str(folder), "tables of triples, splits merged"
        )
        return _noting_others(merged, files, tuple(splits))
    if len(files) == 1:
        return read_file(files[0], options)
    names = ", ".join(file.name for file in files[:6])
    raise GraphReadError(folder, f"several files could be the graph ({names})", mend="name one of them")


def table_pairs(files: list[Path]) -> dict[str, tuple[Path, Path]]:
    """Pairs of a nodes table and an edges table by what their names share; of several formats one."""
    found: dict[str, dict[str, Path]] = {}
    for kind, pattern in (("nodes", _NODES), ("edges", _EDGES)):
        for file in files:
            match = pattern.match(stem_of(file))
            if match and suffix_of(file) in _PREFERENCE:
                known = found.setdefault(re.sub(r"^create_final$", "", match["set"]), {})
                if kind not in known or _PREFERENCE.index(suffix_of(file)) < _PREFERENCE.index(suffix_of(known[kind])):
                    known[kind] = file
    return {name: (both["nodes"], both["edges"]) for name, both in sorted(found.items()) if len(both) == 2}


def partner(path: Path) -> tuple[Path, Path] | None:
    """GraphRAG's entities and relationships lie beside each other: given one, both."""
    stem = stem_of(path).removeprefix("create_final_")
    if stem not in ("entities", "relationships") or not path.is_file():
        return None
    beside = [file for file in path.parent.iterdir() if suffix_of(file) == suffix_of(path)]
    pairs = table_pairs(
        [file for file in beside if stem_of(file).removeprefix("create_final_") in ("entities", "relationships")]
    )
    return next((pair for pair in pairs.values() if path in pair), None)


def _noting_others(graph: TextualGraph, files: list[Path], used: tuple[Path, ...]) -> TextualGraph:
    others = [file.name for file in files if file not in used]
    if not others:
        return graph
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    note = f"not read, in the same folder: {', '.join(others[:5])}{more}"
    return replace(graph, report=replace(graph.report, notes=(*graph.report.notes, note)))
