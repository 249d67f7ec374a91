"""What is near a question in meaning."""

from __future__ import annotations

import numpy as np
import pytest

from graphrag.retrieval.search import nearest


def test_nearest_is_ordered_and_breaks_ties_by_row() -> None:
    vectors = np.asarray([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], np.float32)
    rows, cosines = nearest(vectors, np.asarray([1, 0], np.float32), 3)
    assert rows.tolist() == [0, 2, 3]
    assert cosines.tolist() == pytest.approx([1, 1, 0.6])
    assert nearest(vectors[:0], np.asarray([1, 0], np.float32), 3)[0].tolist() == []
