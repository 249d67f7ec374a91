"""An index built within a bound of memory: how much a process takes, and what a kill in the middle of it costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from graphrag.embedding import default_embedder
from graphrag.index import GraphIndex
from graphrag.unfinished import Unfinished

EDGES, NODES = 6_000_000, 25_000
BOUND = 10**9

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by /proc, which is not here"),
]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    file = tmp_path_factory.mktemp("table") / "kb.csv"
    with file.open("w") as stream:
        stream.write("head,relation,tail\n")
        for _ in range(EDGES // 500_000):
            heads, tails = rng.integers(NODES, size=(2, 500_000)).tolist()
            relations = rng.integers(300, size=500_000).tolist()
            rows = zip(heads, relations, tails, strict=True)
            stream.writelines(f"Person {a},relation {r},Place {b}\n" for a, r, b in rows)
    return file


def start(table: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "graphrag.cli", "index", str(table), "--out", str(out), *more]
    return subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)


def own_memory(process: int) -> int:
    """Bytes that a process has taken for itself; files that it has mapped do not count."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)


def peak(process: subprocess.Popen[bytes]) -> int:
    """The most that it took, waited for."""
    most = 0
    while process.poll() is None:
        most = max(most, own_memory(process.pid))
        time.sleep(0.02)
    assert process.returncode == 0
    return most


def test_it_takes_no_more_than_it_may(table: Path, tmp_path: Path) -> None:
    bound = peak(start(table, tmp_path / "bound.index", "--memory", "1GB"))
    free = peak(start(table, tmp_path / "free.index"))
    print(f"{EDGES:,} edges: {bound / 1e6:,.0f} MB within a bound of {BOUND / 1e6:,.0f}, {free / 1e6:,.0f} MB without")
    assert bound <= BOUND < free
    one, two = (GraphIndex.open(tmp_path / name).meta for name in ("bound.index", "free.index"))
    files = [name for name in one["files"] if not name.startswith("tables/")]
    assert {name: one["files"][name] for name in files} == {name: two["files"][name] for name in files}


def test_killed_it_goes_on_where_texts_were_embedded(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "kb.index"
    unfinished = Unfinished(out, default_embedder().fingerprint)
    process = start(table, out, "--memory", "1GB")
    while not list(unfinished.parts()):
        assert process.poll() is None
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not out.exists()
    assert [path for path in tmp_path.iterdir() if ".building-" in path.name]
    assert start(table, out, "--memory", "1GB").wait() == 0
    assert GraphIndex.open(out).graph.num_edges > 0.99 * EDGES
    assert [path.name for path in tmp_path.iterdir()] == ["kb.index"]
