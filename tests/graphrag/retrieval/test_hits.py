"""A question is read as it stands and with its names taken out; what it names and what is near it are its hits."""

from __future__ import annotations

import numpy as np
import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.embedding import default_embedder
from graphrag.models.reasoner import START_FEATURES
from graphrag.retrieval.hits import NAMED, PLAIN, SECOND, find_hits, without_names
from graphrag.retrieval.mentions import MentionTable

GRAPH = TextualGraph.from_triples([("Sugar taxes improve health", "attacks", "What"), ("Spain", "r", "x")])
TABLE = MentionTable.build(GRAPH)


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("What attacks the claim that sugar taxes improve health?", "What attacks the claim that X?"),
        ("Spain or SPAIN", "X or X"),
        ("Nothing named", "Nothing named"),
    ],
)
def test_names_are_replaced(question: str, written: str) -> None:
    named = [mention for mention in TABLE.find(question) if not mention.function_words]
    assert without_names(question, named) == written


def test_tokens_know_what_they_are() -> None:
    (found,) = find_hits(
        ["Is Spain warm?"], TABLE, lambda texts, vectors: [[(3, 0.5)] for _ in texts], default_embedder()
    )
    mention, near = found.hits
    assert mention.nodes.tolist() == [2]
    assert near.nodes.tolist() == [3]
    assert not near.tokens.any()
    assert mention.tokens.sum() == 1
    assert set(found.kinds[mention.tokens].tolist()) == {NAMED}
    assert (found.kinds == SECOND).sum() >= 5
    assert (found.kinds == PLAIN).sum() >= 4
    assert len(found.states) == len(found.kinds) == len(mention.tokens)
    assert all(len(hit.features) == START_FEATURES for hit in found.hits)
    np.testing.assert_allclose(found.vector, default_embedder().embed(["Is Spain warm?"])[0], atol=1e-5)


@pytest.mark.parametrize(
    ("question", "is_open"),
    [
        ("Who directed Heat?", True),
        ("In which film does he play?", True),
        ("Is Lyon the capital of France?", False),
        ("In France, is Lyon the capital?", False),
        ("?", False),
    ],
)
def test_a_question_word_asks_for_no_yes(question: str, is_open: bool) -> None:
    table = MentionTable.build(TextualGraph.from_triples([("Heat", "director", "Michael Mann")]))
    (found,) = find_hits([question], table, lambda texts, _: [[] for _ in texts], default_embedder())
    assert found.is_open == is_open
