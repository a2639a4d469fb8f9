"""What readers have read here: their articles are kept for what follows, and their opinions shape the next.

Of an article only the fact that it was read, and what was said of its summary, count as the reader's own: its
text, and what is shown of it, are logged as an article's words, which neither profile nor tuning reads.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from engine.articles.article import Article, Validators
from engine.articles.interests import interests_of
from engine.articles.points import Point
from engine.articles.taste import Form, Opinion, preferred_form
from engine.articles.wish import Length, Wanted, Wish, read_wishes
from engine.assistant import SILENCE
from engine.profile.engine import ProfileEngine
from storage.messages import MessageStore
from storage.readings import ReadingStore
from storage.records import (
    Message,
    NewMessage,
    NewReading,
    Origin,
    Reading,
    ReadingReply,
    Role,
    SummaryOpinion,
)

_MOST_LOGGED = 200
"""A pasted text may be long, and the log of the chat only has to say that there was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who has asked for something to be read, where, in which words, and whether it may be learnt from.

    In a group it belongs to the conversation that all share, in the topic `thread_id` if it has topics.
    `joined` are the further updates that brought parts of it.
    """

    user_id: int
    chat_id: int
    text: str
    learnable: bool
    update_id: int | None
    in_group: bool = False
    thread_id: int | None = None
    joined: tuple[int, ...] = ()


class Library:
    """Keeps readings, and the turns about them."""

    def __init__(
        self,
        *,
        readings: ReadingStore,
        messages: MessageStore,
        profiles: ProfileEngine,
        now: Callable[[], datetime],
    ) -> None:
        self._readings = readings
        self._messages = messages
        self._profiles = profiles
        self._now = now

    async def wish(self, user_id: int, wanted: Wanted, usual: Form) -> Wish:
        """How a reader wants their next summary: as asked now, else as they have liked the last ones."""
        opinions = [_opinion(one) for one in await self._readings.opinions(user_id)]
        return await self.wish_beside(user_id, wanted, preferred_form(opinions, usual))

    async def wish_beside(self, user_id: int, wanted: Wanted, form: Form) -> Wish:
        """What is asked for now, and where nothing is said the form that is given.

        What interests the reader says nothing of somebody else for whom the summary is.
        """
        length, bullets = form
        own = () if wanted.audience else interests_of(await self._profiles.get(user_id), self._now())
        return Wish(
            length=(wanted.length or length).stepped(wanted.steps),
            bullets=bullets if wanted.bullets is None else wanted.bullets,
            language=wanted.language,
            interests=own,
            audience=wanted.audience,
        )

    async def keep(self, user_id: int, article: Article) -> int:
        """Keep an article for the questions that may follow; returns the id of the reading."""
        return await self._readings.add(
            NewReading(
                user_id=user_id,
                url=article.url,
                site=article.site,
                title=article.title,
                published=article.published,
                language=article.language,
                text=article.text,
                words=article.words,
                partial=article.partial,
                read_at=self._now(),
                etag=article.validators.etag,
                last_modified=article.validators.last_modified,
            )
        )

    async def kept(self, user_id: int, url: str) -> Article | None:
        """What this user had read last from a URL, if it is still kept."""
        reading = await self._readings.newest_of(user_id, url)
        return None if reading is None else article_of(reading)

    async def log(self, asked: Asked, shown: str, about: ReadingReply) -> Message:
        """Log what was asked and what is shown of an article."""
        now = self._now()
        conversation_id = await self._messages.conversation(
            user_id=None if asked.in_group else asked.user_id,
            chat_id=asked.chat_id,
            thread_id=asked.thread_id,
            now=now,
            silence=SILENCE,
        )
        private = not asked.learnable or await self._messages.is_private(
            user_id=asked.user_id, chat_id=asked.chat_id
        )
        question = NewMessage(
            user_id=asked.user_id,
            chat_id=asked.chat_id,
            conversation_id=conversation_id,
            role=Role.USER,
            text=_clipped(asked.text),
            created_at=now,
            origin=Origin.PRIVATE if private else Origin.ARTICLE,
            joined=asked.joined,
        )
        reply = replace(question, role=Role.ASSISTANT, text=shown, joined=())
        message_id = await self._readings.add_turn(question, reply, about, update_id=asked.update_id)
        return await self._messages.get(message_id)

    async def logged(self, update_id: int, part: int) -> Message | None:
        """What was shown as this part of the answer to an update before the process ended, if it was."""
        message_id = await self._readings.shown_for(update_id, part)
        return None if message_id is None else await self._messages.get(message_id)

    async def about(self, message_id: int, *, user_id: int) -> tuple[Reading, ReadingReply] | None:
        """The article that one of this user's replies is about, and what the reply rests on."""
        reply = await self._readings.reply(message_id)
        reading = None if reply is None else await self._readings.get(reply.reading_id)
        if reply is None or reading is None or reading.user_id != user_id:
            return None
        return reading, reply

    async def current(self, *, user_id: int, chat_id: int) -> tuple[Reading, ReadingReply] | None:
        """The article that the last reply of the running conversation is about."""
        last = await self._messages.last_reply(user_id=user_id, chat_id=chat_id)
        about = None if last is None else await self.about(last.message_id, user_id=user_id)
        if last is None or about is None:
            return None
        running = await self._messages.conversation(
            user_id=user_id, chat_id=chat_id, now=self._now(), silence=SILENCE
        )
        return about if running == last.conversation_id else None


def article_of(reading: Reading) -> Article:
    """A kept article as it was read."""
    return Article(
        url=reading.url,
        site=reading.site,
        title=reading.title,
        author=None,
        published=reading.published,
        language=reading.language,
        text=reading.text,
        words=reading.words,
        partial=reading.partial,
        validators=Validators(etag=reading.etag, last_modified=reading.last_modified),
    )


def pairs(points: tuple[Point, ...]) -> tuple[tuple[str, str], ...]:
    """Points as they are stored."""
    return tuple((point.text, point.passage) for point in points)


def _opinion(said: SummaryOpinion) -> Opinion:
    """A form that was wished for counts as liked; a remark may ask for another length."""
    steps = 0 if said.note is None else read_wishes(said.note).steps
    value = said.value or (1 if said.wished else 0)
    return Opinion(form=(Length(said.length), said.bullets), value=value, steps=steps)


def _clipped(text: str) -> str:
    return text if len(text) <= _MOST_LOGGED else f"{text[:_MOST_LOGGED]}…"
