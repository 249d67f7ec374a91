"""GraphLLM: tiny Llama-style, tiny Qwen-style and the default model go through exactly the same path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from graphrag.errors import QuestionError
from graphrag.models.answer_loss import LossSettings
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.prompt import NONE_TEXT, Candidate, Example, Prompt

Build = Callable[..., GraphLLM]
KINDS = ["llama", "qwen", "default"]
PLAIN = LossSettings(prior=0.0)


def logits_of(model: GraphLLM, prompts: list[Prompt]) -> torch.Tensor:
    with torch.no_grad():
        return model.prefill(prompts).scores


@pytest.mark.parametrize("kind", KINDS)
def test_batch_equals_single_when_reading(kind: str, build: Build, prompts: list[Prompt]) -> None:
    model = build(kind)
    together = logits_of(model, prompts)
    for row, prompt in enumerate(prompts):
        torch.testing.assert_close(together[row : row + 1], logits_of(model, [prompt]), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("loss", ["grounded", "full"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_of_a_batch_is_the_mean_of_its_examples(
    kind: str, loss: str, build: Build, examples: list[Example]
) -> None:
    model = build(kind)
    settings = LossSettings(loss)  # type: ignore[arg-type]
    with torch.no_grad():
        singles = [float(model([example], settings)) for example in examples]
        assert float(model(examples, settings)) == pytest.approx(sum(singles) / len(singles), abs=1e-3)


@pytest.mark.parametrize("loss", ["grounded", "full"])
@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_loss(kind: str, loss: str, build: Build, examples: list[Example]) -> None:
    model = build(kind)
    settings = LossSettings(loss)  # type: ignore[arg-type]
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=3e-4 if kind == "default" else 1e-2)
    model.train()
    losses = []
    for _ in range(12):
        loss_now = model(examples, settings)
        loss_now.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss_now.detach()))
    assert losses[-1] < losses[0] * 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_the_graph_encoder(kind: str, build: Build, examples: list[Example]) -> None:
    model = build(kind)
    model(examples, PLAIN).backward()
    for parameter in (model.encoder.read_nodes.weight, model.encoder.no_graph, model.projector.scale):
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0


def test_the_loss_is_on_the_answer_over_allowed_tokens_only(build: Build, prompts: list[Prompt]) -> None:
    """Two candidates of one token each, one answer: the loss is a two-way softmax, then the end against going on."""
    model = build("llama")
    prompt = replace(prompts[1], candidates=(Candidate("Madrid", 1.0), Candidate("Lisbon", 3.0)))
    words = ["Madrid", "Lisbon", "</s>", "|"]
    madrid, lisbon, eos, separator = model.language_model.tokenizer.convert_tokens_to_ids(words)
    with torch.no_grad():
        read = model.prefill([prompt])
        first = read.scores[0, [madrid, lisbon]].log_softmax(0)[0]
        mask = torch.cat([read.mask, torch.ones(1, 1, dtype=torch.long)], dim=1)
        then = model.feed(torch.tensor([[madrid]]), mask, read.cache)[0, 0, [eos, separator]].log_softmax(0)[0]
        loss = float(model([Example(prompt, ("Madrid",))], PLAIN, seed=0))
    assert loss == pytest.approx(-float(first + then), abs=1e-4)


def test_the_order_of_answers_is_drawn_from_the_seed(build: Build, examples: list[Example]) -> None:
    model = build("llama")
    with torch.no_grad():
        assert float(model(examples, PLAIN, seed=5)) == float(model(examples, PLAIN, seed=5))
        assert len({round(float(model(examples, PLAIN, seed=seed)), 5) for seed in range(8)}) > 1


def test_examples_that_cannot_be_said_are_left_out_and_counted(build: Build, examples: list[Example]) -> None:
    model = build("llama")
    unsayable = Example(examples[0].prompt, ("Atlantis",))
    with torch.no_grad():
        alone = float(model(examples[:1], PLAIN))
        assert float(model([unsayable, examples[0]], PLAIN)) == pytest.approx(alone, abs=1e-5)
        assert float(model([unsayable], PLAIN)) == 0.0
    assert model.skipped == 2


def test_no_answers_means_the_none_candidate(build: Build, prompts: list[Prompt]) -> None:
    model = build("llama")
    with torch.no_grad():
        silent = float(model([Example(prompts[1], ())], PLAIN))
        assert silent == pytest.approx(float(model([Example(prompts[1], (NONE_TEXT,))], PLAIN)))


@pytest.mark.parametrize("kind", KINDS)
def test_graph_tokens_and_text_can_each_be_left_out(kind: str, build: Build, prompts: list[Prompt]) -> None:
    model = build(kind)
    both = logits_of(model, prompts[1:2])
    lengths = model.prefill(prompts[1:2]).prompt_tokens[0]
    model.use_graph_tokens = False
    assert not torch.allclose(both, logits_of(model, prompts[1:2]))
    assert model.prefill(prompts[1:2]).prompt_tokens[0] == lengths - 2
    model.use_graph_tokens, model.use_text = True, False
    assert not torch.allclose(both, logits_of(model, prompts[1:2]))


def test_a_long_prompt_keeps_within_the_positions(build: Build, prompts: list[Prompt]) -> None:
    model = build("default")
    long = replace(prompts[1], evidence="\n".join(f"Spain | has city | City {i}" for i in range(200)))
    generation = model.generate([long])[0]
    assert generation.cut_lines > 0
    assert generation.prompt_tokens <= 512 - model.decode_settings.max_new_tokens
    with pytest.raises(QuestionError, match="tokens long"):
        model.generate([replace(long, question="why " * 600)])
