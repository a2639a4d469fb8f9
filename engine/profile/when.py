"""The time that a question names, as in "what did I say last week" (pure)."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]
"""From the first moment to the first after the last."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ten": 10,
    "一": 1,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "十": 10,
    "几": 3,
    "few": 4,
}
_COUNTS = r"\d+|a|an|one|two|three|four|five|six|seven|ten|few"
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"


def span_of(text: str, now: datetime) -> Span | None:
    """The time named in a text, seen from `now`, whose zone says when days begin; None for none."""
    for expression, meaning in _MEANINGS:
        match = expression.search(text)
        if match is not None:
            return meaning(match, now)
    return None


def remembered_span_of(text: str, now: datetime) -> Span | None:
    """The time that a question about the past means.

    "A few days ago" reaches from yesterday to twice as far back as it says, since what is remembered well
    seems nearer than it was (forward telescoping).
    """
    span = span_of(text, now)
    if span is None or not _FEW.search(text):
        return span
    begin, _ = span
    return begin - (_midnight(now) - begin), _midnight(now)


def untimed(text: str) -> str:
    """A text without the words that name its time."""
    for expression, _ in _MEANINGS:
        text = expression.sub(" ", text)
    return text


def count_of(word: str) -> int | None:
    """A number of at most four digits, or in words as far as people use them for spans of time."""
    if word.isdecimal():
        return int(word) if len(word) <= 4 else None
    return _NUMBERS.get(word.lower())


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _days(now: datetime, *, ago: int, length: int = 1) -> Span:
    begin = _midnight(now - timedelta(days=ago))
    return begin, begin + timedelta(days=length)


def _last_week(_match: re.Match[str], now: datetime) -> Span:
    return _days(now, ago=now.weekday() + 7, length=7)


def _this_week(_match: re.Match[str], now: datetime) -> Span:
    return _days(now, ago=now.weekday(), length=7)


def _last_month(_match: re.Match[str], now: datetime) -> Span:
    end = _midnight(now.replace(day=1))
    return (end - timedelta(days=1)).replace(day=1), end


def _ago(match: re.Match[str], now: datetime) -> Span:
    """So many days, weeks or months ago, give or take as much as the unit is coarse."""
    said = match["count"].lower()
    count = int(said) if said.isdecimal() else _NUMBERS[said]
    unit = match["unit"].lower()
    days = 7 if unit in ("week", "周", "个星期", "星期") else 30 if unit in ("month", "个月") else 1
    slack = days // 2 + (1 if said in ("few", "几") else 0)
    return _days(now, ago=count * days + slack, length=2 * slack + 1)


def _date(match: re.Match[str], now: datetime) -> Span | None:
    raw = match["month"].lower()
    month = int(raw) if raw.isdecimal() else 1 + _MONTHS.index(raw)
    for year in (now.year, now.year - 1):
        try:
            begin = _midnight(now).replace(year=year, month=month, day=int(match["day"]))
        except ValueError:
            continue
        if begin <= now:
            return begin, begin + timedelta(days=1)
    return None


def _days_ago(ago: int) -> Callable[[re.Match[str], datetime], Span]:
    return lambda _match, now: _days(now, ago=ago)


_MEANINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], Span | None]], ...] = tuple(
    (re.compile(expression, re.IGNORECASE), meaning)
    for expression, meaning in (
        (r"\bday before yesterday\b|前天", _days_ago(2)),
        (r"\byesterday\b|\blast night\b|昨[天晚日]", _days_ago(1)),
        (r"\b(?:today|this morning|earlier today|tonight)\b|今[天早晚]", _days_ago(0)),
        (r"\blast week\b|上(?:个)?(?:周|星期)(?![一二三四五六日天])", _last_week),
        (r"\bthis week\b|这(?:个)?(?:周|星期)(?![一二三四五六日天])", _this_week),
        (r"\blast month\b|上个?月", _last_month),
        (rf"\b(?P<count>{_COUNTS}) (?P<unit>day|week|month)s? ago\b", _ago),
        (r"(?P<count>\d+|[一两二三四五六七十几])(?P<unit>天|周|个?星期|个月)(?:以)?前", _ago),
        (rf"\b{_MONTH} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b", _date),
        (rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}\b", _date),
        (r"(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]?", _date),
    )
)

_FEW = re.compile(r"\bfew (?:day|week|month)s ago\b|几(?:天|周|个?星期|个月)(?:以)?前", re.IGNORECASE)
