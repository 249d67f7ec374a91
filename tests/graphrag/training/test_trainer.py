"""The trainer: the loss falls, gradients really accumulate, and a killed run goes on as if it had not been."""

from __future__ import annotations

import json
import math
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from graphrag.errors import ConfigError, ModelError
from graphrag.models.adapters import load_adapter
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.prompt import Example
from graphrag.training.trainer import TrainConfig, train

Build = Callable[..., GraphLLM]
CONFIG = TrainConfig(
    epochs=3,
    batch_size=2,
    language_model_lr=1e-2,
    graph_lr=1e-2,
    evaluate_every=3,
    checkpoint_every=2,
    log_every=1,
    precision="float32",
    prior=0.5,
)


class KilledError(Exception):
    """What a kill does, at a place of the test's choosing."""


def metrics(folder: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


@pytest.mark.parametrize("kind", ["llama", "qwen"])
def test_training_lowers_both_losses_and_leaves_an_adapter(
    kind: str, build: Build, examples: list[Example], tmp_path: Path
) -> None:
    model = build(kind)
    result = train(model, examples, examples, replace(CONFIG, epochs=5), tmp_path)
    lines = metrics(tmp_path)
    validation = [line["validation_loss"] for line in lines if "validation_loss" in line]
    assert result.steps == 15
    assert result.best_loss == min(validation) < validation[0]
    assert not list(tmp_path.glob("checkpoint-*"))
    again = load_adapter(tmp_path, language_model=build_plain(build, kind))
    assert len(again.generate([example.prompt for example in examples])) == 5


def build_plain(build: Build, kind: str) -> object:
    lm = build(kind).language_model
    lm.model, lm.lora = lm.model.unload(), None
    return lm


@pytest.mark.parametrize("killed_after", [1, 2, 5, 6, 8])
def test_a_killed_run_goes_on_to_the_same_end(
    killed_after: int, build: Build, examples: list[Example], tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    first = train(build("llama"), examples, examples[:2], CONFIG, whole)

    def kill(line: str) -> None:
        if line.startswith(f"step {killed_after} "):
            raise KilledError

    with pytest.raises(KilledError):
        train(build("llama"), examples, examples[:2], CONFIG, broken, log=kill)
    second = train(build("llama"), examples, examples[:2], CONFIG, broken, resume=True)
    assert replace(second, seconds=0) == replace(first, seconds=0)
    assert metrics(broken) == metrics(whole)
    for file in ("graph_encoder.safetensors", "projector.safetensors", "lora/adapter_model.safetensors"):
        one, other = load_file(whole / file), load_file(broken / file)
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_torn_checkpoint_folder_is_not_taken_for_one(build: Build, examples: list[Example], tmp_path: Path) -> None:
    (tmp_path / "checkpoint.new").mkdir()
    (tmp_path / "checkpoint.new" / "weights.safetensors").write_bytes(b"half")
    assert train(build("llama"), examples, [], CONFIG, tmp_path, resume=True).steps == 9


def test_a_finished_run_is_not_run_again(build: Build, examples: list[Example], tmp_path: Path) -> None:
    told: list[str] = []
    first = train(build("llama"), examples, [], replace(CONFIG, epochs=1), tmp_path)
    assert (
        train(build("llama"), examples, [], replace(CONFIG, epochs=1), tmp_path, resume=True, log=told.append).steps
        == first.steps
    )
    assert told == [f"{tmp_path} is trained already."]


def test_resuming_with_another_recipe_is_refused(build: Build, examples: list[Example], tmp_path: Path) -> None:
    def kill(line: str) -> None:
        if line.startswith("step 3 "):
            raise KilledError

    with pytest.raises(KilledError):
        train(build("llama"), examples, [], CONFIG, tmp_path, log=kill)
    with pytest.raises(ConfigError, match="another graph_lr"):
        train(build("llama"), examples, [], replace(CONFIG, graph_lr=0.5), tmp_path, resume=True)


def test_accumulated_batches_make_the_step_of_one_large_batch(
    build: Build, examples: list[Example], tmp_path: Path
) -> None:
    """Without random order of answers or prior, two batches of two move the weights as one batch of four."""
    single = [Example(example.prompt, example.answers[:1]) for example in examples[:4]]
    ends = []
    for size, accumulate in ((4, 1), (2, 2)):
        model = build("llama")
        recipe = replace(CONFIG, epochs=1, batch_size=size, accumulate=accumulate, prior=0.0)
        assert train(model, single, [], recipe, tmp_path / f"{size}").steps == 1
        ends.append(model.encoder.read_nodes.weight.detach().clone())
    torch.testing.assert_close(ends[0], ends[1], atol=1e-5, rtol=1e-4)


def test_early_stopping(build: Build, examples: list[Example], tmp_path: Path) -> None:
    still = replace(CONFIG, language_model_lr=0.0, graph_lr=0.0, evaluate_every=1, patience=2)
    result = train(build("llama"), examples, examples, still, tmp_path)
    assert (result.best_step, result.steps) == (1, 3)


def test_a_loss_that_is_no_number_stops_the_run(build: Build, examples: list[Example], tmp_path: Path) -> None:
    model = build("llama")
    with torch.no_grad():
        model.projector.scale.fill_(math.nan)
    with pytest.raises(ModelError, match="The loss is nan after step 0"):
        train(model, examples, [], CONFIG, tmp_path)


def test_a_full_disk_stops_the_run_with_a_sentence(build: Build, examples: list[Example], tmp_path: Path) -> None:
    model = build("llama")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))  # no file may be larger: writing fails as on a full disk
    try:
        with pytest.raises(ModelError, match=r"cannot be written .*; make room"):
            train(model, examples, [], CONFIG, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert train(model, examples, [], CONFIG, tmp_path, resume=True).steps == 9


def test_nothing_to_train_on_is_refused(build: Build, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no training examples"):
        train(build("llama"), [], [], CONFIG, tmp_path)
