"""One module a format. Every reader is `(path, options) -> TextualGraph` and raises only errors of
`graph_data.errors`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from graph_data.readers import (
    cypher,
    edge_list,
    expla_graphs,
    gexf,
    gml,
    graphml,
    json_graphs,
    pajek,
    rdf,
    scene_graphs,
    tables,
)
from graph_data.readers.options import LoadOptions
from graph_data.textual_graph import TextualGraph

Reader = Callable[[Path, LoadOptions], TextualGraph]

READERS: dict[str, Reader] = {
    "table": tables.read,  # delimited text or Parquet: triples, edges or entities, told apart by the columns
    "triples": tables.read_triples,
    "entities": tables.read_entity_table,
    "json": json_graphs.read,
    "jsonl": json_graphs.read_lines,
    "scene-graph": scene_graphs.read,
    "explagraphs": expla_graphs.read,
    "graphml": graphml.read,
    "gexf": gexf.read,
    "gml": gml.read,
    "pajek": pajek.read,
    "edgelist": edge_list.read,
    "cypher": cypher.read,
    "ntriples": partial(rdf.read, syntax="N-Triples"),
    "nquads": partial(rdf.read, syntax="N-Quads"),
    "turtle": partial(rdf.read, syntax="Turtle"),
    "trig": partial(rdf.read, syntax="TriG"),
    "n3": partial(rdf.read, syntax="N3"),
    "rdfxml": partial(rdf.read, syntax="RDF/XML"),
    "jsonld": partial(rdf.read, syntax="JSON-LD"),
    "trix": partial(rdf.read, syntax="TriX"),
    "hext": partial(rdf.read, syntax="HexTuples"),
}
ALIASES = {
    "csv": "table",
    "tsv": "table",
    "parquet": "table",
    "gqa": "scene-graph",
    "edges": "triples",
    "nt": "ntriples",
    "ttl": "turtle",
}
