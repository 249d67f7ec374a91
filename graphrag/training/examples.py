"""Examples: labelled questions of a graph, as the prompts that the retriever makes of them.

What the language model is trained on is what it will be given: the same retriever, the same text, the same candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph_data.text import readable_relation
from graph_data.textual_graph import TextualGraph
from graphrag.embedding import Embedder, default_embedder
from graphrag.index import GraphIndex
from graphrag.indexing import embed_texts, text_rows
from graphrag.models.prompt import Example
from graphrag.retrieval.incidence import incidence_of
from graphrag.retrieval.mentions import MentionTable
from graphrag.retrieval.retriever import Retriever


@dataclass(frozen=True)
class LabelledQuestion:
    """A question with all its answers; none means that the graph does not say.

    Attributes:
        answers: names, ("yes",) or ("no",); of a count what is counted; or names of relations.
        relations: where they are known, those that lead to the answers, ascending.
        form: what is wanted, if not yes or no: "name", "count" or "relation".
    """

    text: str
    answers: tuple[str, ...]
    relations: tuple[str, ...] | None = None
    form: str = "name"

    @property
    def polar(self) -> bool:
        """Whether it wants yes or no."""
        return self.answers in (("yes",), ("no",))

    @property
    def wanted(self) -> str:
        """One of `graphrag.models.reasoner.FORMS`."""
        return "yes_no" if self.polar else self.form

    @property
    def said(self) -> tuple[str, ...]:
        """The answers as a reply gives them: of a count the number."""
        return (str(len(self.answers)),) if self.form == "count" else self.answers


def memory_index(graph: TextualGraph, embedder: Embedder | None = None) -> GraphIndex:
    """An index that is nowhere on disk, for graphs that live as long as a training."""
    embedder = embedder or default_embedder()
    arrays, texts = text_rows(graph)
    indptr, incident_edges = incidence_of(graph.edge_index[0], graph.edge_index[1], graph.num_nodes)
    return GraphIndex(
        path=Path(),
        meta={},
        graph=graph,
        texts=texts,
        text_vectors=embed_texts(texts, embedder),
        node_text_row=arrays["node_text_row"],
        relation_text_row=arrays["relation_text_row"],
        relation_reading=default_embedder().embed([readable_relation(r) for r in graph.relations.to_pylist()]),
        indptr=indptr,
        incident_edges=incident_edges,
        mentions=MentionTable.build(graph),
        _given_embedder=embedder,
    )


def examples_of(retriever: Retriever, questions: Sequence[LabelledQuestion]) -> Iterator[Example]:
    """One example a question, in order."""
    for question in questions:
        yield Example(retriever.retrieve(question.text).prompt, question.said)
