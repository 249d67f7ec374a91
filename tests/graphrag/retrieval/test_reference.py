"""Reference mode equals the published retrieval, node for node and edge for edge."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from graphrag.evaluation.published import published_retrieval
from graphrag.retrieval import reference_subgraph


def test_all_published_cases_are_identical(shared_data: Path) -> None:
    folder = shared_data / "reference_retrieval"
    cases = json.loads((folder / "cases.json").read_text())
    arrays = np.load(folder / "cases.npz")
    assert len(cases) == 36
    for case in cases:
        name = case["id"]
        edge_index, edge_text = arrays[f"{name}_edge_index"], arrays[f"{name}_edge_text"]
        nodes, edges = reference_subgraph(
            edge_index,
            arrays[f"{name}_node_vectors"],
            arrays[f"{name}_edge_text_vectors"][edge_text],
            arrays[f"{name}_question_vector"],
            case["top_k_nodes"],
            case["top_k_edges"],
            case["edge_cost"],
        )
        selected = sorted([int(edge_index[0, e]), f"r{edge_text[e]}", int(edge_index[1, e])] for e in edges)
        assert nodes.tolist() == case["nodes"], name
        assert selected == sorted(case["edges"]), name


def test_the_published_steps_one_by_one_select_the_same(shared_data: Path) -> None:
    folder = shared_data / "reference_retrieval"
    arrays = np.load(folder / "cases.npz")
    for case in json.loads((folder / "cases.json").read_text()):
        name = case["id"]
        vectors = arrays[f"{name}_edge_text_vectors"][arrays[f"{name}_edge_text"]]
        given = (
            arrays[f"{name}_edge_index"],
            arrays[f"{name}_node_vectors"],
            vectors,
            arrays[f"{name}_question_vector"],
        )
        settings = case["top_k_nodes"], case["top_k_edges"], case["edge_cost"]
        if not given[0].shape[1]:
            continue  # the published code does not come to its steps then
        nodes, edges = published_retrieval(*map(torch.from_numpy, given), *settings)
        ours = reference_subgraph(*given, *settings)
        assert nodes.tolist() == case["nodes"] == ours[0].tolist(), name
        assert edges.tolist() == ours[1].tolist(), name


def test_a_graph_without_edges_is_kept_whole() -> None:
    nodes, edges = reference_subgraph(np.zeros((2, 0)), np.eye(3), np.zeros((0, 3)), np.ones(3))
    assert nodes.tolist() == [0, 1, 2]
    assert edges.tolist() == []
