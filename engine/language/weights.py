"""A frozen weight in the forms that are fastest for few rows and for many.

A CPU that computes few rows waits for the weights to be read, so fewer bytes are faster. fp16 halves those of
float32, and holds all but the tiniest weights that were published in bf16 without loss. int8 halves them
again, rounded per output channel as in Dettmers et al., "LLM.int8()" (arXiv 2208.07339), but with
inputs in bf16.
"""

from collections.abc import Callable
from enum import StrEnum

import torch
from torch import Tensor


class Form(StrEnum):
    """How a weight is kept for its product."""

    PLAIN = "plain"
    """In the dtype that the model was loaded in; inputs are rounded to it."""
    HALF = "half"
    """In fp16, laid out for the processor; inputs and sums are float32."""
    INT8 = "int8"
    """In int8 with a scale per output; inputs are rounded to bf16."""


class FrozenLinear:
    """A weight [out, in] with its bias [out]. It maps [tokens, in] to [tokens, out] of the same dtype."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.weight = weight
        self._bias = bias
        self._products: dict[Form, Callable[[Tensor], Tensor]] = {Form.PLAIN: self._plain}

    def keep(self, forms: set[Form]) -> None:
        """Have these forms beside the plain one, and no other."""
        makers = {Form.HALF: half_product, Form.INT8: _int8_product}
        for form, make in makers.items():
            if form not in forms:
                self._products.pop(form, None)
            elif form not in self._products:
                self._products[form] = make(self.weight, self._bias)

    def __call__(self, x: Tensor, form: Form) -> Tensor:
        """Multiply by a form that is kept."""
        return self._products[form](x)

    def _plain(self, x: Tensor) -> Tensor:
        return torch.nn.functional.linear(x.to(self.weight.dtype), self.weight, self._bias).to(x.dtype)


def half_is_supported(dtype: torch.dtype) -> bool:
    """Whether there is a product of fp16 weights with inputs of this dtype here."""
    # The product is part of FBGEMM, which is for x86 alone.
    fbgemm = torch.backends.quantized.engine in ("x86", "fbgemm")
    return dtype == torch.float32 and fbgemm and torch.cpu.get_capabilities()["avx2"]


def half_product(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
    """Multiplication of float32 inputs by weights kept in fp16, where `half_is_supported`."""
    packed = torch.ops.quantized.linear_prepack_fp16(weight.float(), None if bias is None else bias.float())
    product = torch.ops.quantized.linear_dynamic_fp16.default
    return lambda x: product(x, packed)


def _int8_product(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
    scale = weight.float().abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127
    rounded = (weight.float() / scale).round().to(torch.int8)
    scale = scale[:, 0].to(torch.bfloat16)
    product = torch._weight_int8pack_mm  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage]

    def multiply(x: Tensor) -> Tensor:
        out = product(x.to(torch.bfloat16), rounded, scale).to(x.dtype)
        return out if bias is None else out.add_(bias)

    return multiply
