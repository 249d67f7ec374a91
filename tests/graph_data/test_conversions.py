"""To and from networkx, PyG and pandas: what goes out comes back."""

from __future__ import annotations

import networkx as nx
import pandas as pd
import pytest
import torch
from torch_geometric.data import Data

import graph_data
from graph_data import GraphReadError, TextualGraph


@pytest.fixture
def graph() -> TextualGraph:
    return TextualGraph.from_columns(
        ["a", "b", "c"], ["name: Ann; job: baker", "Bob", "Ann"], [[0, 0, 2], [1, 1, 0]], ["knows", "likes", "knows"]
    )


def same(one: TextualGraph, other: TextualGraph) -> bool:
    return (
        one.node_ids.equals(other.node_ids)
        and one.node_texts.equals(other.node_texts)
        and list(one.triples()) == list(other.triples())
        and one.edge_index.tolist() == other.edge_index.tolist()
    )


def test_networkx_and_back(graph: TextualGraph) -> None:
    there = graph.to_networkx()
    assert there.nodes["a"] == {"name": "Ann", "text": "name: Ann; job: baker"}
    assert there.number_of_edges() == 3
    assert same(graph_data.from_networkx(there), graph)


def test_any_networkx_graph() -> None:
    source = nx.Graph()
    source.add_node(1, name="Ann", colour="#ff0000", tags=["x", "y"])
    source.add_edge(1, 2, weight=1.5)
    source.add_edge(2, 3, relation="knows", weight=2)
    result = graph_data.from_networkx(source)
    assert result.node_texts.to_pylist() == ["name: Ann; tags: x, y", "2", "3"]
    assert list(result.triples()) == [("Ann", "connected to; weight: 1.5", "2"), ("2", "knows", "3")]
    assert "undirected" in str(result.report)
    assert graph_data.from_networkx(nx.karate_club_graph()).num_edges == 78


def test_pyg_and_back(graph: TextualGraph) -> None:
    there = graph.to_pyg()
    assert there.edge_index.shape == (2, 3)
    assert there.edge_text == ["knows", "likes", "knows"]
    assert same(graph_data.from_pyg(there), graph)


def test_pyg_without_texts() -> None:
    result = graph_data.from_pyg(Data(edge_index=torch.tensor([[0, 1], [1, 2]]), num_nodes=4))
    assert list(result.triples()) == [("0", "connected to", "1"), ("1", "connected to", "2")]
    assert result.report.isolated_nodes == 1


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (Data(x=torch.zeros(2, 3)), "there is no edge_index"),
        (Data(edge_index=torch.zeros(3, 2)), "must be"),
        (Data(edge_index=torch.tensor([[0], [1]]), num_nodes=2, node_text=["a"]), "1 texts for 2 nodes"),
        (Data(edge_index=torch.tensor([[0], [5]]), num_nodes=2), "names node 5"),
    ],
)
def test_pyg_that_does_not_fit(data: Data, what: str) -> None:
    with pytest.raises(GraphReadError, match=what):
        graph_data.from_pyg(data)


def test_pandas_and_back(graph: TextualGraph) -> None:
    nodes, edges = graph.to_pandas()
    assert list(edges.columns) == ["source", "relation", "target"]
    assert same(graph_data.from_pandas(edges, nodes), graph)


def test_any_frame() -> None:
    edges = pd.DataFrame({"who": ["Ann", "Bob"], "whom": ["Bob", "Cem"], "how": ["knows", None]})
    result = graph_data.from_pandas(edges, head="who", tail="whom", relation="how")
    assert list(result.triples()) == [("Ann", "knows", "Bob"), ("Bob", "connected to", "Cem")]
    films = pd.DataFrame({"title": ["Heat"], "director": ["Mann"], "year": [1995]})
    assert set(graph_data.from_pandas(films).triples()) == {("Heat", "director", "Mann"), ("Heat", "year", "1995")}
    with pytest.raises(GraphReadError, match="no rows"):
        graph_data.from_pandas(films[:0])
