"""RDF to a TextualGraph: N-Triples, N-Quads, Turtle, TriG, N3, RDF/XML and JSON-LD through pyoxigraph; TriX and
HexTuples here.

Rules
- A resource is a node. Its name is its rdfs:label, skos:prefLabel, schema:name, foaf:name or title, in the asked
  language if there is one; else the local part of its IRI, `_` read as a blank. A blank node without a label is named
  by its type: `Person (unnamed 2)`.
- A relation is the predicate's own label if the file gives one, else the local part of its IRI; rdf:type is `type`.
- A literal of up to 80 characters is a node, so that it can be an answer; a longer one is a field of its subject's
  text. Of literals in several languages those in the asked language stay, else all. Datatypes are dropped. Further
  labels are the field `also known as`.
- Named graphs are merged.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
import pyarrow as pa

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings, assemble, encode
from graph_data.readers.attributes import LONG
from graph_data.readers.files import read_text
from graph_data.readers.options import LoadOptions
from graph_data.readers.xml_tree import parse as parse_xml
from graph_data.text import describe, fold
from graph_data.textual_graph import TextualGraph

_SYNTAXES = {
    "N-Triples": "N_TRIPLES", "N-Quads": "N_QUADS", "Turtle": "TURTLE", "TriG": "TRIG", "N3": "N3", "RDF/XML":
    "RDF_XML", "JSON-LD": "JSON_LD",
}  # fmt: skip
_LABELS = (
    "http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2004/02/skos/core#prefLabel", "https://schema.org/name",
    "http://schema.org/name", "http://xmlns.com/foaf/0.1/name", "http://purl.org/dc/terms/title", "http://purl.org/dc/elements/1.1/title",
)  # fmt: skip
_RANK = {iri: rank for rank, iri in enumerate(_LABELS)}
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_ALIASES = "also known as"


class Literal(NamedTuple):
    """A literal's text and language ("" for none)."""

    text: str
    language: str


Statement = tuple[str, str, str | Literal]  # subject, predicate, object; blank nodes start with "_:"


def read(path: Path, options: LoadOptions, syntax: str) -> TextualGraph:
    """Read an RDF file in one of `_SYNTAXES`, or "TriX" or "HexTuples"."""
    file = read_text(path, options.encoding)
    findings = Findings(str(path), f"RDF ({syntax})", notes=list(file.notes))
    if syntax == "TriX":
        statements = _trix(path, file.data)
    elif syntax == "HexTuples":
        statements = _hextuples(path, file.text)
    else:
        statements = _oxigraph(path, file.data, syntax, findings)
    return _build(statements, options.language, findings)


def _oxigraph(path: Path, data: bytes, syntax: str, findings: Findings) -> Iterator[Statement]:
    import pyoxigraph as ox

    if syntax == "RDF/XML" and re.search(rb"<!ENTITY(?:[^>]*&[^#]|[^>]{1000})", data):
        raise GraphReadError(
            path, "the file declares XML entities that are long or made of entities; they are not expanded"
        )
    base = f"file:///{re.sub(r'[^A-Za-z0-9._-]', '_', path.name)}"
    try:
        for quad in ox.parse(io.BytesIO(data), getattr(ox.RdfFormat, _SYNTAXES[syntax]), base_iri=base):
            subject, target = quad.subject, quad.object
            if type(subject) is ox.NamedNode:
                source = subject.value
            elif type(subject) is ox.BlankNode:
                source = f"_:{subject.value}"
            else:
                findings.note("statements about statements were left out")
                continue
            if type(target) is ox.NamedNode:
                yield source, quad.predicate.value, target.value
            elif type(target) is ox.Literal:
                yield source, quad.predicate.value, Literal(target.value, target.language or "")
            elif type(target) is ox.BlankNode:
                yield source, quad.predicate.value, f"_:{target.value}"
    except (SyntaxError, ValueError, OSError) as error:
        line = getattr(error, "lineno", None)
        what = re.sub(
            r"^Parser error at line \S+(?: between columns? .*?)?: | \([^()]*, line \d+\)$", "", fold(str(error))
        )
        raise GraphReadError(path, f"not {syntax}: {what[:200].rstrip('.')}", line=line) from error


def _trix(path: Path, data: bytes) -> Iterator[Statement]:
    for triple in parse_xml(path, data).iter("triple"):
        terms = [(child.tag, (child.text or "").strip(), child.get("lang", "")) for child in triple]
        if len(terms) != 3 or terms[1][0] != "uri":
            raise GraphReadError(path, "a <triple> of TriX has three terms, the second a <uri>")
        (kind, subject, _), (_, predicate, _), (tag, text, language) = terms
        blank = f"_:{text}"
        target = Literal(text, language) if tag.endswith("Literal") else blank if tag == "id" else text
        yield f"_:{subject}" if kind == "id" else subject, predicate, target


def _hextuples(path: Path, text: str) -> Iterator[Statement]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            subject, predicate, value, datatype, language, _ = (str(part) for part in json.loads(line))
        except (ValueError, TypeError, RecursionError):
            what = "HexTuples has six strings in brackets on every line"
            raise GraphReadError(path, what, line=number) from None
        if datatype in ("globalId", "localId"):
            yield subject, predicate, f"_:{value.removeprefix('_:')}" if datatype == "localId" else value
        else:
            yield subject, predicate, Literal(value, language)


@dataclass
class _Sorted:
    """Statements told apart; resources are numbered in order of first appearance."""

    position: dict[str, int] = field(default_factory=dict)  # resource, later also `"literal"` -> node
    sources: list[int] = field(default_factory=list)
    predicates: list[str] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    literals: dict[tuple[str, str], list[Literal]] = field(default_factory=lambda: defaultdict(list))
    labels: dict[str, list[tuple[int, Literal]]] = field(default_factory=lambda: defaultdict(list))
    blank_types: dict[str, str] = field(default_factory=dict)  # blank node -> its rdf:type


def _sort(statements: Iterable[Statement], findings: Findings) -> _Sorted:
    found, texts = _Sorted(), 0
    position, sources, predicates, targets = found.position, found.sources, found.predicates, found.targets
    for subject, predicate, target in statements:
        sources_at = position.setdefault(subject, len(position))
        if type(target) is str:
            sources.append(sources_at)
            predicates.append(predicate)
            targets.append(position.setdefault(target, len(position)))
            if subject[:2] == "_:" and predicate == _TYPE:
                found.blank_types[subject] = target
        elif isinstance(target, Literal):
            texts += 1
            if predicate in _RANK:
                found.labels[subject].append((_RANK[predicate], target))
            else:
                found.literals[subject, predicate].append(target)
    named = sum(len(set(labels)) for labels in found.labels.values())
    findings.note(f"{len(sources) + texts:,} statements read, {named:,} of them names")
    return found


def _build(statements: Iterable[Statement], language: str, findings: Findings) -> TextualGraph:
    found = _sort(statements, findings)
    position, resources = found.position, len(found.position)
    fields: dict[str, dict[str, str]] = defaultdict(dict)
    names = _names(found, language, fields)
    # Short literals become nodes, long ones fields.
    for (subject, predicate), literals in found.literals.items():
        for text in _in_language(literals, language):
            if len(text) > LONG:
                key = _relation(predicate, names)
                known = fields[subject].get(key)
                fields[subject][key] = f"{known} {text}" if known else text
            elif text:
                found.sources.append(position[subject])
                found.predicates.append(predicate)
                found.targets.append(position.setdefault(f'"{text}"', len(position)))
    _name_blanks(position, names, found.blank_types)
    node_texts = [
        describe(names.get(key) or local_name(key), fields.get(key)) if i < resources else describe(key[1:-1])
        for key, i in position.items()
    ]
    # Two predicates with one name are one relation.
    codes, distinct = encode(found.predicates)
    same, relations = encode([_relation(predicate, names) for predicate in distinct.to_pylist()])
    index = np.array([found.sources, found.targets], dtype=np.int64).reshape(2, -1)
    ids = pa.array(_ids(position), pa.string())
    return assemble(ids, pa.array(node_texts, pa.string()), index, same[codes], relations, findings)


def _names(found: _Sorted, language: str, fields: dict[str, dict[str, str]]) -> dict[str, str]:
    """The name of every resource that has a label; its other labels become a field."""
    names = {}
    for subject, labels in found.labels.items():
        ordered = sorted(labels, key=lambda item: (_distance(item[1].language, language), item[0]))
        texts = [text for _, label in ordered if (text := fold(label.text))]
        if not texts:
            continue
        names[subject] = texts[0]
        nearest = _distance(ordered[0][1].language, language)
        same = [fold(label.text) for _, label in ordered if _distance(label.language, language) <= max(nearest, 1)]
        if others := [text for text in dict.fromkeys(same) if text and text != texts[0]]:
            fields[subject][_ALIASES] = ", ".join(others)
    return names


def _distance(given: str, asked: str) -> int:
    """How far a literal's language is from the asked one: the same, none, another."""
    given = given.lower()
    return 0 if given == asked.lower() or given.startswith(f"{asked.lower()}-") else 1 if not given else 2


def _in_language(literals: list[Literal], language: str) -> list[str]:
    """Texts in the asked language or none, else all."""
    near = [literal for literal in literals if _distance(literal.language, language) < 2] or literals
    return list(dict.fromkeys(fold(literal.text) for literal in near))


def _relation(predicate: str, names: dict[str, str]) -> str:
    return "type" if predicate == _TYPE else names.get(predicate) or local_name(predicate, blanks=False)


def local_name(iri: str, blanks: bool = True) -> str:
    """The part of an IRI that a person would read: `New York` of `http://dbpedia.org/resource/New_York`."""
    part = re.split(r"[/#]", iri.rstrip("/#"))[-1]
    if ":" in part and not part.startswith("_:"):
        part = part.rsplit(":", 1)[1]
    part = fold(unquote(part.removeprefix("_:")).replace("_", " ") if blanks else unquote(part))
    return part or iri


def _name_blanks(position: dict[str, int], names: dict[str, str], types: dict[str, str]) -> None:
    """Blank nodes without a label: `Person (unnamed 1)` by type, else `unnamed 1`."""
    kinds = {blank: names.get(kind) or local_name(kind) for blank, kind in types.items()}
    count: Counter[str] = Counter()
    for key in position:
        if key.startswith("_:") and not names.get(key):
            kind = kinds.get(key, "")
            count[kind] += 1
            names[key] = f"{kind} (unnamed {count[kind]})" if kind else f"unnamed {count[kind]}"


def _ids(position: dict[str, int]) -> list[str]:
    """Ids in order; blank nodes numbered anew, since parsers name them at random."""
    blanks = 0
    ids = []
    for key in position:
        if key.startswith("_:"):
            blanks += 1
            ids.append(f"_:b{blanks}")
        else:
            ids.append(key)
    return ids
