"""Relation names: plain words spelled as in the wild ("has capital", hasCapital, location.country.capital)."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class RelationStyle:
    """How one graph spells its relations.

    Attributes:
        spelling: words, snake, camel, upper, kebab, title, dotted or iri.
        topic: first segment of dotted names and IRIs.
    """

    spelling: str
    topic: str = "base"

    def write(self, words: str, subject: str, rng: random.Random) -> str:
        """The words in this style; `subject` is the type that the relation starts from."""
        snake = words.lower().replace(" ", "_").replace("-", "_")
        parts = words.split()
        camel = parts[0].lower() + "".join(part[:1].upper() + part[1:] for part in parts[1:])
        written = {
            "words": words,
            "snake": snake,
            "camel": camel,
            "upper": snake.upper(),
            "kebab": snake.replace("_", "-"),
            "title": words[:1].upper() + words[1:],
            "dotted": f"{self.topic}.{subject}.{snake}",
            "iri": f"http://{self.topic}.example.org/ontology/{camel}",
        }
        return written[self.spelling]


def pick_style(rng: random.Random) -> RelationStyle:
    """A style for one graph."""
    kinds = ("words", "snake", "camel", "upper", "kebab", "title", "dotted", "iri")
    spelling = rng.choices(kinds, (40, 20, 12, 5, 2, 4, 14, 3))[0]
    return RelationStyle(spelling, rng.choice(("base", "common", "data", "world", "kg", "domain")))
