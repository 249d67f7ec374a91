"""Projector: graph vectors into the space of a language model's word embeddings.

The reference's Linear -> Sigmoid -> Linear, then brought to the length of a typical word embedding: a small language
model that meets a vector ten times longer than any word of its own attends to nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class ProjectorConfig:
    """Shape of a projector."""

    in_dim: int  # the graph encoder's hidden_dim
    out_dim: int  # the language model's width
    hidden_dim: int = 768


class Projector(nn.Module):
    """Maps [..., in_dim] to [..., out_dim] vectors of about the length `embedding_norm`."""

    def __init__(self, config: ProjectorConfig, embedding_norm: float = 1.0) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.Sequential(
            nn.Linear(config.in_dim, config.hidden_dim), nn.Sigmoid(), nn.Linear(config.hidden_dim, config.out_dim)
        )
        self.norm = nn.LayerNorm(config.out_dim, elementwise_affine=False)
        self.scale = nn.Parameter(torch.tensor(embedding_norm / config.out_dim**0.5))

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.norm(self.layers(x)) * self.scale
        return projected


def typical_norm(embeddings: Tensor, sample: int = 2048) -> float:
    """Median length of word embeddings, [V, H], over the first `sample` rows spread evenly."""
    step = max(1, len(embeddings) // sample)
    return float(embeddings[::step].detach().float().norm(dim=-1).median())
