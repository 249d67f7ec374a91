"""Metrics of one reply against its gold answers. Strings in, numbers out; knows nothing of graphs or models.

Texts are compared as the field does (SQuAD, G-Retriever): lower case, without punctuation, articles and extra blanks.
Unlike the published "Hit", a gold answer counts only as whole words: "man" is not in "woman".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from graph_data.text import NAME_FIELD, fields_of, fold, values_of

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_UNNAMED = frozenset({"yes", "no"})  # answers that no node carries


@lru_cache(maxsize=65_536)
def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single blanks; a text of nothing else ("The", "?") stays as it is."""
    lower = text.casefold()
    plain = "".join(char for char in lower if char.isalnum() or not unicodedata.category(char).startswith(("P", "S")))
    return fold(_ARTICLES.sub(" ", plain)) or fold(lower)


def hit(text: str, gold: Iterable[str]) -> bool:
    """Whether the reply holds any gold answer as whole words (published as "Hit", sometimes printed as Hit@1)."""
    reply = f" {normalise(text)} "
    return any(f" {normalise(answer)} " in reply for answer in gold)


def hit_at_1(answers: Sequence[str], gold: Iterable[str]) -> bool:
    """Whether the first answer is a gold one."""
    return bool(answers) and normalise(answers[0]) in _distinct(gold)


def precision_recall_f1(answers: Iterable[str], gold: Iterable[str]) -> tuple[float, float, float]:
    """Of the answers as a set, against the gold ones as a set; each within 0..1."""
    given, right = _distinct(answers), _distinct(gold)
    both = len(given & right)
    if not both:
        return 0.0, 0.0, 0.0
    precision, recall = both / len(given), both / len(right)
    return precision, recall, 2 * precision * recall / (precision + recall)


def exact_match(answers: Iterable[str], gold: Iterable[str]) -> bool:
    """Whether the answers are the gold ones: all of them and no other."""
    return _distinct(answers) == _distinct(gold)


def coverage(node_texts: Iterable[str], relations: Iterable[str], gold: Iterable[str]) -> float | None:
    """Share of the gold answers that the evidence names: as a node, a value in a node's text, or a relation.

    None where it does not apply: no gold answer but yes and no.
    """
    wanted = _distinct(gold) - _UNNAMED
    if not wanted:
        return None
    named = {normalise(name) for text in node_texts for name in names_in(text)}
    named.update(map(normalise, relations))
    return len(wanted & named) / len(wanted)


def names_in(node_text: str) -> list[str]:
    """What a node's text names: its name, its fields' values as a whole, and each of them."""
    fields = fields_of(node_text)
    values = [value for key, value in fields.items() if key != NAME_FIELD]
    return [fields[NAME_FIELD], *values, *(part for value in values for part in values_of(value))]


@dataclass(frozen=True)
class SelectivePoint:
    """What comes of answering only from a confidence on.

    Attributes:
        confidence: the least that is answered with.
        coverage: share of all questions that are answered then.
        risk: share of these replies that are wrong.
    """

    confidence: float
    coverage: float
    risk: float


def risk_coverage(confidences: Sequence[float], right: Sequence[bool], asked: int) -> list[SelectivePoint]:
    """The risk-coverage curve of selective answering (El-Yaniv and Wiener, 2010), surest first.

    Args:
        confidences, right: of the replies that are no abstentions.
        asked: questions in all.
    """
    order = np.argsort(-np.asarray(confidences, float), kind="stable")
    sure = np.asarray(confidences, float)[order]
    wrong = np.cumsum(~np.asarray(right, bool)[order])
    last_of_equals = np.append(np.flatnonzero(np.diff(sure)), len(sure) - 1) if len(sure) else np.zeros(0, int)
    return [SelectivePoint(float(sure[i]), (i + 1) / asked, float(wrong[i]) / (i + 1)) for i in last_of_equals.tolist()]


def area_under_risk(curve: Sequence[SelectivePoint]) -> float | None:
    """Mean risk over the coverages reached (AURC, Geifman and El-Yaniv, 2017); 0 is best; None without a reply."""
    if not curve:
        return None
    widths = np.diff([0.0, *(point.coverage for point in curve)])
    return float(np.dot(widths, [point.risk for point in curve]) / widths.sum())


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float | None:
    """Expected calibration error (Guo et al., 2017): by how much confidence and share of right replies differ.

    Bins of equally many replies; weighted by their sizes. None without a reply.
    """
    if not len(confidences):
        return None
    order = np.argsort(confidences, kind="stable")
    sure, true = np.asarray(confidences, float)[order], np.asarray(right, float)[order]
    parts = np.array_split(np.arange(len(order)), min(bins, len(order)))
    return float(sum(abs(sure[part].mean() - true[part].mean()) * len(part) for part in parts) / len(order))


def interval(values: Sequence[float], *, share: float = 0.95, draws: int = 1000, seed: int = 0) -> tuple[float, float]:
    """Bootstrap confidence interval of the mean (percentile method)."""
    sample = np.asarray(values, float)
    chosen = np.random.default_rng(seed).integers(0, len(sample), (draws, len(sample)))
    low, high = np.quantile(sample[chosen].mean(axis=1), [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def mean(values: Iterable[float]) -> float | None:
    """The mean; None of nothing, for a metric that does not apply is absent."""
    found = list(values)
    return sum(found) / len(found) if found else None


def _distinct(texts: Iterable[str], key: Callable[[str], str] = normalise) -> set[str]:
    return {key(text) for text in texts}
