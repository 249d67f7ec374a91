"""The prefix LM: both ways over the prompt, left to right over the answer, through transformers' own `generate`."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from graphrag.errors import ModelError
from graphrag.models.prefix_lm import (
    PrefixLMForCausalLM,
    default_state,
    default_tokenizer,
    load_default,
    new_prefix_lm,
    save_default,
)


@pytest.fixture(scope="module")
def model() -> PrefixLMForCausalLM:
    """Perturbed, so that what it says varies."""
    made = new_prefix_lm()
    torch.manual_seed(3)
    with torch.no_grad():
        made.cls.map.weight += torch.randn_like(made.cls.map.weight) * 0.2
    return made


def embed(model: PrefixLMForCausalLM, text: str) -> torch.Tensor:
    ids = default_tokenizer()(text, return_tensors="pt").input_ids
    embedded: torch.Tensor = model.get_input_embeddings()(ids)
    return embedded


@torch.no_grad()
def recompute(model: PrefixLMForCausalLM, prompt: torch.Tensor, steps: int) -> list[int]:
    """Greedy, the whole sequence afresh at each step under an explicit mask."""
    said: list[int] = []
    for _ in range(steps):
        words = model.get_input_embeddings()(torch.tensor([said], dtype=torch.long))
        whole = torch.cat([prompt, words], dim=1)
        size, start = whole.shape[1], prompt.shape[1]
        mask = torch.ones(size, size, dtype=torch.bool).tril()
        mask[:, :start] = True
        mask[:start, start:] = False
        scores = model(inputs_embeds=whole, attention_mask=mask[None, None], position_ids=torch.arange(size)[None])
        said.append(int(scores.logits[0, -1].argmax()))
    return said


def test_generate_with_cache_equals_recomputation(model: PrefixLMForCausalLM) -> None:
    prompt = embed(model, "who directed insomnia? [SEP] insomnia | directed by | christopher nolan")
    expected = recompute(model, prompt, 6)
    assert len(set(expected)) > 1
    for mask in (None, torch.ones(prompt.shape[:2], dtype=torch.long)):
        said = model.generate(inputs_embeds=prompt, attention_mask=mask, max_new_tokens=6, do_sample=False)
        assert said[0].tolist() == expected


def test_left_padding_changes_nothing(model: PrefixLMForCausalLM) -> None:
    long, short = embed(model, "what is the capital of spain? madrid"), embed(model, "and of france?")
    pad = long.shape[1] - short.shape[1]
    batch = torch.cat([long, torch.cat([torch.randn(1, pad, 384), short], dim=1)])
    mask = torch.ones(2, long.shape[1], dtype=torch.long)
    mask[1, :pad] = 0
    said = model.generate(inputs_embeds=batch, attention_mask=mask, max_new_tokens=5, do_sample=False)
    assert said[0].tolist() == recompute(model, long, 5)
    assert said[1].tolist() == recompute(model, short, 5)


def test_the_prompt_is_read_both_ways(model: PrefixLMForCausalLM) -> None:
    with torch.no_grad():
        first = model(inputs_embeds=embed(model, "paris is nice")).logits[0, 1]
        second = model(inputs_embeds=embed(model, "paris is big")).logits[0, 1]
    assert not torch.allclose(first, second)  # an early token sees a later one


def test_reading_for_the_last_token_only_gives_the_same(model: PrefixLMForCausalLM) -> None:
    prompt = embed(model, "who wrote hamlet? [SEP] hamlet | written by | shakespeare")
    mask = torch.ones(2, prompt.shape[1], dtype=torch.long)
    mask[1, :3] = 0
    with torch.no_grad():
        whole = model(inputs_embeds=prompt.expand(2, -1, -1), attention_mask=mask)
        last = model(inputs_embeds=prompt.expand(2, -1, -1), attention_mask=mask, logits_to_keep=1)
    assert last.logits.shape[1] == 1
    torch.testing.assert_close(last.logits[:, 0], whole.logits[:, -1], atol=1e-4, rtol=1e-4)
    for one, other in zip(last.past_key_values.layers, whole.past_key_values.layers, strict=True):
        torch.testing.assert_close(one.keys, other.keys, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(one.values, other.values, atol=1e-4, rtol=1e-4)


def test_eager_attention_reads_the_same(model: PrefixLMForCausalLM) -> None:
    prompt = embed(model, "who wrote hamlet?")
    with torch.no_grad():
        expected = model(inputs_embeds=prompt).logits
        model.set_attn_implementation("eager")
        try:
            torch.testing.assert_close(model(inputs_embeds=prompt).logits, expected, atol=1e-4, rtol=1e-4)
        finally:
            model.set_attn_implementation("sdpa")


def test_it_starts_as_minilm_with_an_identity_head() -> None:
    fresh = new_prefix_lm()
    assert torch.equal(fresh.cls.map.weight, torch.eye(384))
    assert fresh.cls.decoder.weight is fresh.get_input_embeddings().weight
    assert not fresh.get_input_embeddings().weight.requires_grad


def test_auto_classes_know_it(model: PrefixLMForCausalLM, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    prompt = embed(model, "who wrote hamlet?")
    with torch.no_grad():
        assert torch.equal(again(inputs_embeds=prompt).logits, model(inputs_embeds=prompt).logits)


def test_weights_file_holds_all_but_the_words(model: PrefixLMForCausalLM, tmp_path: Path) -> None:
    file = save_default(model, tmp_path)
    assert file.stat().st_size < 23_000_000
    again = load_default(tmp_path)
    for name, tensor in default_state(model).items():
        assert torch.equal(again.state_dict()[name], tensor.float())


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no language_model\.safetensors"):
        load_default(tmp_path)
    (tmp_path / "language_model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(ModelError, match="cannot be read as safetensors"):
        load_default(tmp_path)
