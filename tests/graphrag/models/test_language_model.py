"""Loading language models, their LoRA and their fingerprints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from graphrag.errors import ModelError
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.language_model import (
    LoraSettings,
    attention_projections,
    fingerprint,
    load_language_model,
)

Build = Callable[..., GraphLLM]


@pytest.mark.parametrize("kind", ["llama", "qwen"])
def test_any_saved_model_loads_from_its_folder(kind: str, build: Build, tmp_path: Path) -> None:
    lm = build(kind).language_model
    lm.model.get_base_model().save_pretrained(tmp_path)
    lm.tokenizer.save_pretrained(tmp_path)
    again = load_language_model(str(tmp_path), lora=LoraSettings())
    assert again.style == lm.style
    assert again.width == 32
    trained = [name for name, p in again.model.named_parameters() if p.requires_grad]
    assert trained
    assert all("lora_" in name and "self_attn" in name for name in trained)


@pytest.mark.parametrize("name", ["nobody/such-a-model", "/no/such/folder", "not a name", "x" * 400])
def test_a_name_that_is_nowhere_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_language_model(name)
    assert name[:80] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        load_language_model(str(tmp_path))
    (tmp_path / "config.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_language_model(str(tmp_path))


def test_only_the_default_model_is_trained_in_full(build: Build, tmp_path: Path) -> None:
    lm = build("llama").language_model
    lm.model.get_base_model().save_pretrained(tmp_path)
    lm.tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="LoRA only"):
        load_language_model(str(tmp_path), train_in_full=True)


def test_attention_projections_are_found_by_where_they_are() -> None:
    default = load_language_model("default", train_in_full=True)
    names = attention_projections(default.model)
    assert "bert.encoder.layer.0.attention.self.query" in names
    assert not any("intermediate" in name for name in names)
    words = default.model.get_input_embeddings().weight
    assert not words.requires_grad


def test_the_fingerprint_tells_weights_apart(build: Build) -> None:
    model = build("llama").lm.get_base_model()
    before = fingerprint(model)
    assert fingerprint(model) == before
    with torch.no_grad():
        model.lm_head.weight[0, 0] += 1
    changed = fingerprint(model)
    with torch.no_grad():
        model.lm_head.weight[0, 0] -= 1
    assert changed != before
