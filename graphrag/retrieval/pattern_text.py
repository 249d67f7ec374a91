"""Pattern text: a query graph in words and in numbers, as the ranker reads it beside the question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from graphrag.retrieval.hits import COSINE, Hit, Hits
from graphrag.retrieval.prizes import Plan
from graphrag.retrieval.query_graphs import AGAINST, ALONG, FLOOR, QueryGraph, Step
from graphrag.retrieval.reasoning import FloatArray, ReasoningGraph, Walk

NUM_FEATURES = 16
JUDGED = (0, 1, 6, 9, 12)  # features that are the reasoner's judgement
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


def features_of(
    queries: Sequence[QueryGraph], plan: Plan, hits: Hits, walked: Walk, graph: ReasoningGraph
) -> FloatArray:
    """What is known of query graphs besides their words, float32 [n, NUM_FEATURES]."""
    cosines = graph.relation_vectors @ hits.vector if len(graph.relations) else np.zeros(0, np.float32)
    surest = max(float(walked.scores.max(initial=0.0)), 1e-6)
    weights = np.log(plan.step_weights + FLOOR)
    starts = [_log(start.gate) for start in plan.starts]

    def row(query: QueryGraph) -> tuple[float, ...]:
        topics, check, steps = _topics(query), query.holds is not None, query.steps
        at = np.searchsorted(walked.nodes, query.answers)
        known = at < len(walked.nodes)
        known[known] = walked.nodes[at[known]] == query.answers[known]
        return (
            query.score / 3,
            float(weights[min(query.hops, len(weights)) - 1]) / 3 if query.hops else -2.0,
            min(starts[i] for i in topics) / 3,
            0.0 if check else float(np.log1p(len(query.answers))) / 4,
            min(_unused(topics, plan, hits), 3.0),
            float(len(query.branches) > 1),
            0.0 if check else float(walked.scores[at[known]].max(initial=0.0)) / surest,
            len(query.tail) + sum(len(branch.steps) for branch in query.branches) / 3,
            float(check),
            plan.forms.yes_no,
            min(_named(hits.hits[i]) if i < len(hits.hits) else 1.0 for i in topics),
            float(query.narrowed),
            query.least / 3,
            float(query.turns_back),
            2 * float(np.mean([cosines[relation] for relation, _ in steps])) if steps else 0.0,
            len(steps) / 3,
        )

    return np.asarray([row(query) for query in queries], np.float32).reshape(-1, NUM_FEATURES)


def _unused(topics: Sequence[int], plan: Plan, hits: Hits) -> float:
    """The gates of what the question names and a query graph does nothing with."""
    spans = [hits.hits[i].mention for i in topics if i < len(hits.hits)]
    return sum(
        plan.starts[i].gate
        for i, hit in enumerate(hits.hits)
        if hit.mention
        and i not in topics
        and not any(span and span.start < hit.mention.end and hit.mention.start < span.end for span in spans)
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


def without_judgement(features: FloatArray) -> FloatArray:
    """The features [..., NUM_FEATURES], those that say how likely the reasoner finds the pattern set to 0."""
    blind = features.copy()
    blind[..., JUDGED] = 0
    return blind


def text_of(
    query: QueryGraph, plan: Plan, hits: Hits, graph: ReasoningGraph, name: Callable[[int], str]
) -> PatternText:
    """A query graph in words; `name` is that of a node."""
    letters = iter("XY")
    called: dict[int, str] = {}
    spans = []
    for topic in dict.fromkeys(_topics(query)):
        span = _said(topic, hits)
        if span is None:
            called[topic] = _short(name(int(plan.starts[topic].nodes[0])))
        else:
            called[topic] = next(letters)
            spans.append((*span, called[topic]))
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


def _said(topic: int, hits: Hits) -> tuple[int, int] | None:
    """Where the question says a topic; what is carried over from the turn before is "it"."""
    if topic >= len(hits.hits):
        return hits.pronoun
    mention = hits.hits[topic].mention
    return None if mention is None else (mention.start, mention.end)


def _short(name: str) -> str:
    return " ".join(name.replace("_", " ").split()[:MOST_WORDS])
