"""How much one person may ask for, so that nobody fills the queue of the others.

Messages count by the time at which they were sent: what piled up while the bot was off is no flood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from telegram import Update


class Verdict(StrEnum):
    """What becomes of a request. Only the first one beyond the limit is told so."""

    ALLOWED = "allowed"
    TOLD = "told"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many at once, and so many again in each period."""

    most: int
    period: timedelta


MESSAGES = (Rate(most=30, period=timedelta(minutes=1)), Rate(most=1500, period=timedelta(days=1)))
LINKS = (Rate(most=6, period=timedelta(minutes=1)), Rate(most=200, period=timedelta(days=1)))


class Limiter:
    """A token bucket for each person and rate."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = rates
        self._buckets: dict[int, list[_Bucket]] = {}
        self._refused: set[int] = set()

    def take(self, user_id: int, at: datetime) -> Verdict:
        """Ask for one more."""
        buckets = self._buckets.setdefault(user_id, [_Bucket(rate, at) for rate in self._rates])
        for bucket in buckets:
            bucket.fill(at)
        if all(bucket.tokens >= 1 for bucket in buckets):
            for bucket in buckets:
                bucket.tokens -= 1
            self._refused.discard(user_id)
            return Verdict.ALLOWED
        if user_id in self._refused:
            return Verdict.SILENT
        self._refused.add(user_id)
        return Verdict.TOLD


class _Bucket:
    def __init__(self, rate: Rate, at: datetime) -> None:
        self._rate = rate
        self._filled_at = at
        self.tokens = float(rate.most)

    def fill(self, at: datetime) -> None:
        """Add what has come in since; a time before the last one adds nothing."""
        passed = max(at - self._filled_at, timedelta())
        self._filled_at += passed
        self.tokens = min(self._rate.most, self.tokens + self._rate.most * (passed / self._rate.period))


def asked_at(update: Update) -> datetime | None:
    """When a person wrote or changed what asks for an answer; None for all that asks for none."""
    message = update.message or update.edited_message
    return None if message is None else message.edit_date or message.date
