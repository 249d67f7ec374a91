"""Edge lists with blanks between the columns: `a b`, `a b 3`, `a b {'weight': 3}`, `a knows b`.

With a `{...}` at the end the last word before it is the target and all before that the source, so that `Evelyn
Jefferson E1 {}` is an edge of Evelyn Jefferson, which networkx refuses.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import Records, build, is_number
from graph_data.readers.files import read_text
from graph_data.readers.options import LoadOptions
from graph_data.textual_graph import TextualGraph

_ATTRIBUTES = re.compile(r"\{(.*)\}\s*$")
_PAIR = re.compile(r"""['"]([^'"]+)['"]\s*:\s*('[^']*'|"[^"]*"|[^,}]+)""")


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read an edge list, plain or gzip; lines that start with # or % are comments."""
    file = read_text(path, options.encoding)
    findings = Findings(str(path), "edge list", notes=list(file.notes))
    parsed: list[tuple[list[str], dict[str, object]]] = []
    for number, line in enumerate(file.text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith(("#", "%")):
            continue
        words, attributes = _split(line)
        if len(words) < 2:
            findings.drop(number, "an edge needs two nodes")
        else:
            parsed.append((words, attributes))
    if not parsed or findings.dropped_total > len(parsed):
        raise GraphReadError(path, "most lines do not name two nodes; `source target` a line was expected", line=1)
    records = Records(findings)
    middle = _relation_in_the_middle([words for words, _ in parsed])
    for words, attributes in parsed:
        records.edge(*_edge(words, attributes, middle, findings))
    return build(records, options.name)


def _split(line: str) -> tuple[list[str], dict[str, object]]:
    attributes: dict[str, object] = {}
    if match := _ATTRIBUTES.search(line):
        attributes = {key: value.strip().strip("'\"") for key, value in _PAIR.findall(match[1])}
        line = line[: match.start()]
        return [*line.split(), "{}"], attributes
    try:
        return (shlex.split(line) if '"' in line else line.split()), attributes
    except ValueError:
        return line.split(), attributes


def _edge(
    words: list[str], attributes: dict[str, object], middle: bool, findings: Findings
) -> tuple[str, str, dict[str, object]]:
    if words[-1] == "{}":
        words = words[:-1]
        if len(words) > 2:
            findings.note("names with blanks: the last word of a line is taken for the target")
        return " ".join(words[:-1]) or words[0], words[-1], attributes
    if len(words) == 2:
        return words[0], words[1], attributes
    if middle:
        return words[0], " ".join(words[2:]), {"relation": words[1]}
    rest = words[2:]
    if is_number(rest[0]):
        return words[0], words[1], {"weight": rest[0]}
    return words[0], words[1], {"relation": " ".join(rest)}


def _relation_in_the_middle(rows: list[list[str]]) -> bool:
    """Whether the second of three words repeats more than the third: `a knows b`, not `a b knows`."""
    three = [row for row in rows if len(row) >= 3 and row[-1] != "{}"]
    if len(three) < len(rows) or all(is_number(row[2]) for row in three):
        return False
    return len({row[1] for row in three}) <= len({row[2] for row in three})
