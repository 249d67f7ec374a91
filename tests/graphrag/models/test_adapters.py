"""Adapters: reloaded they answer the same; what does not fit is refused with one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from graphrag.errors import ModelError
from graphrag.models.adapters import load_adapter, load_graph_llm, read_notes, save_adapter, with_lora
from graphrag.models.answer_loss import LossSettings
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.language_model import LoraSettings, load_language_model
from graphrag.models.prompt import Example, Prompt

Build = Callable[..., GraphLLM]


@pytest.fixture
def trained(build: Build, examples: list[Example]) -> Callable[[str], GraphLLM]:
    """A model after two steps, so that no weight is as it began."""

    def make(kind: str) -> GraphLLM:
        model = build(kind)
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
        for step in range(2):
            model(examples, LossSettings(prior=0.0), seed=step).backward()
            optimizer.step()
            optimizer.zero_grad()
        model.eval()
        return model

    return make


def scores(model: GraphLLM, prompts: list[Prompt]) -> torch.Tensor:
    with torch.no_grad():
        return model.prefill(prompts).scores


@pytest.mark.parametrize("kind", ["llama", "qwen"])
def test_a_reloaded_adapter_answers_identically(
    kind: str, trained: Callable[[str], GraphLLM], build: Build, prompts: list[Prompt], tmp_path: Path
) -> None:
    model = trained(kind)
    save_adapter(model, tmp_path / "adapter", embedder="e", textualizer="t", notes={"epochs": 2})
    base = tmp_path / "base"
    fresh = build(kind).language_model
    fresh.model.unload().save_pretrained(base)
    fresh.tokenizer.save_pretrained(base)

    other = load_language_model(str(base))
    again = load_adapter(tmp_path / "adapter", language_model=other, embedder="e", textualizer="t")
    saved, loaded = model.state_dict(), again.state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in saved.items())
    torch.testing.assert_close(scores(again, prompts), scores(model, prompts), atol=1e-6, rtol=0)
    assert [g.answers for g in again.generate(prompts)] == [g.answers for g in model.generate(prompts)]
    assert again.decode_settings == model.decode_settings
    assert read_notes(tmp_path / "adapter") == {"epochs": 2}


def test_the_default_model_trained_in_full_reloads_from_its_folder(
    trained: Callable[[str], GraphLLM], prompts: list[Prompt], tmp_path: Path
) -> None:
    model = trained("default")
    save_adapter(model, tmp_path)
    again = load_adapter(tmp_path)
    torch.testing.assert_close(scores(again, prompts), scores(model, prompts), atol=0.05, rtol=0.01)  # stored in fp16
    save_adapter(again, tmp_path / "second")
    twice = load_adapter(tmp_path / "second")
    assert torch.equal(scores(twice, prompts), scores(again, prompts))


def test_no_file_is_a_pickle(trained: Callable[[str], GraphLLM], tmp_path: Path) -> None:
    save_adapter(trained("llama"), tmp_path)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".safetensors", ".json"}


@pytest.mark.parametrize("what", ["embedder", "textualizer"])
def test_another_embedder_or_textualizer_is_refused(what: str, build: Build, tmp_path: Path) -> None:
    save_adapter(build("llama"), tmp_path, embedder="mine", textualizer="mine")
    with pytest.raises(ModelError, match=f"trained with another {what} \\(mine\\) than the one in use \\(other\\)"):
        load_adapter(tmp_path, language_model=build("llama").language_model, **{what: "other"})


def test_another_language_model_is_refused(build: Build, tmp_path: Path) -> None:
    save_adapter(build("llama"), tmp_path)
    with pytest.raises(ModelError, match="trained with another language model"):
        load_adapter(tmp_path, language_model=build("qwen").language_model)


def test_torn_or_missing_folders_are_refused(build: Build, tmp_path: Path) -> None:
    lm = build("llama").language_model
    with pytest.raises(ModelError, match="is no adapter"):
        load_adapter(tmp_path, language_model=lm)
    save_adapter(build("default"), tmp_path)
    (tmp_path / "projector.safetensors").write_bytes(b"\0" * 20)
    with pytest.raises(ModelError, match="cannot be read as safetensors"):
        load_adapter(tmp_path)
    about = json.loads((tmp_path / "adapter.json").read_text("utf-8"))
    (tmp_path / "adapter.json").write_text(json.dumps({**about, "format": 99}), "utf-8")
    with pytest.raises(ModelError, match="of format 99"):
        load_adapter(tmp_path)
    (tmp_path / "adapter.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match="is not JSON"):
        load_adapter(tmp_path)


def test_an_untrained_model_goes_by_the_text(build: Build, prompts: list[Prompt], tmp_path: Path) -> None:
    base = build("qwen").language_model
    base.model.unload().save_pretrained(tmp_path)
    base.tokenizer.save_pretrained(tmp_path)
    model = load_graph_llm(str(tmp_path))
    assert not model.use_graph_tokens
    assert len(model.generate(prompts)) == len(prompts)


def test_the_trained_default_model_takes_lora_on_top(
    trained: Callable[[str], GraphLLM], examples: list[Example], tmp_path: Path
) -> None:
    save_adapter(trained("default"), tmp_path / "full")
    model = with_lora(load_adapter(tmp_path / "full"), LoraSettings(r=4))
    assert all("lora_" in name for name, p in model.lm.named_parameters() if p.requires_grad)
    model(examples, LossSettings(prior=0.0)).backward()
    with pytest.raises(ModelError, match="has LoRA weights already"):
        with_lora(model, LoraSettings())
