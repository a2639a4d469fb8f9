"""Files that people send: which are taken, and how they come here."""

from telegram import Bot, Document, PhotoSize
from telegram.error import TelegramError

from bot.calls import Insistence

MOST_BYTES = 20 * 1024 * 1024
"""The Bot API hands no larger file to a bot."""


class FileUnavailableError(Exception):
    """Telegram does not hand over the file."""


class Files:
    """Downloads files from Telegram."""

    def __init__(self, *, bot: Bot, insistence: Insistence) -> None:
        self._bot = bot
        self._insistence = insistence

    async def content(self, document: Document | PhotoSize) -> bytes:
        """What a file holds. Raises FileUnavailableError."""
        try:
            file = await self._insistence.idempotent(lambda: self._bot.get_file(document.file_id))
            return bytes(await self._insistence.idempotent(file.download_as_bytearray))
        except TelegramError as error:
            raise FileUnavailableError from error
