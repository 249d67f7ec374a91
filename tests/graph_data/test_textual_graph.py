"""The graph itself: columns, views, and its report in words."""

from __future__ import annotations

import numpy as np
import pytest

from graph_data import GraphError, LoadReport, TextualGraph

TRIPLES = [("Ann", "knows", "Bob"), ("Bob", "knows", "Cem"), ("Ann", "likes", "Cem")]


def test_triples_come_back_in_order() -> None:
    graph = TextualGraph.from_triples(TRIPLES)
    assert list(graph.triples()) == TRIPLES
    assert (graph.num_nodes, graph.num_edges, len(graph.relations)) == (3, 3, 2)
    assert graph.node_name(2) == "Cem"
    assert graph.relation(2) == "likes"


def test_names_are_shown_without_fields() -> None:
    graph = TextualGraph.from_columns(["1", "2"], ["name: cup; attribute: red", "table"], [[0], [1]], ["on"])
    assert list(graph.triples()) == [("cup", "on", "table")]


@pytest.mark.parametrize("edge_index", [[[0], [7]], [[-1], [0]]])
def test_edges_to_nowhere_are_refused(edge_index: list[list[int]]) -> None:
    with pytest.raises(GraphError, match="edge_index names node"):
        TextualGraph.from_columns(["1", "2"], ["a", "b"], np.array(edge_index), ["on"])


def test_the_report_is_one_sentence() -> None:
    report = LoadReport("a.csv", "CSV", 2, 1, 1, 0, 0, ((3, "tail is empty"),), 1, ("columns used: a, b",))
    assert str(report) == (
        "a.csv (CSV): 2 nodes, 1 edge, 1 relation, 1 row dropped (line 3: tail is empty); columns used: a, b."
    )
