"""Delimited text, Parquet and Feather files: which kind of graph table it is, and the graph of it."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.delimited import read_table
from graph_data.readers.edge_tables import EdgeColumns, edge_columns, read_edges
from graph_data.readers.entities import read_entities
from graph_data.readers.files import read_bytes, read_text, suffix_of
from graph_data.readers.options import LoadOptions
from graph_data.readers.table import Table, from_arrow
from graph_data.textual_graph import TextualGraph

_KINDS = {".tsv": "TSV", ".csv": "CSV", ".tab": "TSV", ".parquet": "Parquet", ".feather": "Feather"}


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read any table: edges (with `nodes=` the nodes beside it), or one entity a row; `edges=` makes it the nodes
    table."""
    if options.edges is not None:
        return read_nodes_and_edges(path, Path(options.edges), options)
    if options.nodes is not None:
        return read_nodes_and_edges(Path(options.nodes), path, options)
    return graph_of(table_of(path, options), options, kind_of(path))


def graph_of(table: Table, options: LoadOptions, kind: str) -> TextualGraph:
    """The graph of one table: of edges if it has two columns for the ends, else of entities."""
    columns = edge_columns(table, options)
    if columns is not None:
        return read_edges(table, columns, Findings(table.where, format_of(columns, kind)))
    if not table.has_header:
        raise GraphReadError(
            table.where, f"a table of {len(table.names)} columns without a header: which are the ends of an edge?",
            mend="name them by position, e.g. head=0, relation=1, tail=2, or pass header=True",
        )  # fmt: skip
    return read_entities(table, options, Findings(table.where, f"table of entities ({kind})"))


def read_triples(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a table that is one of triples or edges, whatever its columns are called."""
    table = table_of(path, options)
    columns = triple_columns(table, options)
    if columns is None:
        raise GraphReadError(path, "a table of triples needs at least two columns")
    return read_edges(table, columns, Findings(str(path), f"table of triples ({kind_of(path)})"))


def format_of(columns: EdgeColumns, kind: str) -> str:
    """What a table of edges is called in a report."""
    return f"table of {'triples' if columns.relation is not None else 'edges'} ({kind})"


def triple_columns(table: Table, options: LoadOptions) -> EdgeColumns | None:
    """As `edge_columns`, but whatever the columns are called: the first three, or two."""
    columns = edge_columns(table, options)
    if columns is None and len(table.names) >= 2:
        first = (0, 1, 2) if len(table.names) > 2 else (0, None, 1)
        columns = edge_columns(table, LoadOptions(head=first[0], relation=first[1], tail=first[2]))
    return columns


def read_entity_table(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a table with one entity a row."""
    table = table_of(path, options)
    return read_entities(table, options, Findings(str(path), f"table of entities ({kind_of(path)})"))


def read_nodes_and_edges(nodes_path: Path, edges_path: Path, options: LoadOptions) -> TextualGraph:
    """Read a table of nodes and a table of edges as one graph."""
    nodes, edges = table_of(nodes_path, options), table_of(edges_path, options)
    columns = edge_columns(edges, options)
    if columns is None:
        raise GraphReadError(
            edges_path, f"no columns for the two ends of an edge among {', '.join(edges.names)}",
            mend="name them with head=... and tail=...",
        )  # fmt: skip
    findings = Findings(f"{nodes_path} and {edges_path.name}", f"tables of nodes and edges ({kind_of(edges_path)})")
    return read_edges(edges, columns, findings, nodes, options)


def table_of(path: Path, options: LoadOptions) -> Table:
    """The file as a Table, delimited or Parquet or Feather by its content."""
    data = read_bytes(path)
    if data[:4] == b"PAR1" or data[:6] == b"ARROW1":
        try:
            source = io.BytesIO(data)
            table = pq.read_table(source) if data[:4] == b"PAR1" else feather.read_table(source)
            return from_arrow(str(path), table)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise GraphReadError(
                path, f"the Parquet file is damaged ({_short(error)})", mend="write it again"
            ) from error
    return read_table(read_text(path, options.encoding), options)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:150].rstrip(".")


def kind_of(path: Path) -> str:
    return _KINDS.get(suffix_of(path), "delimited")
