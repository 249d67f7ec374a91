"""Read block by block, a table gives the graph and the report that it gives when it is read whole."""

import gzip
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import graph_data
from graph_data import EmptyGraphError, GraphReadError, TextualGraph, Workspace
from graph_data.readers import streamed

ROWS = 9_000


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return Workspace(folder, 1)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "_BLOCKS", (1 << 14, 1 << 14))
    monkeypatch.setattr(streamed, "_ROWS", 1_000)


def rows(seed: int = 0) -> list[tuple[str, str, str]]:
    rng = random.Random(seed)
    return [
        (f"Ännie {rng.randrange(2_000)}", f"rel {int(rng.paretovariate(0.7)) % 40}", f"thing, {rng.randrange(900)}")
        for _ in range(ROWS)
    ]


def csv_of(lines: list[tuple[str, str, str]]) -> str:
    return "head,relation,tail\n" + "".join(f'{a},{b},"{c}"\n' for a, b, c in lines)


def check_same(path: Path, workspace: Workspace, **options: Any) -> TextualGraph:
    whole, found = graph_data.load(path, **options), graph_data.load(path, workspace=workspace, **options)
    assert found.node_ids.equals(whole.node_ids)
    assert found.node_texts.equals(whole.node_texts)
    assert found.relations.equals(whole.relations)
    np.testing.assert_array_equal(found.edge_index, whole.edge_index)
    np.testing.assert_array_equal(found.edge_relation, whole.edge_relation)
    assert sorted(found.report.dropped) == sorted(whole.report.dropped)
    assert replace(found.report, dropped=()) == replace(whole.report, dropped=())
    assert len(list(workspace.folder.iterdir())) > 10  # it was read so
    return found


def test_a_csv(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "kb.csv"
    path.write_text(csv_of(rows()), "utf-8")
    assert check_same(path, workspace).report.duplicate_edges > 0


def test_rows_left_out_are_named_by_their_lines(tmp_path: Path, workspace: Workspace) -> None:
    lines = csv_of(rows(1)).splitlines()
    for at in (5, 6, 2_000, 5_555, len(lines)):
        lines.insert(at, "one,two")
    for at in (9, 3_000):
        lines[at] = "Ada,knows,"
    path = tmp_path / "kb.csv"
    path.write_text("# made by hand\n\n" + "\n".join(lines) + "\n", "utf-8")
    assert check_same(path, workspace).report.dropped_total == 7


def test_a_block_without_any_whole_row(tmp_path: Path, workspace: Workspace) -> None:
    lines = csv_of(rows(7)).splitlines()
    lines[2_000:4_000] = ["Ada,knows,"] * 2_000
    path = tmp_path / "kb.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    found = graph_data.load(path, workspace=workspace)
    assert found.report.dropped_total == 2_000
    assert found.edge_relation.tolist() == graph_data.load(path).edge_relation.tolist()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_packed_tsv_without_a_header(tmp_path: Path, workspace: Workspace, end: str) -> None:
    text = "".join(f'{a}\t{b}\t{c} "x"{end}' for a, b, c in rows(2))
    path = tmp_path / "kb.tsv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    check_same(path, workspace)


def test_parquet_and_other_columns(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "kb.csv"
    path.write_text(csv_of(rows(3)), "utf-8")
    table = pa_csv.read_csv(path)
    table = table.append_column("batch", pa.array([f"n{i % 9}" for i in range(len(table))]))
    pq.write_table(table, tmp_path / "kb.parquet")
    found = check_same(tmp_path / "kb.parquet", workspace, head="tail", tail="head")
    assert "edge columns left out: batch" in found.report.notes


def test_latin_1_and_its_note(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "kb.csv"
    path.write_bytes(csv_of(rows(4)).encode("latin-1"))
    check_same(path, workspace)


def test_edges_without_a_relation(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "links.csv"
    path.write_text("source,target\n" + "".join(f"{a},{c[7:]}\n" for a, _, c in rows(5)), "utf-8")
    found = check_same(path, workspace)
    assert found.relations.to_pylist() == ["connected to"]


def test_columns_called_anything_as_triples(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("x,y,z\n" + csv_of(rows(6)).split("\n", 1)[1], "utf-8")
    check_same(path, workspace, format="triples")


def test_it_tells_how_far_it_is(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "kb.csv"
    path.write_text(csv_of(rows()), "utf-8")
    told: list[tuple[int, int]] = []
    graph_data.load(path, workspace=workspace, progress=lambda done, total: told.append((done, total)))
    assert len(told) > 5
    assert told[-1] == (ROWS, ROWS)
    assert all(0 < done <= total <= ROWS for done, total in told)


def test_a_later_block_that_is_not_as_the_first(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "kb.csv"
    path.write_bytes(csv_of(rows()).encode() + "Jos\xe9,knows,Ana\n".encode("latin-1"))
    with pytest.raises(GraphReadError, match=r"line \d+: it cannot be read on as it began .*encoding="):
        graph_data.load(path, workspace=workspace)


def test_quotes_that_never_close(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "kb.csv"
    text = csv_of(rows())
    middle = text.index("\n", len(text) // 2) + 1
    path.write_text(text[:middle] + 'Ada,"knows,Ben\n' + text[middle:], "utf-8")
    with pytest.raises(GraphReadError, match="quotes are not balanced"):
        graph_data.load(path, workspace=workspace)


def test_a_table_with_one_thing_a_row_is_refused(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,job,city\n" + "".join(f"P{i},cook,Bath\n" for i in range(3_000)), "utf-8")
    with pytest.raises(GraphReadError, match="seems to have one thing a row"):
        graph_data.load(path, workspace=workspace)


def test_other_forms_are_refused_if_large_and_read_whole_if_small(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "kb.nt"
    path.write_text("".join(f"<http://x/{i}> <http://x/p> <http://x/{i + 1}> .\n" for i in range(200)), "utf-8")
    with pytest.raises(GraphReadError, match="a source of the form ntriples cannot be read block by block"):
        graph_data.load(path, workspace=workspace)
    assert graph_data.load(path, workspace=Workspace(workspace.folder, 10**9)).num_edges == 200


def test_a_table_of_nothing(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "kb.csv"
    path.write_text("head,relation,tail\n", "utf-8")
    with pytest.raises(EmptyGraphError):
        graph_data.load(path, workspace=workspace)
