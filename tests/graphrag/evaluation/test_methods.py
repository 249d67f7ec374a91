"""Methods: each takes its part away, and the command line offers them all."""

from __future__ import annotations

from typing import get_args

import pytest

import graph_data
from graphrag import GraphRAG, cli
from graphrag.evaluation.methods import METHODS


def test_the_command_line_offers_every_method() -> None:
    assert get_args(cli.Method) == tuple(METHODS)


@pytest.fixture(scope="module")
def kitchen() -> GraphRAG:
    return GraphRAG(graph_data.load("kitchen"))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_answers_from_its_evidence(name: str, kitchen: GraphRAG) -> None:
    settings = METHODS[name].settings
    rag = GraphRAG(kitchen.index, **settings)
    answer = rag.ask("What is the kettle on?")
    nodes = {node.id for node in answer.subgraph.nodes}
    assert nodes
    assert all({edge.source, edge.target} <= nodes for edge in answer.subgraph.edges)
    assert rag.model.use_text == (settings.get("reads") != "tokens")
    assert rag.model.use_graph_tokens == (settings.get("reads") != "text")
    assert (rag.retriever.ranker is None) == (settings.get("prizes") in ("walk", "cosine"))


def test_two_hops_hold_more_than_the_tree(kitchen: GraphRAG) -> None:
    question = "What is the kettle on?"
    tree = kitchen.retriever.retrieve(question).subgraph
    around = GraphRAG(kitchen.index, selection="hops").retriever.retrieve(question).subgraph
    prized = GraphRAG(kitchen.index, selection="triples").retriever.retrieve(question).subgraph
    assert len(around.edges) > len(tree.edges)
    assert all(edge.role == "terminal" for edge in prized.edges)
