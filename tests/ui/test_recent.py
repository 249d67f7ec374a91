"""Recent graphs: kept in one file of the user's, told only to who knows the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.index import GraphIndex, cache_folder
from ui.recent import FILE, KEPT, RecentGraph, recent, remember


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = tmp_path / "a.index"
    GraphIndex.build(TextualGraph.from_triples([("a", "b", "c")]), path)
    return str(path)


def test_only_who_knows_a_key_is_told(index: str) -> None:
    remember(RecentGraph("one", "a.csv", index))
    remember(RecentGraph("two", "b.csv", index))
    assert [graph.name for graph in recent(["two", "three", "one"])] == ["b.csv", "a.csv"]
    assert recent([]) == []


def test_a_graph_whose_index_is_gone_is_not_offered(index: str) -> None:
    remember(RecentGraph("one", "a.csv", index + ".gone"))
    assert recent(["one"]) == []


def test_the_file_is_private_and_does_not_grow(index: str) -> None:
    for i in range(KEPT + 5):
        remember(RecentGraph(f"{i}", "a.csv", index))
    file = cache_folder() / FILE
    assert file.stat().st_mode & 0o077 == 0
    assert len(recent(str(i) for i in range(KEPT + 5))) == KEPT
    assert list(file.parent.glob("*.tmp")) == []


@pytest.mark.parametrize("content", ["", "{", "[1]", '[{"key": 1}]', "\x00"])
def test_a_damaged_file_is_written_anew(index: str, content: str) -> None:
    cache_folder().mkdir(parents=True)
    (cache_folder() / FILE).write_text(content)
    assert recent(["one"]) == []
    remember(RecentGraph("one", "a.csv", index))
    assert len(recent(["one"])) == 1
