"""Question generation: questions with gold answers about any graph, worded from the names of its relations.

`questions_from_graph` needs nothing but the graph: relations' names are read as words (`relation_wording`), and what is
asked is executed on the graph (`composing`). For invented worlds with hand-written wordings see `worlds`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection

from graph_data.text import name_of
from graph_data.textual_graph import TextualGraph
from graphrag.training.composing import Composer
from graphrag.training.hops import DEFAULT_MIX, GeneratedQuestion, Hop, Step, compose
from graphrag.training.names import make_name
from graphrag.training.walks import Walks
from graphrag.wording.common_relations import common_sayings
from graphrag.wording.relation_wording import common_names, sayings_of
from graphrag.wording.templates import Mention, Wording

__all__ = ["GeneratedQuestion", "graph_hops", "questions_from_graph"]

_OPAQUE = re.compile(r"|/?[mg][./][\w./]+|[QPL]\d+|_:\S+|[a-z]?\d{5,}|[0-9a-f]{12,}|https?://\S+|.{161,}", re.DOTALL)
_HOPS = {1: "one", 2: "two", 3: "three"}
_STRANGERS = ("person", "title", "land", "town", "company", "club", "award", "festival", "university")
_EMPTY_WORDS = frozenset("of in by is has the to on at for a from with as was".split())


def questions_from_graph(
    graph: TextualGraph, count: int, rng: random.Random, hops: Collection[int] = (1, 2, 3)
) -> list[GeneratedQuestion]:
    """Questions about a graph, none twice, in the mix of `hops.DEFAULT_MIX`.

    Args:
        graph: any graph; relations whose names cannot be read and nodes with opaque names are passed over.
        count: how many; fewer come where the graph has no more to ask.
        rng: the only source of chance.
        hops: which numbers of steps, of 1, 2 and 3.
    """
    names = [name_of(text) for text in graph.node_texts.to_pylist()]
    known = graph_hops(graph)
    taken: set[str] = set()

    def stranger() -> Mention:
        if not taken:
            taken.update(name.lower() for name in names)
        name = make_name(rng.choice(_STRANGERS), rng)
        while name.lower() in taken:
            name += f" {make_name('town', rng)}"
        return Mention(name)

    composer = Composer(
        walks=Walks(graph, names),
        hops=known,
        mention=lambda node: _mention(names[node], rng),
        nameable=lambda node: not _OPAQUE.fullmatch(names[node]),
        foreign=_foreign(graph),
        stranger=stranger,
        rng=rng,
    )
    makers = {
        "one": lambda: composer.fact(1),
        "two": lambda: composer.fact(2),
        "three": lambda: composer.fact(3),
        "conjunction": composer.conjunction,
        "yes_no": composer.yes_no,
        "unanswerable": composer.unanswerable,
    }
    left_out = {name for number, name in _HOPS.items() if number not in hops}
    mix = {kind: share for kind, share in DEFAULT_MIX.items() if kind not in left_out}
    return compose(makers, count, mix, rng)


def graph_hops(graph: TextualGraph) -> dict[Step, Hop]:
    """Every readable relation, both ways, by (position in the graph's relations, along its direction?)."""
    hops: dict[Step, Hop] = {}
    for row, relation in enumerate(graph.relations.to_pylist()):
        sayings = sayings_of(relation)
        if sayings is None:
            continue
        meaning, along = (sayings.meaning, not sayings.inverse) if sayings.meaning else (relation, True)
        yes_no = sayings.yes_no
        hops[row, True] = Hop(row, True, sayings.symmetric, (meaning, along), sayings.forward, yes_no)
        if not sayings.symmetric:
            hops[row, False] = Hop(row, False, False, (meaning, not along), sayings.backward)
    return hops


def _mention(name: str, rng: random.Random) -> Mention:
    if typed := re.fullmatch(r"concept_[a-z]+_(.+)", name):  # NELL: concept_city_new_york
        name = typed.group(1)
    if "_" in name and rng.random() < 0.7:
        name = name.replace("_", " ").strip()
    return Mention(name)


def _foreign(graph: TextualGraph) -> list[Wording]:
    """Wordings of common relations of whose names no word occurs in the graph's relations."""
    seen = {word for relation in graph.relations.to_pylist() for word in re.findall(r"[a-z]+", relation.lower())}
    seen -= _EMPTY_WORDS
    distinct = {id(sayings): sayings for sayings in common_sayings().values()}
    words = {key: {w for name in common_names(s) for w in name.split()} for key, s in distinct.items()}
    return [
        sayings.forward
        for key, sayings in distinct.items()
        if not words[key] & seen and not any("{r}" in said for said in sayings.forward.questions)
    ]
