"""Relation forms: how a name is said by its form: a noun, "directed by", "member of", "plays for", "holding"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from graphrag.wording.templates import Wording

PREPOSITIONS = frozenset("in at on to for from with through into as under near of by about against".split())
VERBS = frozenset(
    "contains owns likes loves hates uses eats knows follows leads attacks supports cites calls kills hunts visits "
    "teaches employs produces includes requires replaces precedes causes serves covers hosts holds joins beats "
    "defeats treats inhibits activates binds regulates expresses imports extends implements mentions describes "
    "promotes desires entails implies receives creates wants obstructs manages reads sells buys borders".split()
)
OBJECT_VERBS = frozenset("plays wears speaks works studies uses lives competes serves".split())
PEOPLE = frozenset(
    "person actor author artist director musician politician player writer employee student professor athlete "
    "scientist character deceased person award winner award nominee chef monarch architect inventor".split()
)


@dataclass(frozen=True)
class Sayings:
    """Both directions of a relation: `forward` asks for its target, `backward` for its source.

    `yes_no` has `{x}` for the source and `{y}` for the target. Relations of one `meaning` say the same, those with
    `inverse` from target to source ("parents" and "children"); "" is a meaning of its own.
    """

    forward: Wording
    backward: Wording
    yes_no: tuple[str, ...] = ()
    symmetric: bool = False
    meaning: str = ""
    inverse: bool = False

    def turned(self) -> Sayings:
        swapped = tuple(_swap(said) for said in self.yes_no)
        return Sayings(self.backward, self.forward, swapped, self.symmetric, self.meaning, not self.inverse)


def _swap(said: str) -> str:
    return said.replace("{x}", "{z}").replace("{y}", "{x}").replace("{z}", "{y}")


def is_readable(words: str) -> bool:
    """Whether most of it is words that a person can say."""
    parts = words.split()
    spoken = [part for part in parts if re.fullmatch(r"[^\W\d_]{2,18}", part) and re.search(r"[aeiouyáéíóúäöü]", part)]
    return 0 < len(parts) <= 8 and 2 * len(spoken) > len(parts)


THINGS = ("[thing/things]",)


def by_form(words: str, subject: str) -> Sayings:
    """Sayings of a readable name; `subject` is the type that it starts from, "" if not known."""
    words = re.sub(r"^(is|was|are|were) (?=\w)", "", words)
    nouns, who = (
        (((f"[{subject}/{_plural(subject)}]"),), subject in PEOPLE) if is_readable(subject) else (THINGS, False)
    )
    first, last = words.split()[0], words.split()[-1]
    if last == "of":
        made = _of(words)
    elif first in OBJECT_VERBS and first != last:
        made = _verb_object(words)
    elif words.split()[0] in VERBS or (last in PREPOSITIONS and re.search(r"[^s]s$", first) and first != last):
        made = _verb(words)
    elif last in PREPOSITIONS or (last.endswith("ing") and len(words.split()) <= 2):
        made = _participle(words)
    else:
        made = _noun(re.sub(r"^has (?=\w)", "", words))
    return replace(made, backward=replace(made.backward, nouns=nouns, who=who))


def _plural(noun: str) -> str:
    if noun == "person":
        return "people"
    return re.sub(r"y$", "ie", noun) + "s" if not noun.endswith("s") else noun


def _noun(r: str) -> Sayings:
    forward = Wording(
        (f"[{r}/{_plural(r)}]" if not r.endswith("s") else f"[{r}/{r}]",),
        phrases=(f"the {r} of {{x}}", f"{{x}}'s {r}", f"the {r} {{x}} has"),
        questions=(f"What {r} does {{x}} have?", f"Which {r} belongs to {{x}}?", f"{{x}} {r}?", f"What {r} is {{x}}?"),
    )
    backward = Wording(
        THINGS,
        phrases=(f"the one[s] whose {r} is {{x}}", f"the thing[s] with {{x}} as {r}"),
        predicates=(f"[has/have] {{x}} as {r}", f"[has/have] the {r} {{x}}"),
        questions=(
            f"What has {{x}} as its {r}?",
            f"{{x}} is the {r} of what?",
            f"Whose {r} is {{x}}?",
            f"What has {r} {{x}}?",
        ),
    )
    return Sayings(forward, backward, (f"Is {{y}} the {r} of {{x}}?", f"Does {{x}} have the {r} {{y}}?"))


def _of(r: str) -> Sayings:
    forward = Wording(
        THINGS,
        phrases=(f"the thing[s] {{x}} is {r}", f"what {{x}} is the {r}"),
        questions=(f"What is {{x}} the {r}?", f"{{x}} is the {r} what?", f"Of what is {{x}} {r.removesuffix(' of')}?"),
    )
    backward = Wording(
        THINGS,
        phrases=(f"the {r} {{x}}", f"the thing[s] {r} {{x}}"),
        predicates=(f"[is/are] {r} {{x}}",),
        questions=(f"What is the {r} {{x}}?", f"Who is the {r} {{x}}?", f"What is {r} {{x}}?"),
    )
    return Sayings(forward, backward, (f"Is {{x}} the {r} {{y}}?",))


def _verb(r: str) -> Sayings:
    first, *rest = r.split()
    tail = " ".join(["", *rest])
    base = re.sub(r"(?<=sh|ch|ss)es$|ies$|s$", lambda end: "y" if end.group() == "ies" else "", first)
    forward = Wording(
        THINGS,
        phrases=(f"the thing[s] {{x}} <{first}/{base}>{tail}", f"what {{x}} <{first}/{base}>{tail}"),
        questions=(f"What does {{x}} {base}{tail}?", f"Who does {{x}} {base}{tail}?", f"{{x}} {r} what?"),
    )
    backward = Wording(
        THINGS,
        phrases=(f"the one[s] that [{first}/{base}]{tail} {{x}}",),
        predicates=(f"[{first}/{base}]{tail} {{x}}",),
        questions=(f"What {r} {{x}}?", f"Who {r} {{x}}?", f"Which one {r} {{x}}?"),
    )
    return Sayings(forward, backward, (f"Does {{x}} {base}{tail} {{y}}?",))


def _verb_object(r: str) -> Sayings:
    """plays for country: "Which country does {x} play for?"; wears number: "Which number does {x} wear?"."""
    first, *rest = r.split()
    base = first.removesuffix("s") if first != "studies" else "study"
    at = f" {rest[0]}" if rest[0] in PREPOSITIONS else ""
    noun = " ".join(rest[1:] if at else rest)
    if not noun:
        return _verb(r)
    forward = Wording(
        (f"[{noun}/{_plural(noun)}]",),
        phrases=(f"the {noun} {{x}} <{first}/{base}>{at}", f"the {noun} of {{x}}", f"{{x}}'s {noun}"),
        questions=(f"Which {noun} does {{x}} {base}{at}?", f"What {noun} does {{x}} {base}{at}?"),
    )
    backward = Wording(
        THINGS,
        phrases=(f"the one[s] who [{first}/{base}]{at} {{x}}", f"the one[s] with the {noun} {{x}}"),
        predicates=(f"[{first}/{base}]{at} {{x}}", f"[has/have] the {noun} {{x}}"),
        questions=(f"Who {first}{at} {{x}}?", f"Whose {noun} is {{x}}?", f"What {first}{at} {{x}}?"),
    )
    return Sayings(forward, backward, (f"Does {{x}} {base}{at} {{y}}?", f"Is {{y}} the {noun} of {{x}}?"))


def _participle(r: str) -> Sayings:
    asker = "Where" if r.split()[-1] in ("in", "at", "on", "near") else "Who" if r.endswith(" by") else "What"
    place = f"Where is {{x}} {r.rsplit(' ', 1)[0]}?" if asker == "Where" and " " in r else f"{asker} is {{x}} {r}?"
    forward = Wording(
        THINGS,
        phrases=(f"the thing[s] {{x}} is {r}", f"what {{x}} is {r}"),
        questions=(f"What is {{x}} {r}?", place, f"{{x}} is {r} what?"),
    )
    backward = Wording(
        THINGS,
        phrases=(f"the thing[s] {r} {{x}}", f"everything {r} {{x}}"),
        predicates=(f"[is/are] {r} {{x}}",),
        questions=(f"What is {r} {{x}}?", f"Who is {r} {{x}}?", f"What was {r} {{x}}?"),
    )
    return Sayings(forward, backward, (f"Is {{x}} {r} {{y}}?",))
