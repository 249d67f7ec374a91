"""Every bundled sample loads through the ordinary readers and has questions whose answers it holds."""

from __future__ import annotations

import pytest

import graph_data
from graph_data import UnknownSampleError, samples


def test_the_default_comes_first() -> None:
    assert samples.names()[0] == samples.DEFAULT


@pytest.mark.parametrize("name", samples.names())
def test_a_sample_loads_by_name(name: str) -> None:
    graph = graph_data.load(name)
    assert graph.num_edges > 0
    assert graph.report.dropped_total == 0
    assert graph.report.source == name
    asked = samples.questions(name)
    assert len(asked) >= 60
    assert all(question["question"] and isinstance(question["answers"], list) for question in asked)


def test_an_unknown_sample_names_the_known() -> None:
    with pytest.raises(UnknownSampleError, match=samples.DEFAULT):
        samples.load("nowhere")
