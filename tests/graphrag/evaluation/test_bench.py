"""The bench measures what it says, and checks that the sets are the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import graph_data
from graphrag.evaluation import bench
from graphrag.index import index_of


def test_a_generated_graph_has_hubs_and_comes_again_with_its_seed() -> None:
    one, two, other = (bench.heavy_tailed(2000, seed) for seed in (0, 0, 1))
    assert one.topology.num_edges == 2000
    degrees = np.diff(one.topology.indptr)
    assert degrees.max() > 5 * degrees.mean()
    np.testing.assert_array_equal(one.topology.edge_index, two.topology.edge_index)
    assert not np.array_equal(one.topology.edge_index, other.topology.edge_index)


def test_local_retrieval_gives_the_sets_of_the_whole_graph(tmp_path: Path) -> None:
    measured = [bench.measure(bench.heavy_tailed(size), 3, pyg=size < 1000) for size in (300, 8000)]
    for one in measured:
        assert (one.questions, one.compared, one.identical) == (3, 3, 3)
        assert one.stages["all"].median > 0
    assert "pyg" in measured[0].stages
    assert "pyg" not in measured[1].stages
    bench.write(measured, tmp_path)
    assert [one["edges"] for one in json.loads((tmp_path / "bench.json").read_text())] == [300, 8000]
    assert "PyG" in (tmp_path / "bench.svg").read_text()


def test_a_graph_of_ones_own_is_measured_with_its_vectors() -> None:
    problem = bench.problem_of(index_of(graph_data.load("kitchen")), "kitchen")
    one = bench.measure(problem, 4)
    assert (one.name, one.compared, one.identical) == ("kitchen", 4, 4)
