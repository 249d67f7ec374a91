"""Grounding: a trie of what the evidence names, and the rule by which a language model may walk it.

Every step is a product of two experts, the language model and the retriever. At a node v of the trie with total
weight W(v) of the candidates below it, the allowed token leading to c scores

    log p_LM(token | allowed tokens) + strength * log(W(c) / W(v))

so a whole candidate scores log p_LM(candidate) + strength * log(weight / total): the prior telescopes. Where an entry
is complete its own weight is split between ending the answer and going on to another one: ending weighs `stop_ratio`
times the weight of the first answer, going on the weight of the best candidate not yet said. Yes, no, none, a number
that was counted and a choice that was offered end the answer.

This module knows token ids and weights, and nothing of networks; `GroundedLogitsProcessor` carries the rule into
`generate`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import LogitsProcessor

from graphrag.errors import ConfigError
from graphrag.models.prompt import Candidate

MAX_ENTRY_TOKENS = 40  # a longer text is told apart by its first tokens
_LAST_KINDS = frozenset({"yes", "no", "none", "count", "choice"})  # nothing can follow these
_TINY = 1e-12


@dataclass(frozen=True)
class DecodeSettings:
    """How answers are decoded; saved with an adapter.

    Attributes:
        strength: exponent of the retriever's weights; 0 leaves the language model alone.
        stop_ratio: how much the first answer's weight holds against a further answer.
        max_answers: answers to one question at most.
        max_new_tokens: tokens of an answer at most, also reserved for it in the context.
    """

    strength: float = 2.0  # chosen on held-out questions
    stop_ratio: float = 0.5
    max_answers: int = 12
    max_new_tokens: int = 64

    def __post_init__(self) -> None:
        if self.strength < 0 or self.stop_ratio <= 0 or self.max_answers < 1 or self.max_new_tokens < 4:
            raise ConfigError(
                "decode settings need strength >= 0, stop_ratio > 0, max_answers >= 1 and max_new_tokens >= 4, "
                f"not {self.strength}, {self.stop_ratio}, {self.max_answers} and {self.max_new_tokens}."
            )


@dataclass(frozen=True)
class Entry:
    """One thing that can be said: a candidate, its tokens, and the texts that the tokenizer cannot tell from it."""

    candidate: Candidate
    tokens: tuple[int, ...]
    path: tuple[int, ...]  # trie nodes after each token
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """Where a walk stands.

    Attributes:
        node: trie node; 0 is the root.
        said: entries completed so far, in order.
        separator: tokens of the separator still to come.
        length: tokens walked.
        done: the end was said.
    """

    node: int = 0
    said: tuple[int, ...] = ()
    separator: tuple[int, ...] = ()
    length: int = 0
    done: bool = False


@dataclass(frozen=True)
class Option:
    """An allowed token with the log of its share of the weight at this node."""

    token: int
    log_prior: float


@dataclass
class _Node:
    children: dict[int, int] = field(default_factory=dict)
    weight: float = 0.0  # of all entries below
    count: int = 0  # entries below
    entry: int = -1  # the entry that ends here


class AnswerTrie:
    """The candidates of one prompt as token paths.

    Args:
        candidates: what may be said; of texts with equal tokens the heaviest stays and remembers the others.
        tokens: token ids of each candidate, same order.
        separator: token ids between two answers.
        eos: the token that ends the answer.
        settings: weights and limits of the walk.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        tokens: Sequence[Sequence[int]],
        *,
        separator: Sequence[int],
        eos: int,
        settings: DecodeSettings | None = None,
    ) -> None:
        self.settings = settings or DecodeSettings()
        self.separator, self.eos = tuple(separator), eos
        self.nodes = [_Node()]
        self.entries: list[Entry] = []
        longest = min(MAX_ENTRY_TOKENS, self.settings.max_new_tokens - 1)
        for path, merged in _merge(candidates, tokens, longest).items():
            self._insert(path, merged)
        self._by_text: dict[str, int] = {}
        for index, entry in enumerate(self.entries):
            for text in (entry.candidate.text, *entry.also):
                self._by_text.setdefault(text, index)
                self._by_text.setdefault(_folded(text), index)

    def _insert(self, tokens: tuple[int, ...], merged: list[Candidate]) -> None:
        best = max(merged, key=lambda candidate: candidate.weight)
        weight = max(best.weight, _TINY)
        here, path = 0, []
        self.nodes[0].weight += weight
        self.nodes[0].count += 1
        for token in tokens:
            here = self.nodes[here].children.setdefault(token, len(self.nodes))
            if here == len(self.nodes):
                self.nodes.append(_Node())
            self.nodes[here].weight += weight
            self.nodes[here].count += 1
            path.append(here)
        self.nodes[here].entry = len(self.entries)
        also = tuple(dict.fromkeys(c.text for c in merged if c.text != best.text))
        self.entries.append(Entry(best, tokens, tuple(path), also))

    def find(self, text: str) -> int | None:
        """The entry of a text, as written or but for its case and blanks; None if it cannot be said."""
        found = self._by_text.get(text)
        return found if found is not None else self._by_text.get(_folded(text))

    def options(self, state: State) -> list[Option]:
        """What may follow `state`, with log shares that sum to 1; the end of the answer only once done."""
        if state.done:
            return [Option(self.eos, 0.0)]
        if state.separator:
            return [Option(state.separator[0], 0.0)]
        spent, gone = self._spent(state.said)
        node = self.nodes[state.node]
        shares: list[tuple[int, float]] = []
        for token, child in node.children.items():
            if self.nodes[child].count > gone.get(child, 0):
                shares.append((token, max(self.nodes[child].weight - spent.get(child, 0.0), _TINY)))
        if node.entry >= 0 and node.entry not in state.said:
            shares += self._endings(node, state, blocked=node.children)
        total = sum(weight for _, weight in shares)
        return [Option(token, math.log(weight / total)) for token, weight in shares]

    def _endings(self, node: _Node, state: State, blocked: dict[int, int]) -> list[tuple[int, float]]:
        """Shares of the end and of the separator after the entry that ends at `node`."""
        own = self.entries[node.entry].candidate
        weight = max(own.weight, _TINY)
        said = (*state.said, node.entry)
        rest = [
            e.candidate for i, e in enumerate(self.entries) if i not in said and e.candidate.kind not in _LAST_KINDS
        ]
        if own.together:
            rest = [candidate for candidate in rest if candidate.together]
        more = rest and own.kind not in _LAST_KINDS and self._has_room(len(said), state.length)
        if not more or self.separator[0] in blocked:  # a token that also continues a longer entry continues it
            return [(self.eos, weight)]
        if own.together:
            return [(self.separator[0], weight)]
        stop = self.settings.stop_ratio * max(self.entries[said[0]].candidate.weight, _TINY)
        further = max(max(candidate.weight, _TINY) for candidate in rest)
        return [
            (self.eos, weight * stop / (stop + further)),
            (self.separator[0], weight * further / (stop + further)),
        ]

    def _has_room(self, said: int, length: int) -> bool:
        """Whether the limits leave room for another answer after so many, of so many tokens."""
        room = self.settings.max_new_tokens - length - len(self.separator) - self._longest() - 1
        return said < self.settings.max_answers and room >= 0

    def left_out(self, said: Sequence[int], every: Sequence[str]) -> list[str]:
        """Those of `every` that were not said only because the limits or the candidates came to an end."""
        told = {text for index in said for text in (self.entries[index].candidate.text, *self.entries[index].also)}
        rest = [text for text in every if text not in told]
        chosen = self._has_room(len(said), len(self.spell(said, end=False))) and any(
            self.find(t) is not None for t in rest
        )
        return [] if chosen or not told <= set(every) else rest

    def _spent(self, said: Iterable[int]) -> tuple[dict[int, float], dict[int, int]]:
        """Weight and number of the entries that cannot come (again) below each node:

        once one is said, none of _LAST_KINDS.
        """
        weight: dict[int, float] = {}
        count: dict[int, int] = {}
        out = set(said)
        if out:
            out |= {i for i, entry in enumerate(self.entries) if entry.candidate.kind in _LAST_KINDS}
        for index in out:
            entry = self.entries[index]
            for node in entry.path:
                weight[node] = weight.get(node, 0.0) + max(entry.candidate.weight, _TINY)
                count[node] = count.get(node, 0) + 1
        return weight, count

    def _longest(self) -> int:
        return max((len(entry.tokens) for entry in self.entries), default=0)

    def advance(self, state: State, token: int) -> State:
        """The walk one allowed token on."""
        length = state.length + 1
        if state.done:
            return state
        if state.separator:
            return State(0, state.said, state.separator[1:], length)
        node = self.nodes[state.node]
        if token in node.children:
            return State(node.children[token], state.said, (), length)
        said = (*state.said, node.entry)
        if token == self.eos:
            return State(0, said, (), length, done=True)
        return State(0, said, self.separator[1:], length)

    def walk(self, tokens: Iterable[int]) -> State:
        """The state after `tokens`, all of them allowed."""
        state = State()
        for token in tokens:
            state = self.advance(state, token)
        return state

    def spell(self, answers: Sequence[int], *, end: bool = True) -> list[int]:
        """The tokens that say these entries, one after the other."""
        tokens: list[int] = []
        for position, index in enumerate(answers):
            tokens += [*(self.separator if position else ()), *self.entries[index].tokens]
        return [*tokens, self.eos] if end else tokens


def _merge(
    candidates: Sequence[Candidate], tokens: Sequence[Sequence[int]], longest: int
) -> dict[tuple[int, ...], list[Candidate]]:
    merged: dict[tuple[int, ...], list[Candidate]] = {}
    for candidate, ids in zip(candidates, tokens, strict=True):
        if ids:
            merged.setdefault(tuple(ids[:longest]), []).append(candidate)
    return merged


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


class GroundedLogitsProcessor(LogitsProcessor):  # type: ignore[misc]
    """Lets `generate(inputs_embeds=...)` say nothing but what the tries hold; greedy, sampled or with beams.

    Args:
        tries: one a prompt of the batch.
        strength: see `DecodeSettings.strength`; default: each trie's own.
    """

    def __init__(self, tries: Sequence[AnswerTrie], strength: float | None = None) -> None:
        self.tries = tries
        self.strength = strength

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """`input_ids` [B * beams, generated], `scores` [B * beams, V]: allowed tokens get the rule's log score."""
        beams = len(input_ids) // len(self.tries)
        grounded = torch.full_like(scores, -math.inf)
        for row, generated in enumerate(input_ids.tolist()):
            trie = self.tries[row // beams]
            options = trie.options(trie.walk(generated))
            strength = trie.settings.strength if self.strength is None else self.strength
            tokens = torch.tensor([option.token for option in options], device=scores.device)
            grounded[row, tokens] = score_options(scores[row], options, strength).to(scores.dtype)
        return grounded


def score_options(scores: Tensor, options: Sequence[Option], strength: float) -> Tensor:
    """The rule for one step: `scores` [V] to log scores [len(options)]."""
    tokens = torch.tensor([option.token for option in options], device=scores.device)
    prior = torch.tensor([option.log_prior for option in options], device=scores.device)
    return scores[tokens].float().log_softmax(-1) + strength * prior
