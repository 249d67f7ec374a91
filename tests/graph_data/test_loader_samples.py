"""Every file of a collection of clean and odd graphs is read, or refused with one sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import graph_data
from graph_data import GraphError, TextualGraph

NO_GRAPHS = {
    "LICENSE",
    "LICENSE.txt",
    "README.md",
    "SOURCE.md",
    "pedantic.gexf",
    "sanitized.gexf",
    "special_chars-meta.json",
}
TWO_TABLES = ("graphrag_output/entities", "graphrag_output/relationships")
# The manifest counts one CREATE more than the script has nodes.
OTHER_COUNT = {"neo4j/movies.cypher": (171, 253)}


def outcome(path: Path) -> TextualGraph | str:
    try:
        return graph_data.load(path)
    except GraphError as error:
        return str(error)


def test_all_are_read_or_refused(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = shared_data / "loader_samples"
    files = sorted(file for file in root.rglob("*") if file.is_file())
    assert len(files) > 90
    for file in files:
        found = outcome(file)
        name = file.relative_to(root)
        if isinstance(found, str):
            assert "\n" not in found
            print(f"refused  {name}: {found.removeprefix(str(file))}")
            assert file.name in NO_GRAPHS, found
        else:
            print(f"{found.num_nodes:7,} {found.num_edges:7,}  {name}")
            assert file.name not in NO_GRAPHS


def test_counts_agree_with_other_libraries(shared_data: Path) -> None:
    root = shared_data / "loader_samples"
    with (root / "MANIFEST.tsv").open(encoding="utf-8") as manifest:
        rows = [row for row in csv.DictReader(manifest, delimiter="\t") if row["nodes_or_terms"] not in ("", "0")]
    assert len(rows) > 50
    for row in rows:
        graph = graph_data.load(root / row["file"])
        nodes, edges = OTHER_COUNT.get(row["file"], (int(row["nodes_or_terms"]), int(row["edges_or_rows"])))
        if row["file"].startswith("rdf/"):  # names and long literals are text here, named graphs are merged
            assert graph.num_nodes <= nodes, row
            assert int(graph.report.notes[0].split(" ")[0].replace(",", "")) >= edges, row
        else:
            assert (graph.num_nodes, graph.num_edges) == (nodes, edges), row


def test_folders(shared_data: Path) -> None:
    root = shared_data / "loader_samples"
    thrones = graph_data.load(root / "teaching_networks" / "game-of-thrones")
    assert (thrones.num_nodes, thrones.num_edges) == (107, 352)
    carol = graph_data.load(root / "graphrag_output")
    assert carol.num_edges == 978
    assert carol.node_name(1) == "CHARLES DICKENS"


def test_large_tables(shared_data: Path) -> None:
    wordnet = graph_data.load(shared_data / "open_english_wordnet")
    assert (wordnet.num_nodes, wordnet.num_edges) == (235_569, 414_896)
    assert wordnet.node_text(0).startswith("name: able; type: synset; category: adj.all; description: (usually")
