"""Learning curves: the figures of a training as lines of `metrics.jsonl`, and as a picture.

A line is `{"stage": "ranker", "step": 150, "loss": 1.2, ...}`; the stages of a training share the file. A stopped
training that goes on forgets the lines after its checkpoint, so that the file is that of one never stopped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from graphrag.pictures import Line, Panel, draw

METRICS, PICTURE = "metrics.jsonl", "learning_curves.svg"
_NO_FIGURE = frozenset({"stage", "step", "lr", "seconds"})


class Curve:
    """The lines of one stage."""

    def __init__(self, folder: Path, stage: str) -> None:
        self.file, self.stage = folder / METRICS, stage

    def record(self, step: int, **values: float) -> None:
        """Add a line."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"stage": self.stage, "step": step, **values}) + "\n")

    def forget_after(self, step: int) -> None:
        """Drop the stage's lines after a step, and what a kill tore."""
        lines = _lines(self.file)
        kept = [line for line in lines if line["stage"] != self.stage or line["step"] <= step]
        if self.file.is_file():
            self.file.write_text("".join(json.dumps(line) + "\n" for line in kept), "utf-8")


def draw_curves(folder: Path) -> Path | None:
    """Draw `learning_curves.svg`, a panel a stage: its loss, and what was measured on held-out questions."""
    stages: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for line in _lines(folder / METRICS):
        for name in line.keys() - _NO_FIGURE:
            stages.setdefault(line["stage"], {}).setdefault(name, []).append((line["step"], line[name]))
    if not stages:
        return None
    panels = [
        Panel(stage, "step", "", [Line(name, *zip(*points, strict=True)) for name, points in sorted(figures.items())])
        for stage, figures in stages.items()
    ]
    return draw(folder / PICTURE, panels)


def _lines(file: Path) -> list[dict[str, Any]]:
    found = []
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            found.append(json.loads(line))
        except ValueError:  # torn by a kill
            continue
    return found
