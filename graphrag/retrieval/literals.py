"""Literals: the short values inside node texts, as nodes of their own, so that a question can start or end at them.

`name: cup; attribute: red, small` gives the literals `red` and `small`, each tied to the cup by an edge `attribute`.
They exist for reasoning only: evidence names the graph's own nodes. Numbered after the graph's nodes, in order of
appearance, so the same graph always gives the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from graph_data.text import NAME_FIELD, fields_of, values_of
from graph_data.textual_graph import TextualGraph

MAX_LITERAL_CHARS = 60  # longer values are prose: read, never named


@dataclass(frozen=True)
class Literals:
    """Values and the edges owner -field-> value.

    Attributes:
        values: distinct values (case folded for equality), shape [L].
        owners: int64 [M], node of each edge.
        value_ids: int64 [M], literal of each edge, 0..L-1.
        field_ids: int64 [M], field of each edge, position in `fields`.
        fields: field names, e.g. `attribute`.
    """

    values: tuple[str, ...]
    owners: npt.NDArray[np.int64]
    value_ids: npt.NDArray[np.int64]
    field_ids: npt.NDArray[np.int64]
    fields: tuple[str, ...]


def literals_of(graph: TextualGraph) -> Literals:
    """Collect the literals of a graph; a graph of plain names has none."""
    structured = pc.starts_with(graph.node_texts, pattern=f"{NAME_FIELD}: ")
    nodes = np.flatnonzero(structured.to_numpy(zero_copy_only=False))
    values: dict[str, int] = {}
    spelled: list[str] = []
    fields: dict[str, int] = {}
    edges: list[tuple[int, int, int]] = []
    for node, text in zip(nodes.tolist(), graph.node_texts.take(nodes).to_pylist(), strict=True):
        for key, joined in fields_of(text).items():
            if key == NAME_FIELD:
                continue
            for value in values_of(joined):
                if len(value) > MAX_LITERAL_CHARS:
                    continue
                if value.casefold() not in values:
                    spelled.append(value)
                literal = values.setdefault(value.casefold(), len(values))
                edges.append((node, literal, fields.setdefault(key, len(fields))))
    columns = np.asarray(edges, dtype=np.int64).reshape(-1, 3).T
    return Literals(tuple(spelled), columns[0], columns[1], columns[2], tuple(fields))
