"""Pictures that a person sends: brought here, looked at, and put into words."""

from collections.abc import Sequence

from telegram import Message

from bot.delivery import Delivery
from bot.files import Files, FileUnavailableError
from bot.incoming import Incoming
from bot.under_way import UnderWay
from engine.assistant import Interrupted
from engine.errors import SightError
from engine.language.model import Cancellation
from engine.sight import Viewer

MOST_PICTURES = 4
"""Of one album: looking at one may take a slow machine a minute."""


class Eyes:
    """Looks at pictures with a vision model."""

    def __init__(self, *, viewer: Viewer, files: Files, under_way: UnderWay, delivery: Delivery) -> None:
        self._viewer = viewer
        self._files = files
        self._under_way = under_way
        self._delivery = delivery

    async def look(self, asked: Incoming, messages: Sequence[Message], question: str) -> str:
        """What is to be seen in the pictures of these messages, after it was shown; empty when there is
        nothing or somebody stopped it, which is said.
        """
        live = await self._delivery.live(chat_id=asked.chat_id, update_id=asked.update_id)
        async with live:  # for the sign of typing
            with self._under_way.begin(asked.lane) as cancellation:
                seen = await self._described(messages, question, cancellation)
        if self._under_way.stopping:
            raise Interrupted
        if cancellation.cancelled:
            await self._delivery.say(asked.chat_id, asked.texts.stopping)
            return ""
        await self._delivery.say(
            asked.chat_id, asked.texts.seen.format(text=seen[:4000]) if seen else asked.texts.nothing_seen
        )
        return seen

    async def _described(self, messages: Sequence[Message], question: str, cancellation: Cancellation) -> str:
        pictures = [message.photo[-1] for message in messages if message.photo]  # the largest of each
        seen: list[str] = []
        for picture in pictures[:MOST_PICTURES]:
            try:
                content = await self._files.content(picture)
                seen.append(await self._viewer.describe(content, question, cancellation))
            except (SightError, FileUnavailableError):
                continue
        return "\n".join(filter(None, seen))
