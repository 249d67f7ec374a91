"""Search: which rows of a table of vectors are near a question in meaning (cosine). What a question names is found by
`mentions.py`.

A small table is searched in full precision. A larger one is kept a second time in a byte a number and gone through so;
the few rows that may be among the nearest are then looked up in full precision. What comes out is proven to be the k
nearest. With x = s c + r, where c are the bytes, s the scale and e = |r| the row's error, and q = u p + w, where p are
the question's steps of 16 bits and f = |w|,

    | q.x  -  s u (p.c) |  <=  e |q|  +  f |s c|,

so a row whose upper bound is below the k-th largest lower bound is not among the k nearest. A table too large to be
gone through is searched by the store's approximate index, its finds looked up in full precision as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from graph_data.external import Workspace
from graphrag.retrieval._scan import candidates

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Approximate = Callable[[FloatArray, int], IntArray]  # (vector, k) -> rows that are likely among the nearest
QUANTISED_FROM = 20_000  # rows
APPROXIMATE_FROM = 2_000_000
_ROWS = 65_536  # quantised at a time
_ROUNDING = 1e-5  # of float32 sums of a few hundred terms


def nearest(vectors: FloatArray, question_vector: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """The k rows of `vectors` [U, D] (L2-normalised) with the largest cosine to the question [D], best first.

    Ties by row. Returns (rows int64 [k], cosines float32 [k]); fewer where there are fewer rows.
    """
    similarities = np.asarray(vectors @ question_vector, dtype=np.float32)
    k = min(k, len(similarities))
    if k == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    chosen = np.argpartition(-similarities, k - 1)[:k]
    threshold = similarities[chosen].min()
    chosen = np.flatnonzero(similarities >= threshold)
    order = np.lexsort((chosen, -similarities[chosen]))[:k]
    best = chosen[order].astype(np.int64)
    return best, similarities[best]


@dataclass(frozen=True)
class Quantised:
    """Vectors in a byte a number.

    Attributes:
        codes: int8 [U, D]. scales: float32 [U]. errors: float32 [U], length of what `scales * codes` leaves out.
    """

    codes: npt.NDArray[np.int8]
    scales: FloatArray
    errors: FloatArray

    @staticmethod
    def of(vectors: FloatArray, workspace: Workspace | None = None) -> Quantised:
        """Quantise each row by the largest of its numbers; with a workspace the bytes lie in it."""
        codes = workspace.array(vectors.shape, np.int8) if workspace else np.zeros(vectors.shape, np.int8)
        scales, errors = np.empty(len(vectors), np.float32), np.empty(len(vectors), np.float32)
        for start in range(0, len(vectors), _ROWS):
            part = slice(start, start + _ROWS)
            given = np.asarray(vectors[part], np.float32)
            scales[part] = np.abs(given).max(axis=1, initial=np.finfo(np.float32).tiny) / 127
            codes[part] = np.rint(given / scales[part, None])
            errors[part] = np.linalg.norm(given - scales[part, None] * codes[part], axis=1)
        return Quantised(codes, scales, errors)

    def candidates(self, question_vector: FloatArray, k: int, rows: int) -> IntArray:
        """Of the first `rows`, all that can be among the k nearest; ascending."""
        if k < 1:
            return np.zeros(0, np.int64)
        question = np.asarray(question_vector, np.float64)
        steps = min(2**15 - 1, (2**31 - 1) // (127 * len(question)))  # sums fit 32 bits
        unit = max(float(np.abs(question).max(initial=0.0)), 1e-30) / steps
        query = np.rint(question / unit).astype(np.int16)
        length, left = float(np.linalg.norm(question)), float(np.linalg.norm(question - unit * query))
        slack = left * 1.1 + _ROUNDING  # |s c| <= 1 + e < 1.1
        errors = self.errors[:rows] if length <= 1 + 1e-5 else self.errors[:rows] * np.float32(length)
        return candidates(self.codes[:rows], self.scales[:rows], errors, query, unit, slack, k)


@dataclass(frozen=True)
class VectorTable:
    """A table to search.

    Attributes:
        vectors: float32 [U, D], unit length. rows: only so many of the first are searched.
        quantised: the same in bytes, if it is large.
        approximate: the store's index, if it is too large for that.
    """

    vectors: FloatArray
    rows: int
    quantised: Quantised | None = None
    approximate: Approximate | None = None

    def nearest(self, question_vector: FloatArray, k: int, exact: bool = False) -> tuple[IntArray, FloatArray]:
        """See the function of this name; the same but for rounding, unless the search is approximate.

        Args:
            exact: never approximate, however large the table is.
        """
        if self.approximate is not None and k > 0 and not exact:
            rows = np.sort(self.approximate(question_vector, k))
        elif self.quantised is not None:
            rows = self.quantised.candidates(question_vector, k, self.rows)
        else:
            return nearest(self.vectors[: self.rows], question_vector, k)
        positions, cosines = nearest(np.asarray(self.vectors[rows]), question_vector, k)
        return rows[positions], cosines


@dataclass(frozen=True, eq=False)
class NodeSearch:
    """Search for nodes by their texts.

    Attributes:
        texts: distinct texts, those of nodes first.
        node_text: int32 [N], each node's row among them.
    """

    texts: VectorTable
    node_text: npt.NDArray[np.int32]

    @cached_property
    def _nodes_of_texts(self) -> tuple[IntArray, IntArray]:
        """indptr and nodes: `nodes[indptr[row]:indptr[row + 1]]` have the text of that row, ascending."""
        counts = np.bincount(self.node_text, minlength=self.texts.rows)
        return np.concatenate([[0], np.cumsum(counts)]), np.argsort(self.node_text, kind="stable")

    def nearest(self, vector: FloatArray, k: int, exact: bool = False) -> tuple[IntArray, FloatArray]:
        """The k nodes whose texts' vectors have the largest cosine to a vector [D], best first, ties by node.

        Returns:
            Nodes int64 [k] and cosines float32 [k]; fewer where there are fewer nodes.
        """
        rows, cosines = self.texts.nearest(vector, k, exact)
        indptr, nodes = self._nodes_of_texts
        sharing = [nodes[indptr[row] : indptr[row + 1]][:k] for row in rows.tolist()]
        found = np.concatenate([*sharing, np.zeros(0, np.int64)])
        values = np.repeat(cosines, [len(part) for part in sharing])
        order = np.lexsort((found, -values))[:k]
        return found[order], values[order]

    def cosines(self, vector: FloatArray) -> FloatArray:
        """Every node's cosine to a vector: float32 [N]."""
        texts = np.asarray(self.texts.vectors[: self.texts.rows] @ vector, np.float32)
        return texts[self.node_text]

    def cosines_of(self, nodes: IntArray, vector: FloatArray) -> FloatArray:
        """Some nodes' cosines."""
        return np.asarray(self.texts.vectors[self.node_text[nodes]] @ vector, np.float32)
