"""What was measured of a model on this computer, remembered between starts."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.language.weights import Form

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How many threads, and each form of the weights with the most tokens of a pass that it is used for."""

    threads: int
    forms: Mapping[Form, int]


class ChoiceFile:
    """One choice, good for one model on one processor under one version of torch; else there is none."""

    def __init__(self, path: Path, *, model: Path, device: torch.device) -> None:
        self._path = path
        self._made_for = _fingerprint(model, device)

    def read(self) -> Choice | None:
        """The choice, unless it was made for something else or the file cannot be used."""
        try:
            kept = json.loads(self._path.read_bytes())
            if kept["made_for"] != self._made_for:
                return None
            forms = {Form(name): int(most) for name, most in kept["forms"].items()}
            threads = min(int(kept["threads"]), torch.get_num_threads())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _log.warning("%s cannot be used (%s); measuring anew", self._path, type(error).__name__)
            return None
        return Choice(threads=threads, forms=forms) if threads > 0 else None

    def write(self, choice: Choice) -> None:
        """Keep a choice for the next start; a file that cannot be written costs that start a measurement."""
        content = {"made_for": self._made_for, "threads": choice.threads, "forms": dict(choice.forms)}
        temporary = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(content))
            temporary.replace(self._path)
        except OSError as error:
            _log.warning("%s cannot be written (%s)", self._path, type(error).__name__)


def _fingerprint(model: Path, device: torch.device) -> str:
    """Changes with the model, the processor, the cores that may be used, torch, and the forms there are."""
    known = {
        "weights": sorted((file.name, file.stat().st_size) for file in model.glob("*.safetensors")),
        "config": hashlib.sha256((model / "config.json").read_bytes()).hexdigest(),
        "processor": dict(torch.cpu.get_capabilities()),
        "threads": torch.get_num_threads(),
        "device": str(device),
        "torch": torch.__version__,
        "forms": list(Form),
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True, default=str).encode()).hexdigest()
