"""/export: everything that is held of a person, as one file in the chat."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

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
        """Send a zip; what lies on disk meanwhile is for this process's eyes and gone afterwards."""
        asked = incoming(update)
        now = self._now()
        with tempfile.TemporaryDirectory(prefix="mynah-export-") as name:
            folder = Path(name)
            await self._exporter.export(asked.user_id, folder / "mynah", now=now)
            archive = await asyncio.to_thread(
                shutil.make_archive, str(folder / "archive"), "zip", folder, "mynah"
            )
            content = await asyncio.to_thread(Path(archive).read_bytes)
        if len(content) > MOST_BYTES:
            await self._delivery.say(asked.chat_id, asked.texts.export_too_large)
            return
        await self._delivery.send_file(
            asked.chat_id, content, name=f"mynah-{now:%Y-%m-%d}.zip", caption=asked.texts.exported
        )
