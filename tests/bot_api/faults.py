"""Faults that a test asks for: refusals, delays, cut connections, flood control."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.bot_api.refusals import Refusal, too_many_requests


class Cut(StrEnum):
    """When a connection ends without an answer: before the work is done, or after it."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next `times` calls that match; a method or chat of None matches every one."""

    method: str | None
    chat_id: int | None
    times: int
    refusal: Refusal | None = None
    delay_seconds: float = 0.0
    cut: Cut | None = None
    until: float | None = None


class Faults:
    """The faults that are still to happen, oldest first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let it happen."""
        self._faults.append(fault)

    async def strike(self, method: str, parameters: dict[str, Any]) -> Cut | None:
        """Suffer what was asked for: may sleep, may raise Refusal; returns where to cut the connection."""
        cut: Cut | None = None
        for fault in self._due(method, parameters):
            fault.times -= 1
            if fault.delay_seconds:
                await asyncio.sleep(fault.delay_seconds)
            if fault.until is not None:
                raise too_many_requests(max(1, round(fault.until - self._clock())))
            if fault.refusal is not None:
                raise fault.refusal
            cut = fault.cut or cut
        return cut

    def _due(self, method: str, parameters: dict[str, Any]) -> list[Fault]:
        now = self._clock()
        self._faults = [
            fault for fault in self._faults if fault.times > 0 and (fault.until is None or fault.until > now)
        ]
        return [fault for fault in self._faults if _matches(fault, method, parameters)]


def _matches(fault: Fault, method: str, parameters: dict[str, Any]) -> bool:
    if fault.method is not None and fault.method.lower() != method:
        return False
    if fault.chat_id is not None:
        return parameters.get("chat_id") == fault.chat_id
    # Polling goes on while everything else fails, unless a test names it.
    return fault.method is not None or method != "getupdates"
