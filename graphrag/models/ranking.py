"""Ranking: every candidate of a prompt with its exact probability as the first answer.

The language model is asked only at the nodes of the trie where there is a choice, in a few forward passes that share
the prompt's cache; sixty candidates cost about as much as a third of the prompt.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from graphrag.models.grounding import AnswerTrie, State, score_options
from graphrag.models.prompt import Candidate

if TYPE_CHECKING:
    from graphrag.models.graph_llm import GraphLLM, Prefilled

Ranking = list[tuple[Candidate, float]]  # best first; the probabilities sum to 1
_CHUNK = 32  # paths through a trie scored at once


def rank_rows(model: GraphLLM, read: Prefilled, tries: Sequence[AnswerTrie]) -> list[Ranking]:
    """Each trie's candidates with their probability as the first answer, best first."""
    rankings = []
    for trie, scores in zip(tries, first_answer_scores(model, read, tries), strict=True):
        shares = scores.softmax(0).tolist()
        order = sorted(range(len(shares)), key=lambda i: -shares[i])
        rankings.append([(trie.entries[i].candidate, shares[i]) for i in order])
    return rankings


def first_answer_scores(model: GraphLLM, read: Prefilled, tries: Sequence[AnswerTrie]) -> list[Tensor]:
    """For every entry of every trie: log p_LM(entry is said first | trie) + strength * log of its share of the weight.

    Exact: the language model is asked at every node of the trie where there is a choice, all nodes in a few forward
    passes that share the prompt's cache. `read` stays as it was. Returns one float tensor [entries] a trie.
    """
    jobs = [(row, tokens) for row, trie in enumerate(tries) for tokens in _paths_to_score(trie)]
    known: list[dict[tuple[int, ...], Tensor]] = [{(): read.scores[row]} for row in range(len(tries))]
    for start in range(0, len(jobs), _CHUNK):
        chunk = jobs[start : start + _CHUNK]
        for (row, tokens), scores in zip(chunk, _feed_paths(model, read, chunk), strict=True):
            for length in range(1, len(tokens) + 1):
                known[row][tokens[:length]] = scores[length - 1]
    return [_entry_scores(trie, scores) for trie, scores in zip(tries, known, strict=True)]


def _paths_to_score(trie: AnswerTrie) -> list[tuple[int, ...]]:
    """Token paths that pass through every node with a choice, but the root; none is the beginning of another."""
    wanted = set()
    for entry in trie.entries:
        for depth, node in enumerate(entry.path, start=1):
            if len(trie.nodes[node].children) + (trie.nodes[node].entry >= 0) > 1:
                wanted.add(entry.tokens[:depth])
    inner = {path[:length] for path in wanted for length in range(1, len(path))}
    return sorted(wanted - inner)


def _feed_paths(model: GraphLLM, read: Prefilled, chunk: list[tuple[int, tuple[int, ...]]]) -> Tensor:
    """Scores [len(chunk), longest, V] after every token of every path, each path after its own prompt."""
    device = read.mask.device
    longest = max(len(tokens) for _, tokens in chunk)
    fed = torch.zeros(len(chunk), longest, dtype=torch.long)
    seen = torch.zeros_like(fed)
    for i, (_, tokens) in enumerate(chunk):
        fed[i, : len(tokens)] = torch.tensor(tokens)
        seen[i, : len(tokens)] = 1
    rows = torch.tensor([row for row, _ in chunk], device=device)
    mask = torch.cat([read.mask[rows], seen.to(device)], dim=1)
    return model.feed(fed.to(device), mask, select_rows(read.cache, rows))


def select_rows(cache: Any, rows: Tensor) -> Any:
    """A cache of some rows of another, which stays as it is."""
    selected = copy.copy(cache)
    selected.layers = [copy.copy(layer) for layer in cache.layers]
    selected.batch_select_indices(rows)
    return selected


def _entry_scores(trie: AnswerTrie, known: dict[tuple[int, ...], Tensor]) -> Tensor:
    """Sum the log probabilities along every entry's path, and add its weight."""
    steps: dict[tuple[int, ...], dict[int, float]] = {}
    totals = []
    weight = trie.nodes[0].weight
    for entry in trie.entries:
        total = 0.0
        for depth in range(len(entry.tokens) + 1):
            before = entry.tokens[:depth]
            node = trie.nodes[entry.path[depth - 1] if depth else 0]
            if len(node.children) + (node.entry >= 0) == 1:
                continue  # nothing to choose
            if before not in steps:
                steps[before] = _step_scores(trie, entry.path[depth - 1] if depth else 0, known[before])
            total += steps[before][entry.tokens[depth] if depth < len(entry.tokens) else -1]
        share = max(entry.candidate.weight, 1e-12) / weight
        totals.append(total + trie.settings.strength * math.log(share))
    return torch.tensor(totals)


def _step_scores(trie: AnswerTrie, node: int, scores: Tensor) -> dict[int, float]:
    """Log probability of each child's token at a node; -1 stands for ending the entry here, either way."""
    options = trie.options(State(node=node))
    logs = score_options(scores, options, 0.0).tolist()
    children = trie.nodes[node].children
    steps = {option.token: value for option, value in zip(options, logs, strict=True) if option.token in children}
    ends = [value for option, value in zip(options, logs, strict=True) if option.token not in children]
    if ends:
        steps[-1] = float(torch.tensor(ends).logsumexp(0))
    return steps
