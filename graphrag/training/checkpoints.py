"""Checkpoints: where to go on after a kill. Weights and optimizer as safetensors, the counters as JSON; no pickles.

    checkpoint-00000500/weights.safetensors  optimizer.safetensors  state.json

A checkpoint is written aside, synced and renamed, so a folder of that name is whole whenever it is there.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from graphrag.errors import ConfigError, ModelError

_WEIGHTS, _OPTIMIZER, _STATE = "weights.safetensors", "optimizer.safetensors", "state.json"


def write_checkpoint(
    folder: Path, step: int, trained: Mapping[str, Tensor], optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> None:
    """Write `folder/checkpoint-STEP` and drop the older ones.

    Raises:
        ModelError: the disk does not take it.
    """
    scratch, final = folder / "checkpoint.new", folder / f"checkpoint-{step:08d}"
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        save_file({n: p.detach().cpu().contiguous() for n, p in trained.items()}, scratch / _WEIGHTS)
        save_file(_optimizer_tensors(trained, optimizer), scratch / _OPTIMIZER)
        (scratch / _STATE).write_text(json.dumps(state), "utf-8")
        for file in scratch.iterdir():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        shutil.rmtree(final, ignore_errors=True)
        os.replace(scratch, final)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{final} cannot be written ({error}); make room, then go on with --resume.") from error
    for older in _checkpoints(folder)[:-1]:
        shutil.rmtree(older, ignore_errors=True)


def _optimizer_tensors(trained: Mapping[str, Tensor], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    tensors = {}
    for name, parameter in trained.items():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{key}/{name}"] = torch.as_tensor(value).detach().cpu().contiguous()
    return tensors


def read_checkpoint(
    folder: Path, recipe: Mapping[str, Any], trained: Mapping[str, Tensor], optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """Put a checkpoint's weights and moments back; returns its state.

    Raises:
        ModelError: it cannot be read.
        ConfigError: it is of a training with another recipe or model.
    """
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text("utf-8"))
        weights, moments = load_file(folder / _WEIGHTS), load_file(folder / _OPTIMIZER)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be read ({error}); delete it and resume, or train afresh.") from error
    different = sorted(key for key in recipe if state["recipe"].get(key) != recipe[key])
    if different or set(weights) != set(trained):
        what = different[0] if different else "model"
        raise ConfigError(f"{folder} is of a training with another {what}; use the same one, or train afresh.")
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(weights[name])
    for name, value in moments.items():
        key, _, parameter_name = name.partition("/")
        parameter = trained[parameter_name]
        optimizer.state[parameter][key] = value if key == "step" else value.to(parameter.device)
    return state


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint in a folder."""
    found = _checkpoints(folder)
    return found[-1] if found else None


def drop_checkpoints(folder: Path) -> None:
    """Remove all of them."""
    for checkpoint in _checkpoints(folder):
        shutil.rmtree(checkpoint, ignore_errors=True)


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("checkpoint-*") if path.is_dir())
