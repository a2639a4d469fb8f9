"""Stacked LoRA gives the numbers of PEFT, for one adapter, for mixed batches, and when trained."""

from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from engine.language.lora import LoraStack, StackedLora, wrap_linears
from engine.language.peft_format import read_adapter, write_adapter
from tests.engine.language.conftest import BASE_NAME, random_tokens, random_weights, save_adapter, tiny_model

MAX_RANK = 8

# PEFT asks transformers for a property that the pinned version has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")


def served(*folders: Path) -> tuple[torch.nn.Module, LoraStack]:
    """The tiny model with the adapters of these folders in slots 1, 2, ..."""
    model = tiny_model()
    stack = wrap_linears(model, slots=len(folders) + 1, rank=MAX_RANK)
    for slot, folder in enumerate(folders, start=1):
        stack.write(slot, read_adapter(folder, base_model=BASE_NAME, shapes=stack.shapes, max_rank=MAX_RANK))
    return model, stack


def peft_logits(folder: Path, tokens: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return PeftModel.from_pretrained(tiny_model(), str(folder))(tokens).logits


def peft_made(folder: Path, *, seed: int, **options: object) -> Path:
    """An adapter that PEFT itself created and saved, with B not zero."""
    torch.manual_seed(seed)
    config = LoraConfig(target_modules="all-linear", **options)  # type: ignore[arg-type]
    model = get_peft_model(tiny_model(), config)
    model.peft_config["default"].base_model_name_or_path = BASE_NAME
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(str(folder), save_embedding_layers=False)
    return folder


@pytest.mark.parametrize(
    "options",
    [{"r": 4, "lora_alpha": 8}, {"r": 8, "lora_alpha": 16, "use_rslora": True}, {"r": 1, "lora_alpha": 32}],
)
def test_an_adapter_made_by_peft_gives_its_logits(tmp_path: Path, options: dict[str, object]) -> None:
    folder = peft_made(tmp_path / "adapter", seed=1, **options)
    tokens = torch.tensor([random_tokens(12, seed=3)])
    model, stack = served(folder)
    stack.rows.select([1])
    with torch.no_grad():
        logits = model(tokens).logits
        stack.rows.select([0])
        bare = model(tokens).logits
    torch.testing.assert_close(logits, peft_logits(folder, tokens), rtol=1e-4, atol=1e-4)
    assert (logits - bare).abs().max() > 0.1


def test_each_row_of_a_mixed_batch_has_its_own_adapter(tmp_path: Path) -> None:
    folders = [
        save_adapter(tmp_path / str(i), random_weights(i, rank=rank)) for i, rank in enumerate((1, 4, 8))
    ]
    tokens = torch.tensor([random_tokens(9, seed=row) for row in range(5)])
    model, stack = served(*folders)
    stack.rows.select([2, 0, 3, 1, 2])
    with torch.no_grad():
        mixed = model(tokens).logits
        bare = tiny_model()(tokens[1:2]).logits
    torch.testing.assert_close(mixed[1:2], bare, rtol=1e-4, atol=1e-4)
    for row, folder in ((0, folders[1]), (2, folders[2]), (3, folders[0]), (4, folders[1])):
        torch.testing.assert_close(
            mixed[row : row + 1], peft_logits(folder, tokens[row : row + 1]), rtol=1e-4, atol=1e-4
        )


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    weights = random_weights(5, rank=3, scaling=0.5)
    folder = save_adapter(tmp_path / "adapter", weights)
    _, stack = served(folder)
    again = read_adapter(folder, base_model=BASE_NAME, shapes=stack.shapes, max_rank=MAX_RANK)
    assert again.scaling == 0.5
    for name, a in weights.a.items():
        assert torch.equal(again.a[name], a)
        assert torch.equal(again.b[name], weights.b[name])


def test_only_linears_of_the_decoder_layers_are_wrapped() -> None:
    model = tiny_model()
    stack = wrap_linears(model, slots=2, rank=2)
    assert len(stack.layers) == 2 * 7
    assert not isinstance(model.lm_head, StackedLora)


def test_training_moves_only_the_slot_in_use_and_exports_what_peft_reads(tmp_path: Path) -> None:
    model = tiny_model()
    stack = wrap_linears(model, slots=3, rank=4, dtype=torch.float32)
    for slot in (1, 2):
        stack.initialise(slot, seed=slot)
    stack.train(alpha=8.0)
    untouched = stack.read(2)
    tokens = torch.tensor([random_tokens(16, seed=1), random_tokens(16, seed=2)])
    optimizer = torch.optim.Adam(stack.parameters(), lr=1e-2)
    losses: list[float] = []
    for _ in range(5):
        stack.rows.select([1, 1])
        loss = model(tokens, labels=tokens).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(torch.equal(untouched.a[name], a) for name, a in stack.read(2).a.items())
    (tmp_path / "adapter").mkdir()
    write_adapter(tmp_path / "adapter", stack.read(1), base_model=BASE_NAME)
    with torch.no_grad():
        trained = model(tokens).logits
    torch.testing.assert_close(trained, peft_logits(tmp_path / "adapter", tokens), rtol=1e-4, atol=1e-4)


def test_gradients_are_those_of_peft(tmp_path: Path) -> None:
    weights = random_weights(4, scaling=2.0)
    folder = save_adapter(tmp_path / "adapter", weights)
    tokens = torch.tensor([random_tokens(16, seed=1)])
    model = tiny_model()
    stack = wrap_linears(model, slots=2, rank=4, dtype=torch.float32)
    stack.train(alpha=8.0)
    stack.write(1, weights)
    stack.rows.select([1])
    model(tokens, labels=tokens).loss.backward()
    peer = PeftModel.from_pretrained(tiny_model(), str(folder), is_trainable=True)
    peer(tokens, labels=tokens).loss.backward()
    gradients = {
        name: parameter.grad for name, parameter in peer.named_parameters() if parameter.requires_grad
    }
    for name, layer in stack.layers.items():
        assert layer.lora_a.grad is not None
        expected = gradients[f"base_model.model.{name}.lora_A.default.weight"]
        torch.testing.assert_close(layer.lora_a.grad[1].T, expected, rtol=1e-4, atol=1e-5)


def test_a_bf16_base_trains_float32_weights() -> None:
    model = tiny_model().to(torch.bfloat16)
    stack = wrap_linears(model, slots=2, rank=4, dtype=torch.float32)
    stack.initialise(1, seed=1)
    stack.train(alpha=8.0)
    stack.rows.select([1])
    tokens = torch.tensor([random_tokens(8, seed=1)])
    model(tokens, labels=tokens).loss.backward()
    gradients = [layer.lora_b.grad for layer in stack.layers.values()]
    assert all(grad is not None and grad.dtype == torch.float32 and bool(grad[1].any()) for grad in gradients)


def test_the_same_seed_draws_the_same_start() -> None:
    starts: list[torch.Tensor] = []
    for seed in (1, 1, 2):
        stack = wrap_linears(tiny_model(), slots=2, rank=4)
        stack.initialise(1, seed=seed)
        starts.append(next(iter(stack.read(1).a.values())))
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
