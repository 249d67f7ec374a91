"""The evidence as text: best first, whole triples, within the budget, and what was dropped is told."""

from __future__ import annotations

import pytest

from graphrag.retrieval.subgraph import EvidenceEdge, EvidenceNode, Subgraph
from graphrag.retrieval.textualize import textualize, textualizer_fingerprint

SUBGRAPH = Subgraph(
    nodes=(
        EvidenceNode("f", "France", "terminal", 1.0, 0),
        EvidenceNode("s", "Spain", "bridge", 0.5, 1),
        EvidenceNode("m", "name: Madrid; type: city", "terminal", 0.9, 2),
        EvidenceNode("x", "Andorra", "bridge", 0.0, 3),
    ),
    edges=(
        EvidenceEdge("f", "borders", "x", "bridge", 0.0, 0),
        EvidenceEdge("f", "borders", "s", "terminal", 0.4, 1),
        EvidenceEdge("s", "location.country.capital", "m", "terminal", 0.9, 2),
    ),
)


def words(text: str) -> int:
    return len(text.split())


def test_triples_come_best_first_and_share_a_line() -> None:
    written = textualize(SUBGRAPH, 100, words)
    assert written.text.splitlines() == [
        "Spain | location country capital | Madrid",
        "France | borders | Spain; Andorra",
        "Madrid (type: city)",
    ]
    assert written.dropped == ()


def test_a_budget_drops_the_least_important_triples_whole() -> None:
    full = textualize(SUBGRAPH, 100, words)
    written = textualize(SUBGRAPH, full.tokens - 1, words)
    assert [edge.position for edge in written.dropped] == [0]
    assert "Andorra" not in written.text
    assert written.tokens <= full.tokens - 1


@pytest.mark.parametrize("budget", range(1, 30))
def test_no_budget_is_ever_passed(budget: int) -> None:
    for form in ("triples", "csv"):
        written = textualize(SUBGRAPH, budget, words, form)
        assert words(written.text) <= budget


def test_the_csv_form_is_the_published_one() -> None:
    assert textualize(SUBGRAPH, 1000, words, "csv").text == (
        "node_id,node_attr\nf,France\ns,Spain\nm,name: Madrid; type: city\nx,Andorra\n\n"
        "src,edge_attr,dst\ns,location.country.capital,m\nf,borders,s\nf,borders,x\n"
    )


def test_the_two_forms_have_their_own_fingerprints() -> None:
    assert textualizer_fingerprint("csv") != textualizer_fingerprint("triples")
