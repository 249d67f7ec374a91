"""An index holds what the graph holds, opens as it was written, and is never half there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_data.errors import EmptyGraphError
from graph_data.external import Workspace
from graph_data.textual_graph import LoadReport, TextualGraph
from graphrag.embedding import Progress, Vectors, default_embedder
from graphrag.errors import GraphIndexError
from graphrag.index import GraphIndex, index_of
from graphrag.indexing import graph_fingerprint
from graphrag.retrieval.incidence import incidence_of
from graphrag.unfinished import Unfinished

TRIPLES = [
    ("Insomnia", "film.directed_by", "Christopher Nolan"),
    ("Insomnia", "film.starring", "Al Pacino"),
    ("Memento", "film.directed_by", "Christopher Nolan"),
    ("Al Pacino", "knows", "Al Pacino"),
    ("...", "film.starring", "Al Pacino"),
]


class CountingEmbedder:
    """Vectors from a text's letters; remembers what it was asked."""

    name = "counting"
    dimension = 8

    def __init__(self, fingerprint: str = "counting-1") -> None:
        self.fingerprint = fingerprint
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.asked += texts
        vectors = np.array([[1 + sum(map(ord, text)) % (i + 7) for i in range(8)] for text in texts], np.float32)
        vectors = vectors.reshape(-1, 8)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.fixture
def graph() -> TextualGraph:
    report = LoadReport(source="films.csv", format="triples", nodes=5, dropped=((3, "ragged"),), dropped_total=1)
    return TextualGraph.from_triples(TRIPLES, report)


def folder_names(place: Path) -> list[str]:
    return sorted(entry.name for entry in place.iterdir())


def test_what_goes_in_comes_out(graph: TextualGraph, tmp_path: Path) -> None:
    GraphIndex.build(graph, tmp_path / "deep" / "films.index", CountingEmbedder())
    index = GraphIndex.open(tmp_path / "deep" / "films.index", CountingEmbedder())
    assert list(index.graph.triples()) == TRIPLES
    assert index.graph.report == graph.report
    assert index.meta["counts"] == {"nodes": 5, "edges": 5, "relations": 3, "texts": 10}
    assert folder_names(tmp_path / "deep") == ["films.index"]  # nothing left beside it
    index.verify()


def test_every_text_finds_its_vector(graph: TextualGraph, tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    index = GraphIndex.build(graph, tmp_path / "i", embedder)
    assert len(embedder.asked) == len(set(embedder.asked))  # each distinct text once
    np.testing.assert_array_equal(index.node_vectors([2, 0]), embedder.embed(["Al Pacino", "Insomnia"]))
    np.testing.assert_array_equal(index.relation_vectors(), embedder.embed(graph.relations.to_pylist()))
    assert "film directed by" in index.texts.to_pylist()


def test_relations_are_read_by_the_default_embedder(graph: TextualGraph, tmp_path: Path) -> None:
    index = GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    expected = default_embedder().embed(["film directed by", "film starring", "knows"])
    np.testing.assert_allclose(index.relation_reading, expected, atol=1e-5)


def test_incident_edges(graph: TextualGraph, tmp_path: Path) -> None:
    index = GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    assert index.incident([0]).tolist() == [0, 1]
    assert index.incident([2]).tolist() == [1, 3, 4]  # the self-loop stands once
    assert index.incident([0, 1, 0]).tolist() == [0, 1, 2]
    assert index.incident([]).tolist() == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20))
def test_incidence_lists_every_touching_edge_once(edges: list[tuple[int, int]]) -> None:
    names = [str(i) for i in range(6)]
    graph = TextualGraph.from_columns(names, names, np.array(edges, np.int64).reshape(-1, 2).T, ["r"] * len(edges))
    indptr, incident = incidence_of(graph.edge_index[0], graph.edge_index[1], graph.num_nodes)
    for node in range(6):
        touching = [i for i, edge in enumerate(edges) if node in edge]
        assert incident[indptr[node] : indptr[node + 1]].tolist() == touching


def test_the_tables_hold_the_graph(graph: TextualGraph, tmp_path: Path) -> None:
    import lancedb

    index = GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    store = lancedb.connect(index.path / index.meta["data"] / "tables")
    assert store.open_table("texts").count_rows() == 10
    assert store.open_table("edges").to_arrow().to_pylist()[3] == {"source": 2, "target": 2, "relation": 2}
    assert store.open_table("nodes").to_arrow().to_pylist()[1] == {
        "id": "Christopher Nolan",
        "text": "Christopher Nolan",
        "row": 1,
    }


@pytest.mark.parametrize("triples", [[("...", "?", "!")], []])
def test_graphs_at_the_edge(triples: list[tuple[str, str, str]], tmp_path: Path) -> None:
    graph = TextualGraph.from_triples(triples) if triples else TextualGraph.from_columns(["a"], ["a"], [[], []], [])
    index = GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    assert list(index.graph.triples()) == triples
    assert index.incident([0]).tolist() == ([0] if triples else [])
    assert index.relation_reading.shape == (len(triples), 384)


def test_an_empty_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyGraphError, match="no nodes"):
        GraphIndex.build(TextualGraph.from_triples([]), tmp_path / "i", CountingEmbedder())
    assert folder_names(tmp_path) == []


def test_opening_needs_neither_lancedb_nor_a_model(graph: TextualGraph, tmp_path: Path) -> None:
    GraphIndex.build(graph, tmp_path / "i")
    code = (
        "import sys; from graphrag.index import GraphIndex; index = GraphIndex.open(sys.argv[1]); index.embedder;"
        "print([m for m in ('lancedb', 'torch', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "i"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# what an index refuses


def test_another_embedder_is_refused(graph: TextualGraph, tmp_path: Path) -> None:
    GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    with pytest.raises(GraphIndexError, match=r"made by the embedder counting .* make it again"):
        GraphIndex.open(tmp_path / "i", default_embedder())


def test_another_schema_version_is_refused(graph: TextualGraph, tmp_path: Path) -> None:
    GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    meta = json.loads((tmp_path / "i" / "meta.json").read_text())
    (tmp_path / "i" / "meta.json").write_text(json.dumps({**meta, "schema_version": 99}))
    with pytest.raises(GraphIndexError, match=r"schema version 99.* make it again"):
        GraphIndex.open(tmp_path / "i")


def test_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphIndexError, match="no such folder"):
        GraphIndex.open(tmp_path / "absent")
    with pytest.raises(GraphIndexError, match="no index"):
        GraphIndex.open(tmp_path)
    assert not GraphIndex.is_index(tmp_path)


def damage(index: GraphIndex, how: str) -> None:
    data = index.path / str(index.meta["data"])
    if how == "meta torn":
        file = index.path / "meta.json"
        file.write_text(file.read_text()[:100])
    elif how == "meta of another":
        (index.path / "meta.json").write_text("[1]")
    elif how == "array truncated":
        file = data / "text_vectors.npy"
        file.write_bytes(file.read_bytes()[:-5])
    elif how == "array missing":
        (data / "indptr.npy").unlink()
    elif how == "strings changed":
        file = data / "nodes.arrow"
        file.write_bytes(bytes(byte ^ 1 for byte in file.read_bytes()))
    elif how == "table truncated":
        file = next((data / "tables").rglob("*.lance/data/*"))
        file.write_bytes(file.read_bytes()[:-5])


DAMAGES = ["meta torn", "meta of another", "array truncated", "array missing", "strings changed", "table truncated"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_index_is_refused_and_can_be_made_again(how: str, graph: TextualGraph, tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    damage(GraphIndex.build(graph, tmp_path / "i", embedder), how)
    with pytest.raises(GraphIndexError, match=r"damaged .* make it again") as caught:
        GraphIndex.open(tmp_path / "i")
    assert "\n" not in str(caught.value)
    assert GraphIndex.is_index(tmp_path / "i")
    GraphIndex.build(graph, tmp_path / "i", embedder, overwrite=True).verify()


# where an index goes


def test_a_folder_that_is_no_index_is_left_alone(graph: TextualGraph, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(GraphIndexError, match="left alone"):
            GraphIndex.build(graph, tmp_path, CountingEmbedder(), overwrite=overwrite)
    with pytest.raises(GraphIndexError, match="left alone"):
        GraphIndex.build(graph, tmp_path / "thesis.txt", CountingEmbedder(), overwrite=True)
    assert folder_names(tmp_path) == ["thesis.txt"]


def test_an_index_is_replaced_only_when_asked(graph: TextualGraph, tmp_path: Path) -> None:
    GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    with pytest.raises(GraphIndexError, match="already there"):
        GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())


def test_replacing_takes_over_the_vectors_it_has(graph: TextualGraph, tmp_path: Path) -> None:
    old = GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    embedder = CountingEmbedder()
    more = TextualGraph.from_triples([*TRIPLES, ("Tenet", "film.directed_by", "Christopher Nolan")])
    new = GraphIndex.build(more, tmp_path / "i", embedder, overwrite=True)
    assert embedder.asked == ["Tenet"]
    np.testing.assert_array_equal(
        new.node_vectors(range(5)), CountingEmbedder().embed(list(graph.node_texts.to_pylist()))
    )
    assert old.node_vectors([0]).shape == (1, 8)  # a reader of the old one is not disturbed
    assert folder_names(tmp_path / "i") == sorted([".lock", "meta.json", new.meta["data"]])


def test_another_embedder_embeds_anew(graph: TextualGraph, tmp_path: Path) -> None:
    GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    other = CountingEmbedder("counting-2")
    GraphIndex.build(graph, tmp_path / "i", other, overwrite=True)
    assert len(other.asked) == 10


# kills, full disks, rivals


def in_another_process(code: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Run code that knows this module's names."""
    start = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_index import *\n"
    command = [sys.executable, "-c", start + code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})


class KillingEmbedder(CountingEmbedder):
    """Dies as a killed process does: at once, in the middle of a build."""

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts, progress)


DIE = """
graph = TextualGraph.from_triples([*TRIPLES, ("Tenet", "film.starring", "Al Pacino")])
GraphIndex.build(graph, sys.argv[1], KillingEmbedder(), overwrite=True)
"""


def test_a_killed_build_leaves_the_old_index_and_its_leftovers_go(graph: TextualGraph, tmp_path: Path) -> None:
    GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    assert in_another_process(DIE, tmp_path / "i").wait() == -signal.SIGKILL
    assert len(folder_names(tmp_path)) == 2  # the index, and the torn build beside it
    assert list(GraphIndex.open(tmp_path / "i").graph.triples()) == TRIPLES
    GraphIndex.build(graph, tmp_path / "i", CountingEmbedder(), overwrite=True)
    assert folder_names(tmp_path) == ["i"]


REBUILD = """
print("ready", flush=True)
while True:
    GraphIndex.build(TextualGraph.from_triples(TRIPLES), sys.argv[1], CountingEmbedder(), overwrite=True)
"""


def test_killed_at_any_moment_an_index_is_whole(graph: TextualGraph, tmp_path: Path) -> None:
    GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    for wait in (2.9, 3.013):  # at arbitrary points of rebuilds that follow each other
        process = in_another_process(REBUILD, tmp_path / "i")
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.kill()
        process.communicate()
        GraphIndex.open(tmp_path / "i").verify()


def test_a_full_disk_is_told_and_leaves_nothing(small_disk: Path) -> None:
    triples = [(f"a film with the long title number {i}", "directed by", f"person {i % 50}") for i in range(6000)]
    with pytest.raises(GraphIndexError, match=r"the disk is full; free some space"):
        GraphIndex.build(TextualGraph.from_triples(triples), small_disk / "i", CountingEmbedder())
    assert folder_names(small_disk) == []


def test_a_full_disk_met_by_lancedb_is_told(
    graph: TextualGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError(
            "lance error: LanceError(IO): Generic LocalFileSystem error: No space left on device (os error 28)"
        )

    monkeypatch.setattr("graphrag.indexing.write_tables", fail)
    with pytest.raises(GraphIndexError, match="the disk is full"):
        GraphIndex.build(graph, tmp_path / "i", CountingEmbedder())
    assert folder_names(tmp_path) == []


CACHED = "print(index_of(TextualGraph.from_triples(TRIPLES), CountingEmbedder()).path)"


def test_rivals_for_the_cache_share_one_index(tmp_path: Path) -> None:
    rivals = [in_another_process(CACHED, XDG_CACHE_HOME=str(tmp_path)) for _ in range(2)]
    paths = {rival.communicate(timeout=120)[0].strip() for rival in rivals}
    assert [rival.returncode for rival in rivals] == [0, 0]
    assert folder_names(tmp_path / "chat-with-graph") == [Path(paths.pop()).name]
    assert not paths


def test_the_cache_is_used_again_and_mended(
    graph: TextualGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = index_of(graph, CountingEmbedder())
    embedder = CountingEmbedder()
    assert index_of(graph, embedder).path == first.path
    assert embedder.asked == []
    damage(first, "array truncated")
    assert list(index_of(graph, embedder).graph.triples()) == TRIPLES


def test_an_index_without_a_cache_goes_with_its_last_user(graph: TextualGraph) -> None:
    index = index_of(graph, CountingEmbedder(), cache=False)
    place = index.path.parent
    assert place.is_dir()
    del index
    assert not place.exists()


@settings(max_examples=20)
@given(st.lists(st.tuples(*[st.text(max_size=3)] * 3), min_size=1, max_size=5))
def test_equal_graphs_have_equal_fingerprints(triples: list[tuple[str, str, str]]) -> None:
    assert graph_fingerprint(TextualGraph.from_triples(triples)) == graph_fingerprint(
        TextualGraph.from_triples(triples)
    )


def test_other_graphs_have_other_fingerprints(graph: TextualGraph) -> None:
    shifted = TextualGraph.from_triples([("Insomni", "afilm.directed_by", "Christopher Nolan"), *TRIPLES[1:]])
    reverse = TextualGraph.from_columns(
        graph.node_ids.to_pylist(),
        graph.node_texts.to_pylist(),
        graph.edge_index[::-1],
        [graph.relation(edge) for edge in range(5)],
    )
    assert len({graph_fingerprint(other) for other in (graph, shifted, reverse)}) == 3
    sliced = TextualGraph.from_triples([("x", "y", "z"), *TRIPLES]).node_texts[2:]
    same = TextualGraph(graph.node_ids, sliced, graph.edge_index, graph.edge_relation, graph.relations)
    assert graph_fingerprint(same) == graph_fingerprint(graph)  # how the columns lie in memory does not matter


def test_a_killed_build_goes_on_where_it_was(tmp_path: Path) -> None:
    """Killed twice while it embeds; what it had embedded is not embedded again, and nothing is left behind."""
    script = (
        "import sys, time\n"
        "import graphrag.indexing as indexing\n"
        "from tests.graphrag.test_index import CountingEmbedder, slow_graph\n"
        "from graphrag.index import GraphIndex\n"
        "class Slow(CountingEmbedder):\n"
        "    def embed(self, texts, progress=None):\n"
        "        time.sleep(0.1 if len(texts) == 5 else 0)\n"
        "        return super().embed(texts, progress)\n"
        "indexing._PART = 5\n"
        f"GraphIndex.build(slow_graph(), {str(tmp_path / 'g.index')!r}, Slow())\n"
    )
    unfinished = Unfinished(tmp_path / "g.index", CountingEmbedder().fingerprint)
    for kept in (4, 10):
        process = subprocess.Popen([sys.executable, "-c", script])
        try:
            wait_for(lambda wanted=kept: len(list(unfinished.parts())) >= wanted)
        finally:
            process.kill()
            process.wait()
    done = [text for texts, _ in unfinished.parts() for text in texts]
    assert len(done) >= 50
    embedder = CountingEmbedder()
    index = GraphIndex.build(slow_graph(), tmp_path / "g.index", embedder)
    assert set(embedder.asked) == set(index.texts.to_pylist()) - set(done)
    np.testing.assert_array_equal(index.text_vectors, CountingEmbedder().embed(index.texts.to_pylist()))
    assert [file.name for file in tmp_path.iterdir()] == ["g.index"]


def test_within_a_bound_of_memory_the_index_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphrag.retrieval.incidence.BLOCK_ROWS", 700)
    monkeypatch.setattr("graphrag.retrieval.mentions._NAMES", 500)
    graph, embedder = crowded_graph(), CountingEmbedder()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    whole = GraphIndex.build(graph, tmp_path / "whole.index", CountingEmbedder())
    bound = GraphIndex.build(graph, tmp_path / "bound.index", embedder, workspace=Workspace(scratch, 1))
    files = [name for name in whole.meta["files"] if not name.startswith("tables/")]
    assert len(files) > 15
    assert {name: bound.meta["files"][name] for name in files} == {name: whole.meta["files"][name] for name in files}
    assert len(list(scratch.iterdir())) > 50  # it did go to disk
    assert len(embedder.asked) == len(set(embedder.asked)) == len(whole.texts)


def test_within_a_bound_known_vectors_are_taken_over(tmp_path: Path) -> None:
    path, again = tmp_path / "g.index", CountingEmbedder()
    (tmp_path / "scratch").mkdir()
    before = np.asarray(GraphIndex.build(crowded_graph(), path, CountingEmbedder()).text_vectors)
    index = GraphIndex.build(crowded_graph(), path, again, overwrite=True, workspace=Workspace(tmp_path / "scratch", 1))
    assert again.asked == []
    np.testing.assert_array_equal(index.text_vectors, before)


def crowded_graph() -> TextualGraph:
    rng = np.random.default_rng(0)
    names = [f"Ann {i} of the {i % 700} hills" for i in range(6_000)]
    edges = rng.integers(len(names), size=(9_000, 2)).tolist()
    return TextualGraph.from_triples((names[a], f"rel_{a % 2_500}", names[b]) for a, b in [*edges, (3, 3)])


def slow_graph() -> TextualGraph:
    return TextualGraph.from_triples([(f"film {i}", "shown with", f"film {i + 1}") for i in range(100)])


def wait_for(there: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until
        time.sleep(0.02)
