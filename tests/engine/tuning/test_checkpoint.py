"""What a broken training goes on from, on the tiny model."""

from pathlib import Path

import pytest

from engine.language.lora import LoraWeights, wrap_linears
from engine.tuning.checkpoint import Checkpoint, CheckpointFile, purpose_of
from engine.tuning.job import Recipe
from engine.tuning.learner import JointTrainer, Learner, plan_batches
from storage.sealing import new_secret
from tests.engine.language.conftest import tiny_model
from tests.engine.tuning.test_learner import distance, row

RECIPE = Recipe(rank=4, steps=6, learning_rate=1e-2)
BATCHES = plan_batches([row(number) for number in range(6)], RECIPE, seed=1)
BROKEN_AFTER = 3


class Training:
    """One learner over a model of its own."""

    def __init__(self, *, slot: int = 1) -> None:
        model = tiny_model()
        self._stack = wrap_linears(model, slots=3, rank=RECIPE.rank)
        self.trainer = JointTrainer(model, self._stack, recipe=RECIPE, pad_id=0)
        self.learner = Learner(user_id=1, slot=slot, batches=BATCHES)
        self.trainer.begin(self.learner, seed=1)

    def learn(self, *, until: int = len(BATCHES)) -> list[float]:
        """The loss of each step."""
        losses: list[float] = []
        while self.learner.step < until:
            self.trainer.step([self.learner])
            losses.append(self.learner.loss)
        return losses

    def weights(self) -> LoraWeights:
        return self._stack.read(self.learner.slot)


def file_in(folder: Path, *, secret: bytes | None = None, seed: int = 1) -> CheckpointFile:
    purpose = purpose_of(BATCHES, base_name="tiny", recipe=RECIPE, seed=seed)
    return CheckpointFile(path=folder / "checkpoints" / "1.safetensors", purpose=purpose, secret=secret)


def put_down(folder: Path, *, secret: bytes | None = None) -> CheckpointFile:
    """The checkpoint of a training that was broken off."""
    broken, file = Training(), file_in(folder, secret=secret)
    broken.learn(until=BROKEN_AFTER)
    file.write(Checkpoint(loss=broken.learner.loss, state=broken.trainer.state(broken.learner)))
    return file


@pytest.mark.parametrize("secret", [None, new_secret()], ids=["plain", "encrypted"])
def test_a_broken_training_goes_on_in_another_slot_as_if_nothing_had_been(tmp_path: Path, secret: bytes):
    file, whole, resumed = put_down(tmp_path, secret=secret), Training(), Training(slot=2)
    left = file.read(values=resumed.trainer.values_per_slot)
    assert left is not None
    resumed.trainer.go_on(resumed.learner, left.state, loss=left.loss)
    assert resumed.learner.step == BROKEN_AFTER

    losses = whole.learn()
    assert left.loss == losses[BROKEN_AFTER - 1]
    assert resumed.learn() == losses[BROKEN_AFTER:]
    assert distance(resumed.weights(), whole.weights()) == 0


def test_a_sealed_one_is_of_no_use_without_its_secret(tmp_path: Path):
    file = put_down(tmp_path, secret=new_secret())
    assert b"values" not in file.path.read_bytes()
    assert file_in(tmp_path).read(values=Training().trainer.values_per_slot) is None


def test_it_is_none_for_another_purpose_or_another_size_or_when_it_is_damaged(tmp_path: Path):
    file, size = put_down(tmp_path), Training().trainer.values_per_slot
    assert file.read(values=size) is not None
    assert file.read(values=size + 1) is None
    assert file_in(tmp_path, seed=2).read(values=size) is None
    content = file.path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"x" * len(content)):
        file.path.write_bytes(damaged)
        assert file.read(values=size) is None


def test_the_purpose_is_what_is_learnt_in_which_order_and_how():
    recipe, other = RECIPE, Recipe(rank=4, steps=6, learning_rate=2e-2)
    purposes = [
        purpose_of(BATCHES, base_name="tiny", recipe=recipe, seed=1),
        purpose_of(BATCHES[::-1], base_name="tiny", recipe=recipe, seed=1),
        purpose_of(BATCHES, base_name="other", recipe=recipe, seed=1),
        purpose_of(BATCHES, base_name="tiny", recipe=other, seed=1),
        purpose_of(BATCHES, base_name="tiny", recipe=recipe, seed=2),
    ]
    assert len(set(purposes)) == len(purposes)


def test_nobody_but_the_owner_may_read_it_and_a_half_written_one_is_replaced(tmp_path: Path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "1.tmp").write_bytes(b"half")
    file = put_down(tmp_path)
    assert file.path.stat().st_mode & 0o077 == 0
    assert [path.name for path in file.path.parent.iterdir()] == ["1.safetensors"]
