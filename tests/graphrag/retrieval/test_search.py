"""What a question mentions, and what is near it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.retrieval.search import MentionTable, nearest

GRAPH = TextualGraph.from_columns(
    ["n0", "n1", "n2", "n3", "n4", "n5", "n6"],
    [
        "name: cup; attribute: red, small",
        "The_Godfather (film)",
        "São Paulo",
        "Paulo",
        "river",
        "What",
        "name: cup; attribute: blue",
    ],
    [[0], [4]],
    ["beside"],
)
RED, SMALL, BLUE = 7, 8, 9  # literals come after the graph's nodes
TABLE = MentionTable.build(GRAPH)


def mentioned(question: str) -> list[tuple[int, ...]]:
    return [mention.nodes for mention in TABLE.find(question)]


@pytest.mark.parametrize(
    ("question", "nodes"),
    [
        ("Where is São Paulo?", [(2,)]),
        ("where is sao paulo", [(2,)]),  # case and accents
        ("Who made the godfather?", [(1,)]),  # article, underscore and parenthesis
        ("Which rivers are long?", [(4,)]),  # plural
        ("What is beside the cup?", [(5,), (0, 6)]),  # every cup; a node named "What"
        ("Is anything red or BLUE?", [(RED,), (BLUE,)]),  # values inside node texts
        ("Nothing here", []),
    ],
)
def test_mentions_forgive_how_a_name_is_written(question: str, nodes: list[tuple[int, ...]]) -> None:
    assert mentioned(question) == nodes


def test_the_longest_mention_wins() -> None:
    assert mentioned("São Paulo or Paulo?") == [(2,), (3,)]


def test_a_mention_knows_its_characters() -> None:
    (mention,) = TABLE.find("In são paulo?")
    assert "In são paulo?"[mention.start : mention.end] == "são paulo"
    assert mention.exact
    assert not mention.function_words


def test_a_saved_table_finds_the_same(tmp_path: Path) -> None:
    TABLE.save(tmp_path)
    loaded = MentionTable.load(tmp_path)
    for question in ("the cup in Sao Paulo", "red rivers"):
        assert loaded.find(question) == TABLE.find(question)


def test_nearest_is_ordered_and_breaks_ties_by_row() -> None:
    vectors = np.asarray([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], np.float32)
    rows, cosines = nearest(vectors, np.asarray([1, 0], np.float32), 3)
    assert rows.tolist() == [0, 2, 3]
    assert cosines.tolist() == pytest.approx([1, 1, 0.6])
    assert nearest(vectors[:0], np.asarray([1, 0], np.float32), 3)[0].tolist() == []
