"""LoadOptions: everything a caller may say about a source, checked once. Readers take what concerns them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from graph_data.errors import GraphReadError

DEFAULT_RELATION = "connected to"  # written on an edge of which the source says nothing


@dataclass(frozen=True)
class LoadOptions:
    """Options of `graph_data.load`; None means: found out from the data.

    Columns are given by name, or by position from 0 where a table has no header.
    """

    head: str | int | None = None  # column of an edge's source; also called `source`
    relation: str | int | None = None  # column of an edge's text
    tail: str | int | None = None  # column of an edge's target; also called `target`
    id: str | int | None = None  # column of a node's id
    name: str | int | None = None  # column, or attribute, of a node's name
    delimiter: str | None = None  # one character
    header: bool | None = None  # whether a table's first row names its columns
    encoding: str | None = None  # e.g. "cp1252"
    nodes: str | Path | None = None  # a nodes table beside the source
    edges: str | Path | None = None  # an edges table beside the source
    language: str = "en"  # of RDF labels and literals
    image: str | None = None  # the one image of a scene-graph file to read

    @staticmethod
    def of(where: str, given: dict[str, Any]) -> LoadOptions:
        """Check keyword arguments; `source` and `target` are other words for `head` and `tail`."""
        given = {{"source": "head", "target": "tail"}.get(key, key): value for key, value in given.items()}
        known = {field.name for field in fields(LoadOptions)}
        if unknown := sorted(set(given) - known):
            raise GraphReadError(
                where, f"there is no option {unknown[0]!r}", mend=f"options are {', '.join(sorted(known))}"
            )
        options = LoadOptions(**given)
        if options.delimiter is not None and len(options.delimiter) != 1:
            raise GraphReadError(where, f"the delimiter {options.delimiter!r} is not one character")
        return options
