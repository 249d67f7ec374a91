"""The errors of the way from a question to an answer, under the root of `graph_data.errors`.

GraphError
├── QuestionError          the question is empty or too long
├── GraphIndexError        an index folder is missing, torn, or made by something else
├── ModelError             a language model, embedder or adapter cannot be loaded or does not fit
├── SolverError            pcst-fast fails its known answer
└── ConfigError            an option has a value that cannot work
"""

from __future__ import annotations

from graph_data.errors import GraphError


class QuestionError(GraphError):
    """The question cannot be asked: empty, or longer than the limit."""


class GraphIndexError(GraphError):
    """An index folder cannot be opened or written."""


class ModelError(GraphError):
    """A model, an embedder or an adapter cannot be loaded, or does not fit the others."""


class SolverError(GraphError):
    """The Steiner tree solver gives wrong answers on this machine."""


class ConfigError(GraphError):
    """An option has a value that cannot work."""
