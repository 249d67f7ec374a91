"""The written form of a node or an edge, and the way back.

A node with nothing but a name is written as that name: `Madrid`.
A node with more is written as G-Retriever writes scene graphs, fields in order, the name first:

    name: cup; attribute: red, small; description: a mug without a handle

Only text that starts with `name: ` is read back as fields; any other text is a name as a whole. What would read back as
something else is changed as little as possible when written: `; key: ` inside a value becomes `, key: `.
This module knows nothing of files, graphs or models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NAME_FIELD = "name"
ATTRIBUTE_FIELD = "attribute"

_FIELD = re.compile(r"; (?=[^\s;:,][^;:,]{0,39}: )")
_OPAQUE = re.compile(r"[mg]\.[0-9a-z_]{3,}|_:\S+")
_SPLIT_VALUES = re.compile(r", ")
_KEY_LENGTH = 40


def describe(name: str, fields: Mapping[str, str] | None = None) -> str:
    """Write a node. `describe("cup", {"attribute": "red, small"})` is `name: cup; attribute: red, small`.

    Empty values are left out; white space (line breaks too) is folded to single spaces.
    """
    name = fold(name)
    written = ((_key(key), fold(value)) for key, value in (fields or {}).items())
    rest = [f"{key}: {_FIELD.sub(', ', value)}" for key, value in written if key and value]
    if not rest and not name.startswith(f"{NAME_FIELD}: "):
        return name
    return "; ".join([f"{NAME_FIELD}: {_FIELD.sub(', ', name)}", *rest])


def _key(key: str) -> str:
    """A field's key that `fields_of` finds again: no `;`, `:` or `,`, at most 40 characters."""
    return fold(re.sub(r"[;:,]", " ", key))[:_KEY_LENGTH].strip()


def fields_of(text: str) -> dict[str, str]:
    """Read a node's text back as fields; a text without fields is `{"name": text}`."""
    if not text.startswith(f"{NAME_FIELD}: "):
        return {NAME_FIELD: text}
    fields: dict[str, str] = {}
    for part in _FIELD.split(text):
        key, _, value = part.partition(": ")
        fields[key] = f"{fields[key]}, {value}" if key in fields else value
    return fields


def name_of(text: str) -> str:
    """The name in a node's text: what a person calls the node, and what an answer says."""
    return fields_of(text)[NAME_FIELD] if text.startswith(f"{NAME_FIELD}: ") else text


def is_opaque(name: str) -> bool:
    """Whether a name only tells a node from others: a Freebase key without a label (`m.0h1v`, `g.125_x`), a blank node.

    Such a node stands for a fact of several parts; nobody asks for it.
    """
    return _OPAQUE.fullmatch(name) is not None


def values_of(value: str) -> list[str]:
    """The values of one field: `red, small` is two."""
    return [part for part in (piece.strip() for piece in _SPLIT_VALUES.split(value)) if part]


def fold(text: str) -> str:
    """White space folded: no line breaks, no runs of blanks, none at the ends."""
    return " ".join(text.split())


def readable_relation(relation: str) -> str:
    """A relation as words: `film.film.directed_by` is `film directed by`, `hasAuthor` is `has author`.

    Takes the local part of an IRI, splits camelCase, underscores and dots, and says each word once in a row.
    """
    local = re.sub(r"^<?https?://\S*[/#]([^/#>]+)[/#]?>?$", r"\1", relation)
    local = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", local)
    words = re.sub(r"[_./:\-]+", " ", local).split()
    spoken = [word for i, word in enumerate(words) if i == 0 or word.lower() != words[i - 1].lower()]
    return " ".join(spoken).lower() or relation
