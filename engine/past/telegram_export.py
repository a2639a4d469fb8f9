"""Reads what Telegram Desktop exports as JSON: one chat, or a whole account, of any size in flat memory.

Only the user's own words are taken. What others wrote is kept where the user answers it, as the quote of that
answer: context, never anybody's words to learn. In a chat with a bot a reply that the user reacted to is kept
as a rated reply.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import ijson

from engine.errors import ImportFileError
from engine.past.lines import Brought, number_in, text_in
from storage.past import PastLine
from storage.records import Role

Json = dict[str, Any]
Judge = Callable[[str], int | None]
"""What an emoji says of a reply: +1, -1, or None."""


class Source(Protocol):
    """Anything that bytes can be read from."""

    def read(self, length: int = ..., /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


_CHATS = frozenset({"", "chats.list.item", "left_chats.list.item"})
"""Where the description of a chat may stand: at the top, or in the lists of a whole account."""

_MESSAGES = frozenset(f"{place}.messages.item".lstrip(".") for place in _CHATS)

_ODD = (ijson.JSONError, ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What reading raises where a field holds something else than it should."""

_REMEMBERED = 5000
_LONGEST_QUOTE = 1000
"""A reply names what it answers by number: so many lines of a chat are held for that, and so much of each."""


@dataclass(slots=True)
class _Chat:
    """What is known of the chat being read."""

    number: int = 0
    is_with_bot: bool = False
    last_question: PastLine | None = None
    texts: OrderedDict[int, str] = field(default_factory=OrderedDict[int, str])


def read_export(stream: Source, *, user_id: int, judge: Judge) -> Iterator[Brought]:
    """The user's lines, in the order of the file. Raises ImportFileError when it is no such export."""
    chat = _Chat()
    try:
        for kind, value in _parts(stream):
            if kind == "chat":
                chat = _Chat()
            elif kind == "id":
                chat.number = number_in(value)
            elif kind == "type":
                chat.is_with_bot = value == "bot_chat"
            else:
                yield from _take(chat, value, f"user{user_id}", judge)
    except _ODD as error:
        raise ImportFileError("It is not a complete export of Telegram Desktop in JSON.") from error


def _parts(stream: Source) -> Iterator[tuple[str, Any]]:
    """("chat", None) where a chat begins, ("id", …) and ("type", …) of it, ("message", …) for each line."""
    builder: Any = None
    within = ""
    for prefix, event, value in ijson.parse(stream):
        if builder is not None:
            builder.event(event, value)
            if event == "end_map" and prefix == within:
                yield "message", builder.value
                builder = None
            continue
        place, _, name = prefix.rpartition(".")
        if event == "start_map" and prefix in _MESSAGES:
            builder, within = ijson.ObjectBuilder(), prefix
            builder.event(event, value)
        elif event == "start_map" and prefix in _CHATS:
            yield "chat", None
        elif place in _CHATS and name in ("id", "type") and event in ("number", "string"):
            yield name, value


def _take(chat: _Chat, message: Json, own: str, judge: Judge) -> Iterable[Brought]:
    """What one message brings; it is remembered for replies to it."""
    text = _text(message.get("text", "")).strip()
    if message.get("type") != "message" or not text:
        return
    number = number_in(message["id"])
    quoted = chat.texts.get(number_in(message.get("reply_to_message_id") or 0))
    chat.texts[number] = text[:_LONGEST_QUOTE]
    if len(chat.texts) > _REMEMBERED:
        chat.texts.popitem(last=False)
    if message.get("from_id") != own:
        yield from _rated_reply(chat, message, number, text, own, judge)
        return
    if "forwarded_from" in message or "forwarded_from_id" in message:
        return
    line = PastLine(number=number, role=Role.USER, text=text, said_at=_moment(message), quoted=quoted)
    chat.last_question = line
    yield Brought(source=chat.number, line=line)


def _rated_reply(
    chat: _Chat, message: Json, number: int, text: str, own: str, judge: Judge
) -> Iterable[Brought]:
    question = chat.last_question
    value = _value(message.get("reactions", ()), own, judge)
    if not chat.is_with_bot or question is None or value is None:
        return
    line = PastLine(
        number=number,
        role=Role.ASSISTANT,
        text=text,
        said_at=_moment(message),
        answers=question.number,
        value=value,
    )
    yield Brought(source=chat.number, line=line)


def _value(reactions: Iterable[Json], own: str, judge: Judge) -> int | None:
    for reaction in reactions:
        by_user = any(one.get("from_id") == own for one in reaction.get("recent", ()))
        if by_user and (value := judge(reaction.get("emoji", ""))) is not None:
            return value
    return None


def _text(text: str | list[str | Json]) -> str:
    """A text, which with formatting is a list of pieces."""
    if isinstance(text, str):
        return text_in(text)
    return text_in("".join(piece if isinstance(piece, str) else piece["text"] for piece in text))


def _moment(message: Json) -> datetime:
    if "date_unixtime" in message:
        return datetime.fromtimestamp(int(message["date_unixtime"]), UTC)
    # Older exports have the local time of the machine that wrote them, and no word on which that is.
    return datetime.fromisoformat(message["date"]).replace(tzinfo=UTC)
