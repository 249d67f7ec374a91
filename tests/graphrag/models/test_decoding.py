"""Decoding: grounded replies are candidates, rankings are exact, streams say the same as replies."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from transformers import GenerationConfig

from graphrag.models.decoding import Generation
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.grounding import AnswerTrie, DecodeSettings, GroundedLogitsProcessor, State, score_options
from graphrag.models.prompt import NONE_TEXT, Candidate, Prompt
from graphrag.models.ranking import first_answer_scores

Build = Callable[..., GraphLLM]
KINDS = ["llama", "qwen", "default"]


def by_hand(model: GraphLLM, prompt: Prompt, trie: AnswerTrie, entry: int) -> float:
    """Log score of one entry, one token at a time without any sharing."""
    total = 0.0
    state = State()
    tokens = trie.entries[entry].tokens
    for depth in range(len(tokens) + 1):
        with torch.no_grad():
            read = model.prefill([prompt])
            scores = read.scores[0]
            if depth:
                mask = torch.cat([read.mask, torch.ones(1, depth, dtype=torch.long)], dim=1)
                scores = model.feed(torch.tensor([tokens[:depth]]), mask, read.cache)[0, -1]
        options = trie.options(state)
        logs = score_options(scores, options, trie.settings.strength)
        inside = trie.nodes[state.node].children
        if depth < len(tokens):
            total += float(logs[[option.token for option in options].index(tokens[depth])])
            state = trie.advance(state, tokens[depth])
        else:
            ends = [i for i, option in enumerate(options) if option.token not in inside]
            share = sum(math.exp(options[i].log_prior) for i in ends)
            bare = score_options(scores, options, 0.0)
            total += float(bare[ends].logsumexp(0)) + trie.settings.strength * math.log(share)
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_ranking_is_exact(kind: str, build: Build, prompts: list[Prompt]) -> None:
    model = build(kind)
    tries = [model.trie(prompt) for prompt in prompts]
    with torch.no_grad():
        fast = first_answer_scores(model, model.prefill(prompts), tries)
    for prompt, trie, scores in zip(prompts, tries, fast, strict=True):
        slow = [by_hand(model, prompt, trie, entry) for entry in range(len(trie.entries))]
        torch.testing.assert_close(scores, torch.tensor(slow), atol=1e-3, rtol=1e-3)


def test_without_strength_the_weights_do_not_matter(build: Build, prompts: list[Prompt]) -> None:
    model = build("llama")
    model.decode_settings = DecodeSettings(strength=0.0, max_new_tokens=32)
    turned = tuple(replace(c, weight=1000 * i + 1) for i, c in enumerate(prompts[1].candidates))
    rankings = model.rank([prompts[1], replace(prompts[1], candidates=turned)])
    one, other = ({c.text: p for c, p in ranking} for ranking in rankings)
    assert one == pytest.approx(other)


def test_with_great_strength_only_the_weights_matter(build: Build, prompts: list[Prompt]) -> None:
    model = build("qwen")
    model.decode_settings = DecodeSettings(strength=100.0, max_new_tokens=32)
    for ranking in model.rank(prompts):
        weights = [candidate.weight for candidate, _ in ranking]
        assert weights == sorted(weights, reverse=True)


def same(one: Generation, other: Generation) -> bool:
    alike = one.probabilities == pytest.approx(other.probabilities, abs=1e-4)
    return one.answers == other.answers and one.text == other.text and alike


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("grounded", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_answers_as_each_prompt_alone(
    kind: str, grounded: bool, beams: int, build: Build, prompts: list[Prompt]
) -> None:
    model = build(kind)
    together = model.generate(prompts, grounded=grounded, num_beams=beams, max_new_tokens=16)
    for prompt, generation in zip(prompts, together, strict=True):
        assert same(generation, model.generate([prompt], grounded=grounded, num_beams=beams, max_new_tokens=16)[0])


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_grounded_reply_is_made_of_candidates(kind: str, beams: int, build: Build, prompts: list[Prompt]) -> None:
    model = build(kind)
    for prompt, generation in zip(prompts, model.generate(prompts, num_beams=beams), strict=True):
        texts = {candidate.text for candidate in prompt.candidates if candidate.kind != "none"}
        assert set(generation.answers) <= texts
        assert len(set(generation.answers)) == len(generation.answers)
        assert sum(p for _, p in generation.ranking) == pytest.approx(1, abs=1e-4)
        if beams == 1 and generation.answers:
            assert generation.answers[0] == generation.ranking[0][0].text
            assert generation.confidence == generation.ranking[0][1]


@pytest.mark.parametrize("kind", KINDS)
def test_transformers_generate_takes_the_same_steps(kind: str, build: Build, prompts: list[Prompt]) -> None:
    """Token by token through `generate` and the processor, from where our own loop has said its first answer."""
    model = build(kind)
    model.decode_settings = DecodeSettings(strength=1.0, max_new_tokens=32)
    for prompt in prompts:
        trie = model.trie(prompt)
        with torch.no_grad():
            embeddings, mask, _, _ = model.embed([prompt])
            config = GenerationConfig(max_new_tokens=32, do_sample=False, eos_token_id=trie.eos, pad_token_id=trie.eos)
            processor = GroundedLogitsProcessor([trie])
            tokens = model.lm.generate(
                inputs_embeds=embeddings, attention_mask=mask, generation_config=config, logits_processor=[processor]
            )[0].tolist()
        said = trie.walk(tokens).said
        assert said
        assert trie.spell(said) == tokens
        ours = model.generate([prompt])[0]
        if ours.answers and trie.entries[said[0]].candidate.text == ours.answers[0]:
            assert [trie.entries[index].candidate.text for index in said] == ours.answers


@pytest.mark.parametrize("grounded", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_says_what_the_reply_says(kind: str, grounded: bool, build: Build, prompts: list[Prompt]) -> None:
    model = build(kind)
    for prompt in prompts:
        stream = model.stream(prompt, grounded=grounded)
        pieces = []
        while True:
            try:
                pieces.append(next(stream))
            except StopIteration as done:
                streamed = done.value
                break
        assert same(streamed, model.generate([prompt], grounded=grounded)[0])
        if streamed.answers:
            assert "".join(pieces) == streamed.text


def test_streams_keep_the_case_that_the_tokenizer_loses(build: Build, prompts: list[Prompt]) -> None:
    model = build("default")
    prompt = replace(prompts[0], candidates=(Candidate("McDonald's AG"), Candidate("ÉCOLE")))
    assert set("".join(model.stream(prompt)).split(", ")) <= {"McDonald's AG", "ÉCOLE"}


def test_yes_stands_alone(build: Build, prompts: list[Prompt]) -> None:
    model = build("default")
    yes_no = (Candidate("yes", 1000.0, "yes"), Candidate("no", 1.0, "no"), Candidate("Madrid", 1.0))
    generation = model.generate([replace(prompts[0], candidates=yes_no)])[0]
    assert generation.answers == ["yes"]
    assert generation.kind == "yes"


def test_nothing_to_say_is_to_abstain(build: Build) -> None:
    generation = build("default").generate([Prompt("Who?")])[0]
    assert generation.answers == []
    assert generation.text == NONE_TEXT
    assert generation.kind == "none"
    assert generation.confidence == pytest.approx(1.0)


def test_no_prompts_no_answers(build: Build) -> None:
    assert build("llama").generate([]) == []
