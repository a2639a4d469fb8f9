"""How often a call to Telegram is repeated, and when its fate is unknown."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import httpx
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.pace import Throttle
from engine.assistant import Interrupted

Answer = TypeVar("Answer")

_BACKOFF_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)


class UncertainDeliveryError(TelegramError):
    """The connection ended before Telegram answered: the message may or may not have been sent."""


class Insistence:
    """Repeats calls until Telegram answers, or until the process stops; each waits for its turn."""

    def __init__(self, *, throttle: Throttle, backoff_seconds: tuple[float, ...] = _BACKOFF_SECONDS) -> None:
        self._throttle = throttle
        self._backoff_seconds = backoff_seconds
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End every wait; the calls under way raise Interrupted instead of trying again."""
        self._stopping.set()

    async def idempotent(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeat a call that may safely be made twice, such as an edit. Raises what Telegram answers."""
        return await self._repeat(call, retry=lambda _error: True)

    async def once(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Make a call that must not happen twice; repeat it only while it surely has not.

        Raises UncertainDeliveryError when the connection ended before the answer.
        """
        return await self._repeat(call, retry=never_sent)

    async def _repeat(
        self, call: Callable[[], Awaitable[Answer]], *, retry: Callable[[NetworkError], bool]
    ) -> Answer:
        failures = 0
        while True:
            # Outside the call, so that one that a stop keeps from being made is known not to have been.
            turn_seconds = self._throttle.reserve()
            if turn_seconds:
                await self._wait(turn_seconds)
            try:
                return await call()
            except RetryAfter as error:
                await self._wait(seconds_of(error.retry_after))
            except BadRequest:
                raise
            except NetworkError as error:
                if not retry(error):
                    raise UncertainDeliveryError(str(error)) from error
                await self._wait(self._backoff_seconds[min(failures, len(self._backoff_seconds) - 1)])
                failures += 1

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Interrupted


def never_sent(error: TelegramError) -> bool:
    """Whether the request surely did not reach Telegram."""
    return isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def seconds_of(wait: float | timedelta) -> float:
    """A wait that Telegram asks for, in seconds."""
    return wait.total_seconds() if isinstance(wait, timedelta) else wait
