"""Composing: questions about a graph whose relations have wordings, with gold answers found by walking the graph.

What a question asks is executed on the graph, never guessed. Rules of a walk: it starts at every node of the topic's
name; its answers leave the topics out; it turns straight back (a relation, then the same against its direction) only in
its first two steps. A conjunction takes one step from each topic, keeps what all of them reach, and may step further.
This module knows neither where the graph nor where the wordings come from.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from graphrag.training.hops import GeneratedQuestion, Hop, Kind, Step
from graphrag.training.walks import Walks
from graphrag.wording.templates import (
    Mention,
    Wording,
    ask,
    both,
    fill,
    joined,
    noun_phrase,
    pick_template,
    sentence,
    sloppy,
)

MOST_ANSWERS = 30
MOST_BETWEEN = 60  # nodes between two steps
MOST_CHARACTERS = 320
TRIES = 40


@dataclass
class Composer:
    """Asks about one graph.

    Attributes:
        walks: the graph.
        hops: the hops that can be said, by (relation, forward?).
        mention: how a node is called in a question.
        nameable: nodes that may be topics and answers.
        foreign: wordings that no relation of the graph answers.
        stranger: a name that no node has.
        rng: the only source of chance.
    """

    walks: Walks
    hops: Mapping[Step, Hop]
    mention: Callable[[int], Mention]
    nameable: Callable[[int], bool]
    foreign: Sequence[Wording]
    stranger: Callable[[], Mention]
    rng: random.Random
    _ways: list[Hop] = field(init=False)
    _alike: dict[tuple[str, bool], list[Hop]] = field(init=False)
    _sharing: dict[str, list[Hop]] = field(init=False)

    def __post_init__(self) -> None:
        known = [hop for hop in self.hops.values() if self.walks.has_edges(hop.relation)]
        self._ways = sorted(known, key=lambda hop: (hop.relation, hop.forward))
        self._alike = {}
        for hop in self.hops.values():
            self._alike.setdefault(hop.meaning, []).append(hop)
        self._sharing = {}
        for hop in self._ways:
            for said in (*hop.wording.questions, *hop.wording.phrases):
                self._sharing.setdefault(said, []).append(hop)

    def fact(self, hops: int) -> GeneratedQuestion | None:
        """A question of so many steps, or None if none was found in a few tries."""
        for _ in range(TRIES):
            if not self._ways:
                return None
            if (walked := self._walk(hops)) and (made := self._fact(*walked)):
                return made
        return None

    def _fact(self, topic: int, way: list[Hop], reached: list[set[int]]) -> GeneratedQuestion | None:
        slot = self._nested(self.mention(topic), way[:-1], reached)
        text = ask(way[-1].wording, slot, len(reached[-1]) > 1, self.rng) if slot else None
        return self._made(text, reached[-1], len(way), "fact", (topic,), way) if text else None

    def _walk(self, hops: int) -> tuple[int, list[Hop], list[set[int]]] | None:
        """(topic, the hops, what each reaches), or None where chance led astray."""
        first = self._any_hop()
        source, target = self.walks.random_edge(first.relation, self.rng)
        topic = source if first.forward else target
        if not self.nameable(topic):
            return None
        at = set(self.walks.by_name[self.walks.names[topic]])
        start, way, reached = frozenset(at), [first], []
        for turn in range(hops):
            if turn:
                step = self._onward(at, way)
                if step is None:
                    return None
                way.append(step)
            at = self._step(at, way[-1])
            at = at - start if turn == hops - 1 or (turn == 1 and way[1].reverses(way[0])) else at
            if not 0 < len(at) <= MOST_BETWEEN:
                return None
            reached.append(at)
        return topic, way, reached

    def _onward(self, at: set[int], way: list[Hop]) -> Hop | None:
        options = self.walks.options(self.rng.choice(sorted(at)), self.rng)
        hops = {hop.meaning: hop for option in options if (hop := self._hop(option))}
        allowed = [hop for hop in hops.values() if len(way) == 1 or not hop.reverses(way[-1])]
        # Straight back is one of many ways on, and a dull one.
        allowed = [hop for hop in allowed if not hop.reverses(way[-1]) or self.rng.random() < 0.4]
        allowed = [hop for hop in allowed if self.rng.random() < hop.weight]
        return self.rng.choice(allowed) if allowed else None

    def _any_hop(self) -> Hop:
        return self.rng.choices(self._ways, [hop.weight for hop in self._ways])[0]

    def _hop(self, option: Step) -> Hop | None:
        hop = self.hops.get(option) or self.hops.get((option[0], not option[1]))
        return hop if hop and (hop.both or hop.forward == option[1]) else None

    def _step(self, at: set[int], hop: Hop) -> set[int]:
        """Where the hop leads, and every other of its meaning."""
        found: set[int] = set()
        for same in self._alike[hop.meaning]:
            found |= self.walks.step(at, same.relation, same.forward, same.both)
        return found

    def _nested(self, slot: Mention | None, way: Sequence[Hop], reached: Sequence[set[int]]) -> Mention | None:
        for hop, nodes in zip(way, reached, strict=False):
            plural = len(nodes) > 1 and self.rng.random() < 0.6
            slot = noun_phrase(hop.wording, slot, plural, self.rng) if slot else None
        return slot

    def conjunction(self) -> GeneratedQuestion | None:
        """A question of two topics, or None if none was found in a few tries."""
        for _ in range(TRIES):
            if not self._ways:
                return None
            hop = self._any_hop()
            arrivals = self._arrivals(self.walks.random_edge(hop.relation, self.rng)[1 if hop.forward else 0])
            if len(arrivals) >= 2 and (made := self._conjunction(*self.rng.sample(arrivals, 2))):
                return made
        return None

    def _arrivals(self, node: int) -> list[tuple[Hop, int]]:
        found = [(self._hop((r, forward)), start) for r, forward, start in self.walks.arrivals(node, self.rng)]
        return [(hop, start) for hop, start in found if hop and self.nameable(start)]

    def _conjunction(self, one: tuple[Hop, int], two: tuple[Hop, int]) -> GeneratedQuestion | None:
        (hop, first), (other, second) = one, two
        names = self.walks.names[first], self.walks.names[second]
        if names[0] == names[1] or hop.wording.nouns != other.wording.nouns:
            return None
        sides = [self._step(set(self.walks.by_name[name]), h) for name, h in zip(names, (hop, other), strict=True)]
        starts = {node for name in names for node in self.walks.by_name[name]}
        found = (sides[0] & sides[1]) - starts
        if not found or (min(map(len, sides)) == len(found) and self.rng.random() < 0.6):
            return None
        said = self._said_together(hop, first, other, second, len(found) > 1)
        if said is None:
            return None
        question, phrase = said
        onward = self._onward(found, [hop]) if self.rng.random() < 0.5 else None
        if onward is None:
            return self._made(question, found, 1, "conjunction", (first, second), [hop, other])
        ends = self._step(found, onward) - starts
        text = ask(onward.wording, phrase, len(ends) > 1, self.rng)
        return self._made(text, ends, 2, "conjunction", (first, second), [hop, other, onward]) if text else None

    def _said_together(self, hop: Hop, first: int, other: Hop, second: int, plural: bool) -> tuple[str, Mention] | None:
        slots = self.mention(first), self.mention(second)
        if hop.meaning != other.meaning:
            return joined(hop.wording, slots[0], other.wording, slots[1], plural, self.rng)
        slot = both(*slots, self.rng)
        phrase = noun_phrase(hop.wording, slot, plural, self.rng)
        text = ask(hop.wording, slot, plural, self.rng)
        return (text, phrase) if text and phrase else None

    def into(self, node: int) -> tuple[int, Mention, set[int], tuple[tuple[str, bool], ...]] | None:
        """(topic, noun phrase, what it names, path) of one hop to the node, or None."""
        arrivals = self._arrivals(node)
        if not arrivals:
            return None
        hop, topic = self.rng.choice(arrivals)
        at = self._step(set(self.walks.by_name[self.walks.names[topic]]), hop)
        phrase = noun_phrase(hop.wording, self.mention(topic), len(at) > 1, self.rng)
        return (topic, phrase, at, self._path([hop])) if phrase else None

    def nouns(self, node: int) -> Sequence[str]:
        """What nodes like this one are called."""
        arrivals = self._arrivals(node)
        return self.rng.choice(arrivals)[0].wording.nouns if arrivals else ("[thing/things]",)

    def yes_no(self) -> GeneratedQuestion | None:
        """A question for yes or no, or None if none was found in a few tries."""
        askable = [hop for hop in self._ways if hop.yes_no]
        for _ in range(TRIES):
            if not askable:
                return None
            hop = self.rng.choice(askable)
            edges = [self.walks.random_edge(hop.relation, self.rng) for _ in range(2)]
            (x, y), (_, other) = edges if hop.forward else [(b, a) for a, b in edges]
            y = other if self.rng.random() < 0.75 else y
            made = self._yes_no(hop, x, y) if self.nameable(x) and self.nameable(y) and x != y else None
            if made:
                return made
        return None

    def _yes_no(self, hop: Hop, x: int, y: int) -> GeneratedQuestion | None:
        reached = self._step(set(self.walks.by_name[self.walks.names[x]]), hop)
        says = any(self.walks.names[node] == self.walks.names[y] for node in reached)
        template = pick_template(hop.yes_no, Mention(""), self.rng)
        if template is None:
            return None
        said = fill(template, self.mention(x)).replace("{y}", self.mention(y).text)
        text = sloppy(sentence(said), self.rng)
        path = ((self._name(hop), hop.forward),)
        topics = (self.walks.names[x], self.walks.names[y])
        return GeneratedQuestion(text, ("yes" if says else "no",), 0, "yes_no", topics, path)

    def unanswerable(self) -> GeneratedQuestion | None:
        """A question that the graph does not answer, or None if none was found in a few tries."""
        for _ in range(TRIES):
            if not self._ways:
                return None
            way = self.rng.random()
            made = self._strange() if way < 0.25 else self._foreign() if way < 0.45 else self._lacking()
            if made:
                return made
        return None

    def _strange(self) -> GeneratedQuestion | None:
        """About what is not in the graph."""
        slot = self.stranger()
        hop = self._any_hop()
        if self.rng.random() < 0.35:
            further = self.hops_after(hop)
            inner = noun_phrase(hop.wording, slot, False, self.rng)
            hop, slot = (self.rng.choice(further), inner) if further and inner else (hop, slot)
        text = ask(hop.wording, slot, self.rng.random() < 0.3, self.rng)
        return _unanswerable(text, (), ()) if text else None

    def hops_after(self, hop: Hop) -> list[Hop]:
        """The hops that leave one node where the hop leads."""
        end = self.walks.random_edge(hop.relation, self.rng)[1 if hop.forward else 0]
        found = [self._hop(option) for option in self.walks.options(end, self.rng)]
        return [step for step in found if step and not step.reverses(hop)]

    def _foreign(self) -> GeneratedQuestion | None:
        """Of a relation that is not in the graph."""
        walked = self._walk(self.rng.choice((1, 1, 2))) if self.foreign else None
        if walked is None:
            return None
        topic, way, reached = walked
        slot = self._nested(self.mention(topic), way[:-1], reached)
        text = ask(self.rng.choice(self.foreign), slot, self.rng.random() < 0.3, self.rng) if slot else None
        return _unanswerable(text, (self.walks.names[topic],), self._path(way[:-1])) if text else None

    def _lacking(self) -> GeneratedQuestion | None:
        """Of a relation that others of the same sort have, and this node has not."""
        hop = self._any_hop()
        has = self.walks.random_edge(hop.relation, self.rng)[0 if hop.forward else 1]
        shared = [step for option in self.walks.options(has, self.rng) if (step := self._hop(option))]
        like = self.rng.choice(shared) if shared else hop
        lacks = self.walks.random_edge(like.relation, self.rng)[0 if like.forward else 1]
        start = set(self.walks.by_name[self.walks.names[lacks]])
        if not self.nameable(lacks) or self._could_answer(start, hop):
            return None
        topic, slot, path = lacks, self.mention(lacks), []
        if self.rng.random() < 0.3 and (into := self._arrivals(lacks)):
            before, topic = self.rng.choice(into)
            middle = self._step(set(self.walks.by_name[self.walks.names[topic]]), before)
            if self._could_answer(middle, hop):
                return None
            nested = noun_phrase(before.wording, self.mention(topic), len(middle) > 1, self.rng)
            slot, path = nested or slot, [before]
        text = ask(hop.wording, slot, self.rng.random() < 0.3, self.rng)
        return _unanswerable(text, (self.walks.names[topic],), self._path([*path, hop])) if text else None

    def _could_answer(self, at: set[int], asked: Hop) -> bool:
        """Whether any relation that is asked for in the same words leads on."""
        said = (*asked.wording.questions, *asked.wording.phrases)
        like = {id(hop): hop for words in said for hop in self._sharing.get(words, [asked])}
        return any(self._step(at, hop) for hop in like.values())

    def _made(
        self, text: str, found: set[int], hops: int, kind: Kind, topics: tuple[int, ...], way: Sequence[Hop]
    ) -> GeneratedQuestion | None:
        if not found or not all(self.nameable(node) for node in found) or len(text) > MOST_CHARACTERS:
            return None
        answers = tuple(sorted({self.walks.names[node] for node in found}))
        if len(answers) > MOST_ANSWERS:
            return None
        names = tuple(self.walks.names[topic] for topic in topics)
        return GeneratedQuestion(text, answers, hops, kind, names, self._path(way))

    def _path(self, way: Sequence[Hop]) -> tuple[tuple[str, bool], ...]:
        return tuple((self._name(hop), hop.forward) for hop in way)

    def _name(self, hop: Hop) -> str:
        return str(self.walks.graph.relations[hop.relation].as_py())


def _unanswerable(text: str, topics: tuple[str, ...], path: tuple[tuple[str, bool], ...]) -> GeneratedQuestion:
    return GeneratedQuestion(text, (), 0, "unanswerable", topics, path)
