"""Learning curves: what a stopped training logged is what one never stopped would have, and it is drawn."""

from __future__ import annotations

from pathlib import Path

from graphrag.training.curves import METRICS, Curve, draw_curves


def test_a_stage_forgets_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    first, second = Curve(tmp_path, "reasoner"), Curve(tmp_path, "ranker")
    for step in (1, 2, 3):
        first.record(step, loss=1 / step)
    second.record(3, loss=5.0)
    with (tmp_path / METRICS).open("a") as file:
        file.write('{"stage": "ranker", "st')  # a kill
    second.forget_after(-1)
    first.forget_after(2)
    assert (tmp_path / METRICS).read_text().splitlines() == [
        '{"stage": "reasoner", "step": 1, "loss": 1.0}',
        '{"stage": "reasoner", "step": 2, "loss": 0.5}',
    ]


def test_every_stage_and_figure_is_in_the_picture(tmp_path: Path) -> None:
    assert draw_curves(tmp_path) is None
    Curve(tmp_path, "ranker").record(25, loss=1.0)
    Curve(tmp_path, "ranker").record(50, loss=0.5, right=0.75)
    Curve(tmp_path, "adapter").record(20, validation_loss=2.0, lr=0.1, seconds=3.0)
    picture = draw_curves(tmp_path)
    assert picture is not None
    drawn = picture.read_text()
    for word in ("ranker", "adapter", "loss", "right", "validation_loss"):
        assert f">{word}<" in drawn
    assert ">lr<" not in drawn
    assert draw_curves(tmp_path).read_text() == drawn  # type: ignore[union-attr]
