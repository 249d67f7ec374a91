"""Search: which rows of a table of vectors are near a question in meaning (cosine). What a question names is found by
`mentions.py`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def nearest(
    vectors: npt.NDArray[np.float32], question_vector: npt.NDArray[np.float32], k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The k rows of `vectors` [U, D] (L2-normalised) with the largest cosine to the question [D], best first.

    Ties by row. Returns (rows int64 [k], cosines float32 [k]); fewer where there are fewer rows.
    """
    similarities = np.asarray(vectors @ question_vector, dtype=np.float32)
    k = min(k, len(similarities))
    if k == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    candidates = np.argpartition(-similarities, k - 1)[:k]
    threshold = similarities[candidates].min()
    candidates = np.flatnonzero(similarities >= threshold)
    order = np.lexsort((candidates, -similarities[candidates]))[:k]
    best = candidates[order].astype(np.int64)
    return best, similarities[best]
