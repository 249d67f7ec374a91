"""Which column is what: names that people give to the columns of graph tables. Knows names, not data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from graph_data.readers.attributes import DESCRIPTION_KEYS, NAME_KEYS, RELATION_KEYS, key_of

# Pairs of words for the two ends of an edge, best first; other words of the two names must be equal.
_ENDS = (
    ("source", "target"), ("src", "dst"), ("head", "tail"), ("subject", "object"), ("from", "to"), ("start", "end"),
    ("subj", "obj"), ("origin", "destination"), ("src", "tgt"), ("source", "dest"), ("src", "dest"),
    ("source", "destination"), ("parent", "child"), ("cause", "effect"), ("sender", "receiver"), ("h", "t"),
    ("s", "o"), ("u", "v"), ("1", "2"), ("a", "b"),
)  # fmt: skip
_PAIR_NOUNS = {
    "node",
    "entity",
    "id",
    "person",
    "name",
    "vertex",
    "item",
    "concept",
    "protein",
    "gene",
    "actor",
    "user",
}
_ID_KEYS = ("id", "nodeid", "key", "uid", "uuid", "identifier", "iri", "uri", "qid", "mid")
_TRIPLE_RELATIONS = ("relation", "predicate", "rel", "relationship", "edge", "r", "p", "property")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

KNOWN_NAMES = {
    *NAME_KEYS, *RELATION_KEYS, *DESCRIPTION_KEYS, *_ID_KEYS, *(end for pair in _ENDS[:-2] for end in pair),
    "weight", "year", "date", "category", "country", "sourceid", "targetid", "fromid", "toid", "startid", "endid",
    "fromnode", "tonode", "fromnodeid", "tonodeid", "node1", "node2", "entity1", "entity2", "edge", "r", "p",
    "author", "authors",
}  # fmt: skip


def words_of(name: str) -> list[str]:
    """`fromNodeId`, `from_node_id` and `:FROM node id` are from, node, id."""
    return [word.lower() for word in _WORDS.findall(name)]


def end_columns(names: Sequence[str]) -> tuple[int, int] | None:
    """The columns of an edge's source and target, e.g. source and target, from_id and to_id, node1 and node2.

    Of several pairs the one with the fewest further words is taken: source before source_id.
    """
    split = [words_of(name) for name in names]
    found: list[tuple[int, int, int, int]] = []
    for rank, (start, end) in enumerate(_ENDS):
        for i, words in enumerate(split):
            if words.count(start) != 1:
                continue
            rest = [word for word in words if word != start]
            if start in ("1", "a") and not (set(rest) & _PAIR_NOUNS):
                continue
            for j, others in enumerate(split):
                if j != i and others.count(end) == 1 and [word for word in others if word != end] == rest:
                    found.append((len(rest), rank, i, j))
    return min(found)[2:] if found else None


def relation_column(names: Sequence[str], ends: tuple[int, int]) -> int | None:
    """The column that says what an edge is."""
    keys = {key_of(name): i for i, name in reversed(list(enumerate(names))) if i not in ends}
    return next((keys[key] for key in (*_TRIPLE_RELATIONS, *RELATION_KEYS) if key in keys), None)


def name_column(names: Sequence[str], exclude: int | None = None) -> int | None:
    """The column that says what a row is called: name, label, title, then any that ends so."""
    keys = {key_of(name): i for i, name in reversed(list(enumerate(names))) if i != exclude}
    exact = next((keys[key] for key in NAME_KEYS if key in keys), None)
    if exact is not None:
        return exact
    return next(
        (i for i, name in enumerate(names) if i != exclude and words_of(name)[-1:] in (["name"], ["title"])), None
    )


def id_column(names: Sequence[str]) -> int | None:
    """The column that says which row it is: id, key, uuid, then any that ends in id, as `Player id`."""
    keys = {key_of(name): i for i, name in reversed(list(enumerate(names)))}
    exact = next((keys[key] for key in _ID_KEYS if key in keys), None)
    if exact is not None:
        return exact
    return next((i for i, name in enumerate(names) if words_of(name)[-1:] == ["id"]), None)


def is_year_or_date(name: str) -> bool:
    """Whether a column's name says that its numbers are times."""
    return bool(
        set(words_of(name)) & {"year", "date", "day", "released", "born", "died", "jahr", "datum", "founded", "century"}
    )
