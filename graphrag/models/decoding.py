"""Decoding: from prompts that were read to answers. Greedy writing, beams, streaming.

Works on any `GraphLLM` through its `prefill` and `feed`. A step of the language model is taken only where the trie
leaves a choice; tokens that must come are fed together.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from transformers import GenerationConfig

from graphrag.models.grounding import AnswerTrie, GroundedLogitsProcessor, Option, State, score_options
from graphrag.models.prompt import NONE_TEXT, CandidateKind, Prompt
from graphrag.models.prompt_style import SEPARATOR_TEXT
from graphrag.models.ranking import Ranking, rank_rows
from graphrag.wording.statements import listed

if TYPE_CHECKING:
    from graphrag.models.graph_llm import GraphLLM, Prefilled


@dataclass(frozen=True)
class Generation:
    """What a model said to one prompt.

    Attributes:
        answers: best first; empty if it abstained.
        text: the reply as one line; `NONE_TEXT` if it abstained.
        kind: of the first answer; "none" if it abstained.
        probabilities: one an answer. Grounded: that it is the first answer, among all candidates; free: the
            geometric mean of the reply's token probabilities.
        ranking: grounded only: every candidate with its probability as the first answer, best first.
        prompt_tokens: tokens read, graph tokens included.
        cut_lines: lines of evidence that did not fit into the model's context.
    """

    answers: list[str]
    text: str
    kind: CandidateKind
    probabilities: list[float]
    ranking: Ranking = field(default_factory=list, repr=False)
    prompt_tokens: int = 0
    cut_lines: int = 0

    @property
    def confidence(self) -> float:
        """0..1, of the first answer, or of abstaining."""
        if self.answers:
            return self.probabilities[0]
        return next((p for candidate, p in self.ranking if candidate.kind == "none"), 0.0)


@dataclass
class _Row:
    """One reply as it is written."""

    trie: AnswerTrie
    state: State = field(default_factory=State)
    queue: list[int] = field(default_factory=list)  # said, not fed yet
    entry_ends: bool = False  # the entry spoken so far is the one meant, even if a longer one begins with it

    def options(self) -> list[Option]:
        """What may come next."""
        options = self.trie.options(self.state)
        longer = self.trie.nodes[self.state.node].children if self.entry_ends else {}
        return [option for option in options if option.token not in longer]

    def say(self, token: int) -> None:
        self.queue.append(token)
        self.state = self.trie.advance(self.state, token)
        self.entry_ends = False

    def coast(self) -> None:
        """Say all that must come."""
        while not self.state.done and len(options := self.options()) == 1:
            self.say(options[0].token)


def decode(model: GraphLLM, prompts: Sequence[Prompt], grounded: bool, max_new_tokens: int | None) -> list[Generation]:
    """Answer a batch without beams."""
    read = model.prefill(prompts)
    if not grounded:
        *_, last = _write_free(model, read, max_new_tokens)
        return [_free_generation(model, read, row, tokens, logs) for row, (tokens, logs) in enumerate(last)]
    tries = [model.trie(prompt, max_new_tokens) for prompt in prompts]
    rankings = rank_rows(model, read, tries)
    rows = [_begin(trie, ranking) for trie, ranking in zip(tries, rankings, strict=True)]
    for _ in _write(model, read, rows):
        pass
    return [_generation(read, i, prompts[i], row.trie, row.state.said, rankings[i]) for i, row in enumerate(rows)]


def _begin(trie: AnswerTrie, ranking: Ranking) -> _Row:
    """A reply that starts with the best candidate."""
    row = _Row(trie)
    best = trie.find(ranking[0][0].text)
    for token in trie.entries[best or 0].tokens:
        row.say(token)
    row.entry_ends = True
    row.coast()
    return row


def _write(model: GraphLLM, read: Prefilled, rows: list[_Row]) -> Iterator[None]:
    """Write replies greedily to their ends, in step; pauses after every step. Uses up the cache of `read`."""
    mask, pad = read.mask, model.language_model.style.pad
    while active := [i for i, row in enumerate(rows) if not row.state.done]:
        count = min(len(rows[i].queue) for i in active)
        fed = torch.full((len(rows), count), pad, device=mask.device)
        seen = torch.zeros_like(mask[:, :1]).repeat(1, count)
        for i in active:
            fed[i] = torch.tensor(rows[i].queue[:count], device=mask.device)
            seen[i] = 1
            del rows[i].queue[:count]
        mask = torch.cat([mask, seen], dim=1)
        scores = model.feed(fed, mask, read.cache)[:, -1]
        for i in (i for i in active if not rows[i].queue):
            row = rows[i]
            options = row.options()
            best = int(score_options(scores[i], options, row.trie.settings.strength).argmax())
            row.say(options[best].token)
            row.coast()
        yield


def _write_free(
    model: GraphLLM, read: Prefilled, max_new_tokens: int | None
) -> Iterator[list[tuple[list[int], list[float]]]]:
    """Write greedily over the whole vocabulary; yields every reply's tokens and their log probabilities so far."""
    limit = min(max_new_tokens or model.decode_settings.max_new_tokens, model.decode_settings.max_new_tokens)
    stop = _stop_tokens(model)
    replies: list[tuple[list[int], list[float]]] = [([], []) for _ in range(len(read.mask))]
    done = [False] * len(replies)
    mask, scores = read.mask, read.scores
    for _ in range(limit):
        logs, tokens = scores.float().log_softmax(-1).max(-1)  # [B]
        for i, (token, log) in enumerate(zip(tokens.tolist(), logs.tolist(), strict=True)):
            done[i] = done[i] or token in stop
            if not done[i]:
                replies[i][0].append(token)
                replies[i][1].append(log)
        yield replies
        if all(done):
            return
        seen = torch.tensor([[0 if ended else 1] for ended in done], device=mask.device)
        mask = torch.cat([mask, seen], dim=1)
        scores = model.feed(tokens[:, None], mask, read.cache)[:, -1]


def _stop_tokens(model: GraphLLM) -> set[int]:
    named = getattr(model.lm.generation_config, "eos_token_id", None)
    more = named if isinstance(named, list) else [named]
    return {model.language_model.style.eos, *(token for token in more if token is not None)}


def generate_beams(
    model: GraphLLM, prompts: Sequence[Prompt], grounded: bool, num_beams: int, max_new_tokens: int | None
) -> list[Generation]:
    """Answer a batch by beam search over whole replies, through transformers' own `generate`."""
    embeddings, mask, _, _ = model.embed(prompts)
    tries = [model.trie(prompt, max_new_tokens) for prompt in prompts]
    style = model.language_model.style
    limit = min(max_new_tokens or model.decode_settings.max_new_tokens, model.decode_settings.max_new_tokens)
    replies = model.lm.generate(
        inputs_embeds=embeddings,
        attention_mask=mask,
        logits_processor=[GroundedLogitsProcessor(tries)] if grounded else [],
        generation_config=GenerationConfig(
            num_beams=num_beams,
            max_new_tokens=limit,
            do_sample=False,
            length_penalty=0.0 if grounded else 1.0,  # a grounded reply's score is its probability
            eos_token_id=sorted(_stop_tokens(model)),
            pad_token_id=style.pad,
        ),
    ).tolist()
    read = model.prefill(prompts)
    if not grounded:
        stop = _stop_tokens(model)
        cut = [reply[: next((i for i, token in enumerate(reply) if token in stop), len(reply))] for reply in replies]
        return [_free_generation(model, read, row, tokens, []) for row, tokens in enumerate(cut)]
    rankings = rank_rows(model, read, tries)
    said = [trie.walk(reply).said for trie, reply in zip(tries, replies, strict=True)]
    return [_generation(read, i, prompts[i], tries[i], said[i], rankings[i]) for i in range(len(prompts))]


# Streaming and results ---------------------------------------------------------------------------------------------


def stream_one(model: GraphLLM, prompt: Prompt, grounded: bool) -> Generator[str, None, Generation]:
    """Write one reply piece by piece; returns its Generation."""
    read = model.prefill([prompt])
    if not grounded:
        generation = yield from _stream_free(model, read)
        return generation
    trie = model.trie(prompt)
    ranking = rank_rows(model, read, [trie])[0]
    row = _begin(trie, ranking)
    told = row.trie.entries[row.trie.find(ranking[0][0].text) or 0].candidate.text
    yield told
    shown = 1
    for _ in _write(model, read, [row]):
        for index in row.state.said[shown:-1]:  # "and" stands before the last, so it waits
            piece = ", " + trie.entries[index].candidate.text
            yield piece
            told += piece
            shown += 1
    generation = _generation(read, 0, prompt, trie, row.state.said, ranking)
    if ending := generation.text.removeprefix(told):
        yield ending
    return generation


def _stream_free(model: GraphLLM, read: Prefilled) -> Generator[str, None, Generation]:
    shown = ""
    tokens: list[int] = []
    logs: list[float] = []
    for replies in _write_free(model, read, None):
        tokens, logs = replies[0]
        text = model.language_model.tokenizer.decode(tokens, skip_special_tokens=True).strip()
        if text.startswith(shown) and not text.endswith("�") and text != shown:
            yield text[len(shown) :]
            shown = text
    generation = _free_generation(model, read, 0, tokens, logs)
    if generation.text.startswith(shown) and generation.text != shown:
        yield generation.text[len(shown) :]
    return generation


def _generation(
    read: Prefilled, row: int, prompt: Prompt, trie: AnswerTrie, said: tuple[int, ...], ranking: Ranking
) -> Generation:
    """The answers said, and those that were left out: they are as likely as the last."""
    candidates = [trie.entries[index].candidate for index in said]
    share = {candidate.text: probability for candidate, probability in ranking}
    abstained = candidates[0].kind == "none"
    answers = [] if abstained else [candidate.text for candidate in candidates]
    probabilities = [share[text] for text in answers]
    more = trie.left_out(said, prompt.every) if answers and prompt.every else []
    return Generation(
        answers=[*answers, *more],
        text=candidates[0].text if abstained else listed([*answers, *more]),
        kind=candidates[0].kind,
        probabilities=[*probabilities, *probabilities[-1:] * len(more)],
        ranking=ranking,
        prompt_tokens=read.prompt_tokens[row],
        cut_lines=read.cut_lines[row],
    )


def _free_generation(model: GraphLLM, read: Prefilled, row: int, tokens: list[int], logs: list[float]) -> Generation:
    text = model.language_model.tokenizer.decode(tokens, skip_special_tokens=True).strip()
    answers = [part.strip() for part in text.split(SEPARATOR_TEXT.strip()) if part.strip()]
    plain = text.casefold().rstrip(".")
    kind: CandidateKind = "node"
    if not answers or plain == NONE_TEXT:
        answers, kind = [], "none"
    elif plain in ("yes", "no"):
        kind = "yes" if plain == "yes" else "no"
    probability = float(torch.tensor(logs).mean().exp()) if logs else 0.0
    return Generation(
        answers=answers,
        text=text or NONE_TEXT,
        kind=kind,
        probabilities=[probability] * len(answers),
        prompt_tokens=read.prompt_tokens[row],
        cut_lines=read.cut_lines[row],
    )
