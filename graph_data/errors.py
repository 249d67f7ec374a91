"""Every error a user can meet, as one tree.

GraphError                 anything wrong with what the user brought: catch this one
├── GraphReadError         a file or table cannot be read as a graph
├── EmptyGraphError        it was read, and there is nothing in it
└── UnknownSampleError     no bundled sample of that name, and no such file

A message is one sentence that says what is wrong, where, and what to do.
`graphrag.errors` adds the errors of the steps after loading under the same root.
"""

from __future__ import annotations

from pathlib import Path


class GraphError(Exception):
    """Root of the tree. `str(error)` is fit to be shown to a person as it stands."""


class GraphReadError(GraphError):
    """A file cannot be read as a graph.

    Args:
        where: the file (or "table", "data frame", ...).
        what: what is wrong and what was expected.
        line: 1-based line number, if one line is to blame.
        mend: what the user can do, as a sentence without a full stop.
    """

    def __init__(self, where: str | Path, what: str, *, line: int | None = None, mend: str = "") -> None:
        place = f"{where}, line {line}" if line is not None else f"{where}"
        super().__init__(f"{place}: {what}" + (f"; {mend}" if mend else "") + ".")
        self.where, self.line = str(where), line


class EmptyGraphError(GraphError):
    """The source was read, but holds no node."""


class UnknownSampleError(GraphError):
    """Neither a file nor a bundled sample has that name."""
