"""The projector brings graph vectors to the length of word embeddings."""

from __future__ import annotations

import torch

from graphrag.models.projector import Projector, ProjectorConfig, typical_norm


def test_graph_tokens_are_as_long_as_words() -> None:
    torch.manual_seed(0)
    words = torch.randn(1000, 32) * 0.02
    projector = Projector(ProjectorConfig(16, 32, 64), typical_norm(words))
    tokens = projector(torch.randn(5, 3, 16))
    assert tokens.shape == (5, 3, 32)
    torch.testing.assert_close(tokens.norm(dim=-1), torch.full((5, 3), typical_norm(words)), rtol=0.02, atol=0)


def test_typical_norm_is_the_median_length() -> None:
    assert typical_norm(torch.tensor([[3.0, 4.0], [0.0, 1.0], [6.0, 8.0]])) == 5.0
