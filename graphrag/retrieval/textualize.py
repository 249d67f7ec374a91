"""Textualize: a subgraph as text, within a token budget, the least important triples left out whole.

Form `triples` (default), best first, triples that share head and relation on one line:

    France | borders | Spain; Germany
    Spain | has capital | Madrid
    cup (attribute: red, small)

Form `csv` is G-Retriever's: `node_id,node_attr` lines, a blank line, `src,edge_attr,dst` lines. In both, what is
dropped first is what scores least. This module knows nothing of models: a caller brings the way to count tokens.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from graph_data.text import NAME_FIELD, fields_of, readable_relation
from graphrag.retrieval.subgraph import EvidenceEdge, EvidenceNode, Subgraph

Form = Literal["triples", "csv"]
VERSION = "triples-1/csv-1"  # changes whenever the same subgraph would be written differently


def textualizer_fingerprint(form: Form) -> str:
    """What an adapter remembers of the text it was trained on."""
    return hashlib.sha256(f"{form}:{VERSION}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Textualized:
    """The text, and what it cost and left out."""

    text: str
    tokens: int
    dropped: tuple[EvidenceEdge, ...] = ()  # triples left out, least important first


def textualize(
    subgraph: Subgraph, budget: int, count_tokens: Callable[[str], int], form: Form = "triples"
) -> Textualized:
    """Write a subgraph in at most `budget` tokens.

    Triples are dropped whole, the lowest score first (ties: the later in the graph first). A node that has fields, or
    no triple at all, has a line of its own after them; those lines are cut last.
    """
    ranked = sorted(subgraph.edges, key=lambda edge: (-edge.score, edge.position))
    lonely = {node.id for node in subgraph.nodes} - {end for edge in ranked for end in (edge.source, edge.target)}

    def write(nodes: Sequence[EvidenceNode], edges: Sequence[EvidenceEdge]) -> str:
        return write_triples(nodes, edges, lonely) if form == "triples" else write_csv(nodes, edges)

    # The largest number of triples that fits, by bisection: more text, more tokens; nearly each takes several.
    low, high = 0, min(len(ranked), budget)
    while low < high:
        middle = (low + high + 1) // 2
        if count_tokens(write(subgraph.nodes, ranked[:middle])) <= budget:
            low = middle
        else:
            high = middle - 1
    text = write(subgraph.nodes, ranked[:low])
    tokens = count_tokens(text)
    if tokens > budget:  # not even the nodes fit
        text, tokens = _cut_lines(text, budget, count_tokens)
    return Textualized(text, tokens, tuple(reversed(ranked[low:])))


def write_triples(nodes: Sequence[EvidenceNode], edges: Sequence[EvidenceEdge], lonely: AbstractSet[str]) -> str:
    """The `triples` form, lines in order of their best triple; `lonely` are the ids of nodes without one."""
    names = {node.id: node.name for node in nodes}
    lines: dict[tuple[str, str], dict[str, None]] = {}
    for edge in edges:
        key = (names.get(edge.source, edge.source), readable_relation(edge.text))
        lines.setdefault(key, {})[names.get(edge.target, edge.target)] = None
    written = [f"{head} | {relation} | {'; '.join(tails)}" for (head, relation), tails in lines.items()]
    for node in sorted(nodes, key=lambda node: -node.score):
        fields = [f"{key}: {value}" for key, value in fields_of(node.text).items() if key != NAME_FIELD]
        if fields:
            written.append(f"{node.name} ({'; '.join(fields)})")
        elif node.id in lonely:
            written.append(node.name)
    return "\n".join(written)


def write_csv(nodes: Sequence[EvidenceNode], edges: Sequence[EvidenceEdge]) -> str:
    """The `csv` form of the published method."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["node_id", "node_attr"])
    writer.writerows([node.id, node.text] for node in nodes)
    buffer.write("\n")
    writer.writerow(["src", "edge_attr", "dst"])
    writer.writerows([edge.source, edge.text, edge.target] for edge in edges)
    return buffer.getvalue()


def _cut_lines(text: str, budget: int, count_tokens: Callable[[str], int]) -> tuple[str, int]:
    """Whole lines from the top while they fit."""
    kept: list[str] = []
    for line in text.split("\n"):
        if count_tokens("\n".join([*kept, line])) > budget:
            break
        kept.append(line)
    text = "\n".join(kept)
    return text, count_tokens(text)
