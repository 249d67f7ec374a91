"""Training: questions with answers in, an adapter folder out. `run` is what `graphrag train` calls."""

from __future__ import annotations

from typing import Any


def run(**options: Any) -> dict[str, Any]:
    """See `graphrag.training.recipe.run`."""
    from graphrag.training.recipe import run as run_recipe

    return run_recipe(**options)
