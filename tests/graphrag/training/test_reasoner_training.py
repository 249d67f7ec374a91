"""The reasoner learns from answers alone, and the walk that answers is the walk that was trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from graph_data.textual_graph import TextualGraph
from graphrag.retrieval.prizes import LearnedReader
from graphrag.retrieval.reasoning import walk
from graphrag.training import reasoner_training
from graphrag.training.examples import LabelledQuestion, memory_index
from graphrag.training.reasoner_training import (
    ReasonerTraining,
    hit_at_1,
    loss_of,
    prepare,
    score,
    train_reasoner,
)

TRADES = ["baker", "smith", "tailor", "miller"]
PEOPLE = ["Ada Lunn", "Bo Keld", "Cai Morn", "Dee Vask"]
TOWNS = ["Lundby", "Keldar", "Mornwick", "Vaskholm"]
GRAPH = TextualGraph.from_triples(
    [(person, "born in", town) for person, town in zip(PEOPLE, TOWNS, strict=True)]
    + [(person, "works as", trade) for person, trade in zip(PEOPLE, TRADES, strict=True)]
)
QUESTIONS = [
    *(LabelledQuestion(f"Where was {person} born?", (town,)) for person, town in zip(PEOPLE, TOWNS, strict=True)),
    *(LabelledQuestion(f"Who was born in {town}?", (person,)) for person, town in zip(PEOPLE, TOWNS, strict=True)),
    LabelledQuestion("What is the job of Ada Lunn?", ("baker",)),
    LabelledQuestion("What is the job of Bo Keld?", ("smith",)),
    LabelledQuestion("How tall is Ada Lunn?", ()),
    LabelledQuestion("Was Ada Lunn born in Lundby?", ("yes",)),
    LabelledQuestion("Was Ada Lunn born in Keldar?", ("no",)),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    index = memory_index(GRAPH)
    prepared = prepare("people", index, QUESTIONS)
    settings = ReasonerTraining(epochs=60, batch=16, accumulate=1, learning_rate=1e-3)
    model = train_reasoner([prepared], [prepared], settings, tmp_path_factory.mktemp("reasoner"))
    return prepared, model


def test_it_learns_what_was_asked(trained) -> None:  # type: ignore[no-untyped-def]
    prepared, model = trained
    figures = hit_at_1(model, prepared)
    assert figures["hit_at_1"] >= 0.9
    assert figures["certainty"] > figures["uncertainty"]


def test_questions_whose_answers_the_graph_lacks_are_left_out() -> None:
    prepared = prepare("people", memory_index(GRAPH), [LabelledQuestion("Who?", ("Nobody At All",))])
    assert prepared.questions == []


def test_the_dense_walk_of_training_is_the_sparse_walk_of_answering(trained) -> None:  # type: ignore[no-untyped-def]
    prepared, model = trained
    reader = LearnedReader(model, wording=0.0)
    for question in prepared.questions:
        with torch.no_grad():
            dense = score(model, prepared, [question])
        hits = replace(question.hits, states=question.hits.states.astype(np.float32))
        plan = reader.plan(hits, prepared.graph)
        sparse = walk(prepared.graph, plan.starts, plan.gates, plan.step_weights)
        found = np.zeros(GRAPH.num_nodes, np.float32)
        found[sparse.nodes] = sparse.scores
        np.testing.assert_allclose(found, dense.scores[:, 0].numpy(), atol=5e-3)
        assert sparse.arrival == pytest.approx(float(dense.arrival[0].clamp(max=1)), abs=5e-3)


def test_the_loss_is_finite_where_nothing_is_found() -> None:
    from graphrag.models.reasoner import Reasoner

    index = memory_index(TextualGraph.from_triples([("a", "r", "b"), ("c", "r", "d")]))
    prepared = prepare("pairs", index, [LabelledQuestion("xyzzy", ("d",)), LabelledQuestion("plugh", ())])
    loss = loss_of(score(Reasoner(), prepared, prepared.questions), prepared.questions)
    assert bool(torch.isfinite(loss))


def test_the_best_weights_are_kept(tmp_path: Path) -> None:
    prepared = prepare("people", memory_index(GRAPH), QUESTIONS[:4])
    train_reasoner([prepared], [prepared], ReasonerTraining(epochs=1, accumulate=1), tmp_path)
    assert (tmp_path / "reasoner.safetensors").is_file()


def test_a_resumed_training_is_the_one_never_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepare("people", memory_index(GRAPH), QUESTIONS)
    settings = ReasonerTraining(epochs=4, batch=4, accumulate=2, learning_rate=1e-3, checkpoint_every=3, log_every=3)
    whole = train_reasoner([prepared], [prepared], settings, tmp_path / "whole")
    kept = reasoner_training.write_checkpoint

    def killed(folder: Path, step: int, *rest: Any) -> None:
        kept(folder, step, *rest)
        if step == 6:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reasoner_training, "write_checkpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            train_reasoner([prepared], [prepared], settings, tmp_path / "parts")
    resumed = train_reasoner([prepared], [prepared], settings, tmp_path / "parts", resume=True)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    assert (tmp_path / "parts" / "metrics.jsonl").read_text() == (tmp_path / "whole" / "metrics.jsonl").read_text()


def test_it_stops_early_without_a_better_figure(tmp_path: Path) -> None:
    prepared = prepare("people", memory_index(GRAPH), QUESTIONS)
    train_reasoner([prepared], [prepared], ReasonerTraining(epochs=40, accumulate=1, patience=1, batch=16), tmp_path)
    epochs = [line for line in (tmp_path / "metrics.jsonl").read_text().splitlines() if "hit_at_1" in line]
    assert len(epochs) < 40
