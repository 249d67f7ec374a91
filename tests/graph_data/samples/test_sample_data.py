"""What every bundled sample promises: a clean graph, and questions whose gold answers follow from it.

The files are parsed here with csv and json alone, so that a reader's fault cannot hide a fault of the data.

Each answerable question carries a `path`, which the small evaluator below runs over the graph; the outcome must be
exactly the gold answers. The first step is a name, or `{"and": [path, ...]}`: what all of them reach. Then:

    "borders", "^borders"            along the relation, against it
    {"where": ["relation", "Name"]}  keep what has this edge      {"without": [...]}  keep what has not
    {"except": "Name"}               leave one out                {"attribute": "red"}  keep what has this attribute
    "@colour"                        the attributes of this sort  {"has": "Name"}  yes or no: was this reached?
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import graph_data

SAMPLES = Path(graph_data.__file__).parent / "samples"
TRIPLE_SAMPLES = ("countries", "museum_heist")
ALL_SAMPLES = (*TRIPLE_SAMPLES, "kitchen", "city_debate")
KINDS = {"fact", "conjunction", "yes_no", "attribute", "unanswerable"}

SORTS = {  # the sorts of attribute that the kitchen's questions ask for
    "colour": {"white", "black", "red", "blue", "green", "yellow", "brown", "silver", "gray", "orange", "purple"},
    "material": {"wooden", "metal", "glass", "ceramic", "plastic", "cotton", "marble", "wicker", "copper", "paper"},
    "state": {"open", "closed", "full", "empty", "lit", "boiling", "sliced", "sleeping", "dirty", "wet", "blooming"},
}


@dataclass
class Graph:
    """A graph as the evaluator needs it: ids, names, attributes and edges in both directions."""

    triples: list[tuple[str, str, str]]  # (id, relation, id)
    names: dict[str, str]  # id -> name
    attributes: dict[str, list[str]] = field(default_factory=dict)  # id -> attributes

    def __post_init__(self) -> None:
        self.reach: dict[tuple[str, str], set[str]] = defaultdict(set)
        for head, relation, tail in self.triples:
            self.reach[head, relation].add(tail)
            self.reach[tail, "^" + relation].add(head)
        self.called: dict[str, set[str]] = defaultdict(set)
        for node, name in self.names.items():
            self.called[name].add(node)
        self.relations = {relation for _, relation, _ in self.triples}


@cache
def read_graph(sample: str) -> Graph:
    folder = SAMPLES / sample
    if sample == "kitchen":
        return read_scene(folder / "scene.json")
    if sample == "city_debate":
        with (folder / "nodes.csv").open(encoding="utf-8", newline="") as file:
            names = {row["id"]: row["name"] for row in csv.DictReader(file)}
        with (folder / "edges.csv").open(encoding="utf-8", newline="") as file:
            return Graph([(r["source"], r["relation"], r["target"]) for r in csv.DictReader(file)], names)
    triples = [(h, r, t) for h, r, t in (line.split("\t") for line in lines_of(folder / "graph.tsv"))]
    return Graph(triples, {name: name for h, _, t in triples for name in (h, t)})


def read_scene(path: Path) -> Graph:
    scenes = json.loads(path.read_text("utf-8"))
    objects = {node: thing for scene in scenes.values() for node, thing in scene["objects"].items()}
    triples = [(node, edge["name"], edge["object"]) for node, thing in objects.items() for edge in thing["relations"]]
    names = {node: thing["name"] for node, thing in objects.items()}
    return Graph(triples, names, {node: thing["attributes"] for node, thing in objects.items()})


def lines_of(path: Path) -> list[str]:
    return path.read_text("utf-8").removesuffix("\n").split("\n")


@cache
def read_questions(sample: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines_of(SAMPLES / sample / "questions.jsonl")]


def answers_of(graph: Graph, path: list[Any]) -> set[str]:
    """Run a path; returns names, attribute values, or one of `yes` and `no`."""
    last = path[-1]
    if isinstance(last, str) and last.startswith("@"):
        held = {value for node in walk(graph, path[:-1]) for value in graph.attributes[node]}
        return held & SORTS[last[1:]]
    if isinstance(last, dict) and "has" in last:
        nodes = walk(graph, path[:-1])
        held = {value for node in nodes for value in graph.attributes.get(node, [])}
        assert last["has"] in graph.called or any(last["has"] in values for values in graph.attributes.values())
        return {"yes" if last["has"] in held | {graph.names[node] for node in nodes} else "no"}
    return {graph.names[node] for node in walk(graph, path)}


def walk(graph: Graph, path: list[Any]) -> set[str]:
    """The node ids that a path without a final `@` or `has` ends on."""
    first = path[0]
    nodes = (
        set(graph.called[first])
        if isinstance(first, str)
        else set.intersection(*(walk(graph, p) for p in first["and"]))
    )
    for step in path[1:]:
        nodes = follow(graph, nodes, step) if isinstance(step, str) else keep(graph, nodes, step)
    return nodes


def follow(graph: Graph, nodes: Iterable[str], relation: str) -> set[str]:
    assert relation.lstrip("^") in graph.relations, f"no such relation: {relation}"
    return {reached for node in nodes for reached in graph.reach[node, relation]}


def keep(graph: Graph, nodes: Iterable[str], step: dict[str, Any]) -> set[str]:
    ((what, value),) = step.items()
    match what:
        case "where" | "without":
            relation, name = value
            assert graph.called[name], f"no such node: {name}"
            return {n for n in nodes if bool(graph.reach[n, relation] & graph.called[name]) == (what == "where")}
        case "except":
            return {node for node in nodes if graph.names[node] != value}
        case "attribute":
            return {node for node in nodes if value in graph.attributes[node]}
    raise AssertionError(f"no such step: {step}")


@pytest.mark.parametrize("sample", ALL_SAMPLES)
def test_a_sample_says_where_it_comes_from(sample: str) -> None:
    readme = (SAMPLES / sample / "README.md").read_text("utf-8")
    assert "CC0" in readme
    graph = read_graph(sample)
    for count in (len(graph.triples), len(graph.names)):
        assert f"{count:,}" in readme, f"the README does not say {count:,}"


@pytest.mark.parametrize("sample", ALL_SAMPLES)
def test_no_triple_is_written_twice_and_no_edge_dangles(sample: str) -> None:
    graph = read_graph(sample)
    assert [triple for triple, times in Counter(graph.triples).items() if times > 1] == []
    ends = {node for head, _, tail in graph.triples for node in (head, tail)}
    assert ends == set(graph.names), "every end of an edge is a node, and every node has an edge"


@pytest.mark.parametrize("sample", ALL_SAMPLES)
def test_texts_are_clean(sample: str) -> None:
    graph = read_graph(sample)
    for text in [*graph.names.values(), *graph.relations, *(q["question"] for q in read_questions(sample))]:
        assert text, "an empty text"
        assert text == " ".join(text.split()), f"odd white space: {text!r}"


@pytest.mark.parametrize("sample", ALL_SAMPLES)
def test_questions_have_the_promised_form(sample: str) -> None:
    for question in read_questions(sample):
        assert set(question) - {"path"} == {"id", "question", "answers", "hops", "kind"}
        assert question["kind"] in KINDS
        unanswerable = question["kind"] == "unanswerable"
        assert unanswerable == (question["hops"] == 0) == (question["answers"] == []) == ("path" not in question)
        assert question["hops"] in (0, 1, 2, 3)


@pytest.mark.parametrize("sample", ALL_SAMPLES)
def test_questions_are_enough_and_all_different(sample: str) -> None:
    questions = read_questions(sample)
    assert len(questions) >= (150 if sample == "countries" else 60)
    assert len({q["id"] for q in questions}) == len({q["question"].lower() for q in questions}) == len(questions)
    kinds, hops = Counter(q["kind"] for q in questions), Counter(q["hops"] for q in questions)
    assert kinds["yes_no"] <= 0.1 * len(questions)
    assert 10 <= kinds["unanswerable"] <= 20
    answerable = len(questions) - hops[0]
    assert hops[1] <= 0.5 * answerable
    assert hops[2] >= 0.3 * answerable
    assert hops[3] >= 0.15 * answerable


@pytest.mark.parametrize("sample", ALL_SAMPLES)
def test_gold_answers_follow_from_the_graph(sample: str) -> None:
    graph = read_graph(sample)
    for question in read_questions(sample):
        if question["kind"] != "unanswerable":
            answers = question["answers"]
            assert len(set(answers)) == len(answers) > 0, question
            assert answers_of(graph, question["path"]) == set(answers), question


@pytest.mark.parametrize("sample", ALL_SAMPLES)
def test_every_answer_is_written_in_the_graph(sample: str) -> None:
    graph = read_graph(sample)
    values = {value for held in graph.attributes.values() for value in held}
    for question in read_questions(sample):
        known = {"yes_no": {"yes", "no"}, "attribute": values}.get(question["kind"], set(graph.names.values()))
        assert set(question["answers"]) <= known, question


def test_countries_are_all_there() -> None:
    graph = read_graph("countries")
    countries = {head for head, relation, _ in graph.triples if relation == "has capital"}
    assert len(countries) == 197
    assert len(graph.triples) >= 2000
    for relation in ("located in continent", "official language", "currency", "largest city", "drives on the"):
        assert all(graph.reach[country, relation] for country in countries), relation


def test_borders_are_written_in_both_directions() -> None:
    borders = {(head, tail) for head, relation, tail in read_graph("countries").triples if relation == "borders"}
    assert {(tail, head) for head, tail in borders} == borders
    assert all(head != tail for head, tail in borders)


@pytest.mark.parametrize(
    ("head", "relation", "tails"),
    [
        ("Portugal", "borders", {"Spain"}),
        ("Croatia", "currency", {"Euro"}),
        ("Bulgaria", "currency", {"Euro"}),
        ("South Africa", "has capital", {"Pretoria", "Cape Town", "Bloemfontein"}),
        ("Liechtenstein", "is a", {"landlocked country"}),
    ],
)
def test_countries_say_what_an_atlas_says(head: str, relation: str, tails: set[str]) -> None:
    assert read_graph("countries").reach[head, relation] == tails


def test_the_kitchen_is_one_picture_in_which_every_box_lies() -> None:
    (scene,) = json.loads((SAMPLES / "kitchen" / "scene.json").read_text("utf-8")).values()
    assert 25 <= len(scene["objects"]) <= 40
    assert 60 <= sum(len(thing["relations"]) for thing in scene["objects"].values()) <= 120
    for thing in scene["objects"].values():
        assert 0 <= thing["x"] < thing["x"] + thing["w"] <= scene["width"], thing
        assert 0 <= thing["y"] < thing["y"] + thing["h"] <= scene["height"], thing


def test_the_debate_has_both_sides() -> None:
    graph = read_graph("city_debate")
    assert 40 <= len(graph.names) <= 80
    assert {"supports", "attacks"} <= graph.relations
    assert len(set(graph.names.values())) == len(graph.names), "names of arguments are unique"
