"""Relation wording: how any relation of any graph can be said, from its name alone.

A name found in `common_relations.txt` gets the idiomatic sayings there ("place of birth": "Where was {x} born?"); any
other is read as words and fitted to patterns by its form: a noun ("capital"), "directed by", "located in", "member of",
"plays for", "holding". Names that cannot be read ("P31", "r_17") get none. This module knows nothing of graphs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from graph_data.text import readable_relation
from graphrag.training.wording import Wording

_PREPOSITIONS = frozenset("in at on to for from with through into as under near of by about against".split())
_VERBS = frozenset(
    "contains owns likes loves hates uses eats knows follows leads attacks supports cites calls kills hunts visits "
    "teaches employs produces includes requires replaces precedes causes serves covers hosts holds joins beats "
    "defeats treats inhibits activates binds regulates expresses imports extends implements mentions describes "
    "promotes desires entails implies receives creates wants obstructs manages reads sells buys borders".split()
)
_OBJECT_VERBS = frozenset("plays wears speaks works studies uses lives competes serves".split())
_PEOPLE = frozenset(
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


def sayings_of(relation: str) -> Sayings | None:
    """How the relation can be said, or None if its name cannot be read."""
    inverse = re.fullmatch(r"(.+?)[_ ]?(?:inverse|reverse|inv)", relation, re.IGNORECASE)
    if inverse:
        ahead = sayings_of(inverse.group(1))
        return ahead.turned() if ahead else None
    segments = _segments(relation)
    words = segments[-1] if segments else ""
    if not _readable(words):
        return None
    subject = segments[-2] if len(segments) >= 3 else ""
    fitted = replace(_by_form(words, subject), meaning=words)
    for name in _look_ups(segments):
        if common := common_sayings().get(name):
            return _merged(_spoken(common, words), fitted, subject)
    return fitted


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
    more = "athlete plays played for team in of to at by from has is on home also known as bank office headquartered controls"
    words = {word for name in common_sayings() for word in re.findall(r"[a-z]{3,}", name)}
    return frozenset(words | set(more.split()) | _PREPOSITIONS | _VERBS | _PEOPLE)


def _readable(words: str) -> bool:
    parts = words.split()
    spoken = [part for part in parts if re.fullmatch(r"[^\W\d_]{2,18}", part) and re.search(r"[aeiouyáéíóúäöü]", part)]
    return 0 < len(parts) <= 8 and 2 * len(spoken) > len(parts) and (len(words) > 3 or words in common_sayings())


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
    if backward.nouns == _THINGS and subject:
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


# --- by form ---------------------------------------------------------------------------------------------------------

_THINGS = ("[thing/things]",)


def _by_form(words: str, subject: str) -> Sayings:
    words = re.sub(r"^(is|was|are|were) (?=\w)", "", words)
    nouns, who = (
        (((f"[{subject}/{_plural(subject)}]"),), subject in _PEOPLE) if _readable(subject) else (_THINGS, False)
    )
    first, last = words.split()[0], words.split()[-1]
    if last == "of":
        made = _of(words)
    elif first in _OBJECT_VERBS and first != last:
        made = _verb_object(words)
    elif words.split()[0] in _VERBS or (last in _PREPOSITIONS and re.search(r"[^s]s$", first) and first != last):
        made = _verb(words)
    elif last in _PREPOSITIONS or (last.endswith("ing") and len(words.split()) <= 2):
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
        _THINGS,
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
        _THINGS,
        phrases=(f"the thing[s] {{x}} is {r}", f"what {{x}} is the {r}"),
        questions=(f"What is {{x}} the {r}?", f"{{x}} is the {r} what?", f"Of what is {{x}} {r.removesuffix(' of')}?"),
    )
    backward = Wording(
        _THINGS,
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
        _THINGS,
        phrases=(f"the thing[s] {{x}} <{first}/{base}>{tail}", f"what {{x}} <{first}/{base}>{tail}"),
        questions=(f"What does {{x}} {base}{tail}?", f"Who does {{x}} {base}{tail}?", f"{{x}} {r} what?"),
    )
    backward = Wording(
        _THINGS,
        phrases=(f"the one[s] that [{first}/{base}]{tail} {{x}}",),
        predicates=(f"[{first}/{base}]{tail} {{x}}",),
        questions=(f"What {r} {{x}}?", f"Who {r} {{x}}?", f"Which one {r} {{x}}?"),
    )
    return Sayings(forward, backward, (f"Does {{x}} {base}{tail} {{y}}?",))


def _verb_object(r: str) -> Sayings:
    """plays for country: "Which country does {x} play for?"; wears number: "Which number does {x} wear?"."""
    first, *rest = r.split()
    base = first.removesuffix("s") if first != "studies" else "study"
    at = f" {rest[0]}" if rest[0] in _PREPOSITIONS else ""
    noun = " ".join(rest[1:] if at else rest)
    if not noun:
        return _verb(r)
    forward = Wording(
        (f"[{noun}/{_plural(noun)}]",),
        phrases=(f"the {noun} {{x}} <{first}/{base}>{at}", f"the {noun} of {{x}}", f"{{x}}'s {noun}"),
        questions=(f"Which {noun} does {{x}} {base}{at}?", f"What {noun} does {{x}} {base}{at}?"),
    )
    backward = Wording(
        _THINGS,
        phrases=(f"the one[s] who [{first}/{base}]{at} {{x}}", f"the one[s] with the {noun} {{x}}"),
        predicates=(f"[{first}/{base}]{at} {{x}}", f"[has/have] the {noun} {{x}}"),
        questions=(f"Who {first}{at} {{x}}?", f"Whose {noun} is {{x}}?", f"What {first}{at} {{x}}?"),
    )
    return Sayings(forward, backward, (f"Does {{x}} {base}{at} {{y}}?", f"Is {{y}} the {noun} of {{x}}?"))


def _participle(r: str) -> Sayings:
    asker = "Where" if r.split()[-1] in ("in", "at", "on", "near") else "Who" if r.endswith(" by") else "What"
    place = f"Where is {{x}} {r.rsplit(' ', 1)[0]}?" if asker == "Where" and " " in r else f"{asker} is {{x}} {r}?"
    forward = Wording(
        _THINGS,
        phrases=(f"the thing[s] {{x}} is {r}", f"what {{x}} is {r}"),
        questions=(f"What is {{x}} {r}?", place, f"{{x}} is {r} what?"),
    )
    backward = Wording(
        _THINGS,
        phrases=(f"the thing[s] {r} {{x}}", f"everything {r} {{x}}"),
        predicates=(f"[is/are] {r} {{x}}",),
        questions=(f"What is {r} {{x}}?", f"Who is {r} {{x}}?", f"What was {r} {{x}}?"),
    )
    return Sayings(forward, backward, (f"Is {{x}} {r} {{y}}?",))


# --- common relations ------------------------------------------------------------------------------------------------


@cache
def common_sayings() -> dict[str, Sayings]:
    """Sayings of common relations by name.

    Raises:
        ValueError: a block of the file cannot be read.
    """
    text = (Path(__file__).parent / "common_relations.txt").read_text(encoding="utf-8")
    found: dict[str, Sayings] = {}
    names = ""
    said: dict[str, str] = {}
    for line in [*text.splitlines(), "end of file"]:
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith(" "):
            mark, _, rest = line.strip().partition(" ")
            said[mark] = rest.strip()
            continue
        for key, sayings in _block(names, said):
            found.setdefault(key, sayings)
        names, said = line, {}
    return found


def _block(names: str, said: dict[str, str]) -> list[tuple[str, Sayings]]:
    if not names:
        return []
    unknown = set(said) - {">q", ">np", ">vp", ">noun", "<q", "<np", "<vp", "<noun", "?", "!"}
    if unknown:
        raise ValueError(f"common_relations.txt: {names!r} has unknown marks {sorted(unknown)}.")
    plain = [name.strip() for name in re.split(r"[,;]", names)]
    ahead = next(name for name in plain if not name.startswith("~"))
    own = any("{r}" in saying for saying in said.values())
    forward, backward = _common(said, ">", ahead), _common(said, "<", ahead)
    made = Sayings(forward, backward, _split(said.get("?", "")), "!" in said, "" if own else ahead)
    turned = made.turned()
    return [(name.lstrip("~").strip(), turned if name.startswith("~") else made) for name in plain]


def _common(said: dict[str, str], way: str, name: str) -> Wording:
    phrases, predicates, questions = (
        _split(said.get(f"{way}{part}", "").replace("{y}", "{x}")) for part in ("np", "vp", "q")
    )
    noun = said.get(f"{way}noun", "thing/things")
    if not phrases and not questions:
        fitted = _by_form(name, "")
        return fitted.forward if way == ">" else fitted.backward
    if not phrases:
        phrases = (f"the one[s] whose {name} is {{x}}",) if way == "<" else (f"the {name} of {{x}}",)
    nouns = tuple(f"[{part.strip()}]" for part in noun.rstrip("*").split(","))
    return Wording(nouns, noun.endswith("*"), phrases, predicates, questions)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())
