"""Pattern text: a query graph in words and in numbers, as the ranker reads it beside the question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from graphrag.retrieval.hits import COSINE, Hit, Hits
from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.query_graphs import AGAINST, ALONG, FLOOR, QueryGraph, Step
from graphrag.retrieval.reasoning import ReasoningGraph, Walk

NUM_FEATURES = 12
JUDGED = (0, 1, 6, 9)  # features that are the reasoner's judgement
EXEMPLARS = 2
MOST_WORDS = 6  # of a name in a pattern's text


@dataclass(frozen=True)
class PatternText:
    """A query graph beside its question, in words.

    Attributes:
        question: with X (and Y) for the topics of the pattern.
        facts: "X borders A, A capital answer".
        examples: the first of its answers.
    """

    question: str
    facts: str
    examples: str


def features_of(query: QueryGraph, plan: Plan, hits: Hits, walked: Walk) -> tuple[float, ...]:
    """What the ranker knows of a query graph besides its words: NUM_FEATURES numbers."""
    topics = _topics(query)
    spans = [hits.hits[i].mention for i in topics if i < len(hits.hits)]
    unused = 0.0
    for i, hit in enumerate(hits.hits):
        if (
            hit.mention
            and i not in topics
            and not any(span and span.start < hit.mention.end and hit.mention.start < span.end for span in spans)
        ):
            unused += plan.starts[i].gate
    at = np.searchsorted(walked.nodes, query.answers)
    known = at < len(walked.nodes)
    known[known] = walked.nodes[at[known]] == query.answers[known]
    best = float(walked.scores[at[known]].max(initial=0.0)) / max(float(walked.scores.max(initial=0.0)), 1e-6)
    weights = plan.step_weights
    check = query.holds is not None
    return (
        query.score / 3,
        _log(float(weights[min(query.hops, len(weights)) - 1])) / 3 if query.hops else -2.0,
        min(_log(plan.starts[i].gate) for i in topics) / 3,
        0.0 if check else float(np.log1p(len(query.answers))) / 4,
        min(unused, 3.0),
        float(len(query.branches) > 1),
        0.0 if check else best,
        len(query.tail) + sum(len(branch.steps) for branch in query.branches) / 3,
        float(check),
        plan.polar,
        min(_named(hits.hits[i]) if i < len(hits.hits) else 1.0 for i in topics),
        float(query.narrowed),
    )


def _topics(query: QueryGraph) -> list[int]:
    """The hits that a query graph has to do with, a check's goal last."""
    return [*(branch.topic for branch in query.branches), *([query.goal] if query.goal >= 0 else [])]


def _named(hit: Hit) -> float:
    """How clearly the question names a hit, 0..1."""
    if hit.mention is None or hit.mention.share == 0:
        return max(hit.features[COSINE], 0.0) / 2
    return hit.mention.share


def _log(value: float) -> float:
    return float(np.log(value + FLOOR))


def without_judgement(features: tuple[float, ...]) -> tuple[float, ...]:
    """The features, those that say how likely the reasoner finds the pattern set to 0."""
    return tuple(0.0 if i in JUDGED else value for i, value in enumerate(features))


def text_of(
    query: QueryGraph, plan: Plan, hits: Hits, graph: ReasoningGraph, name: Callable[[int], str]
) -> PatternText:
    """A query graph in words; `name` is that of a node."""
    letters = iter("XY")
    called: dict[int, str] = {}
    spans = []
    for topic in dict.fromkeys(_topics(query)):
        mention = hits.hits[topic].mention if topic < len(hits.hits) else None
        if mention is None:
            called[topic] = _short(name(int(plan.starts[topic].nodes[0])))
        else:
            called[topic] = next(letters)
            spans.append((mention.start, mention.end, called[topic]))
    asked, end = [], 0
    for start, stop, letter in sorted(spans):
        asked += [hits.question[end : max(start, end)], letter]
        end = max(stop, end)
    asked.append(hits.question[end:])
    variables = iter("ABCDEF")
    facts: list[str] = []

    def say(subject: str, step: Step, thing: str) -> None:
        relation = graph.relations[step[0]]
        facts.append(
            f"{subject} {relation} {thing}"
            if step[1] == ALONG
            else f"{thing} {relation} {subject}"
            if step[1] == AGAINST
            else f"{subject} and {thing} {relation}"
        )

    check = query.holds is not None
    meeting = called[query.goal] if query.goal >= 0 else next(variables) if query.tail or check else "answer"
    for branch in query.branches:
        at = called[branch.topic]
        if not branch.steps:
            facts.append(f"{meeting} is {at}")
        for i, step in enumerate(branch.steps):
            to = meeting if i == len(branch.steps) - 1 else next(variables)
            say(at, step, to)
            at = to
    at = meeting
    for i, step in enumerate(query.tail):
        to = "answer" if i == len(query.tail) - 1 else next(variables)
        say(at, step, to)
        at = to
    if check:
        return PatternText("".join(asked), f"whether {', '.join(facts)}", "")
    examples = ", ".join(_short(name(int(node))) for node in query.answers[:EXEMPLARS])
    more = " ..." if len(query.answers) > EXEMPLARS else ""
    return PatternText("".join(asked), ", ".join(facts), examples + more)


def _short(name: str) -> str:
    return " ".join(name.replace("_", " ").split()[:MOST_WORDS])
