"""External memory gives what NumPy and Arrow give in memory, whatever fits."""

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_data import GraphError, Workspace, external
from graph_data.external import Numbering, SortedRows, StringColumn, blocks

TINY = 1  # byte of memory: 1024 rows at a time


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, TINY)


@pytest.mark.parametrize("distinct", [1, 7, 5_000, 10**9])
def test_rows_are_sorted_stably_as_in_memory(workspace: Workspace, distinct: int) -> None:
    rng = np.random.default_rng(distinct)
    keys = rng.integers(distinct, size=20_000)
    sorted_rows = SortedRows(workspace, np.int64, np.int32)
    for part in blocks(len(keys), 700):
        sorted_rows.add(keys[part], np.arange(part.start, part.stop))
    order = np.argsort(keys, kind="stable")
    found = sorted_rows.columns()
    np.testing.assert_array_equal(found[0], keys[order])
    np.testing.assert_array_equal(found[1], order)
    assert len(list(workspace.folder.iterdir())) > 20  # it did go to disk


def test_parts_fit_and_keep_a_key_together(workspace: Workspace) -> None:
    rng = np.random.default_rng(0)
    sorted_rows = SortedRows(workspace, np.int64)
    for _ in range(40):
        sorted_rows.add(rng.integers(3_000, size=500))
    parts = [part[0] for part in sorted_rows.parts()]
    assert len(parts) > 10
    assert max(map(len, parts)) <= 1024 + 40  # one key's rows more, at most
    assert all(one[-1] < two[0] for one, two in itertools.pairwise(parts))


def test_strings_of_bytes_are_sorted_too(workspace: Workspace) -> None:
    words = np.asarray([f"w{i % 2711}".encode() for i in range(5_000)], "S8")
    sorted_rows = SortedRows(workspace, "S8")
    for part in blocks(len(words), 900):
        sorted_rows.add(words[part])
    np.testing.assert_array_equal(sorted_rows.columns()[0], np.sort(words))


def test_without_rows(workspace: Workspace) -> None:
    assert [len(column) for column in SortedRows(workspace, np.int64, np.bool_).columns()] == [0, 0]
    assert [len(column) for column in SortedRows(None, np.int64, np.bool_).columns()] == [0, 0]


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.lists(st.sampled_from(["", "a", "b", "ä", "a\x00", "日本", "x" * 40, "y"])), max_size=6))
def test_strings_are_numbered_as_arrow_does(tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]]) -> None:
    numbering = Numbering(Workspace(tmp_path_factory.mktemp("numbering"), TINY))
    for batch in batches:
        numbering.add(pa.array(batch, pa.string()))
    numbers, strings = numbering.finish()
    expected = pa.array([text for batch in batches for text in batch], pa.string()).dictionary_encode()
    assert numbers.tolist() == expected.indices.to_pylist()
    assert strings.to_pylist() == expected.dictionary.to_pylist()


def test_many_strings_are_numbered_as_arrow_does(workspace: Workspace) -> None:
    rng = np.random.default_rng(1)
    texts = pa.array([f"node {i}" for i in rng.zipf(1.1, 300_000) % 150_000], pa.string())
    assert len(texts.unique()) > external.BLOCK_ROWS
    numbering = Numbering(workspace)
    for part in blocks(len(texts), 7_777):
        numbering.add(texts.slice(part.start, part.stop - part.start))
    numbers, strings = numbering.finish()
    expected = texts.dictionary_encode()
    assert strings.equals(expected.dictionary)
    np.testing.assert_array_equal(numbers, expected.indices.to_numpy())


def test_a_column_takes_slices_and_refuses_too_much(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    column = StringColumn(workspace)
    given = pa.array(["nought", "one", "", "three", "vier"], pa.string())
    column.append(given.slice(1, 3))
    column.append(given.slice(0, 0))
    column.append(given.slice(4))
    assert column.finish().to_pylist() == ["one", "", "three", "vier"]
    monkeypatch.setattr(external, "_TEXT_LIMIT", 15)
    with pytest.raises(GraphError, match="2 GB"):
        column.append(given)


def test_a_full_disk_is_a_sentence(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("graph_data.external.os.posix_fallocate", full, raising=False)
    with pytest.raises(GraphError, match=r"no room for 800 bytes \(No space left on device\); free some space"):
        workspace.array(100, np.int64)
