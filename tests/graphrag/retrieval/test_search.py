"""What is near a question in meaning: exact in full precision and in bytes, nearly so by the store's index."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.embedding import MiniLMEmbedder, Progress, Vectors, default_embedder
from graphrag.index import GraphIndex
from graphrag.retrieval import search
from graphrag.retrieval.search import Quantised, VectorTable, nearest
from graphrag.training.names import distinct_names


def unit(vectors: np.ndarray) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def clustered(rows: int, width: int, seed: int) -> Vectors:
    """Vectors around a few centres, as those of texts are; some twice."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((max(2, rows // 100), width))
    vectors = centres[draw.integers(0, len(centres), rows)] + draw.random() * draw.standard_normal((rows, width))
    vectors[rows // 2 : rows // 2 + 3] = vectors[:3]
    return unit(vectors)


def test_nearest_is_ordered_and_breaks_ties_by_row() -> None:
    vectors = np.asarray([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], np.float32)
    rows, cosines = nearest(vectors, np.asarray([1, 0], np.float32), 3)
    assert rows.tolist() == [0, 2, 3]
    assert cosines.tolist() == pytest.approx([1, 1, 0.6])
    assert nearest(vectors[:0], np.asarray([1, 0], np.float32), 3)[0].tolist() == []


@pytest.mark.parametrize("seed", range(20))
def test_the_quantised_search_finds_the_nearest_rows(seed: int) -> None:
    draw = np.random.default_rng(seed)
    vectors = clustered(3000, int(draw.choice([7, 64, 384, 1024])), seed)
    table = VectorTable(vectors, 2900, Quantised.of(vectors))
    for k in (1, 10, 100):
        question = unit(vectors[draw.integers(3000)] + 0.02 * draw.standard_normal(vectors.shape[1]))
        rows, cosines = table.nearest(question, k)
        true_rows, true_cosines = nearest(vectors[:2900], question, k)
        np.testing.assert_allclose(cosines, true_cosines, atol=1e-6)
        apart = np.abs(np.diff(true_cosines, prepend=2.0, append=-2.0)) > 1e-6  # equals may change places
        sure = apart[:-1] & apart[1:]
        sure[-1] = False
        assert rows[sure].tolist() == true_rows[sure].tolist()


def test_nothing_is_near_where_nothing_is_wanted() -> None:
    vectors = clustered(50, 8, 0)
    table = VectorTable(vectors, 50, Quantised.of(vectors), lambda vector, k: np.arange(k))
    assert table.nearest(vectors[0], 0)[0].tolist() == []
    assert table.nearest(vectors[7], 1, exact=True)[0].tolist() == [7]


def test_few_rows_are_looked_up_in_full() -> None:
    vectors = clustered(20_000, 384, 0)
    found = Quantised.of(vectors).candidates(vectors[5], 10, 20_000)
    assert len(found) < 500


class LetterEmbedder:
    """384 numbers a text, drawn from its letters."""

    name, fingerprint, dimension = "letters", "letters-1", 384

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return unit(np.stack([np.random.default_rng(list(text.encode())).standard_normal(384) for text in texts]))


def many_names(count: int) -> TextualGraph:
    names = distinct_names("person", count, random.Random(0))
    return TextualGraph.from_triples([(name, "near", names[0]) for name in names[1:]])


@pytest.mark.parametrize("way", ["QUANTISED_FROM", "APPROXIMATE_FROM"])
def test_a_large_index_is_searched_as_its_size_demands(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, embedder = many_names(600), LetterEmbedder()
    full = GraphIndex.build(graph, tmp_path / "full.index", embedder)
    monkeypatch.setattr(search, way, 500)
    large = GraphIndex.build(graph, tmp_path / "large.index", embedder)
    assert (large.quantised is not None) == (way == "QUANTISED_FROM")
    assert (large.node_search.texts.approximate is not None) == (way == "APPROXIMATE_FROM")
    for node in range(0, 600, 60):
        vector = embedder.embed([str(graph.node_texts[node])])[0]
        nodes, cosines = large.node_search.nearest(vector, 5)
        assert nodes[0] == node
        np.testing.assert_allclose(cosines[0], 1, atol=1e-6)
        if way == "QUANTISED_FROM":
            assert nodes.tolist() == full.node_search.nearest(vector, 5)[0].tolist()
        assert np.all(nodes < graph.num_nodes)


def test_nodes_that_share_a_text_are_all_near(tmp_path: Path) -> None:
    graph = TextualGraph.from_triples([("a", "knows", "b"), ("b", "knows", "c")])
    index = GraphIndex.build(graph, tmp_path / "g.index", LetterEmbedder())
    vector = index.node_vectors([2])[0]
    assert index.node_search.nearest(vector, 9)[0][0] == 2
    assert len(index.node_search.nearest(vector, 9)[0]) == 3


@pytest.mark.slow
def test_the_search_of_real_texts(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MetaQA's 43,000 names: quantised as brute force in every trial, the store's index finds 98 of 100."""
    from graphrag.training.sources import _kb

    graph = _kb(shared_data / "metaqa" / "kb.tsv.gz")
    monkeypatch.setattr(search, "APPROXIMATE_FROM", 1000)
    embedder: MiniLMEmbedder = default_embedder()
    index = GraphIndex.build(graph, tmp_path / "metaqa.index", embedder)
    table = index.node_search.texts
    assert table.quantised is not None
    assert table.approximate is not None
    exact = VectorTable(table.vectors, table.rows, table.quantised)
    asked = [f"who made {graph.node_texts[node]}" for node in range(0, graph.num_nodes, graph.num_nodes // 300)]
    recalled = []
    for vector in embedder.embed(asked):
        true, cosines = nearest(table.vectors[: table.rows], vector, 10)
        found, values = exact.nearest(vector, 10)
        np.testing.assert_allclose(values, cosines, atol=1e-6)
        assert set(found[values > cosines[-1] + 1e-6].tolist()) <= set(true.tolist())
        recalled.append(len(set(true.tolist()) & set(table.nearest(vector, 10)[0].tolist())) / 10)
    assert np.mean(recalled) >= 0.98
