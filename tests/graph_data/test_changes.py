"""Adding to a graph and taking away from it."""

from __future__ import annotations

import random

import pytest

from graph_data.changes import with_added, without
from graph_data.errors import GraphError
from graph_data.textual_graph import TextualGraph

FILMS = [
    ("Insomnia", "directed by", "Christopher Nolan"),
    ("Insomnia", "starring", "Al Pacino"),
    ("Heat", "starring", "Al Pacino"),
]


def graph_of(triples: list[tuple[str, str, str]]) -> TextualGraph:
    return TextualGraph.from_triples(triples)


def test_what_is_there_is_not_added_again() -> None:
    more = graph_of([("Heat", "directed by", "Michael Mann"), FILMS[0], ("Heat", "year", "1995")])
    both = with_added(graph_of(FILMS), more)
    assert list(both.triples()) == [*FILMS, ("Heat", "directed by", "Michael Mann"), ("Heat", "year", "1995")]
    assert both.node_ids.to_pylist() == ["Insomnia", "Christopher Nolan", "Al Pacino", "Heat", "Michael Mann", "1995"]
    assert (both.report.nodes, both.report.edges, both.report.relations) == (6, 5, 3)


def test_a_fuller_text_takes_the_place_of_the_old_one_and_a_bare_name_does_not() -> None:
    full = TextualGraph.from_columns(["Heat"], ["name: Heat; year: 1995"], [[], []], [])
    assert with_added(graph_of(FILMS), full).node_text(3) == "name: Heat; year: 1995"
    bare = graph_of([("Heat", "year", "1995")])
    assert with_added(with_added(graph_of(FILMS), full), bare).node_text(3) == "name: Heat; year: 1995"


def test_a_node_goes_with_its_edges_and_a_relation_that_nothing_has_goes_too() -> None:
    left = without(graph_of(FILMS), ["Christopher Nolan"])
    assert list(left.triples()) == FILMS[1:]
    assert left.relations.to_pylist() == ["starring"]


def test_edges_go_and_their_nodes_stay() -> None:
    left = without(graph_of(FILMS), edges=graph_of([FILMS[2]]))
    assert list(left.triples()) == FILMS[:2]
    assert "Heat" in left.node_ids.to_pylist()
    assert left.report.isolated_nodes == 1


@pytest.mark.parametrize("edges", [[("Heat", "starring", "Insomnia")], [("Heat", "year", "1995")], [("A", "b", "C")]])
def test_what_is_not_there_cannot_be_removed(edges: list[tuple[str, str, str]]) -> None:
    with pytest.raises(GraphError, match="no edge"):
        without(graph_of(FILMS), edges=graph_of(edges))
    with pytest.raises(GraphError, match="no node 'Tenet'"):
        without(graph_of(FILMS), ["Heat", "Tenet"])


def test_many_changes_come_to_the_same_as_the_final_graph() -> None:
    rng = random.Random(0)
    graph, edges = graph_of(FILMS), dict.fromkeys(FILMS)
    for _ in range(300):
        if edges and rng.random() < 0.45:
            gone = rng.choice(list(edges))
            del edges[gone]
            graph = without(graph, edges=graph_of([gone]))
        else:
            new = (f"n{rng.randrange(40)}", f"r{rng.randrange(5)}", f"n{rng.randrange(40)}")
            edges[new] = None
            graph = with_added(graph, graph_of([new]))
        if rng.random() < 0.05 and graph.num_nodes > 1:
            name = graph.node_id(rng.randrange(graph.num_nodes))
            edges = {edge: None for edge in edges if name not in (edge[0], edge[2])}
            graph = without(graph, [name])
        assert set(graph.triples()) == set(edges)
        assert graph.num_edges == len(edges)
        assert set(graph.relations.to_pylist()) == {relation for _, relation, _ in edges}
