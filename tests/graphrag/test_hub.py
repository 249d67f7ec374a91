"""Where a model lies is known quickly, whether the Hub answers, refuses, or keeps silent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphrag.errors import ModelError
from graphrag.hub import locate

ASK = """
import graphrag.hub
graphrag.hub._SECONDS = 0.5
try:
    graphrag.hub.locate("nobody/no-such-model")
except graphrag.hub.ModelError as error:
    print(error)
"""


def locate_with_hub_at(address: str) -> str:
    """What is said of a model that is not here, in a process that may ask the Hub."""
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    environment.update(HF_ENDPOINT=f"http://{address}", NO_PROXY="127.0.0.1")
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, env=environment, check=True)
    return done.stdout


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_silent_hub_is_not_waited_for(silent_server: str) -> None:
    started = time.perf_counter()
    assert "cannot be reached" in locate_with_hub_at(silent_server)
    assert time.perf_counter() - started < 20  # most of it is the start of Python on a busy machine


def test_an_absent_hub_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"  # closed again: nobody listens there
    said = locate_with_hub_at(address)
    assert said.startswith("nobody/no-such-model: no model of that name")
    assert "connect to the network once" in said
    assert said.count("\n") == 1


def test_offline_nothing_is_asked(silent_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_ENDPOINT", f"http://{silent_server}")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE forbids the network"):
        locate("nobody/no-such-model")


def test_a_folder_is_itself(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        locate(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    assert locate(str(tmp_path)) == str(tmp_path)


@pytest.mark.parametrize("name", ["./absent", "/absent", "a/b/c", "what is this", ""])
def test_what_can_be_no_hub_name(name: str) -> None:
    with pytest.raises(ModelError, match="check the path"):
        locate(name)
