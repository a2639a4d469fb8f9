"""Whether a graphics card has room for a training beside what else uses it, such as the bot that serves."""

from collections.abc import Callable
from pathlib import Path

import torch

from engine.errors import TuningError
from engine.language.size import weight_bytes

WORKING_BYTES = 2 << 30
"""For activations, adapters and their optimizer; what is larger is halved when memory runs out."""


def free_bytes_of(device: torch.device) -> int:
    """How much memory of a graphics card nobody uses."""
    free, _ = torch.cuda.mem_get_info(device)
    return free


def check_room(
    model_folder: Path, device: torch.device, *, free_bytes: Callable[[torch.device], int] = free_bytes_of
) -> None:
    """Raises TuningError when a graphics card cannot take the weights and what training adds to them.

    Also raises ModelUnavailableError, for an index of the weights that cannot be read.
    """
    if device.type == "cpu":
        return
    needed = WORKING_BYTES + weight_bytes(model_folder)
    free = free_bytes(device)
    if free < needed:
        raise TuningError(
            f"The graphics card has {free / 1e9:.1f} GB free, and training takes {needed / 1e9:.1f} GB."
        )
