"""Attributes: questions about fields of nodes ("What colour is the cup?") and nodes by them ("Which one is red?")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph_data.text import fields_of, values_of
from graphrag.training.composing import Composer
from graphrag.training.domains import FieldWording
from graphrag.training.hops import GeneratedQuestion
from graphrag.wording.templates import Mention, fill, inflect, pick_template, sentence, sloppy


@dataclass
class FieldAsker:
    """Asks about fields, where a composer asks about edges.

    Attributes:
        composer: the graph and its sayings.
        fields: the fields that can be asked for.
        types: each node's type, shape [N].
    """

    composer: Composer
    fields: Sequence[FieldWording]
    types: Sequence[str]
    _texts: list[dict[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self._texts = [fields_of(text) for text in self.composer.walks.graph.node_texts.to_pylist()]

    def values(self, node: int, wording: FieldWording) -> list[str]:
        """The node's values of one field; of `attribute`, those that the wording asks for."""
        if self.types[node] != wording.type:
            return []
        found = values_of(self._texts[node].get(wording.key, ""))
        return found if wording.values[0].startswith("int ") else [value for value in found if value in wording.values]

    def fact(self, hops: int) -> GeneratedQuestion | None:
        """The field of a node, `hops` steps from the topic; -1: the nodes that have a value."""
        if not self.fields:
            return None
        for _ in range(20):
            wording = self.composer.rng.choice(list(self.fields))
            if made := self._who_has(wording) if hops < 0 else self._field_of(wording, hops):
                return made
        return None

    def _pick(self, wording: FieldWording) -> int | None:
        nodes = [node for node in range(len(self.types)) if self.values(node, wording)]
        return self.composer.rng.choice(nodes) if nodes else None

    def _same_name(self, node: int) -> list[int]:
        walks = self.composer.walks
        return walks.by_name[walks.names[node]]

    def _field_of(self, wording: FieldWording, hops: int) -> GeneratedQuestion | None:
        rng, walks = self.composer.rng, self.composer.walks
        node = self._pick(wording)
        template = pick_template(wording.questions, Mention(""), rng)
        if node is None or template is None:
            return None
        slot, at, topic = self.composer.mention(node), set(self._same_name(node)), node
        path: tuple[tuple[str, bool], ...] = ()
        if hops and (nested := self.composer.into(node)):
            topic, slot, at, path = nested
        elif hops:
            return None
        values = sorted({value for one in at for value in self.values(one, wording)})
        if not values or len(values) > 6:
            return None
        text = sloppy(sentence(fill(template, slot)), rng)
        return GeneratedQuestion(text, tuple(values), hops, "attribute", (walks.names[topic],), path)

    def _who_has(self, wording: FieldWording) -> GeneratedQuestion | None:
        rng, walks = self.composer.rng, self.composer.walks
        node = self._pick(wording)
        if node is None or not wording.predicates:
            return None
        value = rng.choice(self.values(node, wording))
        nodes = [one for one in range(len(self.types)) if value in self.values(one, wording)]
        names = tuple(sorted({walks.names[one] for one in nodes}))
        predicate = rng.choice(wording.predicates).replace("{v}", value)
        said, what = inflect(predicate, len(names) > 1), inflect(predicate, False)
        noun = inflect(rng.choice(self._nouns(node)), len(names) > 1)
        text = rng.choice((f"Which {noun} {said}?", f"What {what}?", f"Name the {noun} that {said}."))
        if len(names) > 20:
            return None
        return GeneratedQuestion(sloppy(text, rng), names, 0, "attribute", (), ())

    def _nouns(self, node: int) -> Sequence[str]:
        return self.composer.nouns(node)

    def yes_no(self) -> GeneratedQuestion | None:
        """Whether a node has a value."""
        rng, walks = self.composer.rng, self.composer.walks
        named = [w for w in self.fields if not w.values[0].startswith("int ")]
        asked = [w for w in named if any("is/are" in said for said in w.predicates)]
        if not asked:
            return None
        wording = rng.choice(asked)
        node = self._pick(wording)
        if node is None or len(self._same_name(node)) > 1:
            return None
        has = self.values(node, wording)
        value = rng.choice(has) if rng.random() < 0.5 else rng.choice(wording.values)
        predicate = next(p for p in wording.predicates if "is/are" in p).replace("[is/are] ", "").replace("{v}", value)
        text = sloppy(f"Is {self.composer.mention(node).text} {predicate}?", rng)
        answer = "yes" if value in has else "no"
        return GeneratedQuestion(text, (answer,), 0, "yes_no", (walks.names[node],), ())

    def unanswerable(self) -> GeneratedQuestion | None:
        """A field that a node of its type lacks."""
        rng, walks = self.composer.rng, self.composer.walks
        if not self.fields:
            return None
        wording = rng.choice(list(self.fields))
        bare = [
            node
            for node, kind in enumerate(self.types)
            if kind == wording.type and not any(self.values(one, wording) for one in self._same_name(node))
        ]
        template = pick_template(wording.questions, Mention(""), rng)
        if not bare or template is None:
            return None
        node = rng.choice(bare)
        text = sloppy(sentence(fill(template, self.composer.mention(node))), rng)
        return GeneratedQuestion(text, (), 0, "unanswerable", (walks.names[node],), ())
