"""Comparison: the query graphs of a question beside one another. Which is meant shows best against the others.

A small transformer over the set of patterns, each as the ranker read it, and one more member that stands for none of
them. What it makes of each is added to the ranker's own score; untrained it adds nothing. It knows no order.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Comparison(nn.Module):
    """Scores of patterns and of none, from what was read of each.

    Args:
        dim: of a pattern's state.
        num_features: of a pattern.
        width, heads, layers: of the transformer.
    """

    def __init__(self, dim: int, num_features: int, width: int = 128, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.bring = nn.Linear(dim + num_features + 1, width)
        self.none = nn.Parameter(torch.randn(width) * 0.02)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, heads, 2 * width, 0.1, "gelu", batch_first=True, norm_first=True)
            for _ in range(layers)
        )
        self.judge = nn.Linear(width, 1)
        nn.init.zeros_(self.judge.weight)
        nn.init.zeros_(self.judge.bias)

    def forward(self, states: Tensor, features: Tensor, scores: Tensor, mask: Tensor) -> Tensor:
        """Final scores [B, n + 1], the last that none is meant; -inf where there is no pattern.

        Args:
            states: [B, n, dim]. features: [B, n, num_features]. scores: [B, n], the ranker's own; of none it is 0.
            mask: bool [B, n], True for a pattern.
        """
        rows = len(scores)
        members = self.bring(torch.cat([states, features, scores.unsqueeze(-1)], -1))
        members = torch.cat([members, self.none.expand(rows, 1, -1)], 1)
        there = torch.cat([mask, torch.ones(rows, 1, dtype=torch.bool)], 1)
        for layer in self.layers:
            members = layer(members, src_key_padding_mask=~there)
        own = torch.cat([scores, torch.zeros(rows, 1)], 1)
        final: Tensor = (own + self.judge(members).squeeze(-1)).masked_fill(~there, -torch.inf)
        return final
