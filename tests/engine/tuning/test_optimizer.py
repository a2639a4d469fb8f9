import torch

from engine.language.lora import LoraStack, wrap_linears
from engine.tuning.optimizer import SlotAdamW
from tests.engine.language.conftest import tiny_model


def stack_with_values() -> LoraStack:
    stack = wrap_linears(tiny_model(), slots=3, rank=2)
    for slot in (1, 2):
        stack.initialise(slot, seed=slot)
    stack.train(alpha=4)
    return stack


def set_gradients(stack: LoraStack, seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    gradients = [torch.randn(parameter.shape, generator=generator) for parameter in stack.parameters()]
    for parameter, gradient in zip(stack.parameters(), gradients, strict=True):
        parameter.grad = gradient.clone()
    return gradients


def test_one_slot_moves_as_with_torch_and_the_others_not_at_all():
    stack = stack_with_values()
    alone = [parameter.detach()[1].clone().requires_grad_() for parameter in stack.parameters()]
    still = [parameter.detach()[2].clone() for parameter in stack.parameters()]
    reference = torch.optim.AdamW(alone, lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)
    optimizer = SlotAdamW(stack, weight_decay=0.1, clip_norm=1.0)
    for step in range(5):
        for mine, gradient in zip(alone, set_gradients(stack, step), strict=True):
            mine.grad = gradient[1].clone()
        torch.nn.utils.clip_grad_norm_(alone, 1.0)
        reference.step()
        optimizer.step([1], [1e-2])
    for mine, other, parameter in zip(alone, still, stack.parameters(), strict=True):
        torch.testing.assert_close(parameter.detach()[1], mine.detach(), rtol=1e-4, atol=1e-6)
        assert torch.equal(parameter.detach()[2], other)


def test_the_next_user_of_a_slot_begins_anew():
    moved: list[torch.Tensor] = []
    for warm_up_steps in (0, 3):
        stack = stack_with_values()
        optimizer = SlotAdamW(stack, weight_decay=0.0, clip_norm=1.0)
        for step in range(warm_up_steps):
            set_gradients(stack, step)
            optimizer.step([1], [1e-2])
        optimizer.reset(1)
        stack.initialise(1, seed=9)
        set_gradients(stack, 50)
        optimizer.step([1], [1e-2])
        moved.append(torch.cat([parameter.detach()[1].flatten() for parameter in stack.parameters()]))
    torch.testing.assert_close(moved[0], moved[1])
