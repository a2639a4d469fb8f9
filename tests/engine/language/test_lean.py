"""The lean pass gives the numbers of transformers, and gives way where it would not."""

from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GPT2Config,
    MistralConfig,
    Qwen2Config,
    Qwen3Config,
)

from engine.errors import ModelUnavailableError
from engine.language.cache import RowBlock, Strip
from engine.language.forward import Forward, TransformersForward
from engine.language.lean import LeanForward
from engine.language.lora import LoraStack, wrap_linears
from engine.language.tuned import choose_forward, choose_threads
from engine.language.weights import Form, half_is_supported
from tests.engine.language.conftest import random_tokens, random_weights, tiny_model

SIZES: dict[str, Any] = {
    "vocab_size": 259,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.3,
    "pad_token_id": 0,
}


def randomised(config: Any) -> Any:
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(config).eval()
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, mean=0.5, std=0.3)
    return model


def both_passes(model: Any) -> tuple[LoraStack, LeanForward, TransformersForward]:
    """Both in the dtype of the model."""
    stack = wrap_linears(model, slots=4, rank=4)
    reference = TransformersForward(model, stack.rows, place="tiny")
    return stack, LeanForward(model, stack, shape=reference.shape), reference


def run(forward: Forward, slots: tuple[int, int, int]) -> list[torch.Tensor]:
    """A prompt in two parts, then two joint steps of three rows of unequal length."""
    block, outputs = RowBlock(forward.shape, rows=3), []
    for row, slot in enumerate(slots):
        strip = Strip(forward.shape)
        forward.prefill(strip, random_tokens(3 + row, seed=row), slot)
        outputs.append(forward.prefill(strip, random_tokens(2, seed=9), slot))
        block.join(strip)
    outputs += [forward.decode(block, [5, 6, 7], slots), forward.decode(block, [8, 9, 10], slots)]
    return outputs


@pytest.mark.parametrize(
    "make",
    [
        tiny_model,
        lambda: randomised(Qwen2Config(**SIZES, tie_word_embeddings=False)),
        lambda: randomised(Qwen3Config(**SIZES, head_dim=16)),
        lambda: randomised(MistralConfig(**SIZES, sliding_window=None)),
    ],
    ids=["llama", "qwen2", "qwen3", "mistral"],
)
def test_the_lean_pass_gives_the_logits_of_transformers(make: Any) -> None:
    stack, lean, reference = both_passes(make())
    for slot in (1, 2):
        stack.initialise(slot, seed=slot)
    generator = torch.Generator().manual_seed(1)
    for layer in stack.layers.values():
        layer.lora_a[1:3].normal_(std=0.3, generator=generator)
        layer.lora_b[1:3].normal_(std=0.3, generator=generator)
    for slots in ((0, 0, 0), (1, 0, 2), (1, 2, 3), (2, 2, 2)):
        for ours, theirs in zip(run(lean, slots), run(reference, slots), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_rewritten_slot_is_noticed() -> None:
    stack, lean, reference = both_passes(tiny_model())
    for seed, rank in ((1, 4), (2, 2), (3, 8)):
        stack.write(2, random_weights(seed, rank=rank))
        for ours, theirs in zip(run(lean, (2, 0, 2)), run(reference, (2, 0, 2)), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_int8_changes_the_logits_only_a_little() -> None:
    stack, lean, reference = both_passes(tiny_model())
    stack.write(1, random_weights(1))
    lean.use({Form.INT8: 3})
    for ours, theirs in zip(run(lean, (1, 0, 1)), run(reference, (1, 0, 1)), strict=True):
        assert not torch.equal(ours, theirs)
        assert (ours - theirs).abs().max() < 0.1 * theirs.abs().max()


def in_bfloat16(model: Any) -> Any:
    """The model with weights as they are published, but computed in float32."""
    return model.bfloat16().float()


@pytest.mark.skipif(not half_is_supported(torch.float32), reason="no product of fp16 weights here")
@pytest.mark.parametrize(
    "make", [tiny_model, lambda: randomised(Qwen2Config(**SIZES))], ids=["llama", "qwen2"]
)
def test_half_loses_nothing_of_published_weights(make: Any) -> None:
    stack, lean, reference = both_passes(in_bfloat16(make()))
    stack.write(1, random_weights(1))
    lean.use({Form.HALF: 3})
    for ours, theirs in zip(run(lean, (1, 0, 1)), run(reference, (1, 0, 1)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_weights_in_bfloat16_are_served_in_float32() -> None:
    stack, _, reference = both_passes(in_bfloat16(tiny_model()))
    model = tiny_model().bfloat16()
    light_stack = wrap_linears(model, slots=4, rank=4, dtype=torch.float32)
    for each in (stack, light_stack):
        each.write(1, random_weights(1))
    lean = choose_forward(model, light_stack, place="tiny", probe=random_tokens(8, seed=1))
    assert isinstance(lean, LeanForward)
    assert lean.shape.dtype == torch.float32
    expected = run(reference, (1, 0, 1))
    for ours, theirs in zip(run(lean, (1, 0, 1)), expected, strict=True):
        assert (ours - theirs).abs().max() < 0.05 * theirs.abs().max()
    if half_is_supported(torch.float32):
        lean.use({Form.HALF: 8})
        for ours, theirs in zip(run(lean, (1, 0, 1)), expected, strict=True):
            # The head and the layers round nothing that is computed, so only fp16's own format could differ.
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_form_is_used_up_to_its_limit() -> None:
    _, lean, _ = both_passes(tiny_model())
    prompt = random_tokens(4, seed=1)

    def kept(tokens: int) -> torch.Tensor:
        strip = Strip(lean.shape)
        lean.prefill(strip, prompt[:tokens], 0)
        return strip.kv

    plain = [kept(tokens) for tokens in (2, 3)]
    lean.use({Form.INT8: 2})
    assert not torch.equal(kept(2), plain[0])
    assert torch.equal(kept(3), plain[1])
    lean.use({})
    assert torch.equal(kept(2), plain[0])


def chosen(model: Any) -> Forward:
    stack = wrap_linears(model, slots=2, rank=4)
    return choose_forward(model, stack, place="tiny", probe=random_tokens(8, seed=1))


def test_another_architecture_is_left_to_transformers() -> None:
    model = randomised(Gemma2Config(**SIZES, head_dim=8))
    forward, tokens = chosen(model), random_tokens(9, seed=1)
    assert isinstance(forward, TransformersForward)
    with torch.no_grad():
        expected = model(torch.tensor([tokens])).logits[0]
    strip, block = Strip(forward.shape), RowBlock(forward.shape, rows=1)
    forward.prefill(strip, tokens[:4], 0)
    torch.testing.assert_close(forward.prefill(strip, tokens[4:8], 0), expected[7], rtol=1e-4, atol=1e-4)
    block.join(strip)
    torch.testing.assert_close(forward.decode(block, tokens[8:], [0])[0], expected[8], rtol=1e-4, atol=1e-4)


def test_a_model_without_linear_layers_is_refused() -> None:
    with pytest.raises(ModelUnavailableError, match="no linear modules"):
        wrap_linears(randomised(GPT2Config(vocab_size=259, n_embd=32, n_layer=2, n_head=4)), slots=2, rank=4)


def test_a_pass_that_disagrees_is_not_chosen() -> None:
    model = tiny_model()
    assert isinstance(chosen(model), LeanForward)
    model = tiny_model()
    # The lean pass does not know of this scaling of the output, so its numbers are wrong.
    model.register_forward_hook(
        lambda _module, _inputs, output: output.__setitem__("logits", output.logits * 2)
    )
    assert isinstance(chosen(model), TransformersForward)


def test_the_number_of_threads_is_one_of_those_there_are() -> None:
    before = torch.get_num_threads()
    assert 1 <= choose_threads(chosen(tiny_model()), random_tokens(4, seed=1)) <= before
    assert torch.get_num_threads() == before
