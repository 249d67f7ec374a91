"""TextualGraph: a directed multigraph whose nodes and edges carry text. The noun that every reader returns.

In memory it is columns: Arrow strings for the texts, NumPy for the topology, relations dictionary-encoded, so that a
graph of ten million edges is a few arrays. It is immutable and knows nothing of files, embeddings or models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graph_data.errors import GraphError
from graph_data.text import name_of

if TYPE_CHECKING:
    import networkx
    import pandas

Triple = tuple[str, str, str]


@dataclass(frozen=True)
class LoadReport:
    """What a reader did with its source."""

    source: str = ""  # the file, folder or sample
    format: str = ""  # e.g. "triples table (TSV)"
    nodes: int = 0
    edges: int = 0
    relations: int = 0  # distinct edge texts
    duplicate_edges: int = 0  # same source, relation and target: kept once
    isolated_nodes: int = 0  # nodes without an edge
    dropped: tuple[tuple[int, str], ...] = ()  # (1-based line, why) of rows left out; the first 100
    dropped_total: int = 0
    notes: tuple[str, ...] = ()  # what was guessed, e.g. "columns used: head=subject, relation=predicate, tail=object"

    def __str__(self) -> str:
        parts = [_count(self.nodes, "node"), _count(self.edges, "edge"), _count(self.relations, "relation")]
        if self.duplicate_edges:
            parts.append(f"{_count(self.duplicate_edges, 'duplicate edge')} kept once")
        if self.isolated_nodes:
            parts.append(_count(self.isolated_nodes, "isolated node"))
        if self.dropped_total:
            first = "; ".join(f"line {line}: {why}" for line, why in self.dropped[:3])
            parts.append(
                f"{_count(self.dropped_total, 'row')} dropped ({first}{'; ...' if self.dropped_total > 3 else ''})"
            )
        head = f"{self.source} ({self.format}): " if self.source else ""
        return head + ", ".join(parts) + "".join(f"; {note}" for note in self.notes) + "."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, eq=False)
class TextualGraph:
    """A directed multigraph with text on nodes and edges.

    Attributes:
        node_ids: the source's own ids, unique, shape [N].
        node_texts: what is written on each node (see `graph_data.text`), shape [N].
        edge_index: int64 [2, E], row 0 sources, row 1 targets, as positions 0..N-1.
        edge_relation: int32 [E], position of each edge's text in `relations`.
        relations: distinct edge texts, shape [R].
        report: what the reader did.
    """

    node_ids: pa.StringArray
    node_texts: pa.StringArray
    edge_index: npt.NDArray[np.int64]
    edge_relation: npt.NDArray[np.int32]
    relations: pa.StringArray
    report: LoadReport = field(default_factory=LoadReport)

    def __post_init__(self) -> None:
        n, e = len(self.node_ids), self.edge_index.shape[1]
        if len(self.node_texts) != n:
            raise GraphError(f"a textual graph needs one text a node: {n} ids, {len(self.node_texts)} texts.")
        if self.edge_index.shape != (2, e) or len(self.edge_relation) != e:
            raise GraphError(f"edge_index must be [2, E] with one relation an edge, not {self.edge_index.shape}.")
        if e and (self.edge_index.min() < 0 or self.edge_index.max() >= n):
            raise GraphError(f"edge_index names node {int(self.edge_index.max())}, but there are {n} nodes.")
        if e and (self.edge_relation.min() < 0 or self.edge_relation.max() >= len(self.relations)):
            raise GraphError(f"edge_relation names a relation past the {len(self.relations)} there are.")

    @property
    def num_nodes(self) -> int:
        return len(self.node_ids)

    @property
    def num_edges(self) -> int:
        return int(self.edge_index.shape[1])

    def node_id(self, node: int) -> str:
        return str(self.node_ids[node].as_py())

    def node_text(self, node: int) -> str:
        return str(self.node_texts[node].as_py())

    def node_name(self, node: int) -> str:
        """What a person calls the node: its text without the other fields."""
        return name_of(self.node_text(node))

    def relation(self, edge: int) -> str:
        return str(self.relations[int(self.edge_relation[edge])].as_py())

    def triples(self) -> Iterator[Triple]:
        """Every edge as (source name, relation, target name), in edge order."""
        names = [name_of(text) for text in self.node_texts.to_pylist()]
        relations = self.relations.to_pylist()
        for source, target, relation in zip(*self.edge_index.tolist(), self.edge_relation.tolist(), strict=True):
            yield names[source], relations[relation], names[target]

    @staticmethod
    def from_columns(
        node_ids: Sequence[str],
        node_texts: Sequence[str],
        edge_index: npt.ArrayLike,
        edge_texts: Sequence[str],
        report: LoadReport | None = None,
    ) -> TextualGraph:
        """Build from plain columns; `edge_texts` has one text an edge and is dictionary-encoded here."""
        encoded = pa.array(edge_texts, pa.string()).dictionary_encode()
        return TextualGraph(
            node_ids=pa.array(node_ids, pa.string()),
            node_texts=pa.array(node_texts, pa.string()),
            edge_index=np.asarray(edge_index, dtype=np.int64).reshape(2, -1),
            edge_relation=encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32),
            relations=encoded.dictionary.cast(pa.string()),
            report=report or LoadReport(),
        )

    @staticmethod
    def from_triples(triples: Iterable[Triple], report: LoadReport | None = None) -> TextualGraph:
        """Build from (head, relation, tail); equal names are one node, nodes in order of first appearance."""
        position: dict[str, int] = {}
        sources: list[int] = []
        targets: list[int] = []
        texts: list[str] = []
        for head, relation, tail in triples:
            sources.append(position.setdefault(head, len(position)))
            targets.append(position.setdefault(tail, len(position)))
            texts.append(relation)
        names = list(position)
        return TextualGraph.from_columns(names, names, [sources, targets], texts, report)

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """A networkx graph: nodes by id with `name` and `text`, edges with `relation`. Slow past a million edges."""
        from graph_data import conversions

        return conversions.to_networkx(self)

    def to_pyg(self) -> Any:
        """A `torch_geometric.data.Data`: edge_index [2, E], edge_type [E], and the texts as lists."""
        from graph_data import conversions

        return conversions.to_pyg(self)

    def to_pandas(self) -> tuple[pandas.DataFrame, pandas.DataFrame]:
        """Two data frames: nodes (id, name, text) and edges (source, relation, target; source and target are ids)."""
        from graph_data import conversions

        return conversions.to_pandas(self)
