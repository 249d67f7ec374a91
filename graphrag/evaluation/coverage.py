"""Coverage: of the gold answers, how many does the evidence name within a budget of tokens, by each way of retrieving?

No language model answers here; what counts is what one could read. Yes and no, which no evidence names, are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graph_data.benchmarks import Question
from graph_data.text import readable_relation
from graphrag.assistant import GraphRAG
from graphrag.errors import ConfigError
from graphrag.evaluation import metrics
from graphrag.evaluation.methods import METHODS

if TYPE_CHECKING:
    from rich.table import Table

    from graphrag.index import GraphIndex

WAYS = ("default", "reference", "cosine", "triples", "paths", "hops")


@dataclass(frozen=True)
class Covered:
    """What one way of retrieving covers.

    Attributes:
        coverage: mean share of the gold answers that the evidence's text names.
        whole: the same of the evidence before it is cut to the budget.
        nodes, tokens: means, of the evidence and of its text. milliseconds: median, embedding included.
    """

    method: str
    questions: int
    coverage: float
    whole: float
    nodes: float
    tokens: float
    milliseconds: float


def measure(
    index: GraphIndex,
    questions: Sequence[Question],
    methods: Sequence[str] = WAYS,
    token_budget: int = 512,
    progress: Callable[[int, int], None] | None = None,
) -> list[Covered]:
    """Retrieve for every question by every method; questions without an answer to name are left out.

    Raises:
        ConfigError: no question is left.
    """
    asked = [question for question in questions if metrics.coverage((), (), question.answers) is not None]
    if not asked:
        raise ConfigError("none of the questions has an answer that evidence could name; give some that have.")
    found = []
    for number, method in enumerate(methods):
        rag = GraphRAG(index, token_budget=token_budget, **METHODS[method].settings)
        rows = []
        for done, question in enumerate(asked, start=1):
            began = time.perf_counter()
            retrieved = rag.retriever.retrieve(question.question)
            milliseconds = 1000 * (time.perf_counter() - began)
            nodes, edges = retrieved.subgraph.nodes, retrieved.subgraph.edges
            items = _items(retrieved.prompt.evidence)
            shown = [node.text for node in nodes if node.name in items]
            relations = [edge.text for edge in edges]
            said = [relation for relation in relations if readable_relation(relation) in items]
            within = metrics.coverage(shown, said, question.answers) or 0.0
            whole = metrics.coverage((node.text for node in nodes), relations, question.answers) or 0.0
            rows.append((within, whole, len(nodes), retrieved.tokens, milliseconds))
            if progress:
                progress(number * len(asked) + done, len(methods) * len(asked))
        coverage, whole, size, tokens, _ = (float(mean) for mean in np.mean(rows, axis=0).round(4))
        median = round(float(np.median([row[-1] for row in rows])), 1)
        found.append(Covered(method, len(asked), coverage, whole, size, tokens, median))
    return found


def _items(evidence: str) -> set[str]:
    """What the evidence's text names: triples' ends and relations, and nodes with a line of their own."""
    items: set[str] = set()
    for line in evidence.split("\n"):
        head, _, rest = line.partition(" | ")
        relation, _, tails = rest.partition(" | ")
        items.update((line, line.partition(" (")[0], head, relation, tails, *tails.split("; ")))
    return items


def table(covered: Sequence[Covered]) -> Table:
    """The figures for people."""
    from rich.table import Table

    found = Table(box=None, pad_edge=False)
    for heading in ("method", "answer coverage", "uncut", "nodes", "tokens", "ms, median"):
        found.add_column(heading, justify="left" if heading == "method" else "right")
    for one in covered:
        figures = f"{one.coverage:.3f}", f"{one.whole:.3f}", f"{one.nodes:,.1f}", f"{one.tokens:,.0f}"
        found.add_row(one.method, *figures, f"{one.milliseconds:,.0f}")
    return found
