"""A forward pass without the overhead of `transformers`, for models of the Llama kind.

Most of the time of one token of a small model goes into dispatching hundreds of small operations. This pass
does the same numbers with a third of them: fused projections, keys and values written in place, grouped
queries attended to without repeating keys.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from engine.language.cache import CacheShape, RowBlock, Strip
from engine.language.fused import FusedLinear
from engine.language.lora import LoraStack
from engine.language.weights import Form, FrozenLinear

_MODEL_TYPES = frozenset({"llama", "mistral", "qwen2", "qwen3"})

Attend = Callable[[int, Tensor, Tensor], Tensor]
"""Keep new keys and values [tokens, 2, heads, head_dim] of a layer, and let queries attend to all it has."""


class _Block:
    """The parts of one decoder layer."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.norm_in = _rms_norm(layer.input_layernorm)
        self.norm_mlp = _rms_norm(layer.post_attention_layernorm)
        self.qkv = FusedLinear([attention.q_proj, attention.k_proj, attention.v_proj])
        self.out = FusedLinear([attention.o_proj])
        self.gate_up = FusedLinear([mlp.gate_proj, mlp.up_proj])
        self.down = FusedLinear([mlp.down_proj])
        self.act = mlp.act_fn
        self.heads = self.qkv.base.weight.shape[0] // attention.head_dim
        """Those of queries, keys and values."""
        self.scale: float = attention.scaling
        self.norm_q, self.norm_k = (
            _rms_norm(getattr(attention, name)) if hasattr(attention, name) else None
            for name in ("q_norm", "k_norm")
        )
        self.linears = [self.qkv, self.out, self.gate_up, self.down]


class LeanForward:
    """Keeps the Forward protocol."""

    def __init__(self, model: Any, stack: LoraStack, *, shape: CacheShape) -> None:
        self.shape = shape
        self._stack = stack
        self._body = model.model
        self._blocks = [_Block(layer) for layer in model.model.layers]
        self._linears = [linear for block in self._blocks for linear in block.linears]
        self._norm = _rms_norm(model.model.norm)
        self._head = FrozenLinear(model.lm_head.weight, None)
        self.forms: Mapping[Form, int] = {}
        """Which forms of the weights are used, each in passes of at most so many tokens."""
        self._rank = 0
        self._selected: tuple[int, tuple[int, ...]] | None = None

    @staticmethod
    def supports(model: Any) -> bool:
        """Whether a model is of a kind that this pass was written for."""
        config = model.config
        plain_rope = not getattr(config, "no_rope_layers", None)
        return config.model_type in _MODEL_TYPES and plain_rope and model.lm_head.bias is None

    @property
    def weights(self) -> Sequence[FrozenLinear]:
        """The base weights of all products, in order."""
        return [*(linear.base for linear in self._linears), self._head]

    def use(self, forms: Mapping[Form, int]) -> None:
        """Use each form in passes of at most so many tokens; of several, the one with the lowest limit."""
        self.forms = dict(sorted(forms.items(), key=lambda pair: pair[1]))
        for weight in self.weights:
            weight.keep(set(forms))

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

        def attend(layer: int, queries: Tensor, new: Tensor) -> Tensor:
            kept = strip.kv[layer, :, :, :end]
            kept[:, :, start:] = new.permute(1, 2, 0, 3)
            attended = functional.scaled_dot_product_attention(
                queries.transpose(0, 1)[None],
                kept[None, 0],
                kept[None, 1],
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
        kept = block.kv[:, :, : len(slots)]
        kept_by_layer = kept.unbind()
        keys_by_layer, values_by_layer = (part.unbind() for part in kept[..., :longest, :].unbind(1))

        def attend(layer: int, queries: Tensor, new: Tensor) -> Tensor:
            kept_by_layer[layer][:, rows, :, positions] = new
            attended = functional.scaled_dot_product_attention(
                queries.view(len(slots), self.shape.heads, -1, self.shape.head_dim),
                keys_by_layer[layer],
                values_by_layer[layer],
                attn_mask=mask,
                scale=self._blocks[layer].scale,
            )
            return attended.reshape(len(slots), -1)

        hidden = self._run(token_ids, positions, attend)
        block.lengths = [length + 1 for length in block.lengths]
        return self._logits(hidden)

    def _run(self, token_ids: Sequence[int], positions: Tensor, attend: Attend) -> Tensor:
        form = self._form(len(token_ids))
        hidden: Tensor = self._body.embed_tokens(torch.tensor(token_ids, device=self.shape.device))
        hidden = hidden.to(self.shape.dtype)
        rotary = self._rotary(hidden, positions)
        for place, block in enumerate(self._blocks):
            hidden += self._attention(block, place, hidden, rotary, attend, form)
            gate, up = block.gate_up(block.norm_mlp(hidden), form).chunk(2, dim=-1)
            hidden += block.down(block.act(gate) * up, form)
        return hidden

    def _attention(
        self,
        block: _Block,
        place: int,
        hidden: Tensor,
        rotary: tuple[Tensor, Tensor],
        attend: Attend,
        form: Form,
    ) -> Tensor:
        kv_heads, head_dim = 2 * self.shape.heads, self.shape.head_dim
        qkv = block.qkv(block.norm_in(hidden), form).view(len(hidden), -1, head_dim)
        if block.norm_q is not None and block.norm_k is not None:
            queries, keys, values = qkv.tensor_split((-kv_heads, -self.shape.heads), dim=1)
            qkv = torch.cat((block.norm_q(queries), block.norm_k(keys), values), dim=1)
        cos, sin = rotary
        qkv = torch.addcmul(qkv * cos, qkv.roll(head_dim // 2, -1), sin)
        queries, new = qkv[:, :-kv_heads], qkv[:, -kv_heads:]
        return block.out(attend(place, queries, new.view(len(hidden), 2, -1, head_dim)), form)

    def _rotary(self, hidden: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Factors [tokens, all heads, head_dim] of Su et al.'s rotary embedding (arXiv 2104.09864).

        A half's sign is in the table, and the heads of values have one and zero, so that queries, keys and
        values take three operations together.
        """
        heads = self._blocks[0].heads - self.shape.heads
        cos, sin = (
            table[0][:, None].expand(-1, heads, -1)
            for table in self._body.rotary_emb(hidden, positions[None])
        )
        left, right = sin.chunk(2, dim=-1)
        values = (0, 0, 0, self.shape.heads)
        return (
            functional.pad(cos, values, value=1.0),
            functional.pad(torch.cat((-left, right), dim=-1), values, value=0.0),
        )

    def _logits(self, hidden: Tensor) -> Tensor:
        return self._head(self._norm(hidden), self._form(len(hidden))).float()

    def _form(self, tokens: int) -> Form:
        return next((form for form, most in self.forms.items() if tokens <= most), Form.PLAIN)

    def _select(self, slots: tuple[int, ...]) -> None:
        if self._rank != self._stack.rank:
            for linear in self._linears:
                linear.fuse_adapters(self._stack.used)
            self._rank = self._stack.rank
        wanted = (self._stack.version, slots)
        if wanted != self._selected:
            for linear in self._linears:
                linear.select(slots)
            self._selected = wanted

    def _additive(self, allowed: Tensor) -> Tensor:
        return torch.zeros_like(allowed, dtype=self.shape.dtype).masked_fill_(~allowed, float("-inf"))


def _rms_norm(norm: Any) -> Callable[[Tensor], Tensor]:
    """Zhang and Sennrich's normalisation by the root mean square (arXiv 1910.07467)."""
    size: int = norm.weight.shape[0]
    weight, epsilon = norm.weight.detach(), norm.variance_epsilon
    if weight.device.type != "cpu":
        return lambda x: functional.rms_norm(x, (size,), weight, epsilon)
    # On a CPU PyTorch's own is a dozen small operations; these four give the same number.
    floor, weight = torch.tensor((size * epsilon) ** 0.5), weight.float() * size**0.5

    def normalise(x: Tensor) -> Tensor:
        length = cast(Tensor, torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32))  # pyright: ignore[reportUnknownMemberType]
        return (x / torch.hypot(length, floor) * weight).to(x.dtype)

    return normalise
