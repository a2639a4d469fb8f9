"""/export: everything that is held of a person, as one file in the chat."""

from collections.abc import Callable
from datetime import datetime

from telegram import Update
from telegram.ext import ContextTypes

from bot.delivery import Delivery
from bot.incoming import incoming
from engine.export import Exporter

MOST_BYTES = 49_000_000
"""Telegram takes files of up to 50 MB from bots."""


class ExportHandlers:
    """The handler of /export."""

    def __init__(self, *, exporter: Exporter, delivery: Delivery, now: Callable[[], datetime]) -> None:
        self._exporter = exporter
        self._delivery = delivery
        self._now = now

    async def on_export(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send a zip that exists in memory alone."""
        asked = incoming(update)
        now = self._now()
        content = await self._exporter.archive(asked.user_id, now=now)
        if len(content) > MOST_BYTES:
            await self._delivery.say(asked.chat_id, asked.texts.export_too_large)
            return
        await self._delivery.send_file(
            asked.chat_id, content, name=f"mynah-{now:%Y-%m-%d}.zip", caption=asked.texts.exported
        )
