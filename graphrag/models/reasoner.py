"""Reasoner: reads a question and says where to start, which relations to follow at each step, and for how many steps.

It never sees the graph. From the question's token states (MiniLM, frozen) and the vectors of relation texts it makes

    start gate    w_k = sigmoid(MLP([tokens of mention k; features of mention k]))
    instruction   i_t = attention over the tokens, a query of its own for each step t = 1..T
    gate          g_t(r, d) = sigmoid(Q_d i_t . K_d r + a_d c + s_d z + b_d) exp(-k_d (c_max - c))
                  along (d=0) or against relation r; c = cos(P i_t, r), c_max that of the relation of the graph that
                  fits best, z = how far c stands out among them
    step weights  alpha = softmax(MLP([question; instructions]))
    form          what kind of answer is wanted: a name, yes or no, a number, a relation; softmax of a linear map of the
                  question's vectors, with and without its names

and whoever holds the graph moves mass with them: m_t(v) gathers m_{t-1}(u) g_t(r, d) over the edges (u, r, v). As
relations are read, not looked up, it works on graphs that it has never seen. In the line of NSM (He et al. 2021) and
TransferNet (Shi et al. 2021). Trained from answers alone (`graphrag.training.reasoner_training`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from graphrag.errors import ModelError

FORMS = ("name", "yes_no", "count", "relation")
SHARPNESS = 10.0  # of the forms' softmax: the vectors it reads have length 1
START_FEATURES = 9  # see graphrag.retrieval.hits.start_features
TOKEN_KINDS = 3  # see graphrag.retrieval.hits


@dataclass(frozen=True)
class ReasonerConfig:
    """Sizes of a reasoner."""

    dim: int = 384  # of MiniLM's states and of relation vectors
    key_dim: int = 192  # of the bilinear gate
    steps: int = 3  # longest path
    layers: int = 2  # of the transformer over MiniLM's states
    heads: int = 6
    dropout: float = 0.1


@dataclass(frozen=True)
class Reading:
    """What the reasoner makes of B questions.

    Attributes:
        instructions: [B, T, D].
        step_weights: [B, T], rows sum to 1.
        states: [B, L, D] contextual token states.
        summary: [B, D].
    """

    instructions: Tensor
    step_weights: Tensor
    states: Tensor
    summary: Tensor


class Reasoner(nn.Module):
    """See the module's text; `read`, `start_gates` and `relation_gates` are its three outputs."""

    def __init__(self, config: ReasonerConfig | None = None) -> None:
        super().__init__()
        self.config = config or ReasonerConfig()
        dim, key, steps = self.config.dim, self.config.key_dim, self.config.steps
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                dim, self.config.heads, 2 * dim, self.config.dropout, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(self.config.layers)
        )
        self.kinds = nn.Embedding(TOKEN_KINDS, dim)  # added to the states: plain, inside a name, second reading
        nn.init.zeros_(self.kinds.weight)
        self.queries = nn.Parameter(torch.randn(steps, dim) * dim**-0.5)
        self.follow = nn.Linear(dim, dim)  # the query of a step hears the step before
        self.keys = nn.Linear(dim, dim)
        self.gate_query = nn.ModuleList([nn.Linear(dim, key) for _ in range(2)])
        self.gate_key = nn.ModuleList([nn.Linear(dim, key) for _ in range(2)])
        self.align = nn.Linear(dim, dim, bias=False)
        nn.init.eye_(self.align.weight)
        self.align_scale = nn.Parameter(torch.tensor([6.0, 6.0]))
        self.stand_out = nn.Parameter(torch.tensor([0.3, 0.3]))
        self.gate_bias = nn.Parameter(torch.tensor([-3.0, -3.0]))
        self.start = nn.Sequential(
            nn.Linear(2 * dim + START_FEATURES, 128), nn.GELU(), nn.Dropout(self.config.dropout), nn.Linear(128, 1)
        )
        self.rivalry = nn.Parameter(torch.tensor([3.0, 3.0]))
        self.hop_query = nn.Parameter(torch.randn(dim) * dim**-0.5)
        self.hops = nn.Sequential(
            nn.Linear((steps + 2) * dim, 128), nn.GELU(), nn.Dropout(self.config.dropout), nn.Linear(128, steps)
        )
        self.form = nn.Linear(2 * dim, len(FORMS))

    def read(self, states: Tensor, mask: Tensor, kinds: Tensor) -> Reading:
        """Read token states [B, L, D] under mask [B, L] (1 = token); kinds [B, L] as in `graphrag.retrieval.hits`."""
        hidden = states + self.kinds(kinds)
        for layer in self.layers:
            hidden = layer(hidden, src_key_padding_mask=mask == 0)
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        summary = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)
        keys = self.keys(hidden)
        instructions = []
        before = torch.zeros_like(summary)

        def attend(query: Tensor) -> Tensor:
            scores = torch.einsum("bld,bd->bl", keys, query) / keys.shape[-1] ** 0.5
            return torch.einsum("bl,bld->bd", scores.masked_fill(mask == 0, -1e4).softmax(-1), hidden)

        for query in self.queries:
            before = attend(query + self.follow(before))
            instructions.append(before)
        length = self.hops(torch.cat([summary, attend(self.hop_query.expand_as(summary)), *instructions], -1))
        return Reading(torch.stack(instructions, 1), length.softmax(-1), hidden, summary)

    def form_scores(self, vectors: Tensor) -> Tensor:
        """What kind of answer is wanted, logits [B, len(FORMS)].

        Args:
            vectors: [B, 2 D], a question's embedding beside that of its second reading.
        """
        scores: Tensor = SHARPNESS * self.form(vectors)
        return scores

    def start_gates(self, reading: Reading, question: Tensor, token_mask: Tensor, features: Tensor) -> Tensor:
        """How much each mention is what the question starts from, [S] in 0..1.

        Args:
            question: int64 [S], the row of `reading` a mention belongs to.
            token_mask: [S, L], 1 at the mention's tokens (none for a hit by cosine).
            features: [S, START_FEATURES].
        """
        weight = token_mask.unsqueeze(-1).to(reading.states.dtype)
        spans = (reading.states[question] * weight).sum(1) / weight.sum(1).clamp(min=1)
        logits: Tensor = self.start(torch.cat([spans, reading.summary[question], features], dim=-1)).squeeze(-1)
        return logits.sigmoid()

    def relation_gates(self, reading: Reading, relations: Tensor) -> Tensor:
        """How far each step follows each relation, [B, T, 2, R] in 0..1; direction 0 is along the edge.

        Args:
            relations: [R, D], vectors of the readable relation texts.
        """
        aligned = nn.functional.normalize(self.align(reading.instructions), dim=-1) @ nn.functional.normalize(
            relations, dim=-1
        ).transpose(0, 1)  # [B, T, R]
        spread = (aligned - aligned.mean(-1, keepdim=True)) / (aligned.std(-1, keepdim=True, unbiased=False) + 0.05)
        gates = []
        for direction in range(2):
            query = self.gate_query[direction](reading.instructions)
            key = self.gate_key[direction](relations)
            bilinear = query @ key.transpose(0, 1) / key.shape[-1] ** 0.5
            near = self.align_scale[direction] * aligned + self.stand_out[direction] * spread
            behind = aligned.amax(-1, keepdim=True) - aligned
            gate = (bilinear + near + self.gate_bias[direction]).sigmoid()
            gates.append(gate * torch.exp(-nn.functional.softplus(self.rivalry[direction]) * behind))
        return torch.stack(gates, 2)

    def save(self, folder: Path) -> None:
        """Write `reasoner.json` and `reasoner.safetensors` (fp16)."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "reasoner.json").write_text(json.dumps(asdict(self.config), indent=2) + "\n")
        save_file(
            {name: tensor.detach().to(torch.float16).contiguous() for name, tensor in self.state_dict().items()},
            folder / "reasoner.safetensors",
        )

    @staticmethod
    def load(folder: Path) -> Reasoner:
        """Read what `save` wrote, in fp32, ready to be asked.

        Raises:
            ModelError: a file is missing or does not fit.
        """
        try:
            model = Reasoner(ReasonerConfig(**json.loads((folder / "reasoner.json").read_text())))
            tensors = load_file(folder / "reasoner.safetensors")
            model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ModelError(f"{folder}: no reasoner can be read here ({error}); reinstall chat-with-graph.") from error
        return model.eval()
