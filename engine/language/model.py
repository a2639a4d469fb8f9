"""The seam to a language model: what is asked of it, and the protocol that every implementation keeps."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from storage.records import FinishReason, Role

TextSink = Callable[[str], None]
"""Takes the whole text so far; called on the event loop, so it must return at once."""

PlaceSink = Callable[[int], None]
"""Takes the place in the queue, the next to be served being 1; called on the event loop, too."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a prompt, in the words of a chat template."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class AdapterRef:
    """One immutable version of one user's LoRA weights, in PEFT format; `secret` decrypts them."""

    user_id: int
    version: int
    folder: Path
    secret: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How tokens are drawn. `temperature` 0 is greedy; a `seed` makes sampling reproducible."""

    max_new_tokens: int = 256
    temperature: float = 0.7
    top_p: float = 0.9
    repetition_penalty: float = 1.1
    seed: int | None = None
    stop: tuple[str, ...] = ()


class Priority(StrEnum):
    """Chat goes before background work."""

    CHAT = "chat"
    BACKGROUND = "background"


class Cancellation:
    """A flag that ends a reply at its next token; safe from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask for the end; the text so far is still returned."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the end has been asked for."""
        return self._event.is_set()


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One reply to be written. Requests with the same `cache_key` share a growing prompt prefix."""

    user_id: int
    messages: tuple[ChatMessage, ...]
    adapter: AdapterRef | None = None
    sampling: SamplingParams = SamplingParams()
    priority: Priority = Priority.CHAT
    cache_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A finished reply. Token counts without the template's end token; times in seconds from the request."""

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    reply_tokens: int
    first_token_seconds: float
    total_seconds: float


def discard(_news: str | int) -> None:
    """The sink of a reply that nobody watches."""


class LanguageModel(Protocol):
    """A chat model that serves many users, each with their own adapter."""

    @property
    def name(self) -> str:
        """The base model's name, as logged with each reply and as written into adapters."""
        ...

    @property
    def context_tokens(self) -> int:
        """The most tokens that prompt and reply may have together."""
        ...

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of these messages as a prompt, the template and the reply's header included."""
        ...

    async def generate(
        self,
        request: GenerationRequest,
        *,
        sink: TextSink = discard,
        on_place: PlaceSink = discard,
        cancellation: Cancellation | None = None,
    ) -> Completion:
        """Write one reply; until it is begun, `on_place` is told each new place in the queue.

        A reply keeps the adapter that its request names until it ends, whatever is loaded meanwhile.
        Cancelling the awaiting task ends it at the next token too. Raises PromptTooLongError, QueueFullError,
        and AdapterError when the adapter is not loaded.
        """
        ...

    async def load_adapter(self, adapter: AdapterRef) -> None:
        """Read, check and make resident one adapter, and see that it changes a probe. Raises AdapterError."""
        ...

    async def unload_adapter(self, adapter: AdapterRef) -> None:
        """Let go of an adapter once no reply under way uses it; unknown ones are ignored."""
        ...

    async def drop_prefixes(self) -> None:
        """Forget what is kept of chats between turns; the next turn of each computes its prompt anew."""
        ...

    async def close(self) -> None:
        """End the replies under way as cancelled and free the model; calling it again does nothing."""
        ...
