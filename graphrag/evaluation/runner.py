"""evaluate: ask every question, score every reply.

What is asked is anything with GraphRAG's `ask` and `graph`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from graph_data.benchmarks import Question
from graph_data.errors import GraphError
from graph_data.text import readable_relation
from graph_data.textual_graph import TextualGraph
from graphrag.answer import Answer
from graphrag.evaluation import metrics
from graphrag.evaluation.report import Record, Report

_UNNAMED = frozenset({"yes", "no"})


class Asked(Protocol):
    """What can be evaluated: `GraphRAG`, or anything that answers questions of a graph like it."""

    @property
    def graph(self) -> TextualGraph: ...

    def ask(self, question: str, choices: Sequence[str] = ()) -> Answer: ...


def evaluate(
    rag: Asked | Callable[[Question], Asked],
    questions: Sequence[Question],
    *,
    benchmark: str = "qa",
    split: str = "",
    method: str = "default",
    model: str = "",
    options: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    keep: Callable[[Record], None] | None = None,
) -> Report:
    """Ask all questions, one after the other.

    Args:
        rag: answers them; or, where each question has a graph of its own, makes what answers it.
        questions: with their gold answers; none means that the graph does not say.
        benchmark, split, method, model, options: how the report shall name what was run.
        progress: called with (questions done, questions in all).
        keep: called with each record as soon as it is there, e.g. to write it down.
    """
    judge = None if callable(rag) else _Judge(rag.graph)
    records: list[Record] = []
    for done, question in enumerate(questions, 1):
        asked = rag(question) if callable(rag) else rag
        started = time.perf_counter()
        try:
            given = (question.question, question.choices) if question.choices else (question.question,)
            answer, error = asked.ask(*given), ""
        except GraphError as trouble:  # this question's, not the run's
            answer, error = _no_answer(question.question), str(trouble)
        record = (judge or _Judge(asked.graph)).record(question, answer, time.perf_counter() - started, error)
        records.append(record)
        if keep:
            keep(record)
        if progress:
            progress(done, len(questions))
    return Report(benchmark, split, method, model or _model_of(rag), tuple(records), options or {})


class _Judge:
    """Scores replies against gold answers and against what the graph holds."""

    def __init__(self, graph: TextualGraph) -> None:
        self._graph = graph

    @cached_property
    def _names(self) -> set[str]:
        """Everything that the graph names, normalised."""
        texts = self._graph.node_texts.to_pylist()
        relations = self._graph.relations.to_pylist()
        names = {metrics.normalise(name) for text in texts for name in metrics.names_in(text)}
        return names.union(*({metrics.normalise(r), metrics.normalise(readable_relation(r))} for r in relations))

    def record(self, question: Question, answer: Answer, seconds: float, error: str) -> Record:
        gold, answers = question.answers, answer.answers
        right = metrics.hit_at_1(answers, gold) if gold else answer.abstained
        precision, recall, f1 = metrics.precision_recall_f1(answers, gold)
        nodes, edges = answer.subgraph.nodes, answer.subgraph.edges
        relations = [name for edge in edges for name in (edge.text, readable_relation(edge.text))]

        def of_answerable(value: float) -> float | None:
            return float(value) if gold else None

        return Record(
            id=question.id,
            question=question.question,
            gold=gold,
            reply=answer.text,
            answers=tuple(answers),
            abstained=answer.abstained,
            confidence=answer.confidence,
            right=right,
            hit=of_answerable(metrics.hit(answer.text, gold)),
            hit_at_1=of_answerable(right),
            precision=of_answerable(precision),
            recall=of_answerable(recall),
            f1=of_answerable(f1),
            exact_match=of_answerable(metrics.exact_match(answers, gold)),
            coverage=None if question.choices else metrics.coverage((node.text for node in nodes), relations, gold),
            nodes=len(nodes),
            edges=len(edges),
            tokens=answer.prompt_tokens,
            valid_nodes=None if question.choices else self._valid_nodes(answers),
            valid_edges=self._valid_edges(answer),
            seconds=seconds,
            error=error,
        )

    def _valid_nodes(self, answers: Sequence[str]) -> float | None:
        named = [metrics.normalise(answer) for answer in answers if not _names_nothing(answer)]
        return metrics.mean(float(name in self._names) for name in named)

    def _valid_edges(self, answer: Answer) -> float | None:
        return metrics.mean(float(self._has_edge(edge)) for edge in answer.subgraph.edges)

    def _has_edge(self, edge: Any) -> bool:
        """Whether the graph's row of that number is an edge between those nodes with that text."""
        graph, row = self._graph, edge.position
        if not 0 <= row < graph.num_edges:
            return False
        source, target = (int(node) for node in graph.edge_index[:, row])
        return (graph.node_id(source), graph.relation(row), graph.node_id(target)) == (
            edge.source,
            edge.text,
            edge.target,
        )


def _names_nothing(answer: str) -> bool:
    """Yes, no, and how many there are."""
    return metrics.normalise(answer) in _UNNAMED or answer.isdigit()


def sample(questions: Sequence[Question], limit: int | None, seed: int = 0) -> list[Question]:
    """At most `limit` questions, drawn without replacement, in their own order; the same for the same seed."""
    if limit is None or limit >= len(questions):
        return list(questions)
    chosen = np.random.default_rng(seed).choice(len(questions), limit, replace=False)
    return [questions[i] for i in sorted(chosen.tolist())]


def _no_answer(question: str) -> Answer:
    from graphrag.retrieval.subgraph import Subgraph

    return Answer(question=question, text="", answers=[], subgraph=Subgraph())


def _model_of(rag: object) -> str:
    return str(getattr(rag, "llm", ""))
