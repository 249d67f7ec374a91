"""Adapters: what training made of a model, as a folder that can be moved.

    adapter.json                  versions, fingerprints, shapes, decode settings
    graph_encoder.safetensors     projector.safetensors
    lora/                         low-rank weights in PEFT's own files, if there are any
    language_model.safetensors    the default language model, if it was trained in full

An adapter is refused where the language model, the embedder or the textualizer is not the one that it was trained
with: it would answer, and wrongly. Nothing here is pickled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from graphrag.embedding import Embedder, default_embedder
from graphrag.errors import ModelError
from graphrag.models.graph_encoder import GraphEncoderConfig
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.grounding import DecodeSettings
from graphrag.models.language_model import (
    DEFAULT_NAME,
    LanguageModel,
    LoraSettings,
    add_lora,
    fingerprint,
    load_language_model,
)
from graphrag.models.prefix_lm import SHIPPED, WEIGHTS_FILE, default_state
from graphrag.retrieval.textualize import Form, textualizer_fingerprint

FORMAT = 1
ADAPTER_FILE = "adapter.json"
ENCODER_FILE = "graph_encoder.safetensors"
PROJECTOR_FILE = "projector.safetensors"
LORA_FOLDER = "lora"
LORA_FILE = "adapter_model.safetensors"


def save_adapter(
    model: GraphLLM,
    folder: Path,
    *,
    embedder: str = "",
    textualizer: str = "",
    notes: Mapping[str, Any] | None = None,
) -> None:
    """Write all that was trained. `adapter.json` comes last, so a torn folder is no adapter.

    Args:
        model: what to save.
        folder: made if missing; files of an earlier adapter are replaced.
        embedder: fingerprint of the embedder whose vectors it was trained on.
        textualizer: fingerprint of how the evidence was written.
        notes: anything to remember, such as the recipe of the training; JSON values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lm = model.language_model
    _save(model.encoder.state_dict(), folder / ENCODER_FILE)
    _save(model.projector.state_dict(), folder / PROJECTOR_FILE)
    if lm.lora is not None:
        _save_lora(model.lm, lm.name, folder / LORA_FOLDER)
    if lm.trained_in_full:
        _save(default_state(model.lm), folder / WEIGHTS_FILE)
    about = {
        "format": FORMAT,
        "language_model": {"name": lm.name, "fingerprint": _mark(model), "trained_in_full": lm.trained_in_full},
        "embedder": embedder,
        "textualizer": textualizer,
        "graph_encoder": asdict(model.encoder.config),
        "projector": {"hidden_dim": model.projector.config.hidden_dim},
        "lora": asdict(lm.lora) if lm.lora else None,
        "decode": asdict(model.decode_settings),
        "use_graph_tokens": model.use_graph_tokens,
        "use_text": model.use_text,
        "notes": dict(notes or {}),
    }
    scratch = folder / f".{ADAPTER_FILE}.new"
    scratch.write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    os.replace(scratch, folder / ADAPTER_FILE)


def load_adapter(
    folder: Path = SHIPPED,
    *,
    language_model: LanguageModel | None = None,
    embedder: str = "",
    textualizer: str = "",
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> GraphLLM:
    """Put a saved adapter on its language model.

    Args:
        folder: what `save_adapter` wrote; default: the adapter that ships.
        language_model: loaded already and without LoRA; default: loaded by the name in the adapter.
        embedder: fingerprint of the embedder in use; "" does not check.
        textualizer: fingerprint of the textualizer in use; "" does not check.
        device: where to put it, if the language model is loaded here.
        dtype: its precision, if the language model is loaded here.

    Raises:
        ModelError: no adapter, a torn one, or one made for something else.
    """
    about = _read_about(folder)
    _same(folder, "embedder", about["embedder"], embedder)
    _same(folder, "textualizer", about["textualizer"], textualizer)
    named = about["language_model"]
    lm = language_model
    if named["trained_in_full"] and (lm is None or lm.name == named["name"]):
        lm = load_language_model(named["name"], train_in_full=True, weights=folder, device=device, dtype=dtype)
    elif lm is None:
        lm = load_language_model(named["name"], device=device, dtype=dtype)
    _same(folder, "language model", named["fingerprint"], lm.fingerprint)
    if about["lora"]:
        lm.lora = LoraSettings(**about["lora"])
        lm.model = add_lora(lm.model, lm.lora)
        _load_lora(lm.model, folder / LORA_FOLDER / LORA_FILE)
    model = GraphLLM(
        lm,
        GraphEncoderConfig(**about["graph_encoder"]),
        DecodeSettings(**about["decode"]),
        projector_dim=about["projector"]["hidden_dim"],
        use_graph_tokens=about["use_graph_tokens"],
        use_text=about["use_text"],
    )
    _load(model.encoder, folder / ENCODER_FILE)
    _load(model.projector, folder / PROJECTOR_FILE)
    model.eval()
    return model


def with_lora(model: GraphLLM, lora: LoraSettings) -> GraphLLM:
    """The same model, its language model frozen and adapted by LoRA from here on; graph encoder and projector go on.

    Raises:
        ModelError: it has LoRA already.
    """
    lm = model.language_model
    if lm.lora is not None:
        raise ModelError(f"The language model {lm.name} has LoRA weights already; train those.")
    lm.model.requires_grad_(False)
    lm.model, lm.lora, lm.trained_in_full = add_lora(lm.model, lora), lora, False
    model.lm = lm.model
    return model


def load_graph_llm(
    llm: str = DEFAULT_NAME,
    adapter: str | Path | None = None,
    *,
    embedder: Embedder | None = None,
    form: Form = "triples",
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> GraphLLM:
    """The model that answers: a language model with its adapter.

    Without an `adapter`, the default model takes the one that ships, and any other model reads the evidence as text
    only, for an untrained graph encoder says nothing. The shipped adapter's graph tokens are for the default
    embedder; with another it goes by the text as well.

    Args:
        llm: "default", a folder, or a name on the Hub.
        adapter: folder that `graphrag train` wrote for this `llm`.
        embedder: what makes the vectors in the prompts; None is the default one.
        form: how the evidence is written.
        device: where to put it.
        dtype: precision of the language model.

    Raises:
        ModelError: a model or an adapter cannot be loaded, or they do not fit.
    """
    embedder = embedder or default_embedder()
    textualizer = textualizer_fingerprint(form)
    if adapter is not None:
        folder = Path(adapter)
        full = _read_about(folder)["language_model"]["trained_in_full"]
        lm = None if full and llm == DEFAULT_NAME else load_language_model(llm, device=device, dtype=dtype)
        return load_adapter(
            folder,
            language_model=lm,
            embedder=embedder.fingerprint,
            textualizer=textualizer,
            device=device,
            dtype=dtype,
        )
    if llm == DEFAULT_NAME and (SHIPPED / ADAPTER_FILE).is_file():
        model = load_adapter(SHIPPED, textualizer=textualizer, device=device, dtype=dtype)
        model.use_graph_tokens &= _read_about(SHIPPED)["embedder"] in ("", embedder.fingerprint)
        return model
    config = GraphEncoderConfig(in_dim=embedder.dimension)
    lm = load_language_model(llm, device=device, dtype=dtype)
    model = GraphLLM(lm, config, use_graph_tokens=False)
    model.eval()
    return model


def read_notes(folder: Path) -> dict[str, Any]:
    """What `save_adapter` was told to remember."""
    notes: dict[str, Any] = _read_about(folder)["notes"]
    return notes


def _read_about(folder: Path) -> dict[str, Any]:
    file = folder / ADAPTER_FILE
    if not file.is_file():
        raise ModelError(
            f"{folder} is no adapter (it has no {ADAPTER_FILE}); name a folder that `graphrag train` wrote."
        )
    try:
        about = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(f"{file} is not JSON ({error}); train or copy the adapter again.") from error
    found = about.get("format") if isinstance(about, dict) else None
    if found != FORMAT:
        raise ModelError(f"{file} is of format {found}, this version reads format {FORMAT}; train the adapter again.")
    return dict(about)


def _same(folder: Path, what: str, trained_with: str, in_use: str) -> None:
    if trained_with and in_use and trained_with != in_use:
        raise ModelError(
            f"The adapter in {folder} was trained with another {what} ({trained_with}) than the one in use ({in_use}); "
            f"use that one, or train the adapter again."
        )


def _mark(model: GraphLLM) -> str:
    """The language model's fingerprint as it will be after loading: a trained one is stored in fp16."""
    lm = model.language_model
    if not lm.trained_in_full:
        return lm.fingerprint
    words = {"bert.embeddings.word_embeddings.weight", "cls.decoder.weight"}
    state = {name: tensor if name in words else tensor.half().float() for name, tensor in model.lm.state_dict().items()}
    return fingerprint(model.lm, state)


def _save(state: Mapping[str, Tensor], file: Path) -> None:
    scratch = file.with_name(f".{file.name}.new")
    try:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}, scratch)
        os.replace(scratch, file)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{file} cannot be written ({error}); make room or choose another folder.") from error


def _load(module: nn.Module, file: Path) -> None:
    state = _tensors(file)
    expected = module.state_dict()
    wrong = sorted(set(state) ^ set(expected)) or [n for n in expected if expected[n].shape != state[n].shape]
    if wrong:
        raise ModelError(f"{file} does not fit its adapter.json (first at '{wrong[0]}'); copy the adapter again.")
    module.load_state_dict(state)


def _tensors(file: Path) -> dict[str, Tensor]:
    try:
        return dict(load_file(file))
    except Exception as error:  # missing, torn, or something else altogether
        raise ModelError(f"{file} cannot be read as safetensors ({error}); copy the adapter again.") from error


def _save_lora(lm: Any, name: str, folder: Path) -> None:
    from peft import get_peft_model_state_dict

    folder.mkdir(parents=True, exist_ok=True)
    config = lm.peft_config["default"]
    before, config.base_model_name_or_path = config.base_model_name_or_path, name
    config.save_pretrained(folder)
    config.base_model_name_or_path = before
    _save(get_peft_model_state_dict(lm, save_embedding_layers=False), folder / LORA_FILE)


def _load_lora(lm: Any, file: Path) -> None:
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    state = _tensors(file)
    expected = get_peft_model_state_dict(lm, save_embedding_layers=False)
    wrong = sorted(set(state) ^ set(expected)) or [n for n in expected if expected[n].shape != state[n].shape]
    if wrong:
        raise ModelError(f"{file} does not fit the language model (first at '{wrong[0]}'); copy the adapter again.")
    set_peft_model_state_dict(lm, state)
