"""Statements: an answer as a sentence, said with the triples that it follows from.

    Madrid + (Spain, has capital, Madrid), (France, borders, Spain) -> "Madrid is the capital of Spain, and France
    borders Spain."

A relation is said as near to its own name as English allows; a name that cannot be read stays as it is, between dashes.
This module knows nothing of graphs and models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graph_data.text import ATTRIBUTE_FIELD, readable_relation
from graphrag.wording.relation_forms import PREPOSITIONS, VERBS
from graphrag.wording.relation_wording import literal_sayings
from graphrag.wording.templates import inflect

MOST_SAID = 12  # triples in a sentence
MOST_NAMES = 12  # in one list
MOST_ANSWERS = 1000  # of a reply; so many may be a part of them

_AUXILIARIES = frozenset("is are was were has have had does did can may must will".split())
_PAST = frozenset(
    "wrote stole saw knew made took found met bought sold won lost led gave sang drew taught built ran ate drove hid "
    "kept left said held became began fought painted".split()
)


@dataclass(frozen=True)
class Citation:
    """A triple that an answer follows from, by names.

    Attributes:
        edge: id of the evidence's edge; "" if the triple is a field in the head's text.
    """

    head: str
    relation: str
    tail: str
    edge: str = ""


@dataclass(frozen=True)
class _Clause:
    """Triples of one relation that share an end, said at once."""

    heads: tuple[str, ...]
    relation: str
    tails: tuple[str, ...]


def sentence(answers: Sequence[str], citations: Sequence[Citation]) -> str:
    """The answers as one sentence with their reasons; without any reason, the answers alone."""
    clauses = _grouped(citations[:MOST_SAID], answers)
    clauses.sort(key=lambda clause: not _names_one_of(clause, answers))
    said = [_say(clause, answers) for clause in clauses]
    told = _and(said) if len(said) < 3 else "; ".join(said)
    reply = listed(answers)
    if not told:
        return _closed(reply) if reply else ""
    if told.startswith(f"{reply} "):
        return _closed(told)
    return _closed(f"{reply}: {told}")


def listed(names: Iterable[str]) -> str:
    """`A, B and C`; of more than MOST_NAMES the first, and how many more, at least."""
    every = list(dict.fromkeys(names))
    if len(every) > MOST_NAMES:
        more = f"{'at least ' if len(every) >= MOST_ANSWERS else ''}{len(every) - MOST_NAMES:,} more"
        return f"{', '.join(every[:MOST_NAMES])} and {more}"
    return _and(every)


def _and(parts: Sequence[str]) -> str:
    separator = ", and " if any(" " in part and len(part.split()) > 4 for part in parts) else " and "
    return separator.join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _closed(text: str) -> str:
    text = text[:1].upper() + text[1:] if re.match(r"(yes|no)\b", text) else text
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _grouped(citations: Sequence[Citation], answers: Sequence[str]) -> list[_Clause]:
    """Triples with the same relation and head as one clause, then those with the same relation and tails.

    Names stand in the order of the answers.
    """
    rank = {answer: place for place, answer in enumerate(answers)}
    distinct = list(dict.fromkeys((c.head, c.relation, c.tail) for c in citations))
    distinct.sort(key=lambda triple: min(rank.get(triple[0], len(rank)), rank.get(triple[2], len(rank))))
    by_head: dict[tuple[str, str], list[str]] = {}
    for head, relation, tail in distinct:
        by_head.setdefault((head, relation), []).append(tail)
    clauses = [_Clause((head,), relation, tuple(tails)) for (head, relation), tails in by_head.items()]
    merged: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for clause in clauses:
        merged.setdefault((clause.relation, clause.tails), []).extend(clause.heads)
    return [_Clause(tuple(heads), relation, tails) for (relation, tails), heads in merged.items()]


def _names_one_of(clause: _Clause, answers: Sequence[str]) -> bool:
    return not {*clause.heads, *clause.tails}.isdisjoint(answers)


def _say(clause: _Clause, answers: Sequence[str]) -> str:
    heads, tails = listed(clause.heads), listed(clause.tails)
    noun, predicate = _form(clause.relation)
    if noun:
        many = len(clause.tails) > 1
        verb = "are" if many else "is"
        of_head = f"the {inflect(noun, many)} of {heads}"
        answered = not set(clause.tails).isdisjoint(answers)
        return f"{tails} {verb} {of_head}" if answered else f"{of_head} {verb} {tails}"
    if predicate:
        return f"{heads} {inflect(predicate, len(clause.heads) > 1)} {tails}"
    return f"{heads} – {clause.relation} – {tails}"


def _form(relation: str) -> tuple[str, str]:
    """(noun, "") or ("", predicate) of a relation, both with marks of number; two empty texts if it cannot be said."""
    words = readable_relation(relation.rstrip("/").rpartition(".")[2] or relation).split()
    if not words:
        return "", ""
    first, last = words[0], words[-1]
    if first in ("has", "have") and len(words) > 1 and last not in PREPOSITIONS:
        return _noun(" ".join(words[1:])), ""
    if first in _AUXILIARIES:
        number = {"is": "[is/are]", "was": "[was/were]", "has": "[has/have]", "does": "[does/do]"}
        return "", " ".join([number.get(first, first), *words[1:]])
    if first in _PAST or (len(words) == 1 and re.search(r"[^e]ed$", first)):
        return "", " ".join(words)
    if f"{first}s" in VERBS and len(words) == 1:
        return "", f"[{first}s/{first}]"
    if first in PREPOSITIONS:
        return "", f"[is/are] {' '.join(words)}"
    if words == [ATTRIBUTE_FIELD]:
        return "", "[is/are]"
    sayings = literal_sayings(relation)
    if sayings is None:
        return "", ""
    predicate = next(iter(sayings.backward.predicates), "")
    if sayings.forward.nouns[0].startswith(f"[{' '.join(words)}/"):
        return sayings.forward.nouns[0], ""
    return "", predicate.replace(" {x}", "")


def _noun(words: str) -> str:
    sayings = literal_sayings(words)
    return sayings.forward.nouns[0] if sayings and words in sayings.forward.nouns[0] else f"[{words}/{words}s]"
