"""A forward pass without the overhead of `transformers`, for models of the Llama kind.

Most of the time of one token of a small model goes into dispatching hundreds of small operations. This pass
does the same numbers with a third of them: fused projections, keys and values written in place, grouped
queries attended to without repeating keys.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engine.language.cache import CacheShape, RowBlock, Strip
from engine.language.fused import FusedLinear, Int8Weight
from engine.language.lora import LoraStack

_MODEL_TYPES = frozenset({"llama", "mistral", "qwen2", "qwen3"})

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]
"""Keep the keys and values [tokens, heads, head_dim] of a layer, and attend to all kept ones."""


class _Block:
    """The parts of one decoder layer."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.norm_in, self.norm_mlp = layer.input_layernorm, layer.post_attention_layernorm
        self.qkv = FusedLinear([attention.q_proj, attention.k_proj, attention.v_proj])
        self.out = FusedLinear([attention.o_proj])
        self.gate_up = FusedLinear([mlp.gate_proj, mlp.up_proj])
        self.down = FusedLinear([mlp.down_proj])
        self.act = mlp.act_fn
        self.scale: float = attention.scaling
        self.norm_q, self.norm_k = getattr(attention, "q_norm", None), getattr(attention, "k_norm", None)
        self.linears = [self.qkv, self.out, self.gate_up, self.down]


class LeanForward:
    """Keeps the Forward protocol."""

    def __init__(self, model: Any, stack: LoraStack, *, shape: CacheShape) -> None:
        self.shape = shape
        self._stack = stack
        self._body = model.model
        self._blocks = [_Block(layer) for layer in model.model.layers]
        self._linears = [linear for block in self._blocks for linear in block.linears]
        self._head: Tensor = model.lm_head.weight
        self._int8_tokens = 0
        self._int8_head: Int8Weight | None = None
        self._rank = 0
        self._selected: tuple[int, tuple[int, ...]] | None = None

    @staticmethod
    def supports(model: Any) -> bool:
        """Whether a model is of a kind that this pass was written for."""
        config = model.config
        plain_rope = not getattr(config, "no_rope_layers", None)
        return config.model_type in _MODEL_TYPES and plain_rope and model.lm_head.bias is None

    @property
    def linears(self) -> Sequence[FusedLinear]:
        """The products of all layers, in order."""
        return self._linears

    def use_int8(self, tokens: int) -> None:
        """Use int8 weights in steps of at most so many tokens."""
        self._int8_tokens = tokens
        self._int8_head = Int8Weight(self._head)
        for linear in self._linears:
            linear.quantise()

    @torch.no_grad()
    def prefill(self, strip: Strip, token_ids: Sequence[int], slot: int) -> Tensor:
        """Append tokens to a strip under one adapter slot; float32 logits [vocabulary] after the last one."""
        start = len(strip.token_ids)
        end = start + len(token_ids)
        strip.reserve(end)
        self._select((slot,))
        positions = torch.arange(start, end, device=self.shape.device)
        allowed = torch.arange(end, device=self.shape.device) <= positions[:, None]
        mask = self._additive(allowed)

        def attend(layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            all_keys, all_values = strip.keys[layer, :, :end], strip.values[layer, :, :end]
            all_keys[:, start:] = keys.transpose(0, 1)
            all_values[:, start:] = values.transpose(0, 1)
            attended = functional.scaled_dot_product_attention(
                queries.transpose(0, 1)[None],
                all_keys[None],
                all_values[None],
                attn_mask=mask,
                scale=self._blocks[layer].scale,
                enable_gqa=True,
            )
            return attended[0].transpose(0, 1).reshape(end - start, -1)

        hidden = self._run(token_ids, positions, attend)
        strip.token_ids += token_ids
        return self._logits(hidden[-1:])[0]

    @torch.no_grad()
    def decode(self, block: RowBlock, token_ids: Sequence[int], slots: Sequence[int]) -> Tensor:
        """Append one token to every row of a block; float32 logits [rows, vocabulary]."""
        longest = max(block.lengths) + 1
        block.reserve(longest)
        self._select(tuple(slots))
        rows = torch.arange(len(slots), device=self.shape.device)
        positions = torch.tensor(block.lengths, device=self.shape.device)
        mask = None
        if min(block.lengths) + 1 < longest:
            allowed = torch.arange(longest, device=self.shape.device) <= positions[:, None]
            mask = self._additive(allowed)[:, None, None]
        heads = self.shape.heads

        def attend(layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            all_keys, all_values = block.keys[layer, : len(slots)], block.values[layer, : len(slots)]
            all_keys[rows, :, positions] = keys
            all_values[rows, :, positions] = values
            attended = functional.scaled_dot_product_attention(
                queries.view(len(slots), heads, -1, queries.shape[-1]),
                all_keys[:, :, :longest],
                all_values[:, :, :longest],
                attn_mask=mask,
                scale=self._blocks[layer].scale,
            )
            return attended.reshape(len(slots), -1)

        hidden = self._run(token_ids, positions, attend)
        block.lengths = [length + 1 for length in block.lengths]
        return self._logits(hidden)

    def _run(self, token_ids: Sequence[int], positions: Tensor, attend: Attend) -> Tensor:
        hidden: Tensor = self._body.embed_tokens(torch.tensor(token_ids, device=self.shape.device))
        cos, sin = self._body.rotary_emb(hidden, positions[None])
        half = cos.shape[-1] // 2
        # Turning a half's sign into the table's saves a negation and a copy in every layer.
        cos, sin = cos[0][:, None], torch.cat((-sin[0][:, None, :half], sin[0][:, None, half:]), dim=-1)
        int8 = len(token_ids) <= self._int8_tokens
        for place, block in enumerate(self._blocks):
            attended = self._attention(block, place, hidden, (cos, sin), attend, int8)
            hidden = hidden + block.out(attended, int8=int8)
            gate, up = block.gate_up(_rms(hidden, block.norm_mlp), int8=int8).chunk(2, dim=-1)
            hidden = hidden + block.down(block.act(gate) * up, int8=int8)
        return hidden

    def _attention(
        self,
        block: _Block,
        place: int,
        hidden: Tensor,
        rotary: tuple[Tensor, Tensor],
        attend: Attend,
        int8: bool,
    ) -> Tensor:
        heads = self.shape.heads
        qkv = block.qkv(_rms(hidden, block.norm_in), int8=int8).view(len(hidden), -1, self.shape.head_dim)
        mixed, values = qkv[:, :-heads], qkv[:, -heads:]
        if block.norm_q is not None:
            queries, keys = mixed[:, :-heads], mixed[:, -heads:]
            mixed = torch.cat((_rms(queries, block.norm_q), _rms(keys, block.norm_k)), dim=1)
        cos, sin = rotary
        mixed = torch.addcmul(mixed * cos, mixed.roll(self.shape.head_dim // 2, -1), sin)
        return attend(place, mixed[:, :-heads], mixed[:, -heads:], values)

    def _logits(self, hidden: Tensor) -> Tensor:
        hidden = _rms(hidden, self._body.norm)
        if self._int8_head is not None and len(hidden) <= self._int8_tokens:
            return self._int8_head(hidden).float()
        return functional.linear(hidden, self._head).float()

    def _select(self, slots: tuple[int, ...]) -> None:
        if self._rank != self._stack.rank:
            for linear in self._linears:
                linear.fuse_adapters()
            self._rank = self._stack.rank
        wanted = (self._stack.version, slots)
        if wanted != self._selected:
            for linear in self._linears:
                linear.select(slots)
            self._selected = wanted

    def _additive(self, allowed: Tensor) -> Tensor:
        return torch.zeros_like(allowed, dtype=self.shape.dtype).masked_fill_(~allowed, float("-inf"))


def _rms(x: Tensor, norm: Any) -> Tensor:
    return functional.rms_norm(x, (x.shape[-1],), norm.weight, norm.variance_epsilon)
