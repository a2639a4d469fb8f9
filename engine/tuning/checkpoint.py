"""What a training that was broken off goes on from: one file per person, replaced in one step.

It holds weights that come of a person's words, so it is sealed like an adapter, and goes when its training
has been judged. One that cannot be read, or was made of other examples or by another recipe, counts as none:
a checkpoint only ever saves time.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.tuning.encoding import Row
from engine.tuning.job import Recipe
from engine.tuning.optimizer import SlotState
from storage.errors import SealError
from storage.files import make_private, open_private, sync
from storage.sealing import seal, unseal


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A learner between two steps; `loss` is the last one's, in nats per token."""

    loss: float
    state: SlotState


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFile:
    """Where one person's checkpoint lies; `purpose` is a digest of all that its training depends on."""

    path: Path
    purpose: bytes
    secret: bytes | None = field(default=None, repr=False)

    def write(self, checkpoint: Checkpoint) -> None:
        """Replace what was there; whoever is killed meanwhile leaves the old one. Raises OSError."""
        state = checkpoint.state
        tensors = {
            "purpose": self._stamp(),
            "loss": torch.tensor(checkpoint.loss, dtype=torch.float64),
            "steps": torch.tensor(state.steps),
            "values": state.values,
            "mean": state.mean,
            "square": state.square,
        }
        make_private(self.path.parent)
        aside = self.path.with_suffix(".tmp")
        aside.unlink(missing_ok=True)
        with open_private(aside) as file:
            file.write(seal(save(tensors), self.secret))
        sync(aside)
        aside.replace(self.path)

    def read(self, *, values: int) -> Checkpoint | None:
        """What was written for the same purpose and so many weights; None when there is none."""
        try:
            tensors = load(unseal(self.path.read_bytes(), self.secret))
            purpose, loss, steps = tensors["purpose"], tensors["loss"], tensors["steps"]
            state = SlotState(
                values=tensors["values"],
                mean=tensors["mean"],
                square=tensors["square"],
                steps=int(steps.item()),
            )
        except (OSError, SealError, SafetensorError, KeyError):
            return None
        fits = torch.equal(purpose, self._stamp()) and state.values.shape == (values,)
        return Checkpoint(loss=loss.item(), state=state) if fits else None

    def _stamp(self) -> Tensor:
        return torch.tensor(list(self.purpose), dtype=torch.uint8)


def purpose_of(batches: Sequence[Sequence[Row]], *, base_name: str, recipe: Recipe, seed: int) -> bytes:
    """A digest of what is learnt, in which order, how, and over which base; it gives no text away."""
    plan = [[(row.tokens, row.reply_start, row.base_loss is None) for row in batch] for batch in batches]
    return hashlib.sha256(json.dumps([base_name, asdict(recipe), seed, plan]).encode()).digest()
