"""Graph encoder: evidence subgraphs in, a few vectors a graph out.

Comes in: prompts, of which it reads the arrays only (node, edge and question vectors, scores, topology).
Goes out: float [B, num_tokens, hidden]. It knows nothing of words or language models.

Layers are PyG's: graph transformer with edge features (Shi et al. 2021, arXiv 2009.03509; the choice of G-Retriever),
GAT (Velickovic et al. 2018) and GCN (Kipf & Welling 2017). Normalisation is LayerNorm over a node's own features: a
batch norm would let the other graphs of a batch change an answer, and a graph's own statistics say little when it has
three nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch_geometric.nn import GATConv, GCNConv, TransformerConv
from torch_geometric.utils import softmax

from graphrag.errors import ConfigError, ModelError
from graphrag.models.prompt import Prompt

EncoderKind = Literal["transformer", "gat", "gcn"]


@dataclass(frozen=True)
class GraphEncoderConfig:
    """Shape of a graph encoder."""

    kind: EncoderKind = "transformer"
    in_dim: int = 384  # width of the embedder's vectors
    hidden_dim: int = 384
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    num_tokens: int = 1  # 1: mean of the nodes; more: attention pooling with as many learned seeds

    def __post_init__(self) -> None:
        if self.kind not in ("transformer", "gat", "gcn"):
            raise ConfigError(f"graph encoder kind '{self.kind}' is unknown; use transformer, gat or gcn.")
        if self.layers < 1 or self.num_tokens < 1:
            raise ConfigError("a graph encoder needs at least one layer and one graph token.")
        if self.hidden_dim % self.heads:
            raise ConfigError(
                f"hidden_dim {self.hidden_dim} of the graph encoder must be a multiple of heads {self.heads}."
            )


@dataclass(frozen=True)
class GraphBatch:
    """Several subgraphs as one disconnected graph: N nodes, E edges (each in both directions), B graphs."""

    nodes: Tensor  # [N, D]
    scores: Tensor  # [N, 1]
    edge_index: Tensor  # [2, E]
    edges: Tensor  # [E, D]
    backward: Tensor  # [E, 1], 1 where the edge is read against its direction
    graph: Tensor  # [N], which graph a node is of
    questions: Tensor  # [B, D]


def collate(prompts: Sequence[Prompt], in_dim: int, device: torch.device | None = None) -> GraphBatch:
    """Join the subgraphs of prompts; a prompt may have no node at all, wherever it stands.

    Raises:
        ModelError: vectors of another width than `in_dim`.
    """
    sizes = [len(prompt.node_vectors) for prompt in prompts]
    offsets = np.cumsum([0, *sizes[:-1]])
    index = np.concatenate([p.edge_index + o for p, o in zip(prompts, offsets, strict=True)], axis=1)
    edges = _stack([p.edge_vectors for p in prompts], in_dim)
    forward = torch.from_numpy(index.astype(np.int64))
    direction = torch.zeros(forward.shape[1], 1)
    batch = GraphBatch(
        nodes=_stack([p.node_vectors for p in prompts], in_dim),
        scores=torch.from_numpy(np.concatenate([p.node_scores for p in prompts]).astype(np.float32))[:, None],
        # A relation says something about both its ends, so messages run both ways.
        edge_index=torch.cat([forward, forward.flip(0)], dim=1),
        edges=torch.cat([edges, edges]),
        backward=torch.cat([direction, direction + 1]),
        graph=torch.repeat_interleave(torch.arange(len(prompts)), torch.tensor(sizes)),
        questions=_stack(
            [p.question_vector[None] if n else np.zeros((1, in_dim)) for p, n in zip(prompts, sizes, strict=True)],
            in_dim,
        ),
    )
    if device is None or device.type == "cpu":
        return batch
    return GraphBatch(**{name: value.to(device) for name, value in vars(batch).items()})


def _stack(arrays: Sequence[npt.NDArray[Any]], width: int) -> Tensor:
    """Rows of all arrays as one float tensor [sum of rows, width]; an array without rows may be of any width."""
    rows = [array for array in arrays if len(array)]
    for array in rows:
        if array.shape[1] != width:
            raise ModelError(
                f"The graph encoder reads vectors of width {width}, but these are {array.shape[1]} wide; use the "
                "embedder that the adapter was trained with."
            )
    return torch.from_numpy(np.concatenate([np.zeros((0, width)), *rows]).astype(np.float32))


class GraphEncoder(nn.Module):
    """Question-conditioned graph network with pooling to `num_tokens` vectors a graph."""

    def __init__(self, config: GraphEncoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.hidden_dim
        self.read_nodes = nn.Linear(2 * config.in_dim + 1, width)  # node text, question, prize
        self.read_edges = nn.Linear(config.in_dim + 1, width)  # edge text, direction
        self.convs = nn.ModuleList(_convolution(config) for _ in range(config.layers))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(config.layers))
        self.dropout = nn.Dropout(config.dropout)
        self.last_norm = nn.LayerNorm(width)
        self.seeds = nn.Parameter(torch.randn(config.num_tokens, width) / width**0.5)
        self.no_graph = nn.Parameter(torch.randn(config.num_tokens, width) / width**0.5)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Encode B graphs.

        Returns [B, num_tokens, hidden]; a graph without nodes gives the learned 'no graph' tokens.
        """
        count = len(batch.questions)
        question = batch.questions[batch.graph]  # [N, D]
        x = self.read_nodes(torch.cat([batch.nodes, question, batch.scores], dim=1))  # [N, H]
        edges = self.read_edges(torch.cat([batch.edges, batch.backward], dim=1))  # [E, H]
        for conv, norm in zip(self.convs, self.norms, strict=True):
            h = norm(x)
            h = conv(h, batch.edge_index) if self.config.kind == "gcn" else conv(h, batch.edge_index, edges)
            x = x + self.dropout(torch.relu(h))
        pooled = self._pool(self.last_norm(x), batch.graph, count)
        empty = torch.bincount(batch.graph, minlength=count) == 0
        return torch.where(empty[:, None, None], self.no_graph[None].to(pooled.dtype), pooled)

    def _pool(self, x: Tensor, graph: Tensor, count: int) -> Tensor:
        """[N, H] to [B, T, H]:

        a softmax over the nodes of each graph for every seed, or their mean for a single token.
        """
        tokens = self.config.num_tokens
        if tokens == 1:
            sizes = torch.bincount(graph, minlength=count).clamp(min=1)
            weight = (1.0 / sizes)[graph][:, None].to(x.dtype)  # [N, 1]
        else:
            weight = softmax(x @ self.seeds.T, graph, num_nodes=count)  # [N, T]
        spread = (weight[:, :, None] * x[:, None, :]).flatten(1)  # [N, T * H]
        pooled = spread.new_zeros(count, spread.shape[1]).index_add(0, graph, spread)
        return pooled.view(count, tokens, x.shape[1])


def _convolution(config: GraphEncoderConfig) -> nn.Module:
    width, heads = config.hidden_dim, config.heads
    layer: nn.Module
    if config.kind == "transformer":
        layer = TransformerConv(width, width // heads, heads=heads, edge_dim=width)
    elif config.kind == "gat":
        layer = GATConv(width, width // heads, heads=heads, edge_dim=width)
    else:
        layer = GCNConv(width, width)
    return layer
