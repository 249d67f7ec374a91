"""Wording: how a relation is said in English, and how sayings are put into each other.

A template has one slot, `{x}`, for what is given. Marks: `[is/are]` and `countr[y/ies]` follow the number of what is
asked for (`[s]` is short for `[/s]`), `<is/are>` follows the number of what fills the slot. A noun phrase put into the
slot of another template makes a question of two hops. This module knows nothing of graphs.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"\[([^\[\]/]*)(?:/([^\[\]/]*))?\]")
_SLOT_NUMBER = re.compile(r"<([^<>/]*)/([^<>/]*)>")
_AGREEING = re.compile(r"\b(is|was|does|has) \{x\}|\{x\} (is|was|does|has)\b", re.IGNORECASE)
_LEADING_VERB = re.compile(r"^\{x\} (?!is\b|was\b|has\b|does\b)(go(?=es)|\w+(?=s))e?s\b")
_TWO_ARTICLES = re.compile(r"\b(?:the|a|an) the ")
_ARTICLE = re.compile(r"\b([aA]) \{x\}")
_PLURAL = {"is": "are", "was": "were", "does": "do", "has": "have"}
_REQUESTS = ("Tell me {}.", "Name {}.", "I'd like to know {}.", "Can you tell me {}?", "{}?", "{}?", "Give me {}.")
_PRONOUNS = re.compile(r"^(the) (?=\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Wording:
    """The sayings of one direction of one relation.

    Attributes:
        nouns: what is looked for, e.g. "[country/countries]".
        who: it is a person ("who", not "what").
        phrases: noun phrases, "the capital of {x}".
        predicates: what fits after "Which country" and after "the country that", "border[s/] {x}".
        questions: whole questions, "Where was {x} born?".
    """

    nouns: tuple[str, ...]
    who: bool = False
    phrases: tuple[str, ...] = ()
    predicates: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def relative(self) -> str:
        return "who" if self.who else "that"

    def noun_phrases(self) -> tuple[str, ...]:
        """Every noun phrase, those made from predicates too."""
        made = [f"the {noun} {self.relative} {said}" for noun in self.nouns for said in self.predicates]
        return (*self.phrases, *made)

    def whole_questions(self) -> tuple[str, ...]:
        """Every whole question, those made from noun phrases and predicates too."""
        asker = "Who" if self.who else "What"
        which = [f"Which {noun} {said}?" for noun in self.nouns for said in self.predicates]
        who = [f"{asker} {inflect(said, False)}?" for said in self.predicates] if self.who else []
        asked = [f"{asker} {'[is/are]' if '[' in phrase else 'is'} {phrase}?" for phrase in self.phrases]
        return (*self.questions, *which, *who, *asked)


@dataclass(frozen=True)
class Mention:
    """What fills a slot: a name, or a noun phrase made before."""

    text: str
    plural: bool = False
    bare: bool = True  # a name as it stands, not a noun phrase
    depth: int = 0  # noun phrases inside


def inflect(template: str, plural: bool) -> str:
    """`[is/are]` and `[s]` resolved."""

    def choose(match: re.Match[str]) -> str:
        one, many = match.group(1), match.group(2)
        if many is None:
            one, many = "", one
        return many if plural else one

    return _NUMBER.sub(choose, template)


def fill(template: str, slot: Mention, plural: bool = False) -> str:
    """The template with its slot filled and its verbs agreeing."""
    said = _SLOT_NUMBER.sub(lambda match: match.group(2 if slot.plural else 1), template)
    if slot.plural:
        said = _LEADING_VERB.sub(r"{x} \1", _AGREEING.sub(_agree, said))
    if slot.text[:1].lower() in tuple("aeiou"):
        said = _ARTICLE.sub(r"\1n {x}", said)
    text = inflect(said, plural).replace("{x}", slot.text)
    return _TWO_ARTICLES.sub("the ", text)


def _agree(match: re.Match[str]) -> str:
    word = match.group(1) or match.group(2)
    plural = _PLURAL[word.lower()]
    plural = plural.capitalize() if word[0].isupper() else plural
    return match.group(0).replace(word, plural, 1)


def pick_template(templates: Sequence[str], slot: Mention, rng: random.Random) -> str | None:
    """One template fit for the slot; a noun phrase goes rather to the end of a template than into its middle."""
    weights = [_fitness(template, slot) for template in templates]
    if not templates or not any(weights):
        return None
    return rng.choices(list(templates), weights)[0]


def _fitness(template: str, slot: Mention) -> float:
    if slot.bare:
        return 1.0
    if "{x}'s" in template:
        return 0.0
    after = len(template.rpartition("{x}")[2].rstrip("?.").split())
    if not after:
        return 1.0
    return (0.5 if after <= 2 else 0.12) / (1 + 3 * max(0, slot.depth - 1))


def noun_phrase(wording: Wording, slot: Mention, plural: bool, rng: random.Random) -> Mention | None:
    """What the wording's answers are, as a noun phrase."""
    templates = [*wording.phrases, *wording.phrases, *wording.noun_phrases()[len(wording.phrases) :]]
    template = pick_template(templates, slot, rng)
    if template is None:
        return None
    plural = plural and "[" in template
    return Mention(fill(template, slot, plural), plural, False, slot.depth + 1)


def ask(wording: Wording, slot: Mention, plural: bool, rng: random.Random) -> str | None:
    """A whole question, now and then as a request, lower-cased or in key words."""
    if rng.random() < 0.1 and (phrase := noun_phrase(wording, slot, plural, rng)):
        return sloppy(sentence(rng.choice(_REQUESTS).format(phrase.text)), rng)
    asked = wording.questions * 2 + wording.whole_questions()[len(wording.questions) :]
    template = pick_template(asked, slot, rng)
    if template is None:
        return None
    return sloppy(sentence(fill(template, slot, plural), keep=slot.bare and template.startswith("{x}")), rng)


def sentence(text: str, keep: bool = False) -> str:
    """First letter upper-case, unless a name stands there."""
    text = text.replace("??", "?")
    return text if keep else text[:1].upper() + text[1:]


def sloppy(text: str, rng: random.Random, rate: float = 0.16) -> str:
    """At the rate given: as hurried people type."""
    if rng.random() >= rate:
        return text
    way = rng.randrange(5)
    if way == 0:
        return text.rstrip("?.").lower()
    if way == 1:
        return text.rstrip("?.")
    if way == 2:
        return text[:1].lower() + text[1:]
    if way == 3:
        return text.lower()
    return _PRONOUNS.sub("", re.sub(r"^(What|Who) (is|are|was) ", "", text)).rstrip("?.") + rng.choice(("", "?"))


def both(first: Mention, second: Mention, rng: random.Random) -> Mention:
    """Two fillers of one slot."""
    text = f"both {first.text} and {second.text}" if rng.random() < 0.7 else f"{first.text} and {second.text}"
    return Mention(text, True, False, max(first.depth, second.depth))


def joined(
    first: Wording, first_slot: Mention, second: Wording, second_slot: Mention, plural: bool, rng: random.Random
) -> tuple[str, Mention] | None:
    """A question, and a noun phrase, for what two predicates hold of: "Which film stars A and was made in B?"."""
    head, tail = (pick_template(w.predicates, s, rng) for w, s in ((first, first_slot), (second, second_slot)))
    if head is None or tail is None:
        return None
    predicate = f"{fill(head, first_slot, plural)} and {fill(tail, second_slot, plural)}"
    noun = inflect(rng.choice(first.nouns), plural)
    phrase = f"the {noun} {first.relative} {predicate}"
    starts = [f"Which {noun} {predicate}?", f"Which {noun} {predicate}?", f"What [is/are] {phrase}?", f"Name {phrase}."]
    if first.who:
        starts[2] = f"Who {predicate}?"
    question = sloppy(sentence(inflect(rng.choice(starts), plural)), rng)
    depth = max(first_slot.depth, second_slot.depth) + 1
    return question, Mention(phrase, plural, False, depth)
