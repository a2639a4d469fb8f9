"""Messages that belong together: a long text that the client has cut up, a forward and the words with it, the
pictures of an album, and lines that were written one after another while the bot was busy.

The first one's handler takes the others, which wait behind it in the lane of their chat, and they are not
handled again.
"""

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from telegram import Message, Update

from bot.entities import utf16_length

JOIN_SECONDS = 1.0

_FULL = 4000
"""A client cuts at 4,096 UTF-16 units, or at the last space before."""

_MOST_UNITS = 4096
_APART = timedelta(seconds=2)
"""Telegram sends what one tap has sent within a second."""

_LINES_APART = timedelta(seconds=20)
"""Who goes on writing while the bot is busy takes up the thought within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """One question out of one or more messages. `quoted` is a forwarded text that the words are about.

    `others` are the updates but the first: they are answered with it.
    """

    text: str
    quoted: str | None
    is_forwarded: bool
    telegram_id: int | None
    messages: tuple[Message, ...]
    others: tuple[int, ...] = ()


class Joiner:
    """Knows which updates wait in each lane, and which of them another one's handler has taken."""

    def __init__(self, *, most_bytes: int, wait_seconds: float = JOIN_SECONDS) -> None:
        """Lines that come while the bot is busy are one question of at most `most_bytes` in UTF-8."""
        self._most_bytes = most_bytes
        self._wait_seconds = wait_seconds
        self._waiting: dict[Hashable, list[Update]] = {}
        self._lanes: dict[int, Hashable] = {}
        self._behind: set[int] = set()
        self._taken: dict[int, int] = {}
        self._arrival = asyncio.Event()

    def arrived(self, lane: Hashable, update: Update) -> None:
        """An update waits in this lane."""
        waiting = self._waiting.setdefault(lane, [])
        if waiting:
            self._behind.add(update.update_id)
        waiting.append(update)
        self._lanes[update.update_id] = lane
        self._arrival.set()

    def left(self, lane: Hashable, update: Update) -> None:
        """An update was handled, or never will be."""
        self._waiting[lane].remove(update)
        self._lanes.pop(update.update_id, None)
        self._behind.discard(update.update_id)
        self._taken.pop(update.update_id, None)
        if not self._waiting[lane]:
            del self._waiting[lane]

    def is_taken(self, update: Update) -> bool:
        """Whether an earlier update was handled together with this one."""
        return update.update_id in self._taken

    def give_back(self, update_id: int) -> None:
        """An update was left unfinished: what it had taken is to be handled again, too."""
        self._taken = {taken: by for taken, by in self._taken.items() if by != update_id}

    async def with_following(self, update: Update, *, expecting: bool = False) -> Joined:
        """The message of this update together with those that belong to it; waits where more may come.

        `expecting` says that the message means little alone, as a command before the text that it is for.
        """
        assert update.message is not None, "only new messages are joined"
        parts = [update.message]
        lane = self._lanes[update.update_id]
        deadline = asyncio.get_running_loop().time() + self._wait_seconds
        while True:
            taken = self._take(lane, update, parts)
            if taken is not None:
                parts.append(taken)
                deadline = asyncio.get_running_loop().time() + self._wait_seconds
            elif not await self._another_may_come(parts[-1], deadline, expecting and len(parts) == 1):
                others = tuple(taken for taken, by in self._taken.items() if by == update.update_id)
                return replace(join(parts), others=others)

    def _take(self, lane: Hashable, first: Update, parts: Sequence[Message]) -> Message | None:
        waiting = [update for update in self._waiting[lane] if update.update_id not in self._taken]
        after = waiting[waiting.index(first) + 1 :]
        if not after or after[0].message is None:
            return None
        new = after[0].message
        if new.message_id < parts[-1].message_id:  # an older one that is taken up again
            return None
        was_busy = first.update_id in self._behind
        if not continues(parts[-1], new) and not (was_busy and goes_on(parts, new, self._most_bytes)):
            return None
        self._taken[after[0].update_id] = first.update_id
        return new

    async def _another_may_come(self, last: Message, deadline: float, expecting: bool) -> bool:
        """Wait for the next arrival; False when the time is over or nothing is expected."""
        seconds = deadline - asyncio.get_running_loop().time()
        if seconds <= 0 or not (expecting or _is_one_of_several(last)):
            return False
        self._arrival.clear()
        try:
            await asyncio.wait_for(self._arrival.wait(), seconds)
        except TimeoutError:
            return False
        return True


def continues(last: Message, new: Message) -> bool:
    """Whether a message belongs to the one before it."""
    if last.text is None:
        return last.media_group_id is not None and new.media_group_id == last.media_group_id
    if new.text is None or new.text.startswith("/") or new.from_user != last.from_user:
        return False
    if new.reply_to_message is not None or new.message_thread_id != last.message_thread_id:
        return False
    if new.date - last.date > _APART:
        return False
    is_forward, was_forward = new.forward_origin is not None, last.forward_origin is not None
    return is_forward != was_forward or is_forward or _is_full(last)


def goes_on(parts: Sequence[Message], new: Message, most_bytes: int) -> bool:
    """Whether a message is one more line of what somebody writes while the bot is busy.

    What would be too long together is asked one after another, for each line alone may fit the context.
    """
    if any(part.forward_origin is not None or _links(part) for part in (*parts, new)):
        return False
    if new.text is None or new.text.startswith("/") or (parts[0].text or "/").startswith("/"):
        return False
    if new.chat.type != new.chat.PRIVATE or new.reply_to_message is not None:
        return False
    size = sum(len((part.text or "").encode()) + 1 for part in (*parts, new))
    return new.date - parts[-1].date <= _LINES_APART and size <= most_bytes


def join(parts: Sequence[Message]) -> Joined:
    """One question: the user's own words, and what they have forwarded with them."""
    forwarded = [part for part in parts if part.forward_origin is not None]
    typed = [part for part in parts if part.forward_origin is None]
    quoted = _together(forwarded) or None
    own = typed or forwarded
    return Joined(
        text=_together(own),
        quoted=quoted if typed else None,
        is_forwarded=not typed,
        # An edit of one piece tells nothing of the others, so it must not replace the whole.
        telegram_id=own[0].message_id if len(own) == 1 else None,
        messages=tuple(parts),
    )


def _together(parts: Sequence[Message]) -> str:
    text, separator = "", ""
    for part in parts:
        piece = part.text or part.caption or ""
        if not text:
            text = piece
        elif part.forward_origin is not None:
            text = f"{text}\n\n{piece}"
        else:
            text += separator + piece
        separator = _after(piece)
    return text


def _after(piece: str) -> str:
    """What belongs between a piece and the next: nothing if it was filled to the last unit, and so cut within
    a word; the space at which a shorter one was cut; and a new line behind one that is whole.
    """
    if utf16_length(piece) >= _MOST_UNITS:
        return ""
    return " " if utf16_length(piece) >= _FULL else "\n"


def _links(message: Message) -> bool:
    return any(entity.type in (entity.URL, entity.TEXT_LINK) for entity in message.entities)


def _is_one_of_several(message: Message) -> bool:
    if message.text is None:
        return message.media_group_id is not None
    return _is_full(message) or message.forward_origin is not None


def _is_full(message: Message) -> bool:
    return utf16_length(message.text or "") >= _FULL
