"""Written sets: small graphs with questions in many voices, written by hand for this project (`written/README.md`).

Each graph comes with other names for its relations, as other datasets would call them; `WrittenSet.renamed` writes
the same graph in another schema, so that a hundred graphs teach several hundred.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from graph_data.text import ATTRIBUTE_FIELD, describe
from graph_data.textual_graph import TextualGraph
from graphrag.training.examples import LabelledQuestion
from graphrag.training.patterns import Triple, answers_of, facts_of

FOLDER = Path(__file__).parent / "written"
KEPT_NAME, TURNED = 0.25, 0.3  # shares of relations that keep their name, and that are turned round
FIELDS, ONE_FIELD = 0.25, 0.15  # shares of renamed graphs whose values become fields, or values of one `attribute`

Renaming = Mapping[str, tuple[str, bool]]  # relation to (other name, turned round?)


@dataclass(frozen=True)
class WrittenSet:
    """A graph with its questions.

    Attributes:
        others: of each relation, its other names and names of its inverse.
        questions: (question, pattern), see `patterns`.
    """

    name: str
    triples: tuple[Triple, ...]
    others: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    questions: tuple[tuple[str, str], ...]

    def graph(self) -> TextualGraph:
        return TextualGraph.from_triples(self.triples)

    def labelled(self) -> Iterator[LabelledQuestion]:
        """The questions with their answers and the relations they ask for."""
        for question, pattern in self.questions:
            kind, _, rest = pattern.partition(":")
            counted = rest.strip() if kind == "count" else pattern
            relations = None
            if kind not in ("none", "answers", "relation"):
                relations = tuple(sorted(fact.relation for fact in facts_of(counted)))
            form = kind if kind in ("count", "relation") else "name"
            yield LabelledQuestion(question, answers_of(counted, self.triples), relations, form)

    def renamed(self, rng: random.Random) -> tuple[TextualGraph, list[LabelledQuestion]]:
        """The same in another schema: relations by other names, some of them turned round, some values as fields."""
        names = self._names(rng)
        edges = [_turn(triple, *names[triple[1]]) for triple in self.triples]
        questions = []
        for question in self.labelled():
            relations = question.relations and tuple(sorted(names[r][0] for r in question.relations))
            if question.form == "relation":
                question = replace(question, answers=tuple(sorted(names[r][0] for r in question.answers)))
            questions.append(replace(question, relations=relations))
        way = rng.random()
        fields = _value_relations(edges) if way < FIELDS + ONE_FIELD else set()
        if not fields:
            return TextualGraph.from_triples(edges), questions
        if way < ONE_FIELD:
            merged = dict.fromkeys(fields, ATTRIBUTE_FIELD)
            questions = [
                replace(q, relations=q.relations and tuple(sorted(merged.get(r, r) for r in q.relations)))
                for q in questions
            ]
            return _with_fields(edges, merged), questions
        return _with_fields(edges, {relation: relation for relation in fields}), questions

    def _names(self, rng: random.Random) -> Renaming:
        write = rng.choice(STYLES)
        taken: set[str] = set()
        names: dict[str, tuple[str, bool]] = {}
        for relation, (same, inverse) in self.others.items():
            draw = rng.random()
            turned = draw < TURNED and bool(inverse)
            options = list(inverse if turned else [relation] if draw > 1 - KEPT_NAME or not same else same)
            free = [name for name in map(write, options) if name not in taken] or [relation]
            name = rng.choice(free)
            names[relation] = (name, turned and name != relation)
            taken.add(name)
        return names


def written_set(folder: Path) -> WrittenSet:
    """Read one folder."""
    triples = tuple((head, relation, tail) for head, relation, tail in _rows(folder / "triples.tsv"))
    others: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    others = dict.fromkeys((relation for _, relation, _ in triples), ((), ()))
    if (folder / "relations.tsv").is_file():
        others |= {name: (_split(same), _split(inverse)) for name, same, inverse in _rows(folder / "relations.tsv")}
    questions = tuple((question, pattern) for question, pattern in _rows(folder / "questions.tsv"))
    return WrittenSet(folder.name, triples, others, questions)


def written_sets(part: str) -> list[WrittenSet]:
    """Those of `train` or of `validation`, by name."""
    return [written_set(folder) for folder in sorted((FOLDER / part).iterdir()) if folder.is_dir()]


def _rows(file: Path) -> Iterator[list[str]]:
    return (line.split("\t") for line in file.read_text("utf-8").splitlines() if line.strip())


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split("|") if name.strip())


def _turn(triple: Triple, name: str, turned: bool) -> Triple:
    head, _, tail = triple
    return (tail, name, head) if turned else (head, name, tail)


def _snake(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def _camel(name: str) -> str:
    first, *rest = [str(word) for word in re.findall(r"\w+", name.lower())]
    return first + "".join(word.capitalize() for word in rest)


def _words(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[_.\s]+", " ", spaced).strip().lower()


STYLES: tuple[Callable[[str], str], ...] = (
    str,
    _words,
    _words,
    lambda name: _snake(_words(name)),
    lambda name: _camel(_words(name)),
    lambda name: _snake(_words(name)).upper(),
)


def _value_relations(edges: list[Triple]) -> set[str]:
    """Relations that lead to what nothing else touches: colours, years, materials."""
    by_relation: dict[str, set[str]] = {}
    heads: dict[str, set[str]] = {}
    for head, relation, tail in edges:
        by_relation.setdefault(relation, set()).add(tail)
        heads.setdefault(head, set()).add(relation)
    touched = {
        relation: set().union(*(tails for r, tails in by_relation.items() if r != relation)) for relation in by_relation
    }
    return {
        relation
        for relation, tails in by_relation.items()
        if not any(tail in heads for tail in tails) and tails.isdisjoint(touched[relation])
    }


def _with_fields(edges: list[Triple], fields: Mapping[str, str]) -> TextualGraph:
    """The graph with the relations in `fields` written into the texts of their heads, under the names given."""
    kept = [edge for edge in edges if edge[1] not in fields]
    values: dict[str, dict[str, list[str]]] = {end: {} for head, _, tail in kept for end in (head, tail)}
    for head, relation, tail in edges:
        if relation in fields:
            values.setdefault(head, {}).setdefault(fields[relation], []).append(tail.replace(",", ""))
    ids = list(values)
    row = {name: i for i, name in enumerate(ids)}
    texts = [describe(name, {key: ", ".join(own) for key, own in values[name].items()}) for name in ids]
    ends = [[row[head] for head, _, _ in kept], [row[tail] for _, _, tail in kept]]
    return TextualGraph.from_columns(ids, texts, ends, [relation for _, relation, _ in kept])
