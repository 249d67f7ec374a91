"""Which format a file has: by its content where that is plain, else by its suffix, else a table."""

from __future__ import annotations

import re
from pathlib import Path

from graph_data.errors import GraphReadError
from graph_data.readers.expla_graphs import TRIPLE
from graph_data.readers.files import TextFile, read_head, suffix_of, to_text

SUFFIXES = {
    ".csv": "table", ".tsv": "table", ".tab": "table", ".psv": "table", ".parquet": "table", ".feather": "table",
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonld": "jsonld", ".hext": "hext", ".trix": "trix",
    ".graphml": "graphml", ".gexf": "gexf", ".gml": "gml", ".net": "pajek", ".paj": "pajek",
    ".edgelist": "edgelist", ".edges": "edgelist", ".cypher": "cypher", ".cql": "cypher",
    ".nt": "ntriples", ".ntriples": "ntriples", ".nq": "nquads", ".nquads": "nquads", ".ttl": "turtle",
    ".turtle": "turtle", ".trig": "trig", ".n3": "n3", ".rdf": "rdfxml", ".owl": "rdfxml",
}  # fmt: skip
_ROOTS = {"graphml": "graphml", "gexf": "gexf", "rdf": "rdfxml", "trix": "trix"}
_TERM = r"(?:<[^>\s]+>|_:\S+)"
_STATEMENT = re.compile(
    rf'\A{_TERM}\s+<[^>\s]+>\s+(?:{_TERM}|"(?:[^"\\]|\\.)*"\S*)\s*({_TERM})?\s*\.\s*(?:#.*)?\Z'
)  # fmt: skip
_HEXTUPLE = re.compile(r'\A\s*\[\s*"[^"]*"(?:\s*,\s*"(?:[^"\\]|\\.)*"){5}\s*\]\s*\Z')
_SAMPLE = 1 << 18


def sniff(path: Path, encoding: str | None = None) -> tuple[str, str]:
    """The format's name (a key of `readers.READERS`) and a note if the suffix says something else.

    Raises: GraphReadError for a file that is missing, empty, binary, or plainly something else.
    """
    data = read_head(path, _SAMPLE)
    if data[:4] == b"PAR1" or data[:6] == b"ARROW1":
        return "table", ""
    by_suffix = SUFFIXES.get(suffix_of(path), "")
    file = to_text(path, data, encoding)
    head = file.data.decode("utf-8", "ignore").lstrip()
    found = _by_content(file, head, by_suffix) or by_suffix
    if not found:
        found = "edgelist" if _is_edge_list(head) else "table"
    if found == "json" and head[:1] not in '{["' and head[:1]:
        raise GraphReadError(
            path,
            "not JSON, though it is called so",
            line=1,
            mend="if it is a table, name it .csv or pass format='table'",
        )
    differs = by_suffix and found != by_suffix and (by_suffix, found) not in _RELATED
    return found, f"the suffix {suffix_of(path)} says otherwise, but the content is {found}" if differs else ""


_RELATED = {
    ("json", "jsonld"), ("json", "scene-graph"), ("json", "jsonl"), ("jsonl", "hext"), ("jsonl", "json"),
    ("table", "explagraphs"), ("json", "hext"), ("hext", "jsonl"),
}  # fmt: skip


def _by_content(file: TextFile, head: str, by_suffix: str) -> str:
    """The format that the text shows, "" if it shows none."""
    if head[:1] == "<" and not head.startswith(("<http", "<urn")) and (found := _by_root(file.path, head, by_suffix)):
        return found
    lines = [line.strip() for line in head.split("\n", 40)[:40] if line.strip()]
    first = lines[0] if lines else ""
    if head[:1] in "{[" and by_suffix not in ("turtle", "trig", "n3"):
        return _json_kind(head, first, by_suffix)
    if first.lower().startswith(("*vertices", "*network")):
        return "pajek"
    if re.search(r"^\s*graph\s*\[", head, re.M | re.I) and re.search(r"^\s*node\s*\[", head, re.M | re.I):
        return "gml"
    if re.match(r"(?:@prefix|@base|prefix|base)\s+\S*:?\s*<", _without_comments(head), re.I):
        return by_suffix if by_suffix in ("trig", "n3") else "turtle"
    if by_suffix not in ("turtle", "trig", "n3", "ntriples", "nquads") and (match := _STATEMENT.match(first)):
        return "nquads" if match[1] else "ntriples"
    if re.search(r"^\s*(?:CREATE|MERGE)\s*\(", head, re.M) and by_suffix in ("", "cypher"):
        return "cypher"
    if len(TRIPLE.findall(head)) >= max(1, 0.7 * (len(lines) - 1)) and by_suffix in ("", "table"):
        return "explagraphs"
    return ""


def _without_comments(head: str) -> str:
    return re.sub(r"\A(?:\s*#[^\n]*\n)+", "", head).lstrip()


def _by_root(path: Path, head: str, by_suffix: str) -> str:
    match = re.search(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)", re.sub(r"<!--.*?(?:-->|\Z)", "", head, flags=re.S))
    root = match[1].lower() if match else ""
    if root in _ROOTS:
        return _ROOTS[root]
    if root in ("html", "body", "head", "div", "p") or head[:14].lower() == "<!doctype html":
        raise GraphReadError(
            path, "this is an HTML page, not a graph", mend="it may be an error page saved in place of the file"
        )
    if root and by_suffix not in ("turtle", "trig", "n3", "ntriples", "nquads", "table"):
        if by_suffix in ("graphml", "gexf", "rdfxml", "trix"):
            return by_suffix
        raise GraphReadError(path, f"XML whose root is <{root}>; GraphML, GEXF, RDF/XML and TriX are read")
    return ""


def _json_kind(head: str, first: str, by_suffix: str) -> str:
    if _HEXTUPLE.match(first):
        return "hext"
    if re.search(r'"@(?:context|id|graph)"\s*:', head) and "\n{" not in head.replace("\r", "").rstrip("\n "):
        return "jsonld"
    if re.search(r'"objects"\s*:\s*\{', head) and re.match(r'\{\s*(?:"[^"]*"\s*:\s*\{)?[^\[]*?"objects"', head[:2000]):
        return "scene-graph"
    whole = first.endswith(("}", "]")) and re.search(r"\n\s*[\[{]", head) is not None
    if by_suffix == "jsonld":
        return "jsonld"
    if by_suffix in ("jsonl", "hext") or (whole and first[:1] == "{" and by_suffix != "json"):
        return "jsonl"
    return "json"


def _is_edge_list(head: str) -> bool:
    """Two or three words a line and nothing else that cuts columns."""
    lines = [line for line in head.split("\n")[:50] if line.strip() and line[:1] not in "#%"]
    if any(mark in line for line in lines for mark in "\t,;|"):
        return False
    return bool(lines) and all(len(line.split()) in (2, 3) for line in lines[:-1] or lines)
