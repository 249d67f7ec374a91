"""Answering: the models that a page offers, and whether answers are bound to the evidence.

A page offers the model that ships, and the one that it was started with, with and without its adapter. Visitors choose
among these alone: what a page loads is for who starts it to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graph_data.errors import GraphError
from ui.session import Session

DEFAULT = "default"


@dataclass(frozen=True)
class Model:
    """A language model with its adapter (None: the one that ships with it, if any), as `GraphRAG` takes them."""

    llm: str
    adapter: str | None = None

    @property
    def label(self) -> str:
        name = "Built in" if self.llm == DEFAULT else Path(self.llm).name
        return f"{name} + {Path(self.adapter).name}" if self.adapter else name

    @property
    def about(self) -> str:
        """What it can do, in a sentence."""
        if self.llm == DEFAULT:
            tuned = ", tuned by your adapter" if self.adapter else ""
            return (
                f"The model that ships{tuned}: 54 MB, quick on a laptop, reads text and graph tokens. It chooses among "
                "the names in the evidence; free writing it has not learned."
            )
        if self.adapter:
            return f"{self.llm} with an adapter: reads text and graph tokens, answers from the evidence or freely."
        return f"{self.llm} as it comes: reads the evidence as text alone, answers from it or freely."


def offered(llm: str = DEFAULT, adapter: str | None = None) -> list[Model]:
    """The models of a page that was started with these; the first one answers until another is chosen."""
    return list(dict.fromkeys([Model(llm, adapter), Model(llm), Model(DEFAULT)]))


def choose(session: Session | None, models: Sequence[Model], chosen: str, grounded: bool) -> str:
    """Go on with a model, by its label; returns what to tell of it."""
    model = next((one for one in models if one.label == chosen), None)
    if session is None or model is None:
        return "Open a graph first." if session is None else "That model is not offered here; choose one of the list."
    try:
        session.answer_by(model.llm, model.adapter, grounded)
    except GraphError as error:
        return str(error)
    free = "" if grounded else " Answers are free now: the model may say what no evidence holds."
    return model.about + free
