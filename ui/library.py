"""Library: opens graphs for all visitors, and keeps their sessions for when they come back.

An opened sample is shared by all visitors, for it is only read; a dropped file belongs to the session that dropped it.
This module knows nothing of Gradio.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

from graph_data import samples
from graph_data.errors import GraphError
from graph_data.textual_graph import TextualGraph
from graphrag.embedding import Progress
from ui.evidence import clip, spoken
from ui.recent import RecentGraph, recent, remember
from ui.session import Assistant, Opener, Session

NUM_EXAMPLES = 4
PASTED = "pasted triples.csv"
KEPT_SESSIONS = 30  # those used last can be come back to after a reload


class Library:
    """Opens graphs. Samples and the graph that the page starts with are opened once."""

    def __init__(self, opener: Opener, start: str | None = None) -> None:
        self.opener, self.start = opener, start
        self._opened: dict[str | None, Assistant] = {}
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock, self._keeping = Lock(), Lock()

    def samples(self) -> list[str]:
        """Names of the bundled samples."""
        return list(samples.names())

    def keep(self, session: Session) -> Session:
        """Remember a session, so that its visitor can come back to it."""
        with self._keeping:
            self._sessions[session.key] = session
            self._sessions.move_to_end(session.key)
            while len(self._sessions) > KEPT_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def resume(self, key: str) -> Session | None:
        """The session with that key, if it is still remembered."""
        with self._keeping:
            return self._sessions.get(key)

    def recent(self, keys: Sequence[str]) -> list[RecentGraph]:
        """The graphs that the visitor with these keys brought."""
        return recent(keys)

    def reopen(self, key: str, progress: Progress | None = None) -> Session:
        """The session with that key, or a new one on the graph that it brought.

        Raises:
            GraphError: that graph is no longer there, or cannot be opened.
        """
        session = self.resume(key)
        if session is None:
            graph = next(iter(recent([key])), None)
            if graph is None:
                raise GraphError("That graph is no longer kept here; open its file again.")
            session = replace(_session(self.opener(graph.index, progress), graph.name), key=key)
        return self.keep(session)

    def begin(self, source: str | None = None, progress: Progress | None = None) -> Session:
        """A session on a sample, or on the graph that the page starts with (None).

        Raises:
            GraphError: the graph cannot be opened.
        """
        source = source if source is not None else self.start
        if source not in self._opened:
            with self._lock:
                if source not in self._opened:  # another visitor may have opened it meanwhile
                    self._opened[source] = self.opener(source, progress)
        return self.keep(_session(self._opened[source], source or samples.DEFAULT))

    def begin_with_text(self, text: str, progress: Progress | None = None) -> Session:
        """A session on triples that a visitor typed or pasted, as a file of them would hold them.

        Raises:
            GraphError: they cannot be read as a graph.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / PASTED
            file.write_text(text, encoding="utf-8")
            return self.begin_with_files([str(file)], progress)

    def begin_with_files(self, files: Sequence[str], progress: Progress | None = None) -> Session:
        """A session on what a visitor brought: one file, or several that make up one graph.

        Raises:
            GraphError: they cannot be read as a graph.
        """
        with tempfile.TemporaryDirectory() as folder:
            copies = [shutil.copy(file, folder) for file in files]
            try:
                assistant = self.opener(copies[0] if len(copies) == 1 else folder, progress)
            except GraphError as error:  # a visitor knows the file's name, not where the server keeps it
                raise GraphError(str(error).replace(f"{folder}/", "").replace(folder, "these files")) from error
        session = self.keep(_session(assistant, ", ".join(Path(file).name for file in files)))
        if assistant.place:
            remember(RecentGraph(session.key, session.name, str(assistant.place)))
        return session


def _session(assistant: Assistant, source: str) -> Session:
    if source in samples.names():
        name, examples = source, [str(item["question"]) for item in samples.questions(source)]
        examples = examples[:: max(1, len(examples) // NUM_EXAMPLES)][:NUM_EXAMPLES]
    else:
        name, examples = Path(source).name, _made_examples(assistant.graph)
    return Session(assistant, clip(name, 120), assistant.chat(), examples)


def _made_examples(graph: TextualGraph) -> list[str]:
    """Questions about a few triples spread over the graph, each of another relation where there are several."""
    found: dict[int, str] = {}
    step = max(1, graph.num_edges // 200)
    for edge in range(0, graph.num_edges, step):
        relation = int(graph.edge_relation[edge])
        if relation in found:
            continue
        source = clip(graph.node_name(int(graph.edge_index[0, edge])), 60)
        found[relation] = _question_about(source, clip(spoken(graph.relation(edge)), 60))
        if len(found) == NUM_EXAMPLES:
            break
    return list(found.values())


def _question_about(source: str, relation: str) -> str:
    """Words around a relation: `directed by` is asked otherwise than `capital` and `languages`."""
    last = relation.split()[-1] if relation.split() else relation
    if last in {"by", "in", "at", "on", "of", "to", "from", "for", "with", "as"} or last.endswith("ed"):
        return f"{source} {relation} what?"
    return f"What {'are' if last.endswith('s') else 'is'} the {relation} of {source}?"
