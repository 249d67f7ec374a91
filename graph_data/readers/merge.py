"""Several graphs as one: nodes with the same id are one node, the first one's text stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_data.readers.assemble import Findings, assemble
from graph_data.textual_graph import TextualGraph


def merge(graphs: Sequence[TextualGraph], source: str, format: str) -> TextualGraph:
    """One graph of several; their reports' notes and dropped rows are kept."""
    if len(graphs) == 1:
        return graphs[0]
    ids = pa.concat_arrays([graph.node_ids for graph in graphs])
    encoded = ids.dictionary_encode()
    position = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    first = np.unique(position, return_index=True)[1]
    texts = pa.concat_arrays([graph.node_texts for graph in graphs]).take(pa.array(first))
    relations = pa.concat_arrays([graph.relations for graph in graphs]).unique()
    offsets = np.cumsum([0, *(graph.num_nodes for graph in graphs)])
    ends = [position[graph.edge_index + offset] for graph, offset in zip(graphs, offsets, strict=False)]
    codes = [np.asarray(pc.index_in(graph.relations, value_set=relations))[graph.edge_relation] for graph in graphs]
    findings = Findings(source, format)
    for graph in graphs:
        for note in graph.report.notes:
            findings.note(note)
        findings.duplicates += graph.report.duplicate_edges
        findings.dropped += graph.report.dropped
        findings.dropped_total += graph.report.dropped_total
    edge_index, relation = np.concatenate(ends, axis=1), np.concatenate(codes).astype(np.int64)
    return assemble(encoded.dictionary, texts, edge_index, relation, relations, findings)
