"""Small tables, to be asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import graph_data
from graphrag import GraphRAG


@pytest.fixture(scope="session")
def rag_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], GraphRAG]:
    """Makes an assistant of a CSV's text."""

    def make(text: str) -> GraphRAG:
        file = tmp_path_factory.mktemp("table") / "table.csv"
        file.write_text(text, encoding="utf-8")
        return GraphRAG(graph_data.load(file))

    return make
