"""Metrics on replies whose score can be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.evaluation import metrics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Dark Knight!", "dark knight"),
        ("  an  Apple a day", "apple day"),
        ("U.S.", "us"),
        ("São Tomé’s", "são tomés"),
        ("The", "the"),  # nothing but an article is a name of its own
        ("?!", "?!"),
        ("theatre", "theatre"),
        ("", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert metrics.normalise(text) == expected


@given(st.text(max_size=30))
def test_normalise_is_stable(text: str) -> None:
    assert metrics.normalise(metrics.normalise(text)) in {metrics.normalise(text), metrics.normalise(text).strip()}


@pytest.mark.parametrize(
    ("text", "gold", "expected"),
    [
        ("It was directed by Christopher Nolan.", ["Christopher Nolan"], True),
        ("The woman.", ["man"], False),  # whole words only
        ("A man.", ["the man"], True),
        ("Paris, or Madrid.", ["Rome", "Madrid"], True),
        ("The graph does not say.", ["Madrid"], False),
        ("anything", [], False),
    ],
)
def test_hit(text: str, gold: list[str], expected: bool) -> None:
    assert metrics.hit(text, gold) is expected


def test_hit_at_1_looks_at_the_first_answer_alone() -> None:
    assert metrics.hit_at_1(["the Danube", "Rhine"], ["Danube"])
    assert not metrics.hit_at_1(["Rhine", "Danube"], ["Danube"])
    assert not metrics.hit_at_1(["Danube river"], ["Danube"])
    assert not metrics.hit_at_1([], ["Danube"])


@pytest.mark.parametrize(
    ("answers", "gold", "expected"),
    [
        (["a1", "b1"], ["a1", "b1"], (1, 1, 1)),
        (["a1"], ["a1", "b1"], (1, 0.5, 2 / 3)),
        (["a1", "A1.", "c1"], ["a1"], (0.5, 1, 2 / 3)),  # the same answer twice is one
        (["c1"], ["a1"], (0, 0, 0)),
        ([], ["a1"], (0, 0, 0)),
    ],
)
def test_precision_recall_f1(answers: list[str], gold: list[str], expected: tuple[float, ...]) -> None:
    assert metrics.precision_recall_f1(answers, gold) == pytest.approx(expected)


@given(st.lists(st.sampled_from("uvwxyz")), st.lists(st.sampled_from("uvwxyz")))
def test_f1_stays_within_bounds(answers: list[str], gold: list[str]) -> None:
    assert all(0 <= value <= 1 for value in metrics.precision_recall_f1(answers, gold))


def test_exact_match_is_of_sets() -> None:
    assert metrics.exact_match(["Rhine", "Danube"], ["danube", "Rhine"])
    assert not metrics.exact_match(["Rhine"], ["Danube", "Rhine"])


def test_coverage_counts_names_values_and_relations() -> None:
    nodes = ["name: cup; attribute: red, small", "Madrid"]
    assert metrics.coverage(nodes, ["to the left of"], ["red", "cup", "madrid", "to the left of"]) == 1
    assert metrics.coverage(nodes, [], ["red", "blue"]) == 0.5
    assert metrics.coverage([], [], ["red"]) == 0


@pytest.mark.parametrize("gold", [[], ["yes"], ["No"]])
def test_coverage_does_not_apply_to_what_no_node_names(gold: list[str]) -> None:
    assert metrics.coverage(["yes"], [], gold) is None


def test_interval_holds_the_mean() -> None:
    low, high = metrics.interval([0.0, 1.0] * 50)
    assert 0.35 < low < 0.5 < high < 0.65
    assert metrics.interval([1.0]) == (1.0, 1.0)
    assert metrics.interval([0.0, 1.0] * 9) == metrics.interval([0.0, 1.0] * 9)  # the same every time


def test_the_risk_coverage_curve_takes_the_surest_first() -> None:
    curve = metrics.risk_coverage([0.9, 0.5, 0.5, 0.2], [True, True, False, False], asked=8)
    assert [(point.confidence, point.coverage) for point in curve] == [(0.9, 0.125), (0.5, 0.375), (0.2, 0.5)]
    assert [point.risk for point in curve] == pytest.approx([0, 1 / 3, 0.5])
    assert metrics.area_under_risk(curve) == pytest.approx((0.125 * 0 + 0.25 / 3 + 0.125 / 2) / 0.5)
    assert metrics.risk_coverage([], [], asked=3) == []
    assert metrics.area_under_risk([]) is None


def test_the_calibration_error_is_the_gap_of_confidence_and_truth() -> None:
    assert metrics.calibration_error([0.8] * 10, [True] * 8 + [False] * 2, bins=1) == pytest.approx(0)
    assert metrics.calibration_error([0.9, 0.9, 0.1, 0.1], [True, False, True, False], bins=2) == pytest.approx(0.4)
    assert metrics.calibration_error([], []) is None
