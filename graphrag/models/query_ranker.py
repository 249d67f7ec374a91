"""Query ranker: a cross-encoder that reads a question beside each query graph and says which one is meant.

MiniLM over `[CLS] question [SEP] pattern: examples [SEP]`, its upper layers trained; the mean state, a few features of
the pattern (`graphrag.retrieval.pattern_text.features_of`) and the cosine of question and pattern as the untrained
MiniLM embeds them make a score:

    s = MLP(mean state) + MLP(features) + alike * (cosine - level)

Reading takes time, so of all that are proposed a screen, an MLP over the features alone, picks those to read. The
cosine knows words that no training question has. The probabilities are a softmax over the patterns and one more
option, that none is meant, whose score is 0.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from graphrag.embedding import default_embedder, new_minilm
from graphrag.errors import ModelError
from graphrag.models.prefix_lm import default_tokenizer
from graphrag.retrieval.pattern_text import NUM_FEATURES, PatternText

FloatArray = npt.NDArray[np.float32]
REMEMBERED = 20_000  # embedded texts


@dataclass(frozen=True)
class QueryRankerConfig:
    """Sizes of a ranker."""

    frozen_layers: int = 2  # of MiniLM's, from below
    question_tokens: int = 48  # at most
    pattern_tokens: int = 56
    alike: float = 8.0  # weight of the cosine; chosen on held-out questions
    level: float = 0.55  # cosine that counts neither for nor against a pattern
    slope: float = 1.0  # of the log odds of a probability, and what is added to them, to make a confidence of it
    offset: float = 0.0


@dataclass(frozen=True)
class Encoded:
    """A pair as the ranker takes it: token ids int32 [L], segments int8 [L], features [F], cosine of its two texts."""

    tokens: npt.NDArray[np.int32]
    segments: npt.NDArray[np.int8]
    features: FloatArray
    cosine: float = 0.0


class QueryRanker(nn.Module):
    """See the module's text."""

    def __init__(self, config: QueryRankerConfig | None = None) -> None:
        super().__init__()
        self.config = config or QueryRankerConfig()
        self._embedded: dict[str, FloatArray] = {}
        self.tokenizer = default_tokenizer()
        self.encoder = new_minilm()
        self.encoder.pooler = None  # its weights are not among the published ones
        self.encoder.embeddings.requires_grad_(False)
        self.encoder.encoder.layer[: self.config.frozen_layers].requires_grad_(False)
        dim = self.encoder.config.hidden_size
        self.read = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, 1))
        self.weigh = nn.Sequential(nn.Linear(NUM_FEATURES, 32), nn.GELU(), nn.Linear(32, 1))
        self.sift = nn.Sequential(nn.Linear(NUM_FEATURES, 64), nn.GELU(), nn.Linear(64, 1))

    @torch.inference_mode()
    def screen(self, features: FloatArray) -> FloatArray:
        """How worth reading patterns are by their features [n, F] alone: scores [n]."""
        found: FloatArray = self.sift(torch.from_numpy(features)).squeeze(-1).numpy()
        return found

    def pairs(self, texts: Sequence[PatternText], features: FloatArray) -> list[Encoded]:
        """Tokenise questions beside patterns and measure how alike they are."""
        vectors = self._embed([part for text in texts for part in (text.question, text.facts)])
        cosines = (vectors[::2] * vectors[1::2]).sum(1).tolist()
        return [self._encode(text, own, cosine) for text, own, cosine in zip(texts, features, cosines, strict=True)]

    def _embed(self, texts: Sequence[str]) -> FloatArray:
        """As MiniLM embeds texts; patterns come again from question to question, so they are remembered."""
        new = [text for text in dict.fromkeys(texts) if text not in self._embedded]
        if len(self._embedded) + len(new) > REMEMBERED:
            self._embedded.clear()
            new = list(dict.fromkeys(texts))
        self._embedded.update(zip(new, default_embedder().embed(new), strict=True))
        return np.stack([self._embedded[text] for text in texts])

    def _encode(self, text: PatternText, features: FloatArray, cosine: float) -> Encoded:
        first = self._ids(text.question, self.config.question_tokens)
        second = self._ids(f"{text.facts}: {text.examples}", self.config.pattern_tokens)
        start, end = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        tokens = np.asarray([start, *first, end, *second, end], np.int32)
        segments = np.zeros(len(tokens), np.int8)
        segments[len(first) + 2 :] = 1
        return Encoded(tokens, segments, features, cosine)

    def _ids(self, text: str, limit: int) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False, truncation=True, max_length=limit)["input_ids"]
        return ids

    def forward(self, pairs: Sequence[Encoded]) -> Tensor:
        """Scores [len(pairs)]; 0 is the score of "none of them"."""
        length = max(len(pair.tokens) for pair in pairs)
        tokens, mask, segments = (torch.zeros(len(pairs), length, dtype=torch.long) for _ in range(3))
        for row, pair in enumerate(pairs):
            own = len(pair.tokens)
            tokens[row, :own] = torch.from_numpy(pair.tokens.astype(np.int64))
            segments[row, :own] = torch.from_numpy(pair.segments.astype(np.int64))
            mask[row, :own] = 1
        states = self.encoder(input_ids=tokens, attention_mask=mask, token_type_ids=segments).last_hidden_state
        weight = mask.unsqueeze(-1).to(states.dtype)
        pooled = (states * weight).sum(1) / weight.sum(1)
        features = torch.from_numpy(np.stack([pair.features for pair in pairs]))
        alike = self.config.alike * (torch.tensor([pair.cosine for pair in pairs]) - self.config.level)
        score: Tensor = self.read(pooled).squeeze(-1) + self.weigh(features).squeeze(-1) + alike
        return score

    def rank(self, texts: Sequence[PatternText], features: FloatArray) -> FloatArray:
        """Probabilities of patterns with their features, and, last, that none is meant."""
        return self.probabilities(self.pairs(texts, features))

    @torch.inference_mode()
    def probabilities(self, pairs: Sequence[Encoded], batch: int = 16) -> FloatArray:
        """[len(pairs) + 1]; the last is that none is meant."""
        scores = torch.zeros(len(pairs) + 1)
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i].tokens))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            scores[rows] = self([pairs[i] for i in rows])
        found: FloatArray = scores.softmax(0).numpy()
        return found

    def confidence(self, share: float) -> float:
        """The probability that an answer is right which patterns of this probability give (Platt, 1999)."""
        bounded = min(max(share, 1e-4), 1 - 1e-4)
        log_odds = self.config.slope * math.log(bounded / (1 - bounded)) + self.config.offset
        return 1 / (1 + math.exp(-log_odds))

    def trained(self) -> dict[str, Tensor]:
        """The tensors that are not MiniLM's own."""
        needed = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
        return {name: tensor for name, tensor in self.state_dict().items() if name in needed}

    def save(self, folder: Path) -> None:
        """Write `query_ranker.json` and `query_ranker.safetensors` (fp16)."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "query_ranker.json").write_text(json.dumps(asdict(self.config), indent=2) + "\n")
        tensors = {name: tensor.detach().to(torch.float16).contiguous() for name, tensor in self.trained().items()}
        save_file(tensors, folder / "query_ranker.safetensors")

    @staticmethod
    def load(folder: Path) -> QueryRanker:
        """Read what `save` wrote, in fp32, ready to be asked.

        Raises:
            ModelError: a file is missing or does not fit.
        """
        try:
            model = QueryRanker(QueryRankerConfig(**json.loads((folder / "query_ranker.json").read_text())))
            tensors = load_file(folder / "query_ranker.safetensors")
            if tensors.keys() != model.trained().keys():
                raise ValueError("its tensors are not those of a query ranker")
            model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ModelError(
                f"{folder}: no query ranker can be read here ({error}); reinstall chat-with-graph."
            ) from error
        return model.eval()
