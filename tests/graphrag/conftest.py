"""Tiny language models made here, Llama-style without a chat template, Qwen-style with one; and small prompts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from graphrag.models.graph_encoder import GraphEncoderConfig
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.grounding import DecodeSettings
from graphrag.models.language_model import LanguageModel, LoraSettings, load_language_model, wrap_language_model
from graphrag.models.prompt import NONE_TEXT, Candidate, Example, Prompt

DIM = 8  # of the node vectors
SENTENCES = [
    "What is the capital of Spain? Madrid | Lisbon | Paris | San Marino | San Jose | the graph does not say",
    "Spain | has capital | Madrid",
    "Portugal | has capital | Lisbon",
    "Answer the question with names found in the graph, several separated by | and nothing else.",
    "user assistant yes no Answer: .",
]
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


def word_tokenizer() -> PreTrainedTokenizerFast:
    """Llama-style markers, no chat template."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordLevelTrainer(special_tokens=["<unk>", "<s>", "</s>"])
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """Qwen-style: bytes merged in pairs, and the ChatML template."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
    )
    made.chat_template = CHATML
    return made


def tiny(kind: str, lora: LoraSettings | None = None) -> LanguageModel:
    """`llama` or `qwen`: two layers, 32 wide, random weights that are the same every time; or `default`."""
    if kind == "default":
        return load_language_model("default", lora=lora, train_in_full=lora is None)
    torch.manual_seed(0)
    tokenizer = word_tokenizer() if kind == "llama" else byte_tokenizer()
    sizes: dict[str, Any] = {**SIZES, "vocab_size": len(tokenizer), "max_position_embeddings": 512}
    if kind == "llama":
        model = LlamaForCausalLM(LlamaConfig(**sizes, num_key_value_heads=4))
    else:
        model = Qwen3ForCausalLM(Qwen3Config(**sizes, num_key_value_heads=2, head_dim=8))
    model.eval().requires_grad_(False)
    return wrap_language_model(kind, model, tokenizer, lora)


@pytest.fixture(scope="session")
def build() -> Callable[..., GraphLLM]:
    """`build("llama")`: a GraphLLM over that language model, with LoRA unless it is the default one."""

    def make(kind: str, **encoder: Any) -> GraphLLM:
        lora = None if kind == "default" else LoraSettings(r=4, alpha=8, dropout=0.0)
        lm = tiny(kind, lora)
        torch.manual_seed(1)
        shape = {"in_dim": DIM, "hidden_dim": 16, "heads": 2, "num_tokens": 2, "dropout": 0.0, **encoder}
        model = GraphLLM(lm, GraphEncoderConfig(**shape), DecodeSettings(max_new_tokens=32), projector_dim=16)
        model.eval()
        return model

    return make


def make_prompt(question: str, evidence: str, names: list[str], nodes: int, seed: int = 0) -> Prompt:
    """A prompt over a ring of `nodes` nodes with random vectors; candidates weigh less and less."""
    draw = np.random.default_rng(seed)
    ring = np.stack([np.arange(nodes), np.roll(np.arange(nodes), -1)]) if nodes else np.zeros((2, 0), np.int64)
    candidates = [Candidate(name, 1 / (i + 1)) for i, name in enumerate(names)]
    return Prompt(
        question=question,
        evidence=evidence,
        candidates=(*candidates, Candidate(NONE_TEXT, 0.1, "none")),
        node_vectors=draw.normal(size=(nodes, DIM)).astype(np.float32),
        node_scores=draw.random(nodes).astype(np.float32),
        edge_index=ring.astype(np.int64),
        edge_vectors=draw.normal(size=(ring.shape[1], DIM)).astype(np.float32),
        question_vector=draw.normal(size=DIM).astype(np.float32),
    )


@pytest.fixture(scope="session")
def prompts() -> list[Prompt]:
    """Five prompts: an empty graph first, in the middle and last; one without evidence."""
    capitals = "Spain | has capital | Madrid\nPortugal | has capital | Lisbon"
    return [
        make_prompt("What is the capital of Spain?", capitals, ["Madrid", "Lisbon"], 0),
        make_prompt("What is the capital of Portugal?", capitals, ["Lisbon", "Madrid", "San Marino", "San Jose"], 4),
        make_prompt("What is San Marino?", "", ["San Marino", "San", "San Jose"], 0),
        make_prompt("What is the capital?", "Spain | has capital | Madrid", ["Madrid", "Lisbon", "Paris"], 3, seed=2),
        make_prompt("Spain?", capitals, ["Madrid", "the Spain | Lisbon", "Paris"], 0),
    ]


@pytest.fixture(scope="session")
def examples(prompts: list[Prompt]) -> list[Example]:
    """The prompts with gold answers: one, several, and none."""
    answers = [("Madrid",), ("Lisbon",), ("San Marino", "San Jose"), ("Paris", "Madrid"), ()]
    return [Example(prompt, gold) for prompt, gold in zip(prompts, answers, strict=True)]
