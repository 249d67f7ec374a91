"""Ask questions of a textual graph. `GraphRAG(graph).ask(question)` answers and shows its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphrag.answer import Answer
    from graphrag.assistant import Chat, GraphRAG
    from graphrag.index import GraphIndex

__version__ = "0.1.0"
__all__ = ["Answer", "Chat", "GraphIndex", "GraphRAG", "__version__"]

_HOMES = {
    "Answer": "graphrag.answer",
    "Chat": "graphrag.assistant",
    "GraphIndex": "graphrag.index",
    "GraphRAG": "graphrag.assistant",
}


def __getattr__(name: str) -> Any:  # the heavy libraries are imported when they are needed
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'graphrag' has no attribute {name!r}")
