"""Naming: which relations of a graph a question's nouns and verbs name, and which of its ends they say.

By the words of a relation's name ("directed" and "director"), or by what such names commonly mean ("neighbours" and
"borders", "employees" and "works for").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from graphrag.embedding import default_embedder
from graphrag.retrieval.incidence import touching
from graphrag.retrieval.mentions import content_words, stem
from graphrag.retrieval.reasoning import IntArray, ReasoningGraph
from graphrag.wording.relation_forms import PREPOSITIONS
from graphrag.wording.relation_wording import sayings_of

FITS = 0.3  # cosine from which a noun may be what things of such names and relations are called
LOOKED_AT, NAMED = 50, 8  # things whose relations tell what they are, and whose names
ROOT = 5  # letters that two forms of a word share ("directed", "director")
_WHO = re.compile(r"(?:Who|What|Which \w+) (\w+[^s\W])(?: in| for| at)? \{[xy]\}\?$")  # in the past: "who wrote {x}?"
_ANYTHING = frozenset("person people persons thing things item items entry entries one ones".split())


def _root(word: str) -> str:
    short = word[:-2] if word.endswith("ed") and len(word) < 5 else stem(word)  # "used" as "uses"
    return f"{short[:-1]}i" if short.endswith("y") else short


def naming(graph: ReasoningGraph, words: Sequence[str]) -> list[tuple[int, bool]]:
    """The relations that a noun names, each with whether it names the source rather than the target."""
    if not words:
        return []
    roots, said = [_root(word) for word in words], [means for form in _forms(words) if (means := meaning_of(form))]
    found = []
    for row, relation in enumerate(graph.relations):
        own = relation.split()
        of = own.index("of") if "of" in own else len(own)
        head = [_root(word) for word in own[:of] if content_words(word)]
        means = meaning_of(relation)
        if head[-len(roots) :] == roots and own[-1] not in PREPOSITIONS - {"of"}:
            found.append((row, of == len(own) - 1))
        elif means and (turned := [inverse != means[1] for known, inverse in said if known == means[0]]):
            found.append((row, turned[0]))
    return found


def doing(graph: ReasoningGraph, words: Sequence[str], verbs: Sequence[str]) -> list[tuple[int, bool]]:
    """The relations that a verb names, each with whether the doer is the target; those with most words said."""
    found: dict[int, tuple[int, bool]] = {}
    for verb in verbs:
        root = _root(verb)
        for row, relation in enumerate(graph.relations):
            own = relation.split()
            same = [word for word in own if _root(word) == root or _share_root(verb, word)]
            if not same and (asking := {**_asking(own[-1]), **_asking(relation)}.get(root)) is not None:
                found.setdefault(row, (0, asking))
            if not same or own[-1] == "of":
                continue
            doer = own[-1] == "by" or (_root(same[0]) != root and same[0].rstrip("s").endswith(("er", "or")))
            spoken = sum(word in words for word in own if word in PREPOSITIONS)
            if own[-1] in PREPOSITIONS - {"by"} and not spoken:
                continue
            found[row] = (spoken + len(same), doer)
    most = max((said for said, _ in found.values()), default=0)
    return [(row, doer) for row, (said, doer) in found.items() if said == most]


def _share_root(one: str, two: str) -> bool:
    return min(len(one), len(two)) >= ROOT and one[:ROOT] == two[:ROOT]


def _forms(words: Sequence[str]) -> list[str]:
    """A noun as said, in the singular and in the plural."""
    said = " ".join(words)
    one = f"{said[:-3]}y" if said.endswith("ies") else said.removesuffix("s")
    return [said, one, f"{one[:-1]}ies" if one.endswith("y") else f"{one}s"]


@lru_cache(maxsize=4096)
def _asking(relation: str) -> dict[str, bool]:
    """The verbs that commonly ask for an end of a relation ("who wrote": author), each with whether for its target."""
    said = sayings_of(relation)
    ways = [(said.backward, False), (said.forward, True)] if said and not said.symmetric else []
    asked = ((_WHO.match(question), target) for way, target in ways for question in way.questions)
    return {_root(found.group(1).lower()): target for found, target in asked if found}


@lru_cache(maxsize=4096)
def meaning_of(relation: str) -> tuple[str, bool] | None:
    """What a relation means, and whether from the target to the source (see `Sayings`)."""
    said = sayings_of(relation)
    return (said.meaning, said.inverse) if said and said.meaning else None


@lru_cache(maxsize=4096)
def is_symmetric(relation: str) -> bool:
    said = sayings_of(relation)
    return said is not None and said.symmetric


def looks_like(
    graph: ReasoningGraph, noun: str, nodes: IntArray, name: Callable[[int], str], least: float = FITS
) -> bool:
    """Whether things of such names and relations may be called so: "employees" for Anna and Ben, who have salaries."""
    if noun in _ANYTHING:
        return True
    some = nodes[:LOOKED_AT]
    at = touching(some, graph.indptr, graph.incident)
    leaving = at[np.isin(graph.source[at], some)]
    rows = np.unique(graph.relation[leaving if len(leaving) else at])[:LOOKED_AT].tolist()
    have = ", ".join(graph.relations[row] for row in rows)
    bare, called, *forms = default_embedder().embed(
        [have, f"{', '.join(map(name, some[:NAMED].tolist()))}: {have}", *_forms([noun])]
    )
    return max(float(form @ (bare + called)) / 2 for form in forms) >= least
