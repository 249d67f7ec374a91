"""Cypher scripts that only create: `CREATE (m:Movie {title: 'Alien'})`, `CREATE (a)-[:ACTED_IN {roles:
['Ripley']}]->(m)`.

A node's labels are its type, its properties its attributes, a variable its id. MATCH, WITH and other queries are not
run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import Records, build
from graph_data.readers.files import read_text
from graph_data.readers.options import LoadOptions
from graph_data.textual_graph import TextualGraph

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)|(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<quoted>`[^`]*`)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)|(?P<word>[^\W\d]\w*)|(?P<mark><-|->|.)""",
    re.S,
)
_SCHEMA = {"CONSTRAINT", "INDEX", "UNIQUE", "FULLTEXT", "RANGE", "TEXT", "POINT", "VECTOR", "DATABASE"}
_ESCAPES = {"n": " ", "t": " ", "r": " "}


@dataclass
class _Token:
    kind: str
    text: str
    line: int


class _Script:
    """A cursor over the tokens."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.tokens, self.at = path, list(_tokens(text)), 0

    def peek(self, ahead: int = 0) -> _Token:
        at = self.at + ahead
        return (
            self.tokens[at] if at < len(self.tokens) else _Token("end", "", self.tokens[-1].line if self.tokens else 1)
        )

    def take(self, *texts: str) -> bool:
        """Step over the next token if it is one of these."""
        if self.peek().kind != "string" and self.peek().text.upper() in texts:
            self.at += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.take(text):
            found = self.peek()
            raise GraphReadError(self.path, f"{text!r} was expected, not {found.text[:30]!r}", line=found.line)

    def next(self) -> _Token:
        token = self.peek()
        if token.kind == "end":
            raise GraphReadError(self.path, "the script ends in the middle of a pattern", line=token.line)
        self.at += 1
        return token


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "space":
            yield _Token(str(match.lastgroup), match.group(), line)
        line += match.group().count("\n")


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a Cypher script, plain or gzip."""
    file = read_text(path, options.encoding)
    script = _Script(path, file.text)
    records = Records(Findings(str(path), "Cypher CREATE script", notes=list(file.notes)))
    while script.peek().kind != "end":
        if script.take("CREATE", "MERGE") and script.peek().text.upper() not in _SCHEMA:
            _pattern(script, records)
            while script.take(","):
                _pattern(script, records)
        else:
            token = script.next()
            if token.kind == "word" and token.text.upper() in ("MATCH", "UNWIND", "LOAD", "CALL"):
                records.findings.note(f"{token.text.upper()} (line {token.line}) is a query and was not run")
    if not records.nodes:
        raise GraphReadError(
            path, "no CREATE (node) was found; only scripts that create nodes and relationships are read"
        )
    return build(records, options.name)


def _pattern(script: _Script, records: Records) -> None:
    """`(a)-[:R]->(b)<-[:S]-(c)`."""
    if script.peek().kind == "word" and script.peek(1).text == "=":
        script.at += 2
    source = _node(script, records)
    while script.peek().text in ("-", "<-"):
        backwards = script.next().text == "<-"
        attributes: dict[str, object] = {}
        if script.take("["):
            attributes = _inside(script, "]", "relation")[1]
            script.need("]")
        if not script.take("->"):
            script.need("-")
        target = _node(script, records)
        records.edge(*((target, source) if backwards else (source, target)), attributes)
        source = target


def _node(script: _Script, records: Records) -> str:
    script.need("(")
    variable, attributes = _inside(script, ")")
    script.need(")")
    node_id = variable or f"node {len(records.nodes) + 1}"
    if node_id not in records.nodes or attributes:
        records.nodes.setdefault(node_id, {}).update(attributes)
    return node_id


def _inside(script: _Script, end: str, kind: str = "type") -> tuple[str, dict[str, object]]:
    """The variable, and the labels (under the key `kind`) and properties, up to the closing bracket."""
    variable = script.next().text.strip("`") if script.peek().kind in ("word", "quoted") else ""
    labels = []
    while script.take(":", "|", "&"):
        labels.append(script.next().text.strip("`"))
    attributes: dict[str, object] = {kind: labels} if labels else {}
    if script.peek().text == "{":
        attributes.update(_map(script))
    if script.peek().text != end:
        raise GraphReadError(
            script.path, f"{end!r} was expected, not {script.peek().text[:30]!r}", line=script.peek().line
        )
    return variable, attributes


def _map(script: _Script) -> dict[str, object]:
    script.need("{")
    values: dict[str, object] = {}
    while script.peek().text != "}":
        key = script.next().text.strip("`")
        script.need(":")
        values[key] = _value(script)
        if not script.take(","):
            break
    script.need("}")
    return values


def _value(script: _Script, depth: int = 0) -> object:
    token = script.peek()
    if token.text == "{":
        return _map(script) if depth < 20 else None
    script.next()
    if token.kind == "string":
        return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), token.text[1:-1], flags=re.S)
    if token.text == "[":
        items = []
        while script.peek().text != "]":
            if depth > 20:
                raise GraphReadError(script.path, "lists more than 20 deep", line=token.line)
            items.append(_value(script, depth + 1))
            if not script.take(","):
                break
        script.need("]")
        return items
    if token.kind == "word" and script.take("("):  # date('2020-01-01') and the like
        value = _value(script, depth + 1) if script.peek().text != ")" else None
        script.need(")")
        return value
    return None if token.text.lower() == "null" else token.text
