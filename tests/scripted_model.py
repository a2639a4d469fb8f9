"""A language model that says what it is told to, with a gate to hold it in the middle of a reply."""

import asyncio
from collections import deque
from collections.abc import Sequence

from engine.errors import AdapterError, ModelError
from engine.language.model import (
    AdapterRef,
    Cancellation,
    ChatMessage,
    Completion,
    GenerationRequest,
    PlaceSink,
    TextSink,
    discard,
)
from storage.records import FinishReason


class ScriptedModel:
    """Keeps the LanguageModel protocol. A token is a word; without a queued reply it echoes."""

    name = "scripted"

    def __init__(self, *, context_tokens: int = 1000) -> None:
        self.context_tokens = context_tokens
        self.requests: list[GenerationRequest] = []
        self.loaded: list[AdapterRef] = []
        self.prefixes_dropped = 0
        self.broken_versions: set[int] = set()
        self.away = False
        """Whether it fails at whatever adapter it is to load, as a server does that has gone."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.place: int | None = None
        """Where in the queue whoever asks has to wait until it is None."""
        self._replies: deque[str | Exception] = deque()

    def enqueue(self, *replies: str | Exception) -> None:
        """Say these next, in order; an error is raised instead of a reply."""
        self._replies.extend(replies)

    def hold(self) -> None:
        """Stop before the second word of each reply until `gate` is set."""
        self.gate.clear()

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(message.content.split()) for message in messages)

    async def generate(
        self,
        request: GenerationRequest,
        *,
        sink: TextSink = discard,
        on_place: PlaceSink = discard,
        cancellation: Cancellation | None = None,
    ) -> Completion:
        self.requests.append(request)
        if request.adapter is not None and request.adapter not in self.loaded:
            raise AdapterError(str(request.adapter.folder), "it is not loaded")
        await self._queue(on_place, cancellation or Cancellation())
        scripted = self._replies.popleft() if self._replies else f"You said: {request.messages[-1].content}"
        if isinstance(scripted, Exception):
            raise scripted
        said, reason = await self._speak(scripted, sink, cancellation or Cancellation())
        return Completion(
            text=said,
            finish_reason=reason,
            prompt_tokens=self.count_tokens(request.messages),
            reply_tokens=len(said.split()),
            first_token_seconds=0.25,
            total_seconds=0.5,
        )

    async def _queue(self, on_place: PlaceSink, stop: Cancellation) -> None:
        while self.place is not None and not stop.cancelled:
            on_place(self.place)
            await asyncio.sleep(0.005)

    async def _speak(self, text: str, sink: TextSink, stop: Cancellation) -> tuple[str, FinishReason]:
        said = ""
        for word in text.split(" "):
            while said and not self.gate.is_set() and not stop.cancelled:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            if stop.cancelled:
                return said, FinishReason.CANCELLED
            said = f"{said} {word}" if said else word
            sink(said)
            await asyncio.sleep(0)
        return said, FinishReason.STOP

    async def load_adapter(self, adapter: AdapterRef) -> None:
        if self.away:
            raise ModelError("The model server does not answer (ConnectError).")
        if adapter.version in self.broken_versions:
            raise AdapterError(str(adapter.folder), "it changes nothing")
        if adapter not in self.loaded:
            self.loaded.append(adapter)

    async def unload_adapter(self, adapter: AdapterRef) -> None:
        if adapter in self.loaded:
            self.loaded.remove(adapter)

    async def drop_prefixes(self) -> None:
        self.prefixes_dropped += 1

    async def close(self) -> None:
        self.gate.set()
