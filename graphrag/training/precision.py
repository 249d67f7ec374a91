"""Precision: bfloat16 where the machine multiplies it faster than float32, float32 elsewhere."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch

Precision = Literal["auto", "float32", "bfloat16"]


def autocast(device: str, wanted: Precision = "auto") -> AbstractContextManager[Any]:
    """A context for forward passes; "auto" takes bfloat16 on a GPU and on CPUs with instructions for it."""
    fast = device == "cuda" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    if wanted == "bfloat16" or (wanted == "auto" and fast):
        return torch.autocast(device, torch.bfloat16)
    return nullcontext()
