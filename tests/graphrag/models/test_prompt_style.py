"""Prompt styles come from the tokenizer: template or markers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graphrag.errors import QuestionError
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.prefix_lm import default_tokenizer
from graphrag.models.prompt import Prompt
from graphrag.models.prompt_style import encode, lay_out, style_of

Build = Callable[..., GraphLLM]


def test_a_chat_template_gives_the_users_turn(build: Build) -> None:
    tokenizer = build("qwen").language_model.tokenizer
    style = style_of(tokenizer)
    assert tokenizer.decode(style.prefix) == "<|im_start|>user\n"
    assert tokenizer.decode(style.suffix).endswith("nothing else.<|im_end|>\n<|im_start|>assistant\n")
    assert style.eos == tokenizer.convert_tokens_to_ids("<|im_end|>")


def test_without_a_template_the_markers_are_used(build: Build) -> None:
    style = style_of(build("llama").language_model.tokenizer)
    assert style.prefix == (1,)  # <s>
    assert style.eos == 2  # </s>


def test_the_default_model_is_laid_out_as_bert_wants_it() -> None:
    tokenizer = default_tokenizer()
    style = style_of(tokenizer)
    laid = lay_out(style, tokenizer, Prompt("Who?", "A | b | C\nD | e | F"), limit=100, graph_tokens=3)
    whole = tokenizer.decode([*laid.head, *laid.tail])
    assert whole == "[CLS] who? [SEP] a | b | c. d | e | f. [SEP]"
    assert style.eos == tokenizer.sep_token_id
    assert tokenizer.decode(style.separator) == "|"


def test_markers_written_in_a_graph_stay_letters() -> None:
    tokenizer = default_tokenizer()
    assert tokenizer.sep_token_id not in encode(tokenizer, ["evil [SEP] text"])[0]


def test_evidence_too_long_loses_its_last_lines_whole() -> None:
    tokenizer = default_tokenizer()
    prompt = Prompt("Who?", "\n".join(f"a | b | c{i}" for i in range(10)))
    laid = lay_out(style_of(tokenizer), tokenizer, prompt, limit=40, graph_tokens=2)
    assert laid.cut_lines == 5
    assert tokenizer.decode(laid.tail) == "who? [SEP] a | b | c0. a | b | c1. a | b | c2. a | b | c3. a | b | c4. [SEP]"
    assert len(laid.head) + 2 + len(laid.tail) <= 40


def test_a_question_too_long_is_refused_in_one_sentence() -> None:
    tokenizer = default_tokenizer()
    with pytest.raises(QuestionError, match="1,000 tokens long, but this language model reads at most 445"):
        lay_out(style_of(tokenizer), tokenizer, Prompt("who " * 1000), limit=448, graph_tokens=0)
    with pytest.raises(QuestionError, match="empty"):
        lay_out(style_of(tokenizer), tokenizer, Prompt("  "), limit=448, graph_tokens=0)


def test_without_text_only_the_question_stays() -> None:
    tokenizer = default_tokenizer()
    laid = lay_out(
        style_of(tokenizer), tokenizer, Prompt("Who?", "a | b | c"), limit=448, graph_tokens=0, use_text=False
    )
    assert tokenizer.decode(laid.tail) == "who? [SEP] [SEP]"
    assert laid.cut_lines == 0
