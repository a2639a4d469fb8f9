"""AdamW for many adapters side by side: one step counter, one norm to clip and one learning rate per slot.

Torch's own optimizer sees the stack of all slots as one parameter, so that a user who joins later would get
the step count of those who came before, and momentum would move the weights of users who sit a step out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.language.lora import LoraStack

_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """The weights of a slot and both moments of their gradients, [values] each, after so many steps."""

    values: Tensor
    mean: Tensor
    square: Tensor
    steps: int


class SlotAdamW:
    """Loshchilov and Hutter's AdamW (arXiv 1711.05101) over the slots of a stack.

    All A and B move into one buffer [slots, values], so that a step of a slot is a few operations on a row.
    Gradients stay where autograd puts them: into views of such a buffer it would add with a copy each.
    """

    def __init__(self, stack: LoraStack, *, weight_decay: float, clip_norm: float) -> None:
        self._weight_decay = weight_decay
        self._clip_norm = clip_norm
        self._parameters = list(stack.parameters())
        sizes = [parameter[0].numel() for parameter in self._parameters]
        self._values = self._parameters[0].new_zeros((stack.slots, sum(sizes)))
        self._mean = torch.zeros_like(self._values)
        self._square = torch.zeros_like(self._values)
        self._steps = [0] * stack.slots
        start = 0
        for parameter, size in zip(self._parameters, sizes, strict=True):
            place = slice(start, start + size)
            view = self._values[:, place].view(parameter.shape)
            view.copy_(parameter.data)
            parameter.data = view
            start += size

    def reset(self, slot: int) -> None:
        """Forget what was learnt of the gradients of a slot; its next user starts anew."""
        self._mean[slot].zero_()
        self._square[slot].zero_()
        self._steps[slot] = 0

    @property
    def values_per_slot(self) -> int:
        """How many weights a slot has."""
        return self._values.shape[1]

    def state(self, slot: int) -> SlotState:
        """All that the next step of a slot depends on; the tensors are those of the slot, not copies."""
        return SlotState(
            values=self._values[slot],
            mean=self._mean[slot],
            square=self._square[slot],
            steps=self._steps[slot],
        )

    @torch.no_grad()
    def restore(self, slot: int, state: SlotState) -> None:
        """Let a slot go on from a state; its weights are replaced."""
        self._values[slot] = state.values
        self._mean[slot] = state.mean
        self._square[slot] = state.square
        self._steps[slot] = state.steps

    def clear(self) -> None:
        """Drop the gradients of a step that could not be finished."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, slots: Sequence[int], learning_rates: Sequence[float]) -> None:
        """Move these slots along their gradients, each by its own learning rate, and clear all gradients."""
        for slot, learning_rate in zip(slots, learning_rates, strict=True):
            self._step(slot, learning_rate)
        self.clear()

    def _step(self, slot: int, learning_rate: float) -> None:
        gradient = self._gradient(slot)
        norm = gradient.square().sum().sqrt_().item()
        gradient.mul_(min(1.0, self._clip_norm / (norm + 1e-6)))
        self._steps[slot] += 1
        first, second = _BETAS
        mean = self._mean[slot].mul_(first).add_(gradient, alpha=1 - first)
        square = self._square[slot].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        unbiased = (square / (1 - second ** self._steps[slot])).sqrt_().add_(_EPSILON)
        values = self._values[slot].mul_(1 - learning_rate * self._weight_decay)
        values.addcdiv_(mean, unbiased, value=-learning_rate / (1 - first ** self._steps[slot]))

    def _gradient(self, slot: int) -> Tensor:
        gradients = [parameter.grad for parameter in self._parameters]
        return torch.cat([gradient[slot].flatten() for gradient in gradients if gradient is not None])
