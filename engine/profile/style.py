"""How a user writes: counters that each message adds to (pure)."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

_WORDS = re.compile(r"[\u3400-\u9fff\u3040-\u30ff]|[^\W_]+(?:['’-][^\W_]+)*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
_SENTENCE_MARKS = ".!?…。！？"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Sums over all messages of a user; `hours` counts messages by hour of the day in UTC."""

    messages: int = 0
    words: int = 0
    lower_case: int = 0
    punctuated: int = 0
    with_emoji: int = 0
    chinese: int = 0
    latin: int = 0
    hours: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def mean_words(self) -> float:
        """Words per message."""
        return self.words / self.messages if self.messages else 0.0

    def share(self, count: int) -> float:
        """A counter as a share of all messages."""
        return count / self.messages if self.messages else 0.0


def observe_style(style: Style, text: str, at: datetime) -> Style:
    """The counters after one more message."""
    stripped = text.strip()
    return replace(
        style,
        messages=style.messages + 1,
        words=style.words + len(_WORDS.findall(stripped)),
        lower_case=style.lower_case + stripped[:1].islower(),
        punctuated=style.punctuated + (stripped[-1:] in _SENTENCE_MARKS and bool(stripped)),
        with_emoji=style.with_emoji + bool(_EMOJI.search(stripped)),
        chinese=style.chinese + bool(_HAN.search(stripped)),
        latin=style.latin + bool(_LATIN.search(stripped)),
        hours={**style.hours, at.hour: style.hours.get(at.hour, 0) + 1},
    )
