"""Recent graphs: which graphs visitors brought, so that they can be opened again, also after a restart.

One JSON file in the user's cache folder: for the session that brought a graph its key, the graph's name and the folder
of its index. The key is known to that visitor's browser alone, so nobody is shown what another one brought.
This module knows nothing of Gradio.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

from graphrag.index import GraphIndex, cache_folder

FILE = "recent.json"
KEPT = 100
_WRITING = Lock()


@dataclass(frozen=True)
class RecentGraph:
    """A graph that a session brought: its name, and the folder of its index."""

    key: str
    name: str
    index: str


def remember(graph: RecentGraph) -> None:
    """Keep it, in the place of what that session brought before; the oldest are forgotten."""
    with _WRITING:
        kept = [one for one in _read() if one.key != graph.key][-(KEPT - 1) :]
        file = cache_folder() / FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}.tmp")
        unfinished.touch(mode=0o600)  # keys are secrets of browsers
        unfinished.write_text(json.dumps([vars(one) for one in [*kept, graph]], ensure_ascii=False), encoding="utf-8")
        unfinished.replace(file)


def recent(keys: Iterable[str]) -> list[RecentGraph]:
    """What sessions of these keys brought and is still there, in the order of the keys."""
    known = {one.key: one for one in _read()}
    return [known[key] for key in keys if key in known and GraphIndex.is_index(known[key].index)]


def _read() -> list[RecentGraph]:
    try:
        return [RecentGraph(**one) for one in json.loads((cache_folder() / FILE).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):  # none yet, or not one of ours: it is written anew
        return []
