"""ExplaGraphs strings: `(head; relation; tail)(head; relation; tail)...`, as a string, a text file, or a column of a
table.

Source: Saha et al., ExplaGraphs, EMNLP 2021. Names are lower-cased, as the published G-Retriever does.
"""

from __future__ import annotations

import re
from pathlib import Path

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import Records, build
from graph_data.readers.files import read_text
from graph_data.readers.options import LoadOptions
from graph_data.text import fold
from graph_data.textual_graph import TextualGraph

TRIPLE = re.compile(r"\(\s*([^;()\n]+?)\s*;\s*([^;()\n]+?)\s*;\s*([^;\n]+?)\s*\)(?=\s*(?:\(|$))", re.M)


def triples_of(text: str) -> list[tuple[str, str, str]]:
    """The triples in an ExplaGraphs string, lower-cased."""
    return [(fold(h).lower(), fold(r).lower(), fold(t).lower()) for h, r, t in TRIPLE.findall(text)]


def of_text(text: str, source: str = "ExplaGraphs string") -> TextualGraph:
    """The graph of one or many strings; equal names are one node.

    Raises: GraphReadError if there is no triple in it.
    """
    findings = Findings(source, "ExplaGraphs")
    records = Records(findings)
    for number, line in enumerate(text.split("\n"), 1):
        found = triples_of(line)
        if line.strip() and not found:
            findings.drop(number, "no (head; relation; tail)")
        for head, relation, tail in found:
            records.edge(head, tail, {"relation": relation})
    if not records.edges:
        raise GraphReadError(source, "no (head; relation; tail) was found in it")
    if findings.dropped_total == 1 and findings.dropped[0][0] == 1:  # the header of a table
        findings.dropped, findings.dropped_total = [], 0
    return build(records)


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a file of ExplaGraphs strings: one or many a line, alone or in a table as the data set has them."""
    return of_text(read_text(path, options.encoding).text, str(path))
