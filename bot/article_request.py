"""What a message asks to have read, and how (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from telegram import Document, Message

from bot.links import MOST_LINKS, links_of, loose_links, shown_links, without
from engine.articles.gate import MIN_CHARACTERS, weight
from engine.articles.wish import NOTHING_WANTED, Wanted, read_leading_wishes, read_wishes

_FEWEST_WORDS = 8
"""So many words that are no wishes are a text, if a short one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRequest:
    """Links to read and those beyond the limit, or a text, or a file; none of them when nothing was named."""

    links: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    text: str | None = None
    document: Document | None = None
    wanted: Wanted = NOTHING_WANTED

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read."""
        return not self.links and self.text is None and self.document is None


def of_links(links: Sequence[str], wanted: Wanted = NOTHING_WANTED) -> ArticleRequest:
    """A request for these links, as many as are read at a time."""
    return ArticleRequest(links=tuple(links[:MOST_LINKS]), left_out=tuple(links[MOST_LINKS:]), wanted=wanted)


def of_command(argument: str, messages: Sequence[Message], replied_to: Message | None) -> ArticleRequest:
    """What /summarize is to read: links or a text behind it, else what came with it or what it replies to.

    `messages` are the command's own and those that belong to it, `argument` is what was typed behind it.
    """
    typed = [message for message in messages if message.forward_origin is None]
    words = without(shown_links(typed), argument)
    if weight(words) >= MIN_CHARACTERS:
        wanted = read_leading_wishes(argument)
        return ArticleRequest(text=wanted.rest, wanted=replace(wanted, rest=""))
    loose = loose_links(words)
    wanted = read_wishes(without(loose, words))
    links = list(dict.fromkeys([*links_of(typed), *loose]))
    if links:
        return of_links(links, wanted)
    if len(wanted.rest.split()) >= _FEWEST_WORDS:
        return ArticleRequest(text=wanted.rest)
    forwarded = [message for message in messages if message.forward_origin is not None]
    return _of_others(forwarded or ([replied_to] if replied_to else []), wanted)


def _of_others(messages: Sequence[Message], wanted: Wanted) -> ArticleRequest:
    """What messages hold to be read that the wish only points to: a file, links, or a text."""
    documents = [message.document for message in messages if message.document is not None]
    if documents:
        return ArticleRequest(document=documents[0], wanted=wanted)
    links = links_of(messages)
    if links:
        return of_links(links, wanted)
    text = "\n\n".join(message.text or message.caption or "" for message in messages)
    return ArticleRequest(text=text.strip() or None, wanted=wanted)
