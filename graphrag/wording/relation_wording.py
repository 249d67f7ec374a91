"""Relation wording: how any relation of any graph can be said, from its name alone.

A name found in `common_relations.txt` gets the idiomatic sayings there ("place of birth": "Where was {x} born?"); any
other is read as words and fitted to patterns by its form: a noun ("capital"), "directed by", "located in", "member of",
"plays for", "holding". Names that cannot be read ("P31", "r_17") get none. This module knows nothing of graphs.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from graph_data.text import readable_relation
from graphrag.wording.common_relations import common_sayings
from graphrag.wording.relation_forms import PEOPLE, PREPOSITIONS, THINGS, VERBS, Sayings, by_form, is_readable
from graphrag.wording.templates import Wording


def sayings_of(relation: str) -> Sayings | None:
    """How the relation can be said, or None if its name cannot be read."""
    inverse = re.fullmatch(r"(.+?)[_ ]?(?:inverse|reverse|inv)", relation, re.IGNORECASE)
    if inverse:
        ahead = sayings_of(inverse.group(1))
        return ahead.turned() if ahead else None
    fitted = literal_sayings(relation)
    if fitted is None:
        return None
    segments = _segments(relation)
    for name in _look_ups(segments):
        if common := common_sayings().get(name):
            return _merged(_spoken(common, segments[-1]), fitted, _subject(segments))
    return fitted


def literal_sayings(relation: str) -> Sayings | None:
    """Sayings that keep to the name's own words, or None if it cannot be read."""
    segments = _segments(relation)
    words = segments[-1] if segments else ""
    if not is_readable(words) or (len(words) <= 3 and words not in common_sayings()):
        return None
    return replace(by_form(words, _subject(segments)), meaning=words)


def _subject(segments: list[str]) -> str:
    """The type that a dotted name's relation starts from, "" if it does not say."""
    return segments[-2] if len(segments) >= 3 else ""


def common_names(sayings: Sayings) -> tuple[str, ...]:
    """The names under which common sayings are listed."""
    return tuple(name for name, known in common_sayings().items() if known is sayings)


def _segments(relation: str) -> list[str]:
    """The name's parts, each as words: film.film.directed_by -> film, film, directed by."""
    local = re.sub(r"^<?https?://\S*[/#]([^/#>]+)[/#]?>?$", r"\1", relation)
    if local.startswith("concept:"):  # NELL glues its words
        return [" ".join(_unglued(local.removeprefix("concept:").lower()))]
    parts = [part for part in re.split(r"[./:]+", local) if part.strip("_ -")]
    return [readable_relation(part) for part in parts]


def _unglued(text: str) -> list[str]:
    """The fewest known words that make up the text; none if there is no such way."""
    best: dict[int, list[str]] = {0: []}
    for end in range(1, len(text) + 1):
        ways = [best[start] + [text[start:end]] for start in best if text[start:end] in _glueable()]
        if ways:
            best[end] = min(ways, key=len)
    return best.get(len(text), [])


@cache
def _glueable() -> frozenset[str]:
    more = "athlete plays played for team in of to at by from has is on home also known as bank office headquartered"
    words = {word for name in common_sayings() for word in re.findall(r"[a-z]{3,}", name)}
    return frozenset(words | set(more.split()) | PREPOSITIONS | VERBS | PEOPLE)


def _look_ups(segments: list[str]) -> list[str]:
    last = segments[-1]
    names = [f"{segments[-2]} {last}", last] if len(segments) > 1 else [last]
    if len(segments) > 5:  # /film/film/starring./film/performance/actor
        names = [f"{segments[2]} {last}", *names, segments[2]]
    shorter = [re.sub(r"^(has|is|was|the) ", "", name) for name in names]
    return [*names, *shorter, *(name.removesuffix("s") for name in names)]


def _merged(common: Sayings, fitted: Sayings, subject: str) -> Sayings:
    """Common sayings, with a few plain ones beside them and the subject's type for a noun."""
    backward = common.backward
    if backward.nouns == THINGS and subject:
        backward = replace(backward, nouns=fitted.backward.nouns, who=fitted.backward.who)
    forward = replace(common.forward, phrases=common.forward.phrases + fitted.forward.phrases[:1])
    questions = common.forward.questions + fitted.forward.questions[:1]
    forward = replace(forward, questions=questions)
    return replace(common, forward=forward, backward=backward, meaning=common.meaning or fitted.meaning)


def _spoken(sayings: Sayings, words: str) -> Sayings:
    """`{r}` replaced by the relation's own words."""

    def speak(templates: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(said.replace("{r}", words) for said in templates)

    def spoken(way: Wording) -> Wording:
        parts = speak(way.phrases), speak(way.predicates), speak(way.questions)
        return Wording(way.nouns, way.who, *parts)

    forward, backward = spoken(sayings.forward), spoken(sayings.backward)
    return replace(sayings, forward=forward, backward=backward, yes_no=speak(sayings.yes_no))
