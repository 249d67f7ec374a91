"""A training killed again and again ends in the weights of one left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import load_file

KILLS = 10

# A whole training, of all three stages, small enough to be killed in each of them.
TRAINING = """
import sys
from dataclasses import replace
from pathlib import Path
from graphrag.training import recipe

adapt = recipe.RECIPES["adapt"]
recipe.RECIPES["adapt"] = replace(
    adapt,
    questions=60,
    prompts=48,
    replayed=3,
    reasoner=replace(adapt.reasoner, epochs=6, batch=4, checkpoint_every=2),
    ranker=replace(adapt.ranker, epochs=2, checkpoint_every=2, evaluate_every=4),
    adapter=replace(adapt.adapter, epochs=2, batch_size=4, checkpoint_every=2, evaluate_every=6, hit_examples=4),
)
recipe.run(out=Path(sys.argv[1]), graph="museum_heist", seed=3, resume=True)
"""


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_kills_change_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    assert _train(tmp_path / "whole").wait() == 0
    took = time.monotonic() - began
    draw, killed = random.Random(0), 0
    while killed < KILLS:
        process = _train(tmp_path / "parts")
        try:
            assert process.wait(draw.uniform(0.1, 0.35) * took) == 0
            break  # it came to its end before its time
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
    assert _train(tmp_path / "parts").wait() == 0
    assert killed >= KILLS // 2
    for name in ("reasoner", "query_ranker", "graph_encoder", "projector"):
        whole, parts = (load_file(tmp_path / run / f"{name}.safetensors") for run in ("whole", "parts"))
        assert whole.keys() == parts.keys()
        assert all((whole[key] == parts[key]).all() for key in whole), name
    assert (tmp_path / "whole" / "metrics.jsonl").is_file()
    assert not list((tmp_path / "parts").glob("**/checkpoint-*"))


def _train(out: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(out.parent / "cache")}
    return subprocess.Popen([sys.executable, "-c", TRAINING, str(out)], env=environment)
