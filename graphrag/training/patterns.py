"""Patterns: what a written question asks of its graph, in a line of text; the answers are computed from it.

    calculator -belongs_to-> answer                        the triples (calculator, belongs_to, answer)
    Idris -sits_at-> ?d <-lies_on- answer                  a chain: ?d is anything that fits
    Henry VIII -spouse- answer                             a triple of either direction
    red <-colour- answer; wool <-made of- answer           all of it must hold
    Leo -sits_at-> ?d; Maya -sits_at-> ?d                  without `answer`: yes if it holds, no if not
    count: Leo <-belongs_to- answer                        how many
    relation: Hana ~ Oskar                                 the names of the relations between two
    answers: Leo | Maya                                    said outright, where one pattern does not say it
    none: no ages                                          the graph does not say, and why

Nodes named in a pattern are never its answers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

Triple = tuple[str, str, str]
ANSWER = "answer"
_RELATION = r"(?:(?!-\s|\s[-<]).)+"
_ARROW = re.compile(rf"\s+(?:-(?P<along>{_RELATION})->|<-(?P<against>{_RELATION})-|-(?P<either>{_RELATION})-)\s+")


class Fact(NamedTuple):
    """A triple of a pattern, whose ends may be `answer` or `?x`; `either`: in one direction or the other."""

    head: str
    relation: str
    tail: str
    either: bool = False


def facts_of(pattern: str) -> list[Fact]:
    """The facts that a pattern asks for.

    Raises:
        ValueError: a part of it is not a chain of arrows.
    """
    facts: list[Fact] = []
    for part in pattern.split(";"):
        chain = f" {part.strip()} "
        arrows = list(_ARROW.finditer(chain))
        if not arrows:
            raise ValueError(f"no arrow such as -relation-> in {part.strip()!r}")
        ends = [*(arrow.start() for arrow in arrows[1:]), len(chain)]
        left = chain[: arrows[0].start()].strip()
        for arrow, end in zip(arrows, ends, strict=True):
            right = chain[arrow.end() : end].strip()
            if arrow["against"]:
                facts.append(Fact(right, arrow["against"], left))
            else:
                facts.append(Fact(left, arrow["along"] or arrow["either"], right, arrow["either"] is not None))
            left = right
    return facts


def answers_of(pattern: str, triples: Sequence[Triple]) -> tuple[str, ...]:
    """All answers of a pattern in a graph, ascending; of `none:` none.

    Raises:
        ValueError: it cannot be read, or names what is not in the graph.
    """
    kind, _, rest = pattern.partition(":")
    if kind == "none":
        return ()
    if kind == "answers":
        return tuple(part.strip() for part in rest.split("|"))
    if kind == "relation":
        ends = {part.strip() for part in rest.split("~")}
        return tuple(sorted({relation for head, relation, tail in triples if {head, tail} == ends}))
    facts = facts_of(rest if kind == "count" else pattern)
    _check(facts, triples)
    found = list(_bindings(facts, triples))
    ends = {end for fact in facts for end in (fact.head, fact.tail)}
    if ANSWER not in ends:
        return ("yes",) if found else ("no",)
    answers = sorted({binding[ANSWER] for binding in found} - {end for end in ends if not _is_variable(end)})
    return (str(len(answers)),) if kind == "count" else tuple(answers)


def _is_variable(end: str) -> bool:
    return end == ANSWER or end.startswith("?")


def _check(facts: Sequence[Fact], triples: Sequence[Triple]) -> None:
    nodes = {end for head, _, tail in triples for end in (head, tail)}
    relations = {relation for _, relation, _ in triples}
    for fact in facts:
        if fact.relation not in relations:
            raise ValueError(f"no relation {fact.relation!r} in the graph")
        for end in (fact.head, fact.tail):
            if not _is_variable(end) and end not in nodes:
                raise ValueError(f"no node {end!r} in the graph")


def _bindings(facts: Sequence[Fact], triples: Sequence[Triple]) -> Iterator[Mapping[str, str]]:
    """Every way to give the variables nodes so that all facts are triples."""
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for head, relation, tail in triples:
        pairs[relation].append((head, tail))

    def known(end: str, bound: Mapping[str, str]) -> bool:
        return not _is_variable(end) or end in bound

    def fit(rest: Sequence[Fact], bound: dict[str, str]) -> Iterator[dict[str, str]]:
        if not rest:
            yield bound
            return
        fact = max(rest, key=lambda f: known(f.head, bound) + known(f.tail, bound))
        others = [f for f in rest if f is not fact]
        for head, tail in pairs[fact.relation]:
            for pair in ((head, tail), (tail, head))[: 1 + fact.either]:
                grown = dict(bound)
                ends = zip((fact.head, fact.tail), pair, strict=True)
                if all((grown.setdefault(end, node) if _is_variable(end) else end) == node for end, node in ends):
                    yield from fit(others, grown)

    return fit(list(facts), {})
