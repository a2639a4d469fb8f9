"""The links of messages, written out or behind words."""

import re
from collections.abc import Iterable

from telegram import Message, MessageEntity
from telegram.constants import MessageEntityType

MOST_LINKS = 3
"""So many links of one message are read."""

_KINDS: list[str | None] = [MessageEntityType.URL, MessageEntityType.TEXT_LINK]
_LINK_LIKE = re.compile(
    r"[a-z][a-z0-9+.-]*:\S+|[\w-]+(?:\.[\w-]+)+(?:[:/?#]\S*)?|localhost\S*", re.IGNORECASE
)


def links_of(messages: Iterable[Message]) -> list[str]:
    """Every link of these messages and their captions once, in order."""
    found = [entity.url or text for message in messages for entity, text in _entities(message).items()]
    return list(dict.fromkeys(found))


def shown_links(messages: Iterable[Message]) -> list[str]:
    """The words of these messages that are links, or behind which there is one."""
    return [text for message in messages for text in _entities(message).values()]


def without(words: Iterable[str], text: str) -> str:
    """A text without these words, such as links."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, " ")
    return text


def loose_links(words: str) -> list[str]:
    """Words that are meant as links though Telegram marks them as none, such as file:///etc/passwd."""
    return [word for word in words.split() if _LINK_LIKE.fullmatch(word)]


def _entities(message: Message) -> dict[MessageEntity, str]:
    if message.text is not None:
        return message.parse_entities(_KINDS)
    return message.parse_caption_entities(_KINDS) if message.caption is not None else {}
