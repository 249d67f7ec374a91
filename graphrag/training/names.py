"""Names: invented names for the nodes of generated worlds, by kind ("land", "person", "title", ...).

Composed of syllables and of the word lists in `words.txt`; the same `random.Random` gives the same names.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

_LISTED = "list:"


def make_name(kind: str, rng: random.Random) -> str:
    """One name of the kind.

    Raises:
        KeyError: there is no such kind.
    """
    if kind.startswith(_LISTED):
        return rng.choice(kind.removeprefix(_LISTED).split(","))
    return KINDS[kind](rng)


def distinct_names(kind: str, count: int, rng: random.Random) -> list[str]:
    """Up to `count` names, all different; fewer where a closed list holds fewer."""
    if kind.startswith(_LISTED):
        listed = kind.removeprefix(_LISTED).split(",")
        return rng.sample(listed, min(count, len(listed)))
    found: dict[str, None] = {}
    for _ in range(20 * count):
        if len(found) == count:
            break
        found[make_name(kind, rng)] = None
    return list(found)


@cache
def words(key: str) -> tuple[str, ...]:
    """One list of `words.txt`; underscores stand for blanks."""
    text = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8")
    lists = dict(line.split(": ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(word.replace("_", " ") for word in lists[key].split())


def root(rng: random.Random, least: int = 2, most: int = 3) -> str:
    """A word that does not exist, lower-case."""
    syllables = min(rng.randint(least, most), rng.randint(least, most))
    parts = [rng.choice(words("onset")) + rng.choice(words("vowel")) for _ in range(syllables)]
    return "".join(parts) + (rng.choice(words("coda")) if syllables == 1 or rng.random() < 0.55 else "")


def _word(key: str, rng: random.Random) -> str:
    return rng.choice(words(key))


def _land(rng: random.Random) -> str:
    name = root(rng).capitalize()
    way = rng.random()
    if way < 0.35:
        return name + rng.choice(("ia", "land", "stan", "mark", "or", "a"))
    if way < 0.45:
        return f"{rng.choice(('North', 'South', 'New', 'Upper', 'Saint', 'Republic of', 'United'))} {name}"
    return name if way < 0.94 else f"{name} and {root(rng).capitalize()}"


def _town(rng: random.Random) -> str:
    name = root(rng, 1, 3).capitalize()
    way = rng.random()
    if way < 0.3:
        return name + rng.choice(("ton", "burg", "ville", "ford", "haven", "grad", "stad", "mouth", "by", "field"))
    if way < 0.48:
        return f"{rng.choice(('Port', 'San', 'Saint', 'New', 'Fort', 'Bad', 'El', 'Lake', 'Old'))} {name}"
    return name if way < 0.92 else f"{name}-{rng.choice(('sur', 'am', 'upon', 'na'))}-{root(rng, 1, 2).capitalize()}"


def _person(rng: random.Random) -> str:
    first, last = _word("first", rng), _word("last", rng)
    way = rng.random()
    if way < 0.1:
        return f"{first} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
    if way < 0.15:
        return f"{first} {rng.choice(('de', 'van', 'al', 'von', 'bin', 'da'))} {last}"
    if way < 0.2:
        return f"{first} {last}-{_word('last', rng)}"
    if way < 0.23:
        return f"{rng.choice(('Dr.', 'Sir', 'Lady', 'Prof.'))} {first} {last}"
    return f"{first} {last}" if way < 0.9 else f"{first} {root(rng).capitalize()}"


def _title(rng: random.Random) -> str:
    noun, other, adjective = _word("noun", rng), _word("noun", rng), _word("adjective", rng)
    forms = (
        f"The {adjective} {noun}",
        f"The {noun}",
        noun,
        f"{adjective} {noun}s",
        f"{noun} of {root(rng)}",
        f"the {noun} and the {other}",
        f"what the {noun} {_word('verb', rng)}",
        f"a {noun} for {_word('first', rng)}",
        f"{rng.randint(2, 99)} {noun}s",
        f"{noun} {rng.randint(2, 5)}",
        f"{root(rng)}: the {adjective} {noun}",
        f"who {_word('verb', rng)} the {adjective} {noun}?",
        f"no {noun} in {root(rng)}",
        f"the {noun} that {_word('verb', rng)} me",
        f"{_word('last', rng)}'s {noun}",
        root(rng),
        f"{adjective}, {_word('adjective', rng)} {noun}",
        f"goodbye, {noun}!",
    )
    small = {"of", "the", "and", "for", "in", "a", "that"}
    made = rng.choice(forms).split()
    return " ".join(w if i and w in small else w[:1].upper() + w[1:] for i, w in enumerate(made))


def _company(rng: random.Random) -> str:
    last, name = _word("last", rng), root(rng).capitalize()
    return rng.choice(
        (
            f"{last} & {_word('last', rng)}",
            f"{name} {rng.choice(('Systems', 'Group', 'Labs', 'Holding', 'Media', 'Foods', 'Works', 'Industries'))}",
            f"{_word('adjective', rng).capitalize()} {_word('noun', rng).capitalize()} {rng.choice(('Inc.', 'Ltd'))}",
            name,
            f"{name.upper()[:4]} Corporation",
            f"{last} Brothers",
            f"{name}{rng.choice(('soft', 'tek', 'ly', 'ex', 'ara'))}",
        )
    )


def _club(rng: random.Random) -> str:
    town = root(rng, 1, 2).capitalize()
    animal = _word("beast", rng).capitalize()
    ends = ("United", "Rovers", "City", "Athletic", "Wanderers", "1904", "Town")
    return rng.choice((f"{town} {rng.choice(ends)}", f"FC {town}", f"{town} {animal}s", f"Sporting {town}", town))


def _band(rng: random.Random) -> str:
    noun, adjective = _word("noun", rng).capitalize(), _word("adjective", rng).capitalize()
    return rng.choice((f"The {noun}s", f"{adjective} {noun}", f"{noun} & the {adjective}s", root(rng).upper(), noun))


def _package(rng: random.Random) -> str:
    tech, other = _word("tech", rng), _word("tech", rng)
    forms = (f"lib{tech}", f"{tech}-{other}", f"{tech}{rng.randint(2, 9)}", f"py{tech}", f"{root(rng, 1, 2)}{tech}")
    return rng.choice((*forms, f"{tech}_{other}", f"@{root(rng, 1, 2)}/{tech}", f"{tech}.{other}", root(rng)))


def _species(rng: random.Random) -> str:
    name = f"{_word('beastly', rng)} {_word('beast', rng)}"
    if rng.random() < 0.3:
        return f"{root(rng).capitalize()} {_word('beast', rng)}"
    if rng.random() < 0.12:
        return f"{root(rng).capitalize()}us {root(rng)}is"
    return name if rng.random() < 0.7 else f"{_word('adjective', rng)} {name}"


def _paper(rng: random.Random) -> str:
    big, topic, other = _word("bigword", rng).capitalize(), _word("topicword", rng), _word("topicword", rng)
    forms = (
        f"{big} {topic} for {other}",
        f"On the {topic} of {_word('bigword', rng)} {other}",
        f"{root(rng).capitalize()}: {big} {topic}",
        f"Towards {_word('bigword', rng)} {topic}",
        f"Is {topic} all you need?",
        f"A survey of {_word('bigword', rng)} {topic} in {rng.randint(2, 12)} tasks",
    )
    return rng.choice(forms)


def _claim(rng: random.Random) -> str:
    thing, effect, actor = _word("thing", rng), _word("effect", rng), _word("plural_actor", rng)
    forms = (
        f"{thing} {effect}",
        f"{thing} do not {effect}",
        f"{actor} say that {thing} {effect}",
        f"{thing} should be banned",
        f"{thing} should be free for {actor}",
        f"{actor} need {thing}",
        f"without {thing}, {actor} would suffer",
        f"a ban on {thing} would not {effect}",
        f"most {actor} are against {thing}",
        f"{thing} {effect}, as {rng.randint(2, 40)} studies show",
    )
    text = rng.choice(forms)
    return text[0].upper() + text[1:]


def _compound(rng: random.Random) -> str:
    salts = ("calcium", "sodium", "zinc", "lithium", "ferric", "cupric", "methyl", "tri", "di", "iso", "poly")
    ends = ("ate", "ide", "ine", "ol", "ene", "one", "ium")
    name = root(rng, 1, 2) + rng.choice(ends)
    way = rng.random()
    return f"{rng.choice(salts[:7])} {name}" if way < 0.5 else f"{rng.choice(salts[6:])}-{name}" if way < 0.7 else name


def _code(rng: random.Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTVWX") for _ in range(rng.randint(2, 4)))
    return f"{letters}-{rng.randint(10, 9999)}"


_PARTS: dict[str, Callable[[random.Random], str]] = {
    "r": lambda rng: root(rng, 1, 3).capitalize(),
    "p": lambda rng: _word("last", rng),
    "n": lambda rng: _word("noun", rng).capitalize(),
    "a": lambda rng: _word("adjective", rng).capitalize(),
    "i": lambda rng: str(rng.randint(2, 99)),
    "d": lambda rng: _word("dishword", rng),
}


def _of(pattern: str) -> Callable[[random.Random], str]:
    """A maker from forms between `/`: `{r}` a root, `{p}` a last name, `{n}` noun, `{a}` adjective, `{i}` a number."""
    forms = pattern.split("/")

    def make(rng: random.Random) -> str:
        return re.sub(r"\{(\w)\}", lambda part: _PARTS[part.group(1)](rng), rng.choice(forms))

    return make


KINDS: dict[str, Callable[[random.Random], str]] = {
    "land": _land,
    "town": _town,
    "person": _person,
    "title": _title,
    "company": _company,
    "club": _club,
    "band": _band,
    "package": _package,
    "species": _species,
    "paper": _paper,
    "claim": _claim,
    "compound": _compound,
    "code": _code,
    "year": lambda rng: str(rng.randint(1780, 2029)),
    "date": lambda rng: f"{rng.randint(1700, 2025)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
    "number": lambda rng: str(rng.randint(1, 400)),
    "object": lambda rng: _word("object", rng),
    "tongue": _of("{r}ian/{r}ese/{r}ish/{r}/Old {r}ic"),
    "river": _of("{r}/River {r}/{r} River/Rio {r}/Little {r}"),
    "sea": _of("{r} Sea/Sea of {r}/Gulf of {r}/{r} Ocean/Bay of {r}"),
    "mountain": _of("Mount {r}/{r} Peak/Pico {r}/{r}horn/{r}/Mt. {r}"),
    "lake": _of("Lake {r}/{r} Lake/Loch {r}"),
    "island": _of("{r} Island/Isle of {r}/{r}"),
    "currency": _of("{r}/{r}n crown/{r}n pound/{r}o/new {r}"),
    "award": _of("{r} Prize/Golden {n} Award/{p} Medal/{r} Cup/Silver {n}/Grand Prix of {r}/{i}th {r} Trophy"),
    "venue": _of("{r} Arena/{p} Park/{n} Lane/Estadio {r}/{a} {n} Stadium/The {n}"),
    "league": _of("{r} League/{r} Premier Division/Serie {r}/League {i}"),
    "university": _of("University of {r}/{r} University/{p} College/{r} Institute of Technology/{r} State/ETH {r}"),
    "school": _of("{r} School/{p} Academy/St. {r}'s/{a} {n} School"),
    "course": _of(
        "Introduction to {r} Theory/{a} {n} Studies/{n}s I/Advanced {n} Analysis/History of {r}/The {n} in {r} Poetry/"
        "{r} {i}1/Topics in {n} Law"
    ),
    "product": _of("{r} {i}/{n}Phone {i}/{r} Pro/{a} {n}/{r}X/The {n}/{r} {n}"),
    "dish": _of("{r} {d}/{a} {d}/{r}/{p}'s {d}/{n} {d} with {r} sauce/grandmother's {d}"),
    "taxon": _of("{r}idae/{r}aceae/{r}ales/{r}inae"),
    "park": _of("{r} National Park/{n} Valley Reserve/{r} Wetlands/{a} {n} Park"),
    "disease": _of("{p} syndrome/{r}itis/{p}'s disease/{r}osis/chronic {r}ia/{a} {n} fever/{r}oma type {i}"),
    "drug": _of("{r}ine/{r}ol/{r}azole/{r}imab/{r}statin/{r}/{r}icillin {i}"),
    "gene": _of("{r}{i}/{r}-{i}/{r}A{i}"),
    "hospital": _of("{r} General/St. {p} Hospital/{r} Clinic/{n} Hill Infirmary"),
    "station": _of("{r}/{r} Central/{r} North/{n} Street/{p} Square/{r} Junction/{n} Gate/Old {n}"),
    "line": _of("Line {i}/{r} Line/{n} Express/U{i}/{a} Line"),
    "street": _of("{n} Street/{p} Avenue/{r} Road/{a} Lane"),
    "deity": _of("{r}/{r} the {a}/{r}-{r}/Lady of the {n}"),
    "museum": _of("{r} Museum/{p} Gallery/Museum of {n}s/National Museum of {r}/{n} House"),
    "building": _of("{r} Tower/{p} House/{n} Hall/{r} Cathedral/{i} {n} Street/Palace of {r}"),
    "star": _of("{r}/{r} {i}/HD {i}0{i}/Alpha {r}/{r}-{i}b/Kep-{i}"),
    "planet": _of("{r}/{r} Prime/{r} {i}/{r}-{i}c/{r} b"),
    "mission": _of("{r} {i}/{n} Orbiter/{r} Probe/{n}-{i}"),
    "case": _of("{p} v. {p}/{r} v. {p}/In re {r}/Republic v. {p}/{r} Ltd v. {p}"),
    "law": _of("{r} Act/{n} Act {i}/Section {i} of the {n} Code/{p} Convention/Law on {n}s"),
    "court": _of("Court of {r}/Supreme Court of {r}/{r} District Court/{r} Tribunal"),
    "wine": _of("Château {r}/{r} Reserve/{a} {n}/Clos {r}/{r} {i}/Domaine {p}"),
    "grape": _of("{r}/{r} Noir/{r} Blanc/Pinot {r}/{r}a Bianca"),
    "region": _of("{r} Valley/Côte de {r}/{r} Hills/Lower {r}/{r}"),
    "party": _of("{r} Party/{n} Alliance/People's {n} Party/{a} {n} Movement/{r} Front/Democratic {r}"),
    "office": _of("Minister of {n}s/Mayor of {r}/Governor of {r}/Speaker of {r}/Senator for {r}"),
    "ship": _of("HMS {r}/{r}/SS {n}/The {a} {n}/MV {r} {i}"),
    "weapon": _of("{r}blade/{n}breaker/{r} Mk {i}/Sword of {r}/{a} {n}/{r}-{i}"),
    "festival": _of("{r} Festival/{n} Days/{r}fest/Feast of {r}/{a} {n} Carnival/Night of the {n}s"),
    "airport": _of("{r} International/{p} Field/{r} Airport/{r}-{p} Airport"),
    "aircraft": _of("{r} {i}0/{p} {i}/{n}-{i}/{r} {n}"),
    "site": _of("{r} Mound/Tell {r}/{n} Cave/{r} Ruins/Tomb {i}/Temple of {r}"),
    "culture": _of("{r} culture/{r}ans/{a} {n} people/{r}ites"),
    "opening": _of("{r} Gambit/{p} Defence/{r} Opening/{a} {n} Attack/{p}-{p} Variation"),
    "tournament": _of("{r} Open/{p} Memorial/{r} Masters {i}/{i}th {r} Championship"),
    "game": _of("{r} Quest/{n} Fighter {i}/{a} {n}/{r}: {n}s of {r}/{n}craft/{r}"),
    "brand": _of("{p}/{r}/{a} {n}/Maison {p}/{r} & Co."),
    "garment": _of("{r} coat/{n} dress/{a} jacket/{r} boots/{p} bag/No. {i}"),
    "article": _of("The {n} in {r}/A {a} {n}/Notes on {r}/{n}s"),
}
