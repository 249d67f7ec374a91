"""An index that lives: it is updated, killed, reopened, taken back, and loses nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from graph_data.errors import GraphError
from graph_data.textual_graph import TextualGraph
from graphrag.errors import GraphIndexError
from graphrag.index import GraphIndex
from graphrag.storage import KEPT_VERSIONS
from tests.graphrag.test_index import TRIPLES, CountingEmbedder, folder_names

MORE = [("Tenet", "film.directed_by", "Christopher Nolan"), ("Heat", "film.starring", "Al Pacino")]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    GraphIndex.build(TextualGraph.from_triples(TRIPLES), tmp_path / "i", CountingEmbedder())
    return tmp_path / "i"


def test_only_new_texts_are_embedded(place: Path) -> None:
    embedder = CountingEmbedder()
    index = GraphIndex.update(place, embedder, add=TextualGraph.from_triples(MORE))
    assert embedder.asked == ["Tenet", "Heat"]
    assert list(index.graph.triples()) == [*TRIPLES, *MORE]
    assert (index.version, index.versions) == (2, (1, 2))
    index.verify()


def test_who_has_it_open_keeps_what_was_opened(place: Path) -> None:
    before = GraphIndex.open(place)
    for number in range(KEPT_VERSIONS + 2):
        GraphIndex.update(place, CountingEmbedder(), add=TextualGraph.from_triples([(f"film {number}", "is", "new")]))
    assert list(before.graph.triples()) == TRIPLES
    assert before.node_vectors([0, 1]).shape == (2, 8)
    assert GraphIndex.open(place).graph.num_edges == len(TRIPLES) + KEPT_VERSIONS + 2


def test_versions_can_be_gone_back_to_and_given_up(place: Path) -> None:
    embedder = CountingEmbedder()
    GraphIndex.update(place, embedder, add=TextualGraph.from_triples(MORE))
    assert list(GraphIndex.restore(place, 1).graph.triples()) == TRIPLES
    assert GraphIndex.open(place).versions == (1, 2)
    assert GraphIndex.restore(place, 2).graph.num_edges == len(TRIPLES) + 2
    GraphIndex.restore(place, 1)
    index = GraphIndex.update(place, embedder, remove=["..."])  # goes on from the version that was gone back to
    assert (index.version, index.graph.num_edges) == (3, len(TRIPLES) - 1)
    assert GraphIndex.compact(place) == 2
    assert folder_names(place) == sorted([".lock", "meta.json", index.meta["data"]])
    with pytest.raises(GraphIndexError, match="there is no version 1; there are 3"):
        GraphIndex.restore(place, 1)


def test_a_change_that_changes_nothing_or_cannot_be_made_leaves_the_version(place: Path) -> None:
    GraphIndex.update(place, CountingEmbedder(), add=TextualGraph.from_triples(TRIPLES[:2]))
    with pytest.raises(GraphError, match="no node 'Tenet'"):
        GraphIndex.update(place, CountingEmbedder(), remove=["Insomnia", "Tenet"])
    assert GraphIndex.open(place).version == 1


WRITE = """
import sys, random
from graph_data.textual_graph import TextualGraph
from graphrag.index import GraphIndex
from tests.graphrag.test_index import CountingEmbedder
place, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for number in range(count):
    new = TextualGraph.from_triples([(f"{name} {number}", "is by", name)])
    index = GraphIndex.update(place, CountingEmbedder(), add=new)
    if number % 3 == 2:
        GraphIndex.update(place, CountingEmbedder(), remove=[f"{name} {number - 1}"])
    if number % 7 == 6:
        GraphIndex.compact(place)
    print(number, flush=True)
"""


def writer(place: Path, name: str, count: int) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", WRITE, str(place), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(root)})


def test_two_writers_take_turns(place: Path) -> None:
    writers = [writer(place, name, 6) for name in ("Ann", "Bob")]
    assert [one.wait(timeout=200) for one in writers] == [0, 0]
    index = GraphIndex.open(place)
    index.verify()
    made = {f"{name} {number}" for name in ("Ann", "Bob") for number in (0, 2, 3, 5)}
    assert {text for text in index.graph.node_ids.to_pylist() if text[-1].isdigit()} == made


def killed_writes(place: Path, kills: int, seed: int) -> None:
    """Kill writers at random moments; each time the index opens to a version that was written whole."""
    rng = random.Random(seed)
    for turn in range(kills):
        process = writer(place, f"w{turn}", 1000)
        assert process.stdout is not None
        first = process.stdout.readline()  # from here on it writes all the time
        time.sleep(rng.random())
        os.kill(process.pid, signal.SIGKILL)
        said = [int(line) for line in (first + process.communicate()[0]).split()]
        index = GraphIndex.open(place)
        index.verify()
        there = {text for text in index.graph.node_ids.to_pylist() if text.startswith(f"w{turn} ")}
        for number in said:  # every change that was reported done
            gone = number % 3 == 1 and (number + 1 in said or f"w{turn} {number + 1}" in there)
            assert (f"w{turn} {number}" in there) or gone
        assert index.meta["counts"]["nodes"] == index.graph.num_nodes


def test_killed_at_random_moments_nothing_that_was_written_is_lost(place: Path) -> None:
    killed_writes(place, 3, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_two_hundred_times_nothing_that_was_written_is_lost(place: Path) -> None:
    killed_writes(place, 200, seed=2)


def changed_and_fresh(place: Path, changes: int) -> tuple[GraphIndex, GraphIndex]:
    """An index after many adds and removes, and one made of the final graph at once."""
    rng = random.Random(3)
    edges = dict.fromkeys(TRIPLES)
    for _ in range(changes):
        if rng.random() < 0.45 and len(edges) > 2:
            gone = rng.choice(list(edges))
            del edges[gone]
            GraphIndex.update(place, CountingEmbedder(), remove_edges=TextualGraph.from_triples([gone]))
        else:
            new = (f"film {rng.randrange(30)}", rng.choice(["film.starring", "knows"]), f"person {rng.randrange(30)}")
            edges[new] = None
            GraphIndex.update(place, CountingEmbedder(), add=TextualGraph.from_triples([new]))
    fresh = GraphIndex.build(TextualGraph.from_triples(edges), place.parent / "fresh", CountingEmbedder())
    return GraphIndex.open(place), fresh


def same(one: GraphIndex, two: GraphIndex) -> None:
    """The same edges, each end with the same vector; nodes that lost their last edge aside."""
    assert set(one.graph.triples()) == set(two.graph.triples())
    rows = {text: row for row, text in enumerate(one.graph.node_texts.to_pylist())}
    names = two.graph.node_texts.to_pylist()
    np.testing.assert_array_equal(one.node_vectors([rows[name] for name in names]), two.node_vectors(range(len(names))))
    for row, name in enumerate(names):
        assert len(one.incident([rows[name]])) == len(two.incident([row]))


def test_many_changes_come_to_the_index_of_the_final_graph(place: Path) -> None:
    same(*changed_and_fresh(place, 25))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_thousand_changes_come_to_the_index_of_the_final_graph(place: Path) -> None:
    same(*changed_and_fresh(place, 1000))
