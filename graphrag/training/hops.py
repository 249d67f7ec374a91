"""Hops: what generated questions are made of: gold answers, relations walked one way, a mix of kinds."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from graphrag.wording.templates import Wording

Kind = Literal["fact", "conjunction", "yes_no", "attribute", "unanswerable"]
Step = tuple[int, bool]  # position of the relation, along its direction?

DEFAULT_MIX: Mapping[str, float] = {
    "one": 0.29,
    "two": 0.25,
    "three": 0.12,
    "conjunction": 0.19,
    "yes_no": 0.05,
    "unanswerable": 0.10,
}


@dataclass(frozen=True)
class GeneratedQuestion:
    """One question with its gold answers.

    Attributes:
        question: as a person asks.
        answers: all correct ones: names of nodes, values of a field, ("yes",) or ("no",); () if the graph does not say.
        hops: steps to the answer, a conjunction's side by side steps counted once; 0 for yes or no, for what cannot be
            answered and for a field of the topic itself.
        kind: fact, conjunction, yes_no, attribute or unanswerable.
        topics: names of the nodes that the walk starts from.
        path: (relation, along its direction?) steps; a conjunction begins with one step a topic. A symmetric relation
            is walked both ways, and relations of the same meaning together.
    """

    question: str
    answers: tuple[str, ...]
    hops: int
    kind: Kind
    topics: tuple[str, ...]
    path: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Hop:
    """One relation walked one way, with its sayings.

    Attributes:
        relation: position in the graph's relations.
        forward: along its direction.
        both: symmetric; walked both ways.
        meaning: (what it means, which way); two relations may mean the same.
        wording: says what the hop leads to.
        yes_no: "Is {y} the capital of {x}?"; x is where the hop starts.
        weight: how readily it is chosen.
    """

    relation: int
    forward: bool
    both: bool
    meaning: tuple[str, bool]
    wording: Wording
    yes_no: tuple[str, ...] = ()
    weight: float = 1.0

    def reverses(self, other: Hop) -> bool:
        return self.meaning[0] == other.meaning[0] and (self.both or self.meaning[1] != other.meaning[1])


Maker = Callable[[], GeneratedQuestion | None]


def compose(
    makers: Mapping[str, Maker], count: int, mix: Mapping[str, float], rng: random.Random
) -> list[GeneratedQuestion]:
    """`count` questions in the mix given, none twice; fewer where the graph has no more to ask."""
    kinds = [kind for kind in mix if kind in makers and mix[kind] > 0]
    found: dict[str, GeneratedQuestion] = {}
    misses = 0
    while kinds and len(found) < count and misses < 30 + count:
        kind = rng.choices(kinds, [mix[kind] for kind in kinds])[0]
        made = makers[kind]()
        if made is None or made.question in found:
            misses += 1
            continue
        found[made.question] = made
    return list(found.values())
