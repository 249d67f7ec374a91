"""Follow-ups that name only another thing are written out; those that ask something stay as they are."""

from __future__ import annotations

import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.retrieval.follow_up import resolved
from graphrag.retrieval.retriever import Retriever
from graphrag.training.examples import memory_index

GRAPH = TextualGraph.from_triples(
    [
        ("Spain", "capital", "Madrid"),
        ("France", "capital", "Paris"),
        ("Spain", "borders", "France"),
        ("Spain", "borders", "Portugal"),
        ("Cervantes", "wrote", "Don Quixote"),
        ("Proust", "wrote", "In Search of Lost Time"),
    ]
)
RETRIEVER = Retriever(memory_index(GRAPH))


@pytest.mark.parametrize(
    ("before", "question", "whole"),
    [
        ("What is the capital of Spain?", "And of France?", "What is the capital of France?"),
        ("What is the capital of Spain?", "France?", "What is the capital of France?"),
        ("Who wrote Don Quixote?", "what about In Search of Lost Time", "Who wrote In Search of Lost Time?"),
        (
            "Which land borders Portugal and has Madrid?",
            "and Paris?",
            "Which land borders Portugal and has Paris?",
        ),
        ("Is Madrid in Spain?", "And in France?", "Is Madrid in France?"),
    ],
)
def test_written_out(before: str, question: str, whole: str) -> None:
    assert RETRIEVER.written_out(question, before) == whole


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("What is the capital of Spain?", "Who wrote Don Quixote?"),  # asks something itself
        ("What is the capital of Spain?", "And who wrote it?"),  # names nothing
        ("What is the capital of Spain?", "And Don Quixote?"),  # another kind of thing
        ("What is there?", "And France?"),  # nothing to put it in the place of
        ("What is the capital of Spain?", ""),
    ],
)
def test_left_as_it_is(before: str, question: str) -> None:
    assert RETRIEVER.written_out(question, before) == question


@pytest.mark.parametrize(
    ("question", "meant", "whole"),
    [
        ("and its capital?", {"Spain"}, "and Spain's capital?"),
        ("Who wrote it?", {"Don Quixote"}, "Who wrote Don Quixote?"),
        ("Who wrote it?", {"Don Quixote", "Spain"}, "Who wrote it?"),
        ("Who wrote it?", set(), "Who wrote it?"),
        ("Who wrote Don Quixote?", {"Spain"}, "Who wrote Don Quixote?"),
    ],
)
def test_what_it_was(question: str, meant: set[str], whole: str) -> None:
    assert resolved(question, meant) == whole
