"""One reply on its way: what was asked, what has been said, and where its keys and values are."""

import time
from collections.abc import Sequence
from typing import Protocol

from engine.errors import EngineError
from engine.language.cache import Strip
from engine.language.lora import NO_ADAPTER
from engine.language.model import (
    AdapterRef,
    Cancellation,
    Completion,
    GenerationRequest,
    Priority,
)
from engine.language.reply_text import ReplyText
from engine.language.sampling import RowSampler
from storage.records import FinishReason


class Listener(Protocol):
    """Who waits for a reply; called on the thread that generates."""

    def on_place(self, place: int) -> None:
        """The request waits at this place of the queue, counted from 1."""
        ...

    def on_text(self, text: str) -> None:
        """The text has grown."""
        ...

    def on_end(self, outcome: Completion | EngineError) -> None:
        """The reply is finished or has failed."""
        ...


class Job:
    """The state of one request from acceptance to its end."""

    def __init__(
        self,
        *,
        request: GenerationRequest,
        prompt_ids: Sequence[int],
        limit: int,
        text: ReplyText,
        listener: Listener,
        cancellations: Sequence[Cancellation],
    ) -> None:
        self.request = request
        self.prompt_ids = list(prompt_ids)
        self.sampler = RowSampler(request.sampling)
        self.strip: Strip | None = None
        self.slot = NO_ADAPTER
        self.listener = listener
        self.finish_reason: FinishReason | None = None
        self._limit = limit
        self._text = text
        self._cancellations = cancellations
        self._started = time.perf_counter()
        self._first_token_seconds: float | None = None
        self._place: int | None = None

    @property
    def user_id(self) -> int:
        """Whose reply it is."""
        return self.request.user_id

    @property
    def priority(self) -> Priority:
        """Chat or background."""
        return self.request.priority

    @property
    def adapter(self) -> AdapterRef | None:
        """The weights that it is written with."""
        return self.request.adapter

    @property
    def cancelled(self) -> bool:
        """Whether somebody has asked for its end."""
        return any(cancellation.cancelled for cancellation in self._cancellations)

    @property
    def token_ids(self) -> list[int]:
        """Prompt and reply so far."""
        return self.prompt_ids + self.sampler.said

    @property
    def uncomputed(self) -> list[int]:
        """Tokens whose keys and values its strip does not hold yet."""
        return self.token_ids[len(self.strip.token_ids) if self.strip is not None else 0 :]

    def wait_at(self, place: int) -> None:
        """Tell the listener of a new place in the queue, unless its reply was begun before."""
        if place != self._place and not self.sampler.said:
            self._place = place
            self.listener.on_place(place)

    def say(self, token_id: int, end_ids: frozenset[int]) -> None:
        """Take the next token, tell the listener of new text, and see whether the reply is finished."""
        if self._first_token_seconds is None:
            self._first_token_seconds = self._elapsed()
        if token_id in end_ids:
            self.finish_reason = FinishReason.STOP
            return
        self.sampler.said.append(token_id)
        if self._text.push(token_id):
            self.listener.on_text(self._text.text)
        if self._text.stopped:
            self.finish_reason = FinishReason.STOP
        elif len(self.sampler.said) >= self._limit:
            self.finish_reason = FinishReason.LENGTH

    def completion(self) -> Completion:
        """The reply as it is now."""
        total_seconds = self._elapsed()
        return Completion(
            text=self._text.finish(),
            finish_reason=self.finish_reason or FinishReason.CANCELLED,
            prompt_tokens=len(self.prompt_ids),
            reply_tokens=len(self.sampler.said),
            first_token_seconds=total_seconds
            if self._first_token_seconds is None
            else self._first_token_seconds,
            total_seconds=total_seconds,
        )

    def _elapsed(self) -> float:
        return time.perf_counter() - self._started
