"""What /forget is to reach, in a person's words and in the data of a button."""

import math
import re
from datetime import UTC, datetime, timedelta

from engine.forgetting import Part
from engine.profile.when import count_of, span_of

_MOST_BYTES = 64
"""Telegram lets a button carry so many."""

_BEGINNING = datetime(1, 1, 2, tzinfo=UTC)

_ABOUT = re.compile(r"(?:about|关于|有关)\s*(?P<about>.*\S)", re.IGNORECASE | re.DOTALL)
_LAST = re.compile(
    r"(?:the )?(?:last|past)(?: (?P<count>\S+))? (?P<unit>minute|hour|day|week|month)s?\Z", re.IGNORECASE
)
_LAST_ZH = re.compile(
    r"(?:最近|过去)(?P<count>\d+|[一二两三四五六七十几])?个?(?P<unit>分钟|小时|天|周|星期|月)\Z"
)
_SPAN = re.compile(r"(\d{1,10})-(\d{1,10})")
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "分钟": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "天": timedelta(days=1),
    "周": timedelta(days=7),
    "星期": timedelta(days=7),
    "月": timedelta(days=30),
}


def read_part(words: str, now: datetime) -> Part | None:
    """What the words behind /forget mean at `now`, whose zone says when days begin; None if it is unclear."""
    about = _ABOUT.match(words)
    if about is not None:
        return Part(begin=_BEGINNING, end=now, about=about["about"])
    last = _LAST.match(words) or _LAST_ZH.match(words)
    if last is not None:
        count = count_of(last["count"] or "1")
        return None if count is None else Part(begin=now - count * _UNITS[last["unit"].lower()], end=now)
    span = span_of(words, now)
    return None if span is None else Part(begin=span[0], end=min(span[1], now))


def packed(part: Part, asked_at: int) -> str | None:
    """A part and the moment, in seconds, as the data of a button; None when its words are too long."""
    if not part.about:
        return f"forget:span:{asked_at}:{int(part.begin.timestamp())}-{math.ceil(part.end.timestamp())}"
    data = f"forget:about:{asked_at}:{part.about}"
    return data if len(data.encode()) <= _MOST_BYTES else None


def unpacked(kind: str, asked_at: datetime, rest: str) -> Part | None:
    """The part that a button of this kind carries; None for what no button of ours does."""
    if kind == "about":
        return Part(begin=_BEGINNING, end=asked_at + timedelta(seconds=1), about=rest) if rest else None
    span = _SPAN.fullmatch(rest)
    if span is None:
        return None
    begin, end = (datetime.fromtimestamp(int(seconds), UTC) for seconds in span.groups())
    return Part(begin=begin, end=end)
