"""Language models: the default one, or any `AutoModelForCausalLM`, each with its tokenizer, prompt style and
fingerprint.

`load_language_model("default")` is the prefix LM that ships; any other name is a local folder or a name on the
Hugging Face Hub and comes through transformers, with LoRA (Hu et al. 2021, arXiv 2106.09685) through PEFT if wanted.
This module knows nothing of graphs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer

from graphrag.errors import ModelError
from graphrag.hub import locate
from graphrag.models.prefix_lm import PrefixLMForCausalLM, default_tokenizer, load_default
from graphrag.models.prompt_style import PromptStyle, style_of

DEFAULT_NAME = "default"
_UNBOUNDED = 4096  # tokens read at most where a model does not say, and more than any evidence needs


@dataclass(frozen=True)
class LoraSettings:
    """Low-rank adaptation; the reference's values."""

    r: int = 8
    alpha: int = 16
    dropout: float = 0.05


@dataclass
class LanguageModel:
    """A loaded language model.

    Attributes:
        name: as given to `load_language_model`.
        model: a causal language model of transformers, inside PEFT's wrapper if `lora` is set.
        tokenizer: its tokenizer.
        style: what stands around a prompt.
        max_positions: tokens of prompt and answer together.
        fingerprint: of the weights without any LoRA.
        lora: set if low-rank adapters are in it.
        trained_in_full: all its weights are trained and saved with the adapter (the default model only).
    """

    name: str
    model: Any
    tokenizer: Any
    style: PromptStyle
    max_positions: int
    fingerprint: str
    lora: LoraSettings | None = None
    trained_in_full: bool = False

    @property
    def width(self) -> int:
        return int(self.model.get_input_embeddings().weight.shape[1])


def load_language_model(
    name: str = DEFAULT_NAME,
    *,
    lora: LoraSettings | None = None,
    train_in_full: bool = False,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
    weights: Path | None = None,
) -> LanguageModel:
    """Load a language model and freeze it, but for what is to be trained.

    Args:
        name: "default", a local folder, or a name on the Hub (from its cache when offline).
        lora: put low-rank adapters into its attention projections.
        train_in_full: train every weight but the word embeddings; for the default model only.
        dtype: precision of the weights.
        device: where to put it.
        weights: folder with other weights for the default model.

    Raises:
        ModelError: it cannot be found or loaded, in one sentence.
    """
    if name == DEFAULT_NAME:
        model, tokenizer = load_default(weights), default_tokenizer()
    else:
        model, tokenizer = _load_any(name, dtype)
    if train_in_full and not isinstance(model, PrefixLMForCausalLM):
        raise ModelError(f"{name} is adapted by LoRA only; training in full is for the default language model.")
    model.requires_grad_(train_in_full)
    model.get_input_embeddings().weight.requires_grad_(False)
    return wrap_language_model(name, model.to(device=device, dtype=dtype), tokenizer, lora, train_in_full)


def wrap_language_model(
    name: str, model: Any, tokenizer: Any, lora: LoraSettings | None = None, trained_in_full: bool = False
) -> LanguageModel:
    """A `LanguageModel` from a causal language model and its tokenizer that are loaded already."""
    mark = fingerprint(model)
    limit = getattr(model.config, "max_position_embeddings", None) or _UNBOUNDED
    return LanguageModel(
        name=name,
        model=model if lora is None else add_lora(model, lora),
        tokenizer=tokenizer,
        style=style_of(tokenizer),
        max_positions=min(limit, _UNBOUNDED),
        fingerprint=mark,
        lora=lora,
        trained_in_full=trained_in_full,
    )


def _load_any(name: str, dtype: torch.dtype) -> tuple[Any, Any]:
    try:
        where = locate(name, "language model")
    except OSError as error:  # a name that no file system takes
        raise ModelError(f"'{name[:80]}' cannot be the name of a language model ({error.strerror}).") from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(where)
        model = AutoModelForCausalLM.from_pretrained(where, dtype=dtype, use_safetensors=True)
    except Exception as error:  # transformers raises OSError, ValueError, ImportError, KeyError and hub errors here
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"The language model {name} cannot be loaded ({reason}); check that it is a causal language model with its "
            "tokenizer and safetensors weights."
        ) from error
    return model.eval(), tokenizer


def add_lora(model: Any, settings: LoraSettings) -> Any:
    """Wrap a model with PEFT; only the new low-rank weights are trained."""
    from peft import LoraConfig, get_peft_model  # takes a second to import, and most questions need none

    config = LoraConfig(
        r=settings.r,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=attention_projections(model) or "all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def attention_projections(model: nn.Module) -> list[str]:
    """Names of the linear layers directly inside attention modules; empty if the model names none so."""
    names = []
    for parent_name, parent in model.named_modules():
        if "attention" not in type(parent).__name__.lower():
            continue
        for child_name, child in parent.named_children():
            if isinstance(child, nn.Linear) or type(child).__name__ == "Conv1D":
                names.append(f"{parent_name}.{child_name}")
    return names


def fingerprint(model: Any, state: Mapping[str, Tensor] | None = None) -> str:
    """16 hex digits over the configuration, every tensor's name and shape, and a few values of each (in bfloat16)."""
    config = {k: v for k, v in model.config.to_dict().items() if k not in _NOT_IDENTITY}
    digest = hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode())
    tensors: Iterable[tuple[str, Tensor]] = sorted((model.state_dict() if state is None else state).items())
    for name, tensor in tensors:
        flat = tensor.detach().flatten()
        values = flat[:: max(1, flat.numel() // 16)][:16].to("cpu", torch.bfloat16).view(torch.int16)
        digest.update(f"{name}{tuple(tensor.shape)}{values.tolist()}".encode())
    return digest.hexdigest()[:16]


_NOT_IDENTITY = frozenset(
    {"transformers_version", "_name_or_path", "dtype", "torch_dtype", "architectures", "use_cache"}
)
