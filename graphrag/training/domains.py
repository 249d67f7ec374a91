"""Domains: hand-written worlds in `domain_files/*.txt`: what there is, how it is related, and how people say it.

A file is read line by line, `#` starts a comment:

    @country  country/countries,land/lands  that  land  2     a type: key, nouns, who|that, names, weight
    capital: country -> city 1-1                              a relation: key, types, cardinality, flags (sym, dag)
      =  capital | has capital ; capital of                   its names in a graph; `;` those of the other way
      >np the capital of {x} | {x}'s capital                  noun phrases for y, given x
      >vp [is/are] the capital of {x}                         what fits after "Which city"
      >q  {x} is governed from which city?                    whole questions for y
      >noun city/cities                                       other nouns than the type's
      <np, <vp, <q, <noun                                     the same for x, given {y}
      ?   Is {y} the capital of {x}?                          yes or no
    %country.population = int 20000 90000000                  a field of a node
      q   What is the population of {x}?
      vp  [has/have] a population of {v}

Cardinalities: 1-1; n-1 (one y an x); 1-n (one x a y); n-n (a few); n-N (several).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from graphrag.wording.templates import Wording

FOLDER = Path(__file__).parent / "domain_files"
COMMON = "common"  # the file of types that all domains share


@dataclass(frozen=True)
class EntityType:
    """A kind of node: `names` is the kind of its names (`graphrag.training.names`), or `list:a,b,c`."""

    key: str
    nouns: tuple[str, ...]
    who: bool
    names: str
    weight: float = 1.0
    flag: str = ""  # "the": called "the cup"; "claim": a sentence


@dataclass(frozen=True)
class DomainRelation:
    """A relation from x to y with its names and sayings."""

    key: str
    source: str
    target: str
    cardinality: str
    symmetric: bool
    acyclic: bool
    names: tuple[str, ...]
    inverse_names: tuple[str, ...]
    forward: Wording
    backward: Wording
    yes_no: tuple[str, ...]


@dataclass(frozen=True)
class FieldWording:
    """A field of a node: which values it has, and how it is asked for.

    Attributes:
        type: the type whose nodes have it; "" is any.
        key: the field's key in the node text.
        values: all there can be ("int LOW HIGH" is a range).
        questions: for the value, given the node `{x}`.
        predicates: for the node, given the value, `{v}`.
    """

    type: str
    key: str
    values: tuple[str, ...]
    questions: tuple[str, ...] = ()
    predicates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Domain:
    """One hand-written world."""

    name: str
    types: dict[str, EntityType]
    relations: tuple[DomainRelation, ...]
    fields: tuple[FieldWording, ...] = field(default=())


@cache
def all_domains() -> tuple[Domain, ...]:
    """Every domain that ships, in the order of their names."""
    shared = parse(COMMON, (FOLDER / f"{COMMON}.txt").read_text(encoding="utf-8"), {}).types
    files = sorted(path for path in FOLDER.glob("*.txt") if path.stem != COMMON)
    return tuple(parse(path.stem, path.read_text(encoding="utf-8"), shared) for path in files)


def parse(name: str, text: str, shared: dict[str, EntityType]) -> Domain:
    """Read one file.

    Raises:
        ValueError: a line cannot be read; the message says which.
    """
    types = dict(shared)
    blocks: list[tuple[str, dict[str, str]]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("#")[0].rstrip() if raw.lstrip().startswith("#") else raw.rstrip()
        if not line.strip():
            continue
        if line.startswith("@"):
            made = _type(line)
            types[made.key] = made
        elif not line.startswith(" "):
            blocks.append((line, {}))
        elif blocks:
            mark, _, rest = line.strip().partition(" ")
            known = blocks[-1][1]
            known[mark] = f"{known[mark]} | {rest.strip()}" if mark in known else rest.strip()
        else:
            raise ValueError(f"{name}.txt, line {number}: a saying without a relation.")
    relations = [_relation(head, said, types) for head, said in blocks if not head.startswith("%")]
    fields = [_field(head, said) for head, said in blocks if head.startswith("%")]
    return Domain(name, types, tuple(relations), tuple(fields))


def _type(line: str) -> EntityType:
    match = re.fullmatch(r"@(\w+) +(\S+) +(who|that) +(.+?)(?: +([\d.]+))?(?: +(the|claim))?", line)
    if match is None:
        raise ValueError(f"not a type: {line!r}.")
    key, nouns, relative, names, weight, flag = match.groups()
    return EntityType(key, _nouns(nouns.replace("_", " ")), relative == "who", names, float(weight or 1), flag or "")


def _nouns(text: str) -> tuple[str, ...]:
    return tuple(f"[{noun.strip()}]" for noun in text.split(","))


def _relation(head: str, said: dict[str, str], types: dict[str, EntityType]) -> DomainRelation:
    match = re.fullmatch(r"(\w+): (\w+) -> (\w+) (1-1|n-1|1-n|n-n|n-N)((?: sym| dag)*)", head)
    if match is None or match.group(2) not in types or match.group(3) not in types:
        raise ValueError(f"not a relation between known types: {head!r}.")
    key, source, target, cardinality, flags = match.groups()
    known = {"=", "?"} | {f"{way}{part}" for way in "<>" for part in ("np", "vp", "q", "noun")}
    if set(said) - known:
        raise ValueError(f"{head!r} has unknown marks {sorted(set(said) - known)}.")
    names, _, inverse = said.get("=", key.replace("_", " ")).partition(";")
    symmetric = "sym" in flags
    forward = _wording(said, ">", types[target])
    return DomainRelation(
        key=key,
        source=source,
        target=target,
        cardinality=cardinality,
        symmetric=symmetric,
        acyclic="dag" in flags,
        names=_parts(names),
        inverse_names=_parts(inverse),
        forward=forward,
        backward=forward if symmetric else _wording(said, "<", types[source]),
        yes_no=_parts(said.get("?", "")),
    )


def _wording(said: dict[str, str], way: str, asked: EntityType) -> Wording:
    phrases, predicates, questions = (
        _parts(said.get(f"{way}{part}", "").replace("{y}", "{x}") if way == "<" else said.get(f"{way}{part}", ""))
        for part in ("np", "vp", "q")
    )
    noun = said.get(f"{way}noun")
    return Wording(_nouns(noun) if noun else asked.nouns, asked.who, phrases, predicates, questions)


def _field(head: str, said: dict[str, str]) -> FieldWording:
    match = re.fullmatch(r"%(\w+)\.([\w ]+?)(?: \(\w+\))? = (.+)", head)
    if match is None:
        raise ValueError(f"not a field: {head!r}.")
    values = match.group(3)
    listed = (values,) if values.startswith("int ") else tuple(part.strip() for part in values.split(","))
    return FieldWording(match.group(1), match.group(2), listed, _parts(said.get("q", "")), _parts(said.get("vp", "")))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())
