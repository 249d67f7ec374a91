"""World building: invented graphs on hand-written schemas.

`generate_world` samples one to three domains (`graphrag.training.domains`), names for what is in them, and for their
relations as found in the wild; `generate_table` what a small table holds: things of one type and a few columns.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from graph_data.text import describe
from graph_data.textual_graph import TextualGraph
from graphrag.training.domains import Domain, DomainRelation, EntityType, FieldWording, all_domains
from graphrag.training.names import distinct_names, make_name
from graphrag.training.relation_names import RelationStyle, pick_style
from graphrag.wording.templates import Wording

LEAST_NODES, MOST_NODES = 30, 400
LEAST_ROWS, MOST_ROWS = 3, 40  # of a table
COLUMNS = 6  # at most, beside that of the rows' names
TYPE_RELATION = DomainRelation(
    key="is_a",
    source="",
    target="",
    cardinality="n-1",
    symmetric=False,
    acyclic=False,
    names=("is a", "type", "instance of", "category", "class", "kind"),
    inverse_names=("has instance", "example"),
    forward=Wording(
        ("[type/types]", "[kind/kinds]"),
        phrases=("the type[s] of {x}", "{x}'s type[s]", "the category of {x}"),
        questions=("What kind of thing is {x}?", "What type is {x}?", "What is {x}?", "What sort of thing is {x}?"),
    ),
    backward=Wording(
        ("[thing/things]", "[entry/entries]"),
        phrases=("the thing[s] listed as {x}", "the example[s] of {x}", "everything of the type {x}"),
        predicates=("[is/are] listed as {x}", "[has/have] the type {x}"),
        questions=("What is listed as {x}?", "What has the type {x}?"),
    ),
    yes_no=("Is {x} of the type {y}?",),
)


@dataclass(frozen=True)
class PlacedRelation:
    """A relation of a domain as it stands in a world: under which name, in which direction."""

    relation: DomainRelation
    name: str
    inverse: bool  # its edges run from y to x


@dataclass(frozen=True, eq=False)
class World(TextualGraph):
    """A textual graph that knows what its relations and nodes mean.

    Attributes:
        placed: its relations.
        types: each node's type, shape [N].
        fields: the wordings of its nodes' fields.
        missing: wordings of relations that it does not have.
    """

    placed: tuple[PlacedRelation, ...] = ()
    types: tuple[EntityType, ...] = ()
    fields: tuple[FieldWording, ...] = ()
    missing: tuple[Wording, ...] = ()

    @property
    def graph(self) -> TextualGraph:
        """The world itself, as any other graph."""
        return self


def generate_world(rng: random.Random, domains: Sequence[Domain] | None = None) -> World:
    """An invented graph of 30 to 400 nodes.

    Args:
        rng: the only source of chance.
        domains: those to put together; by default one to three of all.
    """
    known = all_domains()
    chosen = list(domains) if domains is not None else rng.sample(known, rng.choices((1, 2, 3), (60, 30, 10))[0])
    relations = [relation for domain in chosen for relation in _some(domain.relations, rng)]
    return _world(chosen, relations, round(LEAST_NODES * (MOST_NODES / LEAST_NODES) ** rng.random()), rng)


def generate_table(rng: random.Random, domains: Sequence[Domain] | None = None) -> World:
    """The graph of an invented table: 3 to 40 rows of one type, a relation a column.

    Args:
        rng: the only source of chance.
        domains: the table is of one of these; by default of any.
    """
    columns: dict[tuple[str, str], list[tuple[Domain, DomainRelation]]] = {}
    for domain in domains if domains is not None else all_domains():
        for relation in domain.relations:
            if relation.source != relation.target:
                columns.setdefault((domain.name, relation.source), []).append((domain, relation))
    tables = list(columns.values())
    drawn = rng.choices(tables, [len(own) for own in tables])[0]
    domain, own = drawn[0][0], [relation for _, relation in drawn]
    kept = rng.sample(own, min(len(own), rng.randint(1, COLUMNS)))
    rows = LEAST_ROWS * (MOST_ROWS / LEAST_ROWS) ** rng.random()
    return _world([domain], kept, round(rows * (1 + 0.6 * len(kept))), rng)


def _world(chosen: Sequence[Domain], relations: Sequence[DomainRelation], size: int, rng: random.Random) -> World:
    """A world of these relations with about `size` nodes."""
    types = {key: kind for domain in reversed(chosen) for key, kind in domain.types.items()}
    used = {end for relation in relations for end in (relation.source, relation.target)}
    nodes = _Population(sorted((types[key] for key in used), key=lambda kind: kind.key), size, rng)
    style = pick_style(rng)
    placed: list[PlacedRelation] = []
    edges: list[tuple[int, str, int]] = []
    for relation in relations:
        pairs = _link(relation, nodes.of(relation.source), nodes.of(relation.target), rng)
        for place in _place(relation, style, rng):
            placed.append(place)
            edges += _written(pairs, place, rng)
    if rng.random() < 0.25:
        edges += _typed(nodes, placed, style, rng)
    return _build(nodes, edges, placed, chosen, rng)


def _some(relations: Sequence[DomainRelation], rng: random.Random) -> list[DomainRelation]:
    least = min(4, len(relations))
    kept = rng.randint(max(least, len(relations) * 6 // 10), len(relations))
    return [relations[i] for i in sorted(rng.sample(range(len(relations)), kept))]


class _Population:
    """The nodes of a world while it is made: a name and a type each."""

    def __init__(self, types: Sequence[EntityType], total: int, rng: random.Random) -> None:
        weight = sum(kind.weight for kind in types)
        self.names: list[str] = []
        self.types: list[EntityType] = []
        taken: set[str] = set()
        for kind in types:
            count = max(3, round(total * kind.weight / weight))
            made = _repeated(kind, count, rng) if kind.flag == "the" else distinct_names(kind.names, count, rng)
            fresh = [name for name in made if name not in taken]
            taken.update(fresh)
            self.names += made if kind.flag == "the" else fresh
            self.types += [kind] * (len(made) if kind.flag == "the" else len(fresh))
        self.names = _spelled(self.names, self.types, rng)

    def of(self, key: str) -> list[int]:
        return [node for node, kind in enumerate(self.types) if kind.key == key]

    def add(self, name: str, kind: EntityType) -> int:
        self.names.append(name)
        self.types.append(kind)
        return len(self.names) - 1


def _repeated(kind: EntityType, count: int, rng: random.Random) -> list[str]:
    """Things in a scene: some of the same name."""
    return [make_name(kind.names, rng) for _ in range(min(count, 40))]


def _spelled(names: list[str], types: Sequence[EntityType], rng: random.Random) -> list[str]:
    """Some graphs write all names lower-case, or with underscores."""
    way = rng.random()
    if way < 0.1:
        return [name.lower() for name in names]
    if way < 0.16:
        return [n if kind.flag == "claim" else n.replace(" ", "_") for n, kind in zip(names, types, strict=True)]
    return names


def _link(
    relation: DomainRelation, sources: list[int], targets: list[int], rng: random.Random
) -> list[tuple[int, int]]:
    """Pairs (x, y): some x without, popular y, and as many a node as the cardinality says."""
    targets = rng.sample(targets, len(targets))
    popularity = [1 / (1 + rank) ** 0.7 for rank in range(len(targets))]
    share = rng.uniform(0.75, 1.0)
    once = relation.cardinality in ("1-1", "1-n")
    free = list(targets)
    pairs: dict[tuple[int, int], None] = {}
    for x in sources:
        if rng.random() > share:
            continue
        for _ in range(_how_many(relation.cardinality, rng)):
            if once and not free:
                break
            y = free.pop() if once else rng.choices(targets, popularity)[0]
            if y == x or (relation.acyclic and y <= x) or (relation.symmetric and (y, x) in pairs):
                continue
            pairs[x, y] = None
    return list(pairs)


def _how_many(cardinality: str, rng: random.Random) -> int:
    if cardinality in ("1-1", "n-1"):
        return 1
    return rng.choices((1, 2, 3), (50, 35, 15))[0] if cardinality == "n-n" else rng.randint(1, 6)


def _place(relation: DomainRelation, style: RelationStyle, rng: random.Random) -> list[PlacedRelation]:
    """Under one name, seldom under one of each direction."""
    ahead = PlacedRelation(relation, style.write(rng.choice(relation.names), relation.source, rng), False)
    if not relation.inverse_names:
        return [ahead]
    back = PlacedRelation(relation, style.write(rng.choice(relation.inverse_names), relation.target, rng), True)
    way = rng.random()
    if back.name == ahead.name:
        return [ahead]
    return [ahead] if way < 0.7 else [back] if way < 0.92 else [ahead, back]


def _written(pairs: list[tuple[int, int]], place: PlacedRelation, rng: random.Random) -> list[tuple[int, str, int]]:
    if not place.relation.symmetric:
        return [(y, place.name, x) if place.inverse else (x, place.name, y) for x, y in pairs]
    twice = rng.random() < 0.5
    return [edge for x, y in pairs for edge in ((x, place.name, y), (y, place.name, x))[: 2 if twice else 1]]


def _typed(
    nodes: _Population, placed: list[PlacedRelation], style: RelationStyle, rng: random.Random
) -> list[tuple[int, str, int]]:
    """Edges from every node to a node of its type."""
    place = PlacedRelation(TYPE_RELATION, style.write(rng.choice(TYPE_RELATION.names), "entity", rng), False)
    if any(other.name == place.name for other in placed):
        return []
    kinds = {kind.key: kind for kind in nodes.types}
    taken = set(nodes.names)
    heads = {key: nodes.add(_kind_name(kind), ANY_KIND) for key, kind in kinds.items() if _kind_name(kind) not in taken}
    placed.append(place)
    return [(x, place.name, heads[kind.key]) for x, kind in enumerate(nodes.types) if kind.key in heads]


ANY_KIND = EntityType("kind", ("[type/types]",), False, "title")


def _kind_name(kind: EntityType) -> str:
    return kind.nouns[0].strip("[]").split("/")[0]


def _build(
    nodes: _Population,
    edges: list[tuple[int, str, int]],
    placed: list[PlacedRelation],
    chosen: Sequence[Domain],
    rng: random.Random,
) -> World:
    # 1. Leave out names that two meanings share, and nodes that nothing touches.
    owner: dict[str, PlacedRelation] = {}
    for place in placed:
        owner.setdefault(place.name, place)
    kept = [place for place in placed if owner[place.name] is place]
    shared = {place.name for place in placed if owner[place.name] is not place}
    edges = sorted({edge for edge in edges if edge[1] not in shared}, key=lambda edge: (edge[0], edge[1], edge[2]))
    kept = [place for place in kept if place.name not in shared]
    rng.shuffle(edges)
    linked = sorted({end for source, _, target in edges for end in (source, target)})
    row = {node: position for position, node in enumerate(linked)}
    types = tuple(nodes.types[node] for node in linked)
    # 2. Fields of nodes, written into their text.
    keys = {kind.key for kind in types}
    fields = [field for domain in chosen for field in domain.fields if field.type in keys]
    fields = [field for field in fields if len(keys) <= 3 or rng.random() < 0.6]
    typed = rng.random() < 0.12
    texts = [_text(nodes.names[node], nodes.types[node], fields, typed, rng) for node in linked]
    # 3. The graph.
    graph = TextualGraph.from_columns(
        node_ids=_ids([nodes.names[node] for node in linked], rng),
        node_texts=texts,
        edge_index=[[row[source] for source, _, _ in edges], [row[target] for _, _, target in edges]],
        edge_texts=[name for _, name, _ in edges],
    )
    return World(
        graph.node_ids,
        graph.node_texts,
        graph.edge_index,
        graph.edge_relation,
        graph.relations,
        graph.report,
        placed=tuple(kept),
        types=types,
        fields=tuple(fields),
        missing=_missing(chosen, [place.relation for place in kept], rng),
    )


def _ids(names: list[str], rng: random.Random) -> list[str]:
    if len(set(names)) == len(names) and rng.random() < 0.5:
        return names
    return [f"n{position}" for position in range(len(names))]


def _text(name: str, kind: EntityType, fields: Sequence[FieldWording], typed: bool, rng: random.Random) -> str:
    found: dict[str, list[str]] = {"type": [_kind_name(kind)]} if typed else {}
    for field in fields:
        if field.type == kind.key and rng.random() < 0.75:
            found.setdefault(field.key, []).append(_value(field, rng))
    return describe(name, {key: ", ".join(values) for key, values in found.items()})


def _value(field: FieldWording, rng: random.Random) -> str:
    if field.values[0].startswith("int "):
        low, high = map(int, field.values[0].split()[1:])
        return str(rng.randint(low, high))
    return rng.choice(field.values)


def _missing(chosen: Sequence[Domain], placed: Sequence[DomainRelation], rng: random.Random) -> tuple[Wording, ...]:
    """Wordings of relations that are not there: of other domains, and of what those chosen left out.

    None that shares a name or a saying with one that is there.
    """
    own = [relation for domain in chosen for relation in domain.relations]
    others = [relation for domain in all_domains() if domain not in chosen for relation in domain.relations]
    picked = []
    for pool, present, most in ((own, placed, 6), (others, own, 12)):
        known = set[str]().union(*(_all_names(relation) | _all_sayings(relation) for relation in present))
        free = [r for r in pool if r not in placed and not known & (_all_names(r) | _all_sayings(r))]
        picked += rng.sample(free, min(most, len(free)))
    return tuple(relation.forward for relation in picked)


def _all_sayings(relation: DomainRelation) -> set[str]:
    wordings = (relation.forward, relation.backward)
    return {said for own in wordings for said in (*own.phrases, *own.predicates, *own.questions)}


def _all_names(relation: DomainRelation) -> set[str]:
    return {name.lower() for name in (*relation.names, *relation.inverse_names, relation.key.replace("_", " "))}
