"""While nothing can be written down, nobody waits in the dark and nothing is forgotten.

An update that could not be stored stays with Telegram, which sends it again; one that was stored and could
not be finished is held here, and taken up once the store can be written again.
"""

import asyncio
import logging
import tempfile
from collections.abc import Callable, Set
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from telegram import Update
from telegram.error import TelegramError

from bot.access import Access
from bot.delivery import Delivery
from bot.inbox import InboxQueue
from bot.texts import Texts, texts_for
from storage.database import Database
from storage.errors import StorageError
from storage.preferences import PreferenceStore

logger = logging.getLogger(__name__)

REMINDER = timedelta(hours=1)
"""Nobody is told of an outage more often than this."""

_ROOM_BYTES = 1 << 20


class Outage:
    """What could not be written, and who is to hear of it."""

    def __init__(self, *, access: Access, now: Callable[[], datetime]) -> None:
        self._access = access
        self._now = now
        self._reason = ""
        self._held: set[int] = set()
        self._untold: set[int] = set()
        self._told: dict[int, datetime] = {}

    @property
    def under_way(self) -> bool:
        """Whether a write was refused and none has succeeded since."""
        return bool(self._reason)

    @property
    def reason(self) -> str:
        """Why, in one sentence."""
        return self._reason

    def begin(self, error: StorageError, update: Update) -> None:
        """A write for this update was refused. Strangers are told nothing, as ever."""
        if not self.under_way:
            logger.error("nothing can be written: %s", error)
        self._reason = str(error)
        user, chat = update.effective_user, update.effective_chat
        if user is not None and chat is not None and chat.id == user.id and self._access.allows(user.id):
            self._untold.add(user.id)
        self._untold |= self._access.owners

    def hold(self, error: StorageError, update: Update) -> None:
        """Keep an update that is stored but unfinished for the time after."""
        self.begin(error, update)
        self._held.add(update.update_id)

    def to_be_told(self) -> list[int]:
        """Who is told now: each person once, and again only if it lasts long. They count as told."""
        now = self._now()
        due = [
            user_id
            for user_id in sorted(self._untold)
            if user_id not in self._told or now - self._told[user_id] >= REMINDER
        ]
        self._untold.clear()
        self._told |= dict.fromkeys(due, now)
        return due

    def end(self) -> Set[int]:
        """It is over: returns the updates to be taken up."""
        held, self._held, self._reason = self._held, set(), ""
        return held


class Recovery:
    """Tells people of an outage, and takes up the work after it."""

    def __init__(
        self,
        *,
        outage: Outage,
        access: Access,
        preferences: PreferenceStore,
        database: Database,
        delivery: Delivery,
        inbox: InboxQueue,
    ) -> None:
        self._outage = outage
        self._access = access
        self._preferences = preferences
        self._database = database
        self._delivery = delivery
        self._inbox = inbox

    async def follow(self) -> None:
        """Do what is due; cheap while all is well."""
        if not self._outage.under_way:
            return
        for user_id in self._outage.to_be_told():
            await self._tell(user_id)
        if not await self._can_write():
            return
        held = self._outage.end()
        logger.warning("it can be written again; %d updates are taken up", len(held))
        await self._inbox.take_up(held)

    async def _tell(self, user_id: int) -> None:
        texts = await self._texts_of(user_id)
        is_owner = self._access.is_owner(user_id)
        sentence = (
            texts.cannot_write_owner.format(reason=self._outage.reason) if is_owner else texts.cannot_write
        )
        with suppress(StorageError, TelegramError):
            await self._delivery.say(user_id, sentence)

    async def _texts_of(self, user_id: int) -> Texts:
        try:
            return texts_for((await self._preferences.get(user_id)).spoken)
        except StorageError:
            return texts_for(None)

    async def _can_write(self) -> bool:
        try:
            await asyncio.to_thread(_take_room, self._database.path.parent)
            await self._database.try_writing()
        except (OSError, StorageError):
            return False
        return True


def _take_room(folder: Path) -> None:
    """Write more than a turn needs, and let it go. Raises OSError when it does not fit."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_ROOM_BYTES))
