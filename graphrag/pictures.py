"""Pictures: lines in panels, drawn to a file whose suffix says how (svg, png, pdf). Knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_WIDTH, _HEIGHT = 5.2, 3.6  # inches of a panel


@dataclass(frozen=True)
class Line:
    """A named line through the points (x, y)."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Panel:
    """Lines over the same axes."""

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    scale: Literal["linear", "log"] = "linear"  # of both axes


def draw(file: Path, panels: Sequence[Panel]) -> Path:
    """Draw the panels side by side; returns the file."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "fixed", "svg.fonttype": "none"}):  # the same figures give the same file
        figure = Figure((_WIDTH * len(panels), _HEIGHT), layout="constrained")
        for place, panel in enumerate(panels, start=1):
            axes = figure.add_subplot(1, len(panels), place)
            for line in panel.lines:
                axes.plot(line.x, line.y, label=line.name, marker="." if len(line.x) < 40 else None, linewidth=1.4)
            axes.set(
                title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label, xscale=panel.scale, yscale=panel.scale
            )
            axes.grid(True, which="both" if panel.scale == "log" else "major", alpha=0.25)
            axes.legend(frameon=False)
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    return file
