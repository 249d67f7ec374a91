"""What a person sees in a terminal: answers with evidence, descriptions of graphs, progress. Knows rich, no models.

Text of a graph is shown as text: no markup in it is interpreted, no control character reaches the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from graphrag.answer import Answer
from graphrag.retrieval.subgraph import EvidenceEdge, EvidenceNode, Subgraph

MAX_TRIPLES = 30  # shown; --json has them all
_MAX_CELL = 60
_WIDE = 240  # columns where the output is no terminal
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_STYLES = {"answer": "bold green", "terminal": "cyan", "bridge": "dim", "endpoint": ""}


def console_for(stream: IO[str]) -> Console:
    """A console that writes to the stream, wide where that is a file or a pipe."""
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=_WIDE)


def plain(text: str, limit: int | None = None) -> str:
    """Text without control characters, cut at `limit` characters."""
    clean = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\n", " "))
    return clean if limit is None or len(clean) <= limit else clean[: limit - 1] + "…"


def show_answer(console: Console, answer: Answer) -> None:
    """The reply, the triples that it comes from with their roles, and how sure and how quick it was."""
    console.print(Text(plain(answer.text), style="bold"))
    if answer.ambiguous:
        console.print(Text(plain(answer.ambiguity()), style="dim"))
    if answer.subgraph.edges or answer.subgraph.nodes:
        console.print()
        console.print(evidence_table(answer.subgraph))
    rest = len(answer.subgraph.edges) - MAX_TRIPLES
    if rest > 0:
        console.print(Text(f"... and {rest} more triples (--json shows all)", style="dim"))
    sure = [f"confidence {answer.confidence:.2f}", "grounded" if answer.grounded else "not grounded in the evidence"]
    took = f"{answer.seconds['total']:.2f} s" if "total" in answer.seconds else ""
    console.print()
    console.print(Text(" · ".join(filter(None, [*sure, f"model {plain(answer.model)}", took])), style="dim"))


def evidence_table(subgraph: Subgraph) -> Table:
    """The evidence as triples, those that matter most first; nodes without an edge stand alone."""
    nodes = {node.id: node for node in subgraph.nodes}
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("from", "relation", "to", "edge"):
        table.add_column(column)
    for edge in sorted(subgraph.edges, key=_importance(nodes))[:MAX_TRIPLES]:
        ends = (
            _node(nodes[end]) if end in nodes else Text(plain(end, _MAX_CELL)) for end in (edge.source, edge.target)
        )
        source, target = ends
        table.add_row(source, Text(plain(edge.text, _MAX_CELL)), target, Text(edge.role, style="dim"))
    touched = {end for edge in subgraph.edges for end in (edge.source, edge.target)}
    for node in subgraph.nodes:
        if node.id not in touched:
            table.add_row(_node(node), "", "", "")
    return table


def _importance(nodes: Mapping[str, EvidenceNode]) -> Callable[[EvidenceEdge], tuple[bool, bool, float]]:
    """Sort key: edges at an answer first, then prized ones, then by score."""

    def key(edge: EvidenceEdge) -> tuple[bool, bool, float]:
        at_answer = any(end in nodes and nodes[end].role == "answer" for end in (edge.source, edge.target))
        return not at_answer, edge.role != "terminal", -edge.score

    return key


def _node(node: EvidenceNode) -> Text:
    return Text.assemble((plain(node.name, _MAX_CELL), _STYLES.get(node.role, "")), (f" ({node.role})", "dim"))


def show_graph(console: Console, found: Mapping[str, Any]) -> None:
    """What `graphrag info` or `index` found out, as lines of name and value; a list goes on lines of its own."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in found.items():
        if isinstance(value, Mapping):
            text = "\n".join(plain(f"{key}: {one}") for key, one in value.items())
        elif isinstance(value, list | tuple):
            text = "\n".join(plain(_item(item)) for item in value)
        else:
            text = f"{value:,}" if isinstance(value, int) else plain(str(value))
        if text:
            table.add_row(name.replace("_", " "), Text(text))
    console.print(table)


def _item(item: Any) -> str:
    return ": ".join(map(str, item.values())) if isinstance(item, Mapping) else str(item)


@contextmanager
def progress(label: str, stream: IO[str]) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, nothing elsewhere; yields what to call with (done, in all)."""
    console = Console(file=stream)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        task = bar.add_task(label, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)
