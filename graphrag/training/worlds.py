"""Worlds: questions about invented graphs, worded by hand as people ask.

`generate_world` makes a graph whose names nobody has seen (`world_building`); `generate_questions` asks about it, its
gold answers found by walking it. No name and no wording of a test set is used.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from graph_data.text import fields_of
from graphrag.training.attributes import FieldAsker
from graphrag.training.composing import Composer
from graphrag.training.domains import EntityType
from graphrag.training.hops import DEFAULT_MIX, GeneratedQuestion, Hop, compose
from graphrag.training.names import make_name
from graphrag.training.walks import Walks
from graphrag.training.world_building import TYPE_RELATION, World, generate_table, generate_world
from graphrag.wording.templates import Mention

__all__ = ["World", "generate_questions", "generate_table", "generate_world", "say_name", "world_hops"]


def generate_questions(
    world: World, count: int, rng: random.Random, mix: Mapping[str, float] = DEFAULT_MIX
) -> list[GeneratedQuestion]:
    """Questions about a world, none twice.

    Args:
        world: made by `generate_world`.
        count: how many; fewer come where the world has no more to ask.
        rng: the only source of chance.
        mix: shares of "one", "two" and "three" hops, "conjunction", "yes_no" and "unanswerable".
    """
    names = [fields_of(text)["name"] for text in world.node_texts.to_pylist()]
    taken = {name.lower() for name in names}

    def mention(node: int) -> Mention:
        return say_name(names[node], world.types[node], rng)

    def stranger() -> Mention:
        for _ in range(20):
            kind = rng.choice(world.types)
            if not kind.names.startswith("list:") and (name := make_name(kind.names, rng)).lower() not in taken:
                return say_name(name, kind, rng)
        return Mention(f"{make_name('person', rng)} {make_name('town', rng)}")

    composer = Composer(
        Walks(world, names), world_hops(world), mention, lambda node: True, world.missing, stranger, rng
    )
    asker = FieldAsker(composer, world.fields, [kind.key for kind in world.types])
    share = 0.35 if any(field.key == "attribute" for field in world.fields) else 0.12
    makers = {
        "one": lambda: (rng.random() < share and asker.fact(rng.choice((0, 0, 0, -1)))) or composer.fact(1),
        "two": lambda: (rng.random() < share / 2 and asker.fact(1)) or composer.fact(2),
        "three": lambda: composer.fact(3),
        "conjunction": composer.conjunction,
        "yes_no": lambda: (rng.random() < share and asker.yes_no()) or composer.yes_no(),
        "unanswerable": lambda: (rng.random() < share / 2 and asker.unanswerable()) or composer.unanswerable(),
    }
    return compose(makers, count, mix, rng)


def world_hops(world: World) -> dict[tuple[int, bool], Hop]:
    """Every relation of a world, both ways, by (position in its relations, along its direction?)."""
    rows = {name: row for row, name in enumerate(world.relations.to_pylist())}
    hops: dict[tuple[int, bool], Hop] = {}
    for place in world.placed:
        relation, row = place.relation, rows.get(place.name)
        if row is None:
            continue
        key = f"{relation.key} {relation.source} {relation.target}"
        along, symmetric = not place.inverse, relation.symmetric
        weight = 0.06 if relation is TYPE_RELATION else 1.0
        hops[row, along] = Hop(row, along, symmetric, (key, True), relation.forward, relation.yes_no, weight)
        if not symmetric:
            hops[row, not along] = Hop(row, not along, False, (key, False), relation.backward, (), weight)
    return hops


def say_name(name: str, kind: EntityType, rng: random.Random) -> Mention:
    """A node's name as it stands in a question."""
    if "_" in name and kind.names != "package" and rng.random() < 0.7:
        name = name.replace("_", " ")
    if kind.flag == "the":
        return Mention(f"the {name}")
    if kind.flag == "claim":
        claim = name.rstrip(".")
        lowered = claim[:1].lower() + claim[1:]
        return Mention(rng.choice((f'"{claim}"', f"the claim that {lowered}", f"the point that {lowered}")))
    return Mention(name)
