"""The work that the serving benchmark gives to every peer: adapters, prompts, and a model that never ends."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from engine.language.lora import LoraWeights
from engine.language.model import AdapterRef, ChatMessage, GenerationRequest, SamplingParams
from engine.language.peft_format import write_adapter
from storage.records import Role

RANK = 8
NAME = "benchmark-base"
SPOKEN = "Tell me a long story about the sea, a lighthouse and number {}."


class Adapters:
    """Random adapters on disk for one base, strong enough to change what is said."""

    def __init__(self, folder: Path, shapes: dict[str, tuple[int, int]]) -> None:
        self._folder = folder
        self.shapes = shapes

    def make(self, user_id: int, version: int = 1) -> AdapterRef:
        """Write one adapter."""
        folder = self._folder / f"{user_id}-{version}"
        folder.mkdir(parents=True)
        generator = torch.Generator().manual_seed(1000 * user_id + version)
        a = {
            name: torch.randn(RANK, size, generator=generator) / size**0.5
            for name, (size, _) in self.shapes.items()
        }
        b = {
            name: torch.randn(size, RANK, generator=generator) * 0.02
            for name, (_, size) in self.shapes.items()
        }
        write_adapter(folder, LoraWeights(rank=RANK, scaling=2.0, a=a, b=b), base_model=NAME)
        return AdapterRef(user_id, version, folder)


def endless_copy(folder: Path, target: Path) -> Path:
    """A copy of a model that never ends by itself, so that every peer writes the same number of tokens."""
    shutil.copytree(folder, target)
    for name, key, value in (
        ("generation_config.json", "eos_token_id", 5),
        ("tokenizer_config.json", "eos_token", "<file_sep>"),
    ):
        path = target / name
        path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    return target


def asked(text: str, user_id: int, tokens: int, **options: Any) -> GenerationRequest:
    sampling = SamplingParams(max_new_tokens=tokens, temperature=0.0, repetition_penalty=1.0)
    messages = options.pop("messages", (ChatMessage(Role.USER, text),))
    return GenerationRequest(user_id=user_id, messages=messages, sampling=sampling, **options)


def chat_of(turns: int) -> list[ChatMessage]:
    """A chat of about 75 tokens a turn whose last message is the user's."""
    messages: list[ChatMessage] = []
    for turn in range(turns):
        if turn:
            messages.append(
                ChatMessage(Role.ASSISTANT, f"In year {turn} the keeper saw ships of many lands. " * 4)
            )
        messages.append(
            ChatMessage(Role.USER, f"Go on with part {turn}, and tell me of the weather and the sea.")
        )
    return messages


def as_turns(messages: list[ChatMessage]) -> list[dict[str, str]]:
    return [{"role": message.role.value, "content": message.content} for message in messages]
