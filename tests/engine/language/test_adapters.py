"""The bank: each adapter gives PEFT's logits after any history of loads, swaps and evictions."""

import random
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from peft import PeftModel

from engine.errors import AdapterError
from engine.language.adapters import AdapterBank
from engine.language.lora import LoraStack, wrap_linears
from engine.language.model import AdapterRef
from tests.engine.language.conftest import (
    BASE_NAME,
    adapter_ref,
    random_tokens,
    random_weights,
    save_adapter,
    tiny_model,
)

# PEFT asks transformers for a property that the pinned version has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

TOKENS = torch.tensor([random_tokens(9, seed=1)])
SLOTS = 4


@dataclass
class Served:
    """A bank with the model that its slots belong to."""

    bank: AdapterBank
    stack: LoraStack
    model: torch.nn.Module

    def logits(self, *slots: int) -> torch.Tensor:
        """What the model says under these slots, one row each."""
        self.stack.rows.select(slots)
        with torch.no_grad():
            return self.model(TOKENS.expand(len(slots), -1)).logits


def serving(*, slots: int, budget_bytes: int = 1 << 30, fewest: int = 1) -> Served:
    model = tiny_model()
    stack = wrap_linears(model, slots=1 + slots, rank=1)

    def probe(slot: int) -> torch.Tensor:
        stack.rows.select([slot])
        with torch.no_grad():
            return model(TOKENS[:, :3]).logits[0, -1]

    bank = AdapterBank(
        stack, base_model=BASE_NAME, max_rank=8, probe=probe, budget_bytes=budget_bytes, fewest=fewest
    )
    return Served(bank, stack, model)


@pytest.fixture
def served() -> Served:
    return serving(slots=SLOTS)


def add(bank: AdapterBank, adapter: AdapterRef) -> None:
    bank.add(adapter, bank.read(adapter))


def peft_logits(adapter: AdapterRef) -> torch.Tensor:
    with torch.no_grad():
        return PeftModel.from_pretrained(tiny_model(), str(adapter.folder))(TOKENS).logits


def random_adapters(folder: Path, count: int) -> list[AdapterRef]:
    return [
        AdapterRef(
            user_id, 1, save_adapter(folder / str(user_id), random_weights(user_id, rank=1 + user_id % 8))
        )
        for user_id in range(1, count + 1)
    ]


def test_a_hundred_random_loads_swaps_and_evictions_leave_every_adapter_exact(
    served: Served, tmp_path: Path
) -> None:
    adapters = random_adapters(tmp_path, 10)
    expected = {adapter: peft_logits(adapter) for adapter in adapters}
    chance = random.Random(1)
    known: set[AdapterRef] = set()
    for _ in range(100):
        adapter = chance.choice(adapters)
        if adapter in known and chance.random() < 0.3:
            served.bank.remove(adapter)
            known.remove(adapter)
            continue
        add(served.bank, adapter)
        known.add(adapter)
        rows = chance.sample(sorted(known, key=lambda ref: ref.user_id), k=min(3, len(known)))
        slots: list[int] = []
        for row in rows:
            served.bank.hold(row)
            slot = served.bank.pin(row)
            assert slot is not None
            slots.append(slot)
        logits = served.logits(0, *slots)
        for place, row in enumerate(rows, start=1):
            torch.testing.assert_close(logits[place : place + 1], expected[row], rtol=1e-4, atol=1e-4)
            served.bank.unpin(slots[place - 1])
            served.bank.release(row)
    assert len(served.bank.resident) == SLOTS


def test_the_least_recently_used_is_evicted(served: Served, tmp_path: Path) -> None:
    first, second, third, fourth, fifth = random_adapters(tmp_path, 5)
    for adapter in (first, second, third, fourth):
        add(served.bank, adapter)
    served.bank.hold(first)
    served.bank.unpin(served.bank.pin(first) or 0)
    add(served.bank, fifth)
    assert served.bank.resident == [third, fourth, first, fifth]


def test_the_memory_budget_holds_fewer_adapters_of_a_higher_rank(tmp_path: Path) -> None:
    rank_1 = wrap_linears(tiny_model(), slots=1, rank=1).slot_bytes(1)
    served = serving(slots=8, budget_bytes=4 * rank_1)
    small = [
        AdapterRef(number, 1, save_adapter(tmp_path / str(number), random_weights(number, rank=1)))
        for number in range(1, 6)
    ]
    for adapter in small:
        add(served.bank, adapter)
    assert served.bank.resident == small[1:]
    high = AdapterRef(9, 1, save_adapter(tmp_path / "9", random_weights(9, rank=2)))
    add(served.bank, high)

    assert served.bank.resident == [small[-1], high]
    for adapter in served.bank.resident:
        slot = served.bank.pin(adapter)
        assert slot is not None
        torch.testing.assert_close(served.logits(slot), peft_logits(adapter), rtol=1e-4, atol=1e-4)
    assert sum(bool(parameter.any()) for parameter in slots_of(served.stack)) == 2


def slots_of(stack: LoraStack) -> list[torch.Tensor]:
    """The slots of one matrix of the stack."""
    return list(next(stack.parameters()))


def test_whatever_the_budget_the_fewest_have_room(tmp_path: Path) -> None:
    served = serving(slots=4, budget_bytes=0, fewest=3)
    adapters = random_adapters(tmp_path, 4)
    for adapter in adapters:
        add(served.bank, adapter)
    assert served.bank.resident == adapters[1:]


def test_a_pinned_slot_is_never_taken(served: Served, tmp_path: Path) -> None:
    *pinned, late = random_adapters(tmp_path, SLOTS + 1)
    for adapter in pinned:
        add(served.bank, adapter)
        served.bank.hold(adapter)
        assert served.bank.pin(adapter)
    with pytest.raises(AdapterError, match="every slot is in use"):
        add(served.bank, late)
    served.bank.unpin(served.bank.pin(pinned[0]) or 0)
    assert served.bank.resident == [*pinned[1:], pinned[0]]


def test_an_unloaded_adapter_lives_until_its_last_reply_ends(served: Served, tmp_path: Path) -> None:
    adapter = adapter_ref(tmp_path)
    add(served.bank, adapter)
    served.bank.hold(adapter)
    served.bank.remove(adapter)
    with pytest.raises(AdapterError, match="not loaded"):
        served.bank.hold(adapter)
    slot = served.bank.pin(adapter)
    assert slot is not None
    torch.testing.assert_close(served.logits(slot), peft_logits(adapter), rtol=1e-4, atol=1e-4)
    served.bank.unpin(slot)
    served.bank.release(adapter)
    assert served.bank.resident == []


def test_a_refused_version_leaves_the_old_one(served: Served, tmp_path: Path) -> None:
    old = adapter_ref(tmp_path, version=1)
    add(served.bank, old)
    idle = AdapterRef(1, 2, save_adapter(tmp_path / "idle", random_weights(1, scaling=0.0)))
    with pytest.raises(AdapterError, match="changes nothing"):
        add(served.bank, idle)
    served.bank.hold(old)
    torch.testing.assert_close(
        served.logits(served.bank.pin(old) or 0), peft_logits(old), rtol=1e-4, atol=1e-4
    )
    assert served.bank.resident == [old]


def test_a_resident_adapter_takes_the_memory_of_its_file(tmp_path: Path) -> None:
    rank = 8
    adapter = AdapterRef(1, 1, save_adapter(tmp_path / "a", random_weights(1, rank=rank)))
    stack = wrap_linears(tiny_model(), slots=2, rank=1)
    stack.grow(rank)
    per_slot = sum(parameter[0].nbytes for parameter in stack.parameters())
    assert per_slot <= 1.1 * (adapter.folder / "adapter_model.safetensors").stat().st_size
