"""The graph encoder: what it reads, and that graphs of a batch do not see each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from graphrag.errors import ConfigError, ModelError
from graphrag.models.graph_encoder import EncoderKind, GraphEncoder, GraphEncoderConfig, collate
from graphrag.models.prompt import Prompt

KINDS: list[EncoderKind] = ["transformer", "gat", "gcn"]


def encoder_of(kind: EncoderKind, tokens: int = 2) -> GraphEncoder:
    torch.manual_seed(0)
    return GraphEncoder(GraphEncoderConfig(kind, in_dim=8, hidden_dim=16, heads=2, num_tokens=tokens)).eval()


@pytest.mark.parametrize("tokens", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_what_each_graph_gives_alone(kind: EncoderKind, tokens: int, prompts: list[Prompt]) -> None:
    encoder = encoder_of(kind, tokens)
    together = encoder(collate(prompts, 8))
    assert together.shape == (5, tokens, 16)
    for row, prompt in enumerate(prompts):  # graphs 0, 2 and 4 have no node
        torch.testing.assert_close(together[row : row + 1], encoder(collate([prompt], 8)))


@pytest.mark.parametrize("kind", KINDS)
def test_empty_graphs_give_the_no_graph_tokens_wherever_they_stand(kind: EncoderKind, prompts: list[Prompt]) -> None:
    encoder = encoder_of(kind)
    together = encoder(collate(prompts, 8))
    for row in (0, 2, 4):
        assert torch.equal(together[row], encoder.no_graph)
    assert not torch.allclose(together[1], encoder.no_graph)
    assert torch.equal(encoder(collate([Prompt("?")], 8))[0], encoder.no_graph)  # nothing but an empty graph


def test_nodes_without_edges_are_read(prompts: list[Prompt]) -> None:
    alone = replace(prompts[1], edge_index=np.zeros((2, 0), np.int64), edge_vectors=np.zeros((0, 8), np.float32))
    for kind in KINDS:
        assert torch.isfinite(encoder_of(kind)(collate([alone], 8))).all()


@pytest.mark.parametrize("part", ["question_vector", "node_scores", "node_vectors", "edge_vectors"])
def test_every_part_of_the_graph_matters(part: str, prompts: list[Prompt]) -> None:
    encoder = encoder_of("transformer")
    other = replace(prompts[1], **{part: getattr(prompts[1], part) + 1})
    assert not torch.allclose(encoder(collate([prompts[1]], 8)), encoder(collate([other], 8)))


def test_the_direction_of_an_edge_matters(prompts: list[Prompt]) -> None:
    encoder = encoder_of("transformer")
    chain = replace(prompts[1], edge_index=np.array([[0, 1, 2], [1, 2, 3]]), edge_vectors=prompts[1].edge_vectors[:3])
    turned = replace(chain, edge_index=chain.edge_index[::-1].copy())
    assert not torch.allclose(encoder(collate([chain], 8)), encoder(collate([turned], 8)))


def test_the_order_of_nodes_does_not_matter(prompts: list[Prompt]) -> None:
    encoder = encoder_of("transformer", 3)
    order = np.array([2, 0, 3, 1])
    place = np.argsort(order)
    one = prompts[1]
    shuffled = replace(
        one, node_vectors=one.node_vectors[order], node_scores=one.node_scores[order], edge_index=place[one.edge_index]
    )
    torch.testing.assert_close(encoder(collate([one], 8)), encoder(collate([shuffled], 8)))


def test_vectors_of_another_width_are_refused(prompts: list[Prompt]) -> None:
    with pytest.raises(ModelError, match="reads vectors of width 384, but these are 8 wide"):
        collate([prompts[1]], 384)


def test_a_config_that_cannot_work_is_refused() -> None:
    with pytest.raises(ConfigError, match="use transformer, gat or gcn"):
        GraphEncoderConfig(kind="mlp")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="multiple of heads"):
        GraphEncoderConfig(hidden_dim=10, heads=4)
