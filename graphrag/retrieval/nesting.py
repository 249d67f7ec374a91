"""Nesting: questions about what a comparison comes to. "Who directed the longest film?" is "Who directed Heat?"

The part that compares ("the longest film by Mann", "the department with the most employees") is asked as a question of
its own. What it comes to takes its place, and the question is read as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from graphrag.retrieval.compared import CHECKS, DENIALS, Compared, Name, named_in, words_beside
from graphrag.retrieval.comparing import QUANTIFIERS, compare, holds_numbers, superlative
from graphrag.retrieval.hits import Hits
from graphrag.retrieval.mentions import content_words
from graphrag.retrieval.naming import doing, looks_like, naming
from graphrag.retrieval.reasoning import ReasoningGraph
from graphrag.wording.relation_forms import PREPOSITIONS

MOST_TIED = 5  # with more of them there is no name to ask on with
LEAST = 0.2  # cosine from which what comes of it may be what its noun says
REACH = 3  # words between a noun and the name that it is bound to ("the film that was directed by Mann")
_BINDING = PREPOSITIONS | frozenset("of that which who whose".split())
_OWNING = frozenset("with that which who having".split())  # between a noun and what it has most of
_DOING = frozenset("do does did".split())
_BEING = frozenset("is are was were".split())


@dataclass(frozen=True)
class Nested:
    """A question with a name in the place of the comparison in it.

    Attributes:
        question: that. start, end: where in it the name stands.
        compared: what the comparison comes to.
    """

    question: str
    start: int
    end: int
    compared: Compared

    def meant(self, hits: Hits) -> Hits | None:
        """The hits of the question, those at the name meaning what was compared; None if it is not found there."""
        nodes, own = self.compared.nodes, list(hits.hits)
        for i, hit in enumerate(own):
            said = hit.mention
            if said and said.share == 1 and said.start <= self.start < said.end and np.isin(said.nodes, nodes).any():
                meant = replace(said, nodes=tuple(nodes.tolist()), exact=said.exact and len(nodes) == 1)
                own[i] = replace(hit, nodes=nodes, mention=meant)
                return replace(hits, hits=tuple(own))
        return None


@dataclass(frozen=True)
class _Unit:
    """A word, or a name as a whole."""

    word: str
    start: int
    end: int
    named: bool


@dataclass(frozen=True)
class _Part:
    """A stretch of the question that compares: where it stands, its noun, and it as a question of its own.

    `shift`: of the stretch's characters in that.
    """

    start: int
    end: int
    noun: str
    asked: str
    shift: int


def nested(graph: ReasoningGraph, hits: Hits, name: Name) -> Nested | None:
    """The question with its comparison carried out; None if it has none, or says nothing beside it."""
    question, units = hits.question, _units(hits, name)
    words = [unit.word for unit in units]

    def is_value(noun: str) -> bool:
        return holds_numbers(graph, noun, name)

    def is_verb(word: str) -> bool:
        return bool(doing(graph, words, [word]))

    for part in _parts(question, units, is_value, is_verb):
        if _says_something(graph, [unit for unit in units if not part.start <= unit.start < part.end]):
            return _carried_out(graph, hits, name, part)
        if words[0] not in CHECKS:  # "is the longest film by Mann?": perhaps a shorter part
            return None
    return None


def _carried_out(graph: ReasoningGraph, hits: Hits, name: Name, part: _Part) -> Nested | None:
    """The question with what a part of it comes to in its place."""
    inside = []
    for hit in hits.hits:
        if (said := hit.mention) and part.start <= said.start and said.end <= part.end:
            inside.append(replace(hit, mention=replace(said, start=said.start + part.shift, end=said.end + part.shift)))
    found = compare(graph, replace(hits, question=part.asked, hits=tuple(inside)), name)
    if found is None or found.holds is not None or found.value is not None or not 0 < len(found.nodes) <= MOST_TIED:
        return None
    nodes = np.unique(found.nodes)
    others = np.union1d(nodes, graph.source[found.further])
    if not inside and not naming(graph, [part.noun]) and not looks_like(graph, part.noun, others, name, LEAST):
        return None
    said_so = name(int(nodes[0]))
    written = f"{hits.question[: part.start]}{said_so}{hits.question[part.end :]}"
    return Nested(written, part.start, part.start + len(said_so), replace(found, nodes=nodes))


def _units(hits: Hits, name: Name) -> list[_Unit]:
    """The question's words, names as one."""
    names = named_in(hits, name)
    words = [_Unit(*word, False) for word in words_beside(hits.question, names)]
    named = [_Unit(hits.question[m.start : m.end].casefold(), m.start, m.end, True) for m in names]
    return sorted([*words, *named], key=lambda unit: unit.start)


def _says_something(graph: ReasoningGraph, rest: Sequence[_Unit]) -> bool:
    """Whether the words beside the comparison ask something of what it comes to."""
    plain = [unit.word for unit in rest]
    told = [unit.word for unit in rest if not unit.named and content_words(unit.word)]
    if not plain:
        return False
    if plain[0] in ("which", "what") and plain[1:2] == told:  # "what genre is the longest film?"
        return bool(naming(graph, told)) or plain[-1] in PREPOSITIONS
    return bool(told) or plain[0] in ("when", "where", "how") or (plain[0] in CHECKS and plain[-1] in PREPOSITIONS)


def _parts(
    question: str, units: Sequence[_Unit], is_value: Callable[[str], bool], is_verb: Callable[[str], bool]
) -> Iterator[_Part]:
    """The stretch that compares, with all that is bound to its noun, then without."""
    plain = [unit.word for unit in units]
    at = next((i for i in range(1, len(units)) if plain[i - 1] == "the" and superlative(plain[i:])), None)
    if at is not None and at > 2 and plain[at - 2] in _BEING and units[at - 3].named:  # "Ann was the oldest player"
        return
    if at is None or not DENIALS.isdisjoint(plain):
        return
    noun = at + superlative(plain[at:])
    if noun >= len(units) or not (units[noun].named or content_words(plain[noun])):
        return
    counts = plain[at] in QUANTIFIERS and noun == at + 1
    if not counts and not is_value(plain[noun]):
        is_asked = plain[at - 2] in _BEING and plain[at - 3 : at - 2] not in (["who"], ["what"], ["which"])
        if units[noun].named and not _is_clear(units, at - 1, noun, is_asked, is_verb):  # "the cheapest Lumo lamp"
            noun += 1
        ends = _ends(units, noun, is_asked)
        if _is_clear(units, at - 1, ends[0], is_asked, is_verb):
            lead = f"Which {plain[noun]} is " if not units[noun].named else "Which is "
            for end in ends:
                yield _part(question, units, at - 1, at - 1, end, lead, plain[noun])
        return
    owner = at - 2  # "the department with the most employees", "the person who directed the most films"
    while owner > 0 and plain[owner] not in _OWNING and at - owner <= REACH:
        owner -= 1
    if owner < 2 or plain[owner] not in _OWNING or plain[owner - 2] != "the" or units[owner - 1].named:
        return
    ends = _ends(units, noun, False)
    if _is_clear(units, owner - 2, ends[0], False, is_verb):
        lead = f"Which {plain[owner - 1]} {'has ' if plain[owner] in ('with', 'having') else ''}"
        yield _part(question, units, owner - 2, owner + 1, ends[0], lead, plain[owner - 1])


def _part(question: str, units: Sequence[_Unit], first: int, said: int, last: int, lead: str, noun: str) -> _Part:
    """From the unit `first` to `last`; what is asked begins with `lead` and goes on at the unit `said`."""
    start, end = units[said].start, units[last].end
    return _Part(units[first].start, end, noun, f"{lead}{question[start:end]}", len(lead) - start)


def _ends(units: Sequence[_Unit], noun: int, is_asked: bool) -> list[int]:
    """Where what is bound to a noun may end, the farthest first: at names that follow, or at the noun.

    `is_asked`: whether a participle behind it is the question's own verb ("when was the longest film released?").
    """
    binding = units[noun + 1].word if noun + 1 < len(units) else ""
    bound = binding in _BINDING or (binding.endswith(("ing", "ed")) and not is_asked)
    name = next((i for i in range(noun + 1, min(noun + 2 + REACH, len(units))) if units[i].named), None)
    if not bound or name is None:
        return [noun]
    while name + 2 < len(units) and units[name + 1].word == "and" and units[name + 2].named:
        name += 2
    return [name, noun]


def _is_clear(units: Sequence[_Unit], first: int, last: int, is_asked: bool, is_verb: Callable[[str], bool]) -> bool:
    """Whether what follows a stretch is no part of its noun ("the largest film studio"): a verb that is called for."""
    left = units[last + 1 :]
    told = [unit.word for unit in left if not unit.named and content_words(unit.word)]
    if not told or left[0].word == "s":  # "the oldest player's team"
        return True
    if any(unit.word in _DOING for unit in units[:first]):  # "where does the oldest player live"
        return len(told) == 1
    verb = told[0].endswith(("ed", "en", "born")) or is_verb(told[0])
    return is_asked and (verb or left[0].word in PREPOSITIONS)
