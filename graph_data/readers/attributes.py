"""Attributes become text. The rules that every format shares; they know nothing of files.

A node
- Its name is its first attribute among `name_keys` (name, label, title, ...; in that order whatever their case). One
  that is only a number or a hash is passed over for a later one that is a word. Without any, its id is its name.
- The other attributes become fields in the source's order, types first, descriptions and long texts last.
- Left out: empty values, values that repeat the name or the id, opaque ids (hashes, UUIDs), and what only serves
  drawing (x, y, z with each other, r, g, b with each other, colour codes, size beside a position).

An edge
- Its text is its first attribute among `RELATION_KEYS`; a description or a role is added as a field: `acted in;
  roles: Neo`. Other attributes are left out where there is a relation, so that equal relations stay equal; the report
  says which.
- Without a relation, a description is the text. Without that either, it is `connected to` with the edge's other
  attributes as fields: `connected to; weight: 5`; one that is the same on every edge says nothing and is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from graph_data.readers.assemble import Findings, assemble, encode
from graph_data.readers.options import DEFAULT_RELATION
from graph_data.text import describe, fold
from graph_data.textual_graph import TextualGraph

Attributes = Mapping[str, object]

NAME_KEYS = ("name", "label", "title", "fullname", "displayname", "preflabel", "caption", "dnlabel")
RELATION_KEYS = (
    "relation", "predicate", "relationship", "relationtype", "relationshiptype", "edgelabel", "edgetype", "label",
    "type", "kind", "interaction", "rel", "verb", "property", "linktype", "edgeattr", "name", "title",
)  # fmt: skip
DESCRIPTION_KEYS = (
    "description",
    "summary",
    "comment",
    "comments",
    "abstract",
    "definition",
    "note",
    "notes",
    "text",
    "overview",
    "synopsis",
    "plot",
    "biography",
    "bio",
)
ROLE_KEYS = ("role", "roles", "evidence", "explanation")
TYPE_KEYS = ("type", "types", "kind", "category", "class", "labels")
LONG = 80  # characters from which a value is a text rather than a name

_DIRECTIONS = {"directed", "undirected", "mutual"}
_NOTHING = {"", "nan", "NaN", "null", "NULL", "none", "None", "n/a", "N/A", "<NA>"}  # but Nan is a name
_OPAQUE = re.compile(
    r"(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=[a-f]*\d)[0-9a-f]{20,})", re.I
)
_COLOUR = re.compile(r"#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([^)]*\)|\d{1,3}(?:,\s*\d{1,3}){2,3}", re.I)
_WHOLE_FLOAT = re.compile(r"([+-]?\d+)\.0+")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)?|\.\d+)(?:e[+-]?\d+)?%?", re.I)


def key_of(name: str) -> str:
    """A column or attribute name for comparing: `Edge Label`, `edge_label` and `edgeLabel` are `edgelabel`."""
    return re.sub(r"[\W_]+", "", name).lower()


def is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def whole(value: str) -> str:
    """`8.0` as `8`."""
    match = _WHOLE_FLOAT.fullmatch(value)
    return match[1] if match else value


def is_opaque(value: str) -> bool:
    """A hash or a UUID, which tells a person nothing."""
    return _OPAQUE.fullmatch(value) is not None


def value_text(value: object) -> str:
    """Any value as written in a field: lists joined with `, `, whole floats without `.0`, nothing for None and NaN."""
    if isinstance(value, str):
        folded = fold(value)
        return "" if folded in _NOTHING else folded
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {text}" for key, item in value.items() if (text := value_text(item)))
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return ", ".join(text for item in value if (text := value_text(item)))
    return fold(str(value))


@dataclass
class Records:
    """A graph as a reader of attributes finds it: nodes by id, edges by ids, attributes still apart."""

    findings: Findings
    nodes: dict[str, dict[str, object]] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # nodes that only edges name

    def node(self, node_id: str, attributes: Attributes) -> None:
        """Add a node; of an id given twice, attributes are merged and the first value of each stays."""
        if node_id in self.nodes:
            self.findings.note(f"node {node_id!r} is listed more than once: its attributes were merged")
        merged = self.nodes.setdefault(node_id, {})
        for key, value in attributes.items():
            merged.setdefault(key, value)

    def edge(self, source: str, target: str, attributes: dict[str, object]) -> None:
        self.edges.append((source, target, attributes))


def build(records: Records, name: str | int | None = None) -> TextualGraph:
    """Records as a TextualGraph by the rules above; an edge's unlisted end becomes a node under its id."""
    findings = records.findings
    listed = len(records.nodes)
    for source, target, _ in records.edges:
        for end in (source, target):
            if end not in records.nodes:
                records.nodes[end] = {}
                records.unknown.append(end)
    if records.unknown and listed:
        first = ", ".join(repr(end) for end in records.unknown[:3])
        findings.note(
            f"{len(records.unknown):,} nodes are only named by edges and were added under their ids ({first})"
        )
    texts = NodeTexts(findings, None if name is None else str(name))
    node_texts = [texts.of(node_id, attributes) for node_id, attributes in records.nodes.items()]
    texts.report()
    position = {node_id: i for i, node_id in enumerate(records.nodes)}
    edge_index = np.array(
        [[position[s] for s, _, _ in records.edges], [position[t] for _, t, _ in records.edges]], dtype=np.int64
    ).reshape(2, -1)
    codes, relations = encode(edge_texts([attributes for _, _, attributes in records.edges], findings))
    ids = pa.array(list(records.nodes), pa.string())
    return assemble(ids, pa.array(node_texts, pa.string()), edge_index, codes, relations, findings)


class NodeTexts:
    """Writes nodes' texts and remembers what it left out, for one note at the end."""

    def __init__(self, findings: Findings, name: str | None = None) -> None:
        self.findings, self.name = findings, key_of(name) if name else None
        self.left_out: Counter[str] = Counter()

    def of(self, node_id: str, attributes: Attributes) -> str:
        """The node's text: `describe(name, fields)`."""
        values = {key: text for key, value in attributes.items() if (text := value_text(value))}
        if not values:
            return describe(node_id)
        name_key = self._name_key(values)
        name = values.pop(name_key) if name_key else node_id
        fields = {key: text for key, text in values.items() if text not in (name, node_id)}
        for key in drawing_keys(fields) | {key for key, text in fields.items() if is_opaque(text)}:
            self.left_out[key] += 1
            del fields[key]
        return describe(name, dict(sorted(fields.items(), key=_field_order)))

    def _name_key(self, values: Mapping[str, str]) -> str | None:
        keys = {key_of(key): key for key in reversed(list(values))}
        if self.name:
            return keys.get(self.name)
        found = [keys[key] for key in NAME_KEYS if key in keys]
        words = [key for key in found if not is_number(values[key]) and not is_opaque(values[key])]
        return next(iter(words or found), None)

    def report(self) -> None:
        if self.left_out:
            self.findings.note(
                f"attributes that only serve drawing or bookkeeping left out: {', '.join(sorted(self.left_out))}"
            )


def drawing_keys(values: Mapping[str, str]) -> set[str]:
    """The attributes that say only how to draw a node."""
    keys = {key_of(key): key for key in values}
    numeric = {short: key for short, key in keys.items() if is_number(values[key])}
    found = {key for short, key in keys.items() if short.startswith("viz") and short != "viz"}
    for group in (("x", "y", "z"), ("r", "g", "b", "a")):
        if group[0] in numeric and group[1] in numeric:
            found |= {numeric[short] for short in group if short in numeric}
    if "size" in numeric and ({"x", "r"} & set(numeric) or found):
        found.add(numeric["size"])
    return found | {key for short, key in keys.items() if "colo" in short and _COLOUR.fullmatch(values[key])}


def _field_order(item: tuple[str, str]) -> int:
    key, text = key_of(item[0]), item[1]
    return 0 if key in TYPE_KEYS else 2 if key in DESCRIPTION_KEYS or len(text) > LONG else 1


def relation_key(keys: Mapping[str, str], values: Mapping[str, str]) -> str | None:
    """Which attribute is the relation; `keys` maps `key_of(key)` to key."""
    for short in RELATION_KEYS:
        if short not in keys or is_number(values[keys[short]]):
            continue
        if short != "type" or values[keys[short]].lower() not in _DIRECTIONS:
            return keys[short]
    return None


def edge_texts(edges: list[dict[str, object]], findings: Findings) -> list[str]:
    """One text an edge, by the rules above."""
    constant = _constant_keys(edges)
    left_out: Counter[str] = Counter()
    texts = []
    for attributes in edges:
        values = {key: text for key, value in attributes.items() if (text := value_text(value))} if attributes else {}
        texts.append(_edge_text(values, constant, left_out) if values else DEFAULT_RELATION)
    if left_out:
        findings.note(f"edge attributes left out: {', '.join(sorted(left_out))}")
    unlabelled = sum(text.startswith(DEFAULT_RELATION) for text in texts)
    if unlabelled:
        findings.note(f"{unlabelled:,} edges name no relation: written as {DEFAULT_RELATION!r}")
    return texts


def _edge_text(values: dict[str, str], constant: set[str], left_out: Counter[str]) -> str:
    keys = {key_of(key): key for key in reversed(values)}
    relation = relation_key(keys, values)
    if relation is None:
        relation = next((keys[short] for short in DESCRIPTION_KEYS if short in keys), None)
    if relation is None:
        silent = drawing_keys(values) | constant | {keys[short] for short in ("id", "key", "edgeid") if short in keys}
        left_out.update(silent)
        return edge_text(DEFAULT_RELATION, {key: text for key, text in values.items() if key not in silent})
    fields = {keys[s]: values[keys[s]] for s in (*ROLE_KEYS, *DESCRIPTION_KEYS) if s in keys and keys[s] != relation}
    left_out.update(key for key in values if key != relation and key not in fields)
    return edge_text(values[relation], fields)


def edge_text(relation: str, fields: Mapping[str, str]) -> str:
    """`acted in; roles: Neo`: the relation, then its fields."""
    written = (f"{key}: {whole(text)}" for key, text in fields.items() if text and text != relation)
    return "; ".join([relation, *written])


def _constant_keys(edges: list[dict[str, object]]) -> set[str]:
    """Attributes with one value on every edge, where there are several edges."""
    if len(edges) < 2:
        return set()
    first = edges[0]
    return {k for k, value in first.items() if all(edge.get(k) == value for edge in edges)} - {"relation"}
