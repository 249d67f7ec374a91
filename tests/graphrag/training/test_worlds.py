"""Invented worlds: their data, their graphs, and questions whose gold answers a second walker finds too."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from graph_data.text import fields_of, name_of, values_of
from graphrag.training.domains import Domain, DomainRelation, all_domains, parse
from graphrag.training.hops import DEFAULT_MIX, GeneratedQuestion
from graphrag.training.names import KINDS, distinct_names, make_name
from graphrag.training.worlds import World, generate_questions, generate_table, generate_world, world_hops
from graphrag.wording.templates import Mention, Wording, fill, inflect

RELATIONS = [(domain.name, relation) for domain in all_domains() for relation in domain.relations]
SEEDS = range(12)


def names(world: World) -> list[str]:
    return [name_of(text) for text in world.node_texts.to_pylist()]


def brute_step(world: World, at: set[int], relation: str, forward: bool) -> set[int]:
    """One step over the bare edge list; relations of one meaning together, symmetric ones both ways."""
    hops = world_hops(world)
    labels = world.relations.to_pylist()
    chosen = hops[labels.index(relation), forward]
    alike = {
        (hop.relation, hop.forward or hop.both, not hop.forward or hop.both)
        for hop in hops.values()
        if hop.meaning == chosen.meaning
    }
    found = set()
    for (source, target), label in zip(world.edge_index.T.tolist(), world.edge_relation.tolist(), strict=True):
        for wanted, along, against in alike:
            if label == wanted and along and source in at:
                found.add(target)
            if label == wanted and against and target in at:
                found.add(source)
    return found


def brute_answers(world: World, asked: GeneratedQuestion) -> set[str]:
    """What the path of a fact or a conjunction leads to."""
    called = names(world)
    starts = [{i for i, name in enumerate(called) if name == topic} for topic in asked.topics]
    steps = list(asked.path)
    sides = [brute_step(world, start, *steps.pop(0)) for start in starts]
    at, origin = set.intersection(*sides), set().union(*starts)
    if asked.kind == "conjunction":
        at -= origin
    meaning = {(world.relations[hop.relation].as_py(), hop.forward): hop for hop in world_hops(world).values()}
    for turn, step in enumerate(steps):
        at = brute_step(world, at, *step)
        if turn == 0 and asked.kind == "fact" and meaning[step].reverses(meaning[asked.path[0]]):
            at -= origin
    return {called[node] for node in at - origin}


@pytest.mark.parametrize(("domain", "relation"), RELATIONS, ids=[f"{name}-{r.key}" for name, r in RELATIONS])
def test_each_direction_has_five_wordings_that_fill_their_slots(domain: str, relation: DomainRelation) -> None:
    directions = [relation.forward] if relation.symmetric else [relation.forward, relation.backward]
    for wording in directions:
        said = {*wording.noun_phrases(), *wording.whole_questions()}
        assert len(said) >= 5
        assert wording.phrases
        for template in said:
            assert template.count("{x}") == 1, template
            for plural in (False, True):
                for slot in (Mention("Zed"), Mention("the kings", plural=True, bare=False)):
                    filled = fill(template, slot, plural)
                    assert not re.search(r"[\[\]{}<>|]", filled), filled
                    assert "Zed" in filled or "the kings" in filled
    for template in relation.yes_no:
        assert template.count("{x}") == template.count("{y}") == 1
    assert relation.yes_no
    assert relation.names


def test_there_are_thirty_domains_of_at_least_six_relations() -> None:
    assert len(all_domains()) >= 30
    assert all(len(domain.relations) >= 6 for domain in all_domains())
    assert all(
        kind.names.startswith("list:") or kind.names in KINDS for d in all_domains() for kind in d.types.values()
    )


def test_fields_ask_for_a_value_and_name_it() -> None:
    fields = [field for domain in all_domains() for field in domain.fields]
    assert fields
    for field in fields:
        assert all(said.count("{x}") == 1 for said in field.questions)
        assert all("{v}" in said for said in field.predicates)


def test_a_file_that_cannot_be_read_says_where() -> None:
    with pytest.raises(ValueError, match="not a relation between known types"):
        parse("broken", "capital: country -> city 1-1\n  > x", {})
    with pytest.raises(ValueError, match="line 1"):
        parse("broken", "  >np the capital of {x}", {})


def test_number_and_agreement() -> None:
    assert inflect("the countr[y/ies] that border[s/] it", True) == "the countries that border it"
    assert inflect("the language[s]", False) == "the language"
    kings = Mention("the kings", plural=True, bare=False)
    assert fill("Where was {x} born?", kings) == "Where were the kings born?"
    assert fill("{x} borders which country?", kings) == "the kings border which country?"
    assert fill("What is made with a {x}?", Mention("the oven", bare=False)) == "What is made with the oven?"
    assert fill("Who is a {x}?", Mention("actor")) == "Who is an actor?"


def test_a_person_is_asked_for_with_who() -> None:
    wording = Wording(("[king/kings]",), who=True, predicates=("rule[s/] {x}",))
    assert "Who rules {x}?" in wording.whole_questions()
    assert "the [king/kings] who rule[s/] {x}" in wording.noun_phrases()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_names_are_made_and_repeat_with_the_seed(kind: str) -> None:
    made = [make_name(kind, random.Random(seed)) for seed in range(20)]
    assert made == [make_name(kind, random.Random(seed)) for seed in range(20)]
    assert all(name.strip() == name and name and not re.search(r"[{}|]", name) for name in made)
    assert len(set(distinct_names(kind, 5, random.Random(1)))) == 5


@pytest.mark.parametrize("domain", all_domains(), ids=lambda domain: domain.name)
def test_every_domain_makes_a_world_to_ask_about(domain: Domain) -> None:
    rng = random.Random(3)
    world = generate_world(rng, [domain])
    asked = generate_questions(world, 40, rng)
    assert len(asked) >= 30
    assert {question.hops for question in asked if question.kind == "fact"} >= {1, 2}


def test_worlds_are_of_the_promised_size_and_differ() -> None:
    worlds = [generate_world(random.Random(seed)) for seed in range(40)]
    assert all(15 <= world.num_nodes <= 450 for world in worlds)
    assert all(world.num_edges >= world.num_nodes // 2 for world in worlds)
    assert len({tuple(sorted(world.relations.to_pylist())) for world in worlds}) == 40


def test_a_table_is_small_and_its_columns_are_about_one_type() -> None:
    unanswerable = 0
    for seed in range(40):
        rng = random.Random(seed)
        table = generate_table(rng)
        assert 2 <= table.num_nodes <= 250
        about = {place.relation.source for place in table.placed if place.relation.source}
        assert len(about) <= 1
        for asked in generate_questions(table, 16, rng):
            if asked.kind in ("fact", "conjunction"):
                assert set(asked.answers) == brute_answers(table, asked), asked
            unanswerable += asked.kind == "unanswerable"
    assert unanswerable > 20


def test_what_a_graph_is_said_not_to_hold_it_does_not_hold() -> None:
    """A wording of a missing relation is none of a relation that is there."""
    for seed in range(20):
        table = generate_table(random.Random(seed))
        said = {q for place in table.placed for q in place.relation.forward.questions}
        assert said.isdisjoint(q for wording in table.missing for q in wording.questions)


def test_the_same_seed_gives_the_same_world_and_questions() -> None:
    def make() -> tuple[list[str], list[GeneratedQuestion]]:
        rng = random.Random(5)
        world = generate_world(rng)
        return world.node_texts.to_pylist(), generate_questions(world, 40, rng)

    assert make() == make()


@pytest.mark.parametrize("seed", SEEDS)
def test_gold_answers_equal_a_walk_over_the_bare_edges(seed: int) -> None:
    rng = random.Random(seed)
    world = generate_world(rng)
    called = names(world)
    for asked in generate_questions(world, 40, rng):
        if asked.kind in ("fact", "conjunction"):
            assert set(asked.answers) == brute_answers(world, asked), asked
        elif asked.kind == "yes_no" and asked.path:
            start = {i for i, name in enumerate(called) if name == asked.topics[0]}
            reached = {called[i] for i in brute_step(world, start, *asked.path[0])}
            assert asked.answers == (("yes",) if asked.topics[1] in reached else ("no",))
        elif asked.kind == "attribute":
            known = {v for text in world.node_texts.to_pylist() for f in fields_of(text).values() for v in values_of(f)}
            assert set(asked.answers) <= known | set(called)
        elif asked.kind == "unanswerable":
            assert asked.answers == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_questions_are_clean_and_short_of_answers(seed: int) -> None:
    rng = random.Random(seed)
    for asked in generate_questions(generate_world(rng), 40, rng):
        assert not re.search(r"[\[\]{}<>|]|  ", asked.question), asked.question
        assert len(asked.answers) <= 30
        assert len(set(asked.answers)) == len(asked.answers)
        assert asked.hops <= 3
        assert (asked.hops == 0) or asked.kind in ("fact", "conjunction", "attribute")


def test_the_mix_is_near_what_was_asked() -> None:
    counts: Counter[str] = Counter()
    for seed in range(25):
        rng = random.Random(seed)
        for asked in generate_questions(generate_world(rng), 40, rng):
            counts[str(asked.hops) if asked.kind == "fact" else asked.kind] += 1
    total = sum(counts.values())
    one_and_attribute = (counts["1"] + counts["2"] + counts["attribute"]) / total
    assert abs(one_and_attribute - DEFAULT_MIX["one"] - DEFAULT_MIX["two"]) < 0.12
    assert abs(counts["3"] / total - DEFAULT_MIX["three"]) < 0.05
    assert abs(counts["conjunction"] / total - DEFAULT_MIX["conjunction"]) < 0.05
    assert abs(counts["yes_no"] / total - DEFAULT_MIX["yes_no"]) < 0.03
    assert abs(counts["unanswerable"] / total - DEFAULT_MIX["unanswerable"]) < 0.04


def test_only_the_kinds_of_the_mix_are_asked() -> None:
    rng = random.Random(2)
    asked = generate_questions(generate_world(rng), 10, rng, mix={"yes_no": 1.0})
    assert {question.kind for question in asked} == {"yes_no"}
    assert {question.answers for question in asked} <= {("yes",), ("no",)}
