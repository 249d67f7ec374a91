"""How a tokenizer wants a question put: the marker tokens around the prompt, found from the tokenizer itself.

    prefix · graph tokens · question · between · evidence · suffix   →   answer · separator · answer · eos

With a chat template the prompt is the user's turn and the answer is the assistant's; without one the bos/cls and sep
markers are used. Nothing here knows one model from another, and nothing here knows of networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphrag.errors import QuestionError
from graphrag.models.prompt import Prompt

SEPARATOR_TEXT = " | "
INSTRUCTION = "Answer the question with names found in the graph, several separated by | and nothing else.\n"
_USER, _ASSISTANT = "@@question@@", "@@answer@@"


@dataclass(frozen=True)
class PromptStyle:
    """Token ids that stand around the parts of a prompt.

    Attributes:
        prefix: before the graph tokens.
        between: from the question to the evidence.
        suffix: from the evidence to the answer.
        line_end: after each line of the evidence.
        separator: between two answers.
        eos: ends the answer.
        pad: fills batches; masked, so any id will do.
    """

    prefix: tuple[int, ...]
    between: tuple[int, ...]
    suffix: tuple[int, ...]
    line_end: tuple[int, ...]
    separator: tuple[int, ...]
    eos: int
    pad: int


@dataclass(frozen=True)
class PromptTokens:
    """One prompt as ids. The graph tokens belong between `head` and `tail`."""

    head: tuple[int, ...]
    tail: tuple[int, ...]
    cut_lines: int  # lines of evidence that did not fit


def encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Token ids of plain texts. What a graph says is text: a marker such as `<s>` written in it stays letters."""
    if not texts:
        return []
    ids: list[list[int]] = tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)[
        "input_ids"
    ]
    return ids


def style_of(tokenizer: Any) -> PromptStyle:
    """Read the style off a tokenizer: its chat template if it has one, else its bos/cls and sep/eos markers."""
    prefix, between, suffix, eos = _chat_style(tokenizer) or _marker_style(tokenizer)
    separator, newline, stop = encode(tokenizer, [SEPARATOR_TEXT, "\n", "."])
    return PromptStyle(
        prefix=prefix,
        between=between,
        suffix=suffix,
        line_end=tuple(newline or stop),  # BERT's vocabulary has no line break
        separator=tuple(separator),
        eos=eos,
        pad=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else eos,
    )


Parts = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]


def _chat_style(tokenizer: Any) -> Parts | None:
    if not getattr(tokenizer, "chat_template", None):
        return None

    def render(turns: list[dict[str, str]], **options: Any) -> str:
        # Templates of reasoning models read enable_thinking; the others ignore it.
        return str(tokenizer.apply_chat_template(turns, tokenize=False, enable_thinking=False, **options))

    def ids(text: str) -> tuple[int, ...]:
        return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])

    user = {"role": "user", "content": _USER}
    before, _, after = render([user], add_generation_prompt=True).partition(_USER)
    closed = render([user, {"role": "assistant", "content": _ASSISTANT}]).partition(_ASSISTANT)[2]
    special = set(tokenizer.all_special_ids)
    ends = [token for token in ids(closed) if token in special]
    eos = ends[0] if ends else tokenizer.eos_token_id
    if eos is None:
        return None
    return ids(before), ids("\n"), ids("\n" + INSTRUCTION.strip() + after), eos


def _marker_style(tokenizer: Any) -> Parts:
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.cls_token_id
    sep = tokenizer.sep_token_id
    eos = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else sep
    prefix = () if start is None else (start,)
    if eos is None:  # a tokenizer without any end: a line break ends the answer
        eos = encode(tokenizer, ["\n"])[0][-1]
    if sep is not None:
        return prefix, (sep,), (sep,), eos
    between, suffix = encode(tokenizer, ["\n", "\nAnswer: "])
    return prefix, tuple(between), tuple(suffix), eos


def lay_out(
    style: PromptStyle, tokenizer: Any, prompt: Prompt, *, limit: int, graph_tokens: int, use_text: bool = True
) -> PromptTokens:
    """Put one prompt into at most `limit` tokens, `graph_tokens` of them reserved for the graph.

    Evidence that is too long loses its last lines, whole ones.

    Raises:
        QuestionError: the question is empty, or does not fit even without evidence.
    """
    if not prompt.question.strip():
        raise QuestionError("The question is empty; ask something.")
    lines = prompt.evidence.splitlines() if use_text else []
    question, *line_ids = encode(tokenizer, [prompt.question, *lines])
    fixed = len(style.prefix) + graph_tokens + len(style.between) + len(style.suffix)
    room = limit - fixed - len(question)
    if room < 0:
        raise QuestionError(
            f"The question is {len(question):,} tokens long, but this language model reads at most "
            f"{max(0, limit - fixed):,}; ask a shorter question."
        )
    evidence: list[int] = []
    kept = 0
    for ids in line_ids:
        piece = [*ids, *style.line_end]
        if len(evidence) + len(piece) > room:
            break
        evidence += piece
        kept += 1
    tail = (*question, *style.between, *evidence, *style.suffix)
    return PromptTokens(head=style.prefix, tail=tail, cut_lines=len(lines) - kept)
