"""The prompt of one turn within a token budget (pure)."""

import re
from collections.abc import Callable, Sequence

from engine.errors import PromptTooLongError
from engine.language.model import ChatMessage
from storage.preferences import ReplyLength
from storage.records import Role

CountTokens = Callable[[Sequence[ChatMessage]], int]

_CHINESE = re.compile("[\u4e00-\u9fff]")

_WISHES = {
    ReplyLength.SHORT: ("Answer in one or two short sentences.", "请用一两句话简短回答。"),
    ReplyLength.LONG: ("Answer at length and in detail.", "请详细回答。"),
}
"""The user's wish in English and Chinese; in the language of the question, so that the answer keeps to it."""

_STRIDE = 8
"""Old turns are dropped this many messages at a time: between two drops the prompt only grows at its end, so
that the model's cached keys and values of the prefix stay valid for several turns."""


def build_prompt(
    *,
    system: str | None,
    history: Sequence[ChatMessage],
    newest: ChatMessage,
    count_tokens: CountTokens,
    budget_tokens: int,
) -> tuple[ChatMessage, ...]:
    """System line, as much of the latest history as fits, and the newest message.

    The oldest turns go first; the system line and the newest message never do. Raises PromptTooLongError when
    those two alone exceed the budget.
    """
    head = [] if system is None else [ChatMessage(Role.SYSTEM, system)]

    def from_turn(start: int) -> tuple[ChatMessage, ...]:
        return (*head, *history[start:], newest)

    bare_tokens = count_tokens(from_turn(len(history)))
    if bare_tokens > budget_tokens:
        raise PromptTooLongError(bare_tokens, budget_tokens)
    start = _first_that_fits(range(0, len(history) + 1, _STRIDE), from_turn, count_tokens, budget_tokens)
    if start is None or start == len(history):
        last_stride = range(max(0, len(history) - _STRIDE), len(history) + 1, 2)
        start = _first_that_fits(last_stride, from_turn, count_tokens, budget_tokens)
    return from_turn(len(history) if start is None else start)


def with_quote(text: str, quoted: str | None) -> str:
    """A question with what it refers to before it, as Markdown quotes it."""
    if not quoted:
        return text
    lines = "\n".join(f"> {line}" for line in quoted.splitlines())
    return f"{lines}\n\n{text}"


def said_by(name: str | None, text: str) -> str:
    """A line with the name of its speaker before it, where there are several."""
    return f"{name}: {text}" if name else text


def with_wish(text: str, length: ReplyLength) -> str:
    """A question with the wish for a short or a long answer behind it, for the prompt only."""
    if length not in _WISHES:
        return text
    english, chinese = _WISHES[length]
    return f"{text}\n\n{chinese if _CHINESE.search(text) else english}"


def with_recalled(text: str, lines: Sequence[str]) -> str:
    """A question with what its author said before in front of it, for the prompt only."""
    if not lines:
        return text
    head = "（我以前说过的话：" if _CHINESE.search(text) else "(What I said before:"
    tail = "）" if _CHINESE.search(text) else ")"
    return "\n".join([head, *(f"- {line}" for line in lines)]) + f"{tail}\n\n{text}"


def with_card(text: str, *, wishes: Sequence[str], known: Sequence[str]) -> str:
    """A question behind how its author wants to be answered and what is known of them, for a prompt only."""
    is_chinese = bool(_CHINESE.search(text))
    heads = ("我希望你这样回答：", "关于我：") if is_chinese else ("How I want to be answered:", "About me:")
    blocks = [
        "\n".join([head, *(f"- {line}" for line in lines)])
        for head, lines in zip(heads, (wishes, known), strict=True)
        if lines
    ]
    if not blocks:
        return text
    head, tail = "（）" if is_chinese else "()"
    return head + "\n".join(blocks) + f"{tail}\n\n{text}"


def _first_that_fits(
    starts: Sequence[int],
    from_turn: Callable[[int], tuple[ChatMessage, ...]],
    count_tokens: CountTokens,
    budget_tokens: int,
) -> int | None:
    """The earliest start whose prompt fits, by bisection: a later start never needs more tokens."""
    low, high = 0, len(starts)
    while low < high:
        middle = (low + high) // 2
        if count_tokens(from_turn(starts[middle])) <= budget_tokens:
            high = middle
        else:
            low = middle + 1
    return starts[low] if low < len(starts) else None
