"""The last step of every reader: columns in, TextualGraph out. Duplicate edges are kept once; the report is written.

Knows nothing of formats.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graph_data.errors import EmptyGraphError
from graph_data.textual_graph import LoadReport, TextualGraph

KEPT_DROPPED = 100  # rows named one by one in the report
Codes = npt.NDArray[np.int64]


@dataclass
class Findings:
    """What a reader noticed on its way; becomes the LoadReport."""

    source: str
    format: str
    notes: list[str] = field(default_factory=list)
    dropped: list[tuple[int, str]] = field(default_factory=list)
    dropped_total: int = 0
    duplicates: int = 0  # found before assembling

    def note(self, text: str) -> None:
        if text and text not in self.notes:
            self.notes.append(text)

    def drop(self, line: int, why: str) -> None:
        self.dropped_total += 1
        if len(self.dropped) < KEPT_DROPPED:
            self.dropped.append((line, why))

    def report(self, nodes: int, edges: int, relations: int, duplicates: int, isolated: int) -> LoadReport:
        """What was noticed, with what the graph came to have, and the edges and nodes found on assembling it."""
        return LoadReport(
            source=self.source,
            format=self.format,
            nodes=nodes,
            edges=edges,
            relations=relations,
            duplicate_edges=duplicates + self.duplicates,
            isolated_nodes=isolated,
            dropped=tuple(self.dropped),
            dropped_total=self.dropped_total,
            notes=tuple(self.notes),
        )


def assemble(
    node_ids: pa.Array,
    node_texts: pa.Array,
    edge_index: Codes,
    edge_relation: Codes,
    relations: pa.Array,
    findings: Findings,
) -> TextualGraph:
    """Build the graph of columns already encoded.

    Args:
        node_ids, node_texts: strings, shape [N].
        edge_index: [2, E], positions in node_ids.
        edge_relation: [E], positions in relations.
        relations: distinct strings, shape [R].

    Raises: EmptyGraphError if there is no node.
    """
    if not len(node_ids):
        raise EmptyGraphError(f"{findings.source}: the {findings.format} was read, but holds no node; nothing to ask.")
    keep = first_of_each(edge_index, edge_relation, len(node_ids))
    duplicates = edge_index.shape[1] - len(keep)
    edge_index = np.ascontiguousarray(edge_index[:, keep]) if duplicates else edge_index
    edge_relation = edge_relation[keep] if duplicates else edge_relation
    touched = np.zeros(len(node_ids), dtype=bool)
    touched[edge_index.ravel()] = True
    counts = len(node_ids), edge_index.shape[1], len(relations)
    return TextualGraph(
        node_ids=plain(node_ids),
        node_texts=plain(node_texts),
        edge_index=edge_index.astype(np.int64, copy=False),
        edge_relation=edge_relation.astype(np.int32),
        relations=plain(relations),
        report=findings.report(*counts, duplicates, len(touched) - int(touched.sum())),
    )


def first_of_each(edge_index: Codes, edge_relation: Codes, nodes: int) -> Codes:
    """Positions of the edges that are the first with their source, relation and target, ascending."""
    edges = edge_index.shape[1]
    if not edges:
        return np.zeros(0, dtype=np.int64)
    pairs = edge_index[0].astype(np.int64) * nodes + edge_index[1]
    relations = int(edge_relation.max()) + 1
    if nodes * nodes * relations >= 2**62:  # the product would overflow: number the pairs that occur
        pairs = np.unique(pairs, return_inverse=True)[1].astype(np.int64)
    _, first = np.unique(pairs * relations + edge_relation, return_index=True)
    first.sort()
    return first


def plain(strings: pa.Array) -> pa.StringArray:
    """One contiguous array of type string."""
    if isinstance(strings, pa.ChunkedArray):
        strings = strings.combine_chunks()
    return strings.cast(pa.string())


def encode(texts: list[str]) -> tuple[Codes, pa.StringArray]:
    """Texts as codes [n] and distinct texts, in order of first appearance."""
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary
