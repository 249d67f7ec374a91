"""GraphLLM: graph encoder, projector and language model as one. Prompts go in; a loss or answers come out.

Every language model takes the same way: the prompt (graph tokens among its embeddings) is read once into a cache, and
the answer is scored or written after it. Batches are padded at the left; a row's result does not depend on the
others. This module knows nothing of retrieval or files.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from graphrag.models.answer_loss import LossSettings, Target, full_loss, full_target, grounded_loss, grounded_target
from graphrag.models.decoding import Generation, decode, generate_beams, stream_one
from graphrag.models.graph_encoder import GraphEncoder, GraphEncoderConfig, collate
from graphrag.models.grounding import AnswerTrie, DecodeSettings
from graphrag.models.language_model import LanguageModel
from graphrag.models.projector import Projector, ProjectorConfig, typical_norm
from graphrag.models.prompt import NONE_TEXT, Candidate, Example, Prompt
from graphrag.models.prompt_style import PromptTokens, encode, lay_out
from graphrag.models.ranking import Ranking, rank_rows

_NONE = Candidate(NONE_TEXT, 1.0, "none")


@dataclass
class Prefilled:
    """Prompts that have been read: scores of the next token, the cache, and what was fed."""

    scores: Tensor  # [B, V]
    cache: Any
    mask: Tensor  # [B, P]
    prompt_tokens: list[int]
    cut_lines: list[int]


class GraphLLM(nn.Module):
    """Graph encoder + projector + language model.

    Args:
        language_model: from `load_language_model`.
        encoder: shape of the graph encoder.
        decode_settings: limits and the strength of the retriever's weights.
        projector_dim: width between the projector's two layers.
        use_graph_tokens: give the language model the graph encoder's vectors.
        use_text: give it the textualized evidence.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        encoder: GraphEncoderConfig | None = None,
        decode_settings: DecodeSettings | None = None,
        *,
        projector_dim: int = 768,
        use_graph_tokens: bool = True,
        use_text: bool = True,
    ) -> None:
        super().__init__()
        config = encoder or GraphEncoderConfig()
        words = language_model.model.get_input_embeddings().weight
        self.language_model = language_model
        self.lm = language_model.model
        self.encoder = GraphEncoder(config)
        self.projector = Projector(
            ProjectorConfig(config.hidden_dim, language_model.width, projector_dim), typical_norm(words)
        )
        self.encoder.to(words.device)
        self.projector.to(words.device)
        self.decode_settings = decode_settings or DecodeSettings()
        self.use_graph_tokens, self.use_text = use_graph_tokens, use_text
        self.skipped = 0  # training examples none of whose answers can be said, since the last reset
        self._token_cache: dict[str, list[int]] = {}

    @property
    def device(self) -> torch.device:
        device: torch.device = self.lm.get_input_embeddings().weight.device
        return device

    @property
    def graph_tokens(self) -> int:
        return self.encoder.config.num_tokens if self.use_graph_tokens else 0

    # Reading -----------------------------------------------------------------------------------------------------

    def embed(self, prompts: Sequence[Prompt]) -> tuple[Tensor, Tensor, list[int], list[int]]:
        """Prompts as embeddings, padded at the left: [B, P, H], mask [B, P], tokens of each, lines cut from each.

        Raises:
            QuestionError: a question is empty or too long.
        """
        style = self.language_model.style
        laid = [self._laid_out(prompt) for prompt in prompts]
        lengths = [len(tokens.head) + self.graph_tokens + len(tokens.tail) for tokens in laid]
        width = max(lengths)
        ids = torch.full((len(laid), width), style.pad)
        mask = torch.zeros(len(laid), width, dtype=torch.long)
        for row, (tokens, length) in enumerate(zip(laid, lengths, strict=True)):
            slots = [style.pad] * self.graph_tokens
            ids[row, width - length :] = torch.tensor([*tokens.head, *slots, *tokens.tail])
            mask[row, width - length :] = 1
        embeddings = self.lm.get_input_embeddings()(ids.to(self.device))  # [B, P, H]
        if self.graph_tokens:
            starts = [width - n + len(tokens.head) for tokens, n in zip(laid, lengths, strict=True)]
            columns = torch.tensor(starts)[:, None] + torch.arange(self.graph_tokens)  # [B, T]
            embeddings = embeddings.clone()
            rows = torch.arange(len(laid))[:, None]
            embeddings[rows, columns] = self._graph_vectors(prompts).to(embeddings.dtype)
        return embeddings, mask.to(self.device), lengths, [tokens.cut_lines for tokens in laid]

    def written(self, prompt: Prompt) -> str:
        """The prompt as text, as its tokens read; a graph token is written [graph].

        Raises:
            QuestionError: the question is empty or too long.
        """
        laid = self._laid_out(prompt)
        head, tail = (self.language_model.tokenizer.decode(list(ids)) for ids in (laid.head, laid.tail))
        return " ".join([head, *["[graph]"] * self.graph_tokens, tail])

    def _laid_out(self, prompt: Prompt) -> PromptTokens:
        model = self.language_model
        limit = model.max_positions - self.decode_settings.max_new_tokens
        tokens, text = self.graph_tokens, self.use_text
        return lay_out(model.style, model.tokenizer, prompt, limit=limit, graph_tokens=tokens, use_text=text)

    def prefill(self, prompts: Sequence[Prompt]) -> Prefilled:
        """Read prompts into a cache; raises as `embed`."""
        embeddings, mask, lengths, cut_lines = self.embed(prompts)
        scores, cache = self._run(embeddings, mask, None, last_only=True)
        return Prefilled(scores[:, -1], cache, mask, lengths, cut_lines)

    def _graph_vectors(self, prompts: Sequence[Prompt]) -> Tensor:
        vectors: Tensor = self.projector(self.encoder(collate(prompts, self.encoder.config.in_dim, self.device)))
        return vectors  # [B, T, H]

    def _run(self, embeddings: Tensor, mask: Tensor, cache: Any, *, last_only: bool = False) -> tuple[Tensor, Any]:
        """Feed embeddings [B, n, H] after a cache; mask [B, past + n]. Returns scores [B, n or 1, V] and the cache."""
        new = embeddings.shape[1]
        out = self.lm(
            inputs_embeds=embeddings,
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0)[:, -new:],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1 if last_only else 0,
        )
        return out.logits, out.past_key_values

    def feed(self, tokens: Tensor, mask: Tensor, cache: Any) -> Tensor:
        """Feed token ids [B, n] after a cache, which grows by them. Returns scores [B, n, V]."""
        scores, _ = self._run(self.lm.get_input_embeddings()(tokens), mask, cache)
        return scores

    def trie(self, prompt: Prompt, max_new_tokens: int | None = None) -> AnswerTrie:
        """What may be said about a prompt; without candidates, only that the graph does not say."""
        settings = self.decode_settings
        if max_new_tokens is not None:
            settings = replace(settings, max_new_tokens=min(max_new_tokens, settings.max_new_tokens))
        candidates = list(prompt.candidates) or [_NONE]
        style = self.language_model.style
        tokens = self._encode([candidate.text for candidate in candidates])
        return AnswerTrie(candidates, tokens, separator=style.separator, eos=style.eos, settings=settings)

    def _encode(self, texts: list[str]) -> list[list[int]]:
        if len(self._token_cache) > 200_000:
            self._token_cache.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._token_cache]
        self._token_cache.update(zip(new, encode(self.language_model.tokenizer, new), strict=True))
        return [self._token_cache[text] for text in texts]

    # Training ----------------------------------------------------------------------------------------------------

    def forward(
        self, examples: Sequence[Example], settings: LossSettings | None = None, seed: int | None = None
    ) -> Tensor:
        """Mean loss of examples, on their answers only.

        Several answers are said in an order drawn from `seed` (None: as given), six at most. An example none of whose
        answers is among its candidates is left out and counted in `skipped`; if all are, the loss is a zero without
        gradient.
        """
        settings = settings or LossSettings()
        draw = None if seed is None else random.Random(seed)
        pairs = [(example, self._target(example, settings, draw)) for example in examples]
        kept = [(example, target) for example, target in pairs if target is not None]
        self.skipped += len(pairs) - len(kept)
        if not kept:
            return torch.zeros((), device=self.device)
        read = self.prefill([example.prompt for example, _ in kept])
        targets = [target for _, target in kept]
        scores = self._answer_scores(read, [target.tokens for target in targets])
        if settings.kind == "full":
            return full_loss(scores, targets)
        strength = self.decode_settings.strength
        weighed = [draw is None or draw.random() < settings.prior for _ in targets]
        return grounded_loss(scores, targets, [strength if with_prior else 0.0 for with_prior in weighed])

    def _target(self, example: Example, settings: LossSettings, draw: random.Random | None) -> Target | None:
        trie = self.trie(example.prompt)
        if settings.kind == "grounded":
            return grounded_target(trie, example, draw)
        style, limit = self.language_model.style, self.decode_settings.max_new_tokens
        return full_target(self._encode(list(example.answers) or [NONE_TEXT]), style.separator, style.eos, limit, draw)

    def _answer_scores(self, read: Prefilled, answers: list[list[int]]) -> Tensor:
        """Scores [B, A, V] before each answer token:

        the first from the prompt, the others from the tokens before them.
        """
        longest = max(len(tokens) for tokens in answers)
        if longest == 1:
            return read.scores[:, None]
        fed = torch.full((len(answers), longest - 1), self.language_model.style.pad)
        seen = torch.zeros_like(fed)
        for row, tokens in enumerate(answers):
            fed[row, : len(tokens) - 1] = torch.tensor(tokens[:-1])
            seen[row, : len(tokens) - 1] = 1
        mask = torch.cat([read.mask, seen.to(self.device)], dim=1)
        return torch.cat([read.scores[:, None], self.feed(fed.to(self.device), mask, read.cache)], dim=1)

    # Answering ---------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def rank(self, prompts: Sequence[Prompt]) -> list[Ranking]:
        """Every candidate of each prompt with its probability as the first answer, best first; they sum to 1."""
        self.eval()
        return rank_rows(self, self.prefill(prompts), [self.trie(prompt) for prompt in prompts])

    @torch.no_grad()
    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        grounded: bool = True,
        num_beams: int = 1,
        max_new_tokens: int | None = None,
    ) -> list[Generation]:
        """Answer prompts.

        Grounded, the first answer is the most probable candidate (exactly, over whole candidates) and further ones
        follow greedily; with beams, the best whole reply is searched. Ungrounded, the language model says what it
        will.
        """
        self.eval()
        if not prompts:
            return []
        if num_beams > 1:
            return generate_beams(self, prompts, grounded, num_beams, max_new_tokens)
        return decode(self, prompts, grounded, max_new_tokens)

    @torch.no_grad()
    def stream(self, prompt: Prompt, *, grounded: bool = True) -> Generator[str, None, Generation]:
        """The answer in pieces as it is written;

        joined they are `Generation.text`. The generator returns the Generation.
        """
        self.eval()
        generation = yield from stream_one(self, prompt, grounded)
        return generation
