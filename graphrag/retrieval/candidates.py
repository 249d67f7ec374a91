"""Candidates: everything that the evidence names and an answer may say, weighted by the walk.

The weights are half of grounded decoding, a product of experts (`graphrag.models.grounding`). Against yes, no
and none stands the best name, not its share: of eight right answers each is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graph_data.text import is_opaque
from graphrag.models.prompt import NONE_TEXT, Candidate, CandidateKind
from graphrag.retrieval.interpretation import Meaning
from graphrag.retrieval.reasoning import ReasoningGraph
from graphrag.retrieval.subgraph import Subgraph

FAINTEST = 1e-5  # weight of a candidate that nothing speaks for
NONE_SHARE = 3.0  # of the doubt, that speaks for "the graph does not say"; chosen on the validation graphs,
NONE_SHARE_OF_A_WALK = 0.5  # and where no ranker was asked, for a walk is seldom sure
LITERAL_SHARE = 0.01  # of the best score, for a value to be offered


def candidates_of(
    subgraph: Subgraph,
    meaning: Meaning,
    graph: ReasoningGraph,
    calibrate: Callable[[float], float] = lambda share: share,
) -> tuple[Candidate, ...]:
    """Numbers and relations; names of the evidence's nodes and values of their fields, best first; yes, no and none.

    `calibrate` makes a confidence of the share of a question's meanings that give an answer.
    """
    walked, forms = meaning.walk, meaning.forms
    at = {node: i for i, node in enumerate(walked.nodes.tolist())}
    best = max(float(walked.scores.max(initial=0.0)), 1e-6)
    scores: dict[str, tuple[float, CandidateKind]] = {}

    def offer(text: str, score: float, kind: CandidateKind) -> None:
        if text not in scores or score > scores[text][0]:
            scores[text] = (score, kind)

    for node in [node for node in subgraph.nodes if not is_opaque(node.name)] or subgraph.nodes:
        offer(node.name, float(walked.scores[at[node.position]]) if node.position in at else 0.0, "node")
    evidence = {node.position for node in subgraph.nodes}
    for node, score in zip(walked.nodes.tolist(), walked.scores.tolist(), strict=True):
        if node >= graph.num_graph_nodes and score > best * LITERAL_SHARE:
            touching = graph.incident[graph.indptr[node] : graph.indptr[node + 1]]
            if not evidence.isdisjoint(graph.source[touching].tolist()):
                offer(graph.literals[node - graph.num_graph_nodes], score, "attribute")
    sure = walked.certainty
    ranked = sorted(scores.items(), key=lambda item: -item[1][0])

    def candidate(text: str, part: float, kind: CandidateKind, form: float, share: float | None) -> Candidate:
        """`part` of the best of its kind, whose share is `share`."""
        known = None if share is None else calibrate(part * share * form * sure)
        together = meaning.whole and part == 1 and kind in ("node", "attribute")
        return Candidate(text, max(part * form * sure, FAINTEST), kind, known, together)

    named = [candidate(text, score / best, kind, forms.name, meaning.share) for text, (score, kind) in ranked]
    wanted = {"count": forms.count, "relation": forms.relation}
    valued = {
        text: candidate(text, part, kind, wanted[kind], meaning.value_share) for text, part, kind in meaning.values
    }
    named = [candidate for candidate in named if candidate.text not in valued]
    doubted = NONE_SHARE if meaning.share is not None else NONE_SHARE_OF_A_WALK
    polar, none = forms.yes_no * sure, doubted * (1 - forms.yes_no) * (1 - sure)
    closing = closing_candidates(polar, walked.arrival, none)
    if meaning.share is not None:
        told = (polar * walked.arrival, polar * (1 - walked.arrival), 1 - sure)
        closing = tuple(replace(c, confidence=calibrate(share)) for c, share in zip(closing, told, strict=True))
    return (*valued.values(), *named, *closing)


def closing_candidates(polar: float, arrival: float, none: float) -> tuple[Candidate, ...]:
    """Yes, no and none, each at least possible.

    Args:
        polar: that the question wants yes or no. arrival: that it is yes. none: that the graph does not say.
    """
    return (
        Candidate("yes", max(polar * arrival, FAINTEST), "yes"),
        Candidate("no", max(polar * (1 - arrival), FAINTEST), "no"),
        Candidate(NONE_TEXT, max(none, FAINTEST), "none"),
    )
