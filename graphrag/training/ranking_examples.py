"""Ranking examples: what the query ranker learns from: questions with the query graphs that are proposed for them.

Every pattern p that is proposed for a question is executed; its worth r_p is the F1 of what it answers against the gold
answers, less where the question is known to ask for other relations; of a check it is 1 if it holds where yes is right,
or does not hold where no is, and 0 otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from graph_data.text import name_of, readable_relation
from graphrag.embedding import default_embedder
from graphrag.index import GraphIndex
from graphrag.models.query_ranker import Encoded, FloatArray, QueryRanker
from graphrag.models.reasoner import Reasoner
from graphrag.retrieval.hits import Hits, find_hits, near_in
from graphrag.retrieval.interpretation import RANKED
from graphrag.retrieval.pattern_text import PatternText, features_of, text_of
from graphrag.retrieval.prizes import LearnedReader, Plan
from graphrag.retrieval.proposals import propose
from graphrag.retrieval.query_graphs import QueryGraph
from graphrag.retrieval.reasoning import ReasoningGraph, walk
from graphrag.training.examples import LabelledQuestion

RIGHT = 0.5  # worth from which a pattern counts as right at all
BY_CHANCE = 0.6  # of the worth of a pattern whose relations are not those that the question is known to ask for


@dataclass(frozen=True)
class Proposed:
    """A question with all query graphs that are proposed for it.

    Attributes:
        features: float32 [n, NUM_FEATURES].
        worth: float32 [n], r_p of each.
        say: a query graph's row to its words.
        answerable: a query graph has the answer.
    """

    source: str
    question: str
    features: FloatArray
    worth: FloatArray
    say: Callable[[int], PatternText]
    answerable: bool

    def without_words(self) -> Proposed:
        """Itself without what its words take to keep."""
        return replace(self, say=lambda row: PatternText("", "", ""))


@dataclass(frozen=True)
class RankedQuestion:
    """A question's query graphs that the ranker reads, tokenised, with what each is worth.

    Attributes:
        encoded: of every pattern, likeliest first.
        worth: r_p of each.
        answerable: the graph has an answer.
    """

    source: str
    question: str
    encoded: tuple[Encoded, ...]
    worth: tuple[float, ...]
    answerable: bool


def proposals_of(
    name: str, index: GraphIndex, questions: Sequence[LabelledQuestion], reasoner: Reasoner
) -> Iterator[Proposed]:
    """Propose and execute query graphs for each question.

    Left out are questions whose answers are not in the graph. One for a relation means no query graph.
    """
    embedder, graph = default_embedder(), index.graph
    reasoning = ReasoningGraph.of(graph, index.relation_reading, embedder.embed, (index.indptr, index.incident_edges))
    names = [*(name_of(text) for text in graph.node_texts.to_pylist()), *reasoning.literals]
    folded = [name.casefold() for name in names]
    known = set(folded)
    near = near_in(index.node_vectors(np.arange(graph.num_nodes)))
    reader = LearnedReader(reasoner)

    def worth_of(query: QueryGraph, question: LabelledQuestion) -> float:
        same = True
        if question.relations is not None:
            meant = sorted(readable_relation(relation) for relation in question.relations)
            same = meant == sorted(reasoning.relations[row] for row in query.relations)
        if question.polar:
            return float(same and query.holds == (question.answers == ("yes",)))
        if query.holds is not None:
            return 0.0
        gold = {answer.casefold() for answer in question.answers}
        return _f1({folded[node] for node in query.answers.tolist()}, gold) * (1 if same else BY_CHANCE)

    for start in range(0, len(questions), 64):
        batch = questions[start : start + 64]
        for question, hits in zip(
            batch, find_hits([q.text for q in batch], index.mentions, near, embedder), strict=True
        ):
            missing = known.isdisjoint(answer.casefold() for answer in question.answers)
            related = question.form == "relation"
            if question.answers and missing and not question.polar and not related:
                continue
            plan = reader.plan(hits, reasoning)
            walked = walk(reasoning, plan.starts, plan.gates, plan.step_weights)
            queries = propose(reasoning, plan, hits, names.__getitem__)
            features = features_of(queries, plan, hits, walked, reasoning)
            worth = np.asarray([0.0 if related else worth_of(query, question) for query in queries], np.float32)

            def say(
                row: int, queries: Sequence[QueryGraph] = queries, plan: Plan = plan, hits: Hits = hits
            ) -> PatternText:
                return text_of(queries[row], plan, hits, reasoning, names.__getitem__)

            yield Proposed(name, question.text, features, worth, say, bool(question.answers) and not related)


def to_read(proposed: Proposed, ranker: QueryRanker, with_right: bool) -> RankedQuestion:
    """The query graphs that the screen picks, tokenised; `with_right`: the best one in any case, to learn from."""
    rows = np.argsort(-ranker.screen(proposed.features), kind="stable")[:RANKED].tolist()
    if with_right and len(rows) and proposed.worth.max() >= RIGHT and proposed.worth[rows].max() < RIGHT:
        rows[-1] = int(proposed.worth.argmax())
    encoded = tuple(ranker.pairs([proposed.say(row) for row in rows], proposed.features[rows])) if rows else ()
    return RankedQuestion(
        proposed.source, proposed.question, encoded, tuple(proposed.worth[rows].tolist()), proposed.answerable
    )


def _f1(found: set[str], gold: set[str]) -> float:
    right = len(found & gold)
    return 2 * right / (len(found) + len(gold)) if right else 0.0
