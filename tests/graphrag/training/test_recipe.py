"""`graphrag train --graph`: a graph without labels in, an adapter out that answers through the ordinary way in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graphrag import GraphRAG
from graphrag.errors import ConfigError
from graphrag.training import recipe


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    adapt = recipe.RECIPES["adapt"]
    tiny = replace(
        adapt,
        questions=80,
        prompts=32,
        replayed=3,
        reasoner=replace(adapt.reasoner, epochs=1),
        ranker=replace(adapt.ranker, epochs=1),
        adapter=replace(adapt.adapter, epochs=1, evaluate_every=0, hit_examples=10),
    )
    monkeypatch.setitem(recipe.RECIPES, "adapt", tiny)


def test_a_graph_without_labels_is_learned_from(small: None, tmp_path: Path) -> None:
    out = tmp_path / "heist.adapter"
    found = recipe.run(out=out, graph="museum_heist", seed=1)
    assert found["examples"] == 32
    assert set(found["reasoner_hit_at_1"]) == {"museum_heist"}
    assert 0 < found["hit_at_1_before"] <= 1
    assert 0 < found["hit_at_1_after"] <= 1
    assert (out / "learning_curves.svg").is_file()
    assert {file.name for file in out.iterdir()} >= {
        "adapter.json",
        "reasoner.safetensors",
        "query_ranker.safetensors",
        "graph_encoder.safetensors",
    }
    answer = GraphRAG.open("museum_heist", adapter=out).ask("Who is suspected?")
    assert answer.grounded
    again = recipe.run(out=out, graph="museum_heist", seed=1, resume=True)
    assert again["steps"] == found["steps"]


def test_what_cannot_be_trained_on_is_refused(tmp_path: Path) -> None:
    pair = tmp_path / "pair.gml"
    pair.write_text('graph [ node [ id 1 label "a" ] node [ id 2 label "b" ] ]')
    with pytest.raises(ConfigError, match="too few questions"):
        recipe.run(out=tmp_path / "out", graph=str(pair))
    with pytest.raises(ConfigError, match="--data"):
        recipe.run(out=tmp_path / "out", recipe="default")
    with pytest.raises(ConfigError, match="no recipe"):
        recipe.run(out=tmp_path / "out", recipe="magic", graph=str(pair))
