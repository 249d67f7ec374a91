"""Methods: ways of answering that `graphrag eval --method` compares; each but the first two takes one part away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Method:
    """One way of answering: what it is, and the settings of `GraphRAG` that make it."""

    about: str
    settings: Mapping[str, Any] = field(default_factory=dict)


METHODS: Mapping[str, Method] = {
    "default": Method("as `graphrag ask` answers"),
    "reference": Method("retrieval as G-Retriever publishes it", {"retriever": "reference"}),
    "cosine": Method("prizes by cosine", {"prizes": "cosine"}),
    "walk": Method("prizes by the reasoner alone, no query graph ranked", {"prizes": "walk"}),
    "triples": Method("the triples with the best prizes, no Steiner tree", {"selection": "triples"}),
    "paths": Method("shortest paths to the nodes with the best prizes, no Steiner tree", {"selection": "paths"}),
    "hops": Method("all within two steps of what the question names, no Steiner tree", {"selection": "hops"}),
    "text": Method("no graph tokens", {"reads": "text"}),
    "tokens": Method("graph tokens alone, no text", {"reads": "tokens"}),
    "free": Method("answers need not name anything in the evidence", {"grounded": False}),
}
