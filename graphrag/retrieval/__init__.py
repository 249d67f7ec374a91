"""From a question to its evidence: search, prizes, Steiner tree, textualizing."""

from graphrag.retrieval.reference import reference_subgraph
from graphrag.retrieval.steiner import steiner_tree

__all__ = ["reference_subgraph", "steiner_tree"]
