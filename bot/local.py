"""Telegram in the terminal: a wire that lets the very same application run without Telegram.

It answers the calls of python-telegram-bot in this process: what is typed becomes an update of one private
chat, what the bot sends is shown on the screen.
"""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from telegram.request import BaseRequest, RequestData

from bot.local_chat import BOT, Json, LocalChat, Refusal
from bot.terminal import Screen
from bot.wire import InProcessWire

_STOP = "/stop"

_HARMLESS = frozenset({"deletewebhook", "setmycommands", "setmessagereaction"})
"""Methods whose effect a terminal cannot show."""


class TerminalWire(InProcessWire):
    """One private chat with the person at the terminal, for `request()` and `get_updates_request()` alike.

    Files that the bot sends are saved into `downloads`.
    """

    def __init__(
        self,
        *,
        screen: Screen,
        user_id: int,
        name: str,
        language_code: str,
        downloads: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._screen = screen
        # The inbox and the log outlive the process, so ids count on from the clock and never begin again.
        self._ids = itertools.count(int(now().timestamp() * 1000))
        self._chat = LocalChat(
            screen=screen,
            user_id=user_id,
            name=name,
            language_code=language_code,
            downloads=downloads,
            now=now,
            ids=self._ids,
        )
        self._updates: list[Json] = []
        self._arrived = asyncio.Event()
        self._confirmed = asyncio.Event()
        self._in_turn = True
        self.lines_typed = 0

    @property
    def awaits_reply(self) -> bool:
        """Whether what was typed last is still being answered."""
        return self._in_turn

    def stop_reply(self) -> None:
        """Send /stop for the person, whose lines wait meanwhile."""
        self._queue({"message": self._chat.say(_STOP)})

    def notice(self, text: str) -> None:
        """Show the person a line that is no message."""
        self._screen.notice(text)
        self._screen.settle()

    async def converse(self, lines: AsyncIterator[str], *, idle: Callable[[], Awaitable[None]]) -> None:
        """Hand every typed line to the bot; returns when the input has ended and all is answered.

        `idle` returns once no update waits or is handled. Into a pipe the next line is taken only then, so
        that a script sees the buttons that its next line presses.
        """
        self._end_turn()
        turn: asyncio.Task[None] | None = None
        try:
            async for line in lines:
                self._screen.entered()
                self.lines_typed += 1
                if self._take(line):
                    _cancel(turn)
                    turn = asyncio.create_task(self._turn(idle), name="turn in the terminal")
                    if not self._screen.live:
                        await turn
            if turn is not None:
                await turn
        finally:
            _cancel(turn)

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Answer one call as the Bot API does."""
        parameters: Json = dict(request_data.parameters) if request_data else {}
        files: Json = dict(request_data.multipart_data) if request_data else {}
        try:
            result = await self._call(url.rsplit("/", 1)[1].lower(), parameters, files)
        except Refusal as refusal:
            body = {"ok": False, "error_code": refusal.code, "description": refusal.description}
            return refusal.code, json.dumps(body).encode()
        return 200, json.dumps({"ok": True, "result": result}).encode()

    async def _call(self, method: str, parameters: Json, files: Json) -> Any:
        match method:
            case "getupdates":
                return await self._poll(parameters.get("offset") or 0, parameters.get("timeout") or 0)
            case "getme":
                return BOT
            case _ if method in _HARMLESS:
                return True
        if parameters.get("chat_id", self._chat.user["id"]) != self._chat.user["id"]:
            raise Refusal(400, "Bad Request: chat not found")
        return await self._chat_call(method, parameters, files)

    async def _chat_call(self, method: str, parameters: Json, files: Json) -> Any:
        result: Any = True
        match method:
            case "sendchataction":
                self._screen.show_typing()
                return True
            case "sendmessage":
                result = self._chat.send(parameters)
            case "editmessagetext" | "editmessagereplymarkup":
                result = self._chat.edit(parameters)
            case "deletemessage":
                self._chat.delete(parameters)
            case "senddocument" | "sendphoto":
                result = await self._chat.receive_files(parameters, files)
            case "answercallbackquery":
                if parameters.get("text"):
                    self._screen.notice(parameters["text"])
            case _:
                raise Refusal(404, "Not Found: method not found")
        if not self._in_turn:
            self._screen.settle()
        return result

    async def _poll(self, offset: int, timeout_seconds: float) -> list[Json]:
        """Forget what the offset confirms, then wait for the next line as long as asked."""
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        if not self._updates:
            self._arrived.clear()
            self._confirmed.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), timeout_seconds)
        return self._updates

    def _take(self, line: str) -> bool:
        """Queue what a line means; an empty one means nothing."""
        text = line.strip()
        if not text:
            if not self._in_turn:
                self._screen.settle()
            return False
        query = self._chat.tap(int(text)) if text.isascii() and text.isdecimal() else None
        if query is not None:
            self._queue({"callback_query": query})
        else:
            self._queue({"message": self._chat.say(text)})
        return True

    def _queue(self, update: Json) -> None:
        self._in_turn = True
        self._updates.append({"update_id": next(self._ids), **update})
        self._confirmed.clear()
        self._arrived.set()

    async def _turn(self, idle: Callable[[], Awaitable[None]]) -> None:
        await self._confirmed.wait()
        await idle()
        self._end_turn()

    def _end_turn(self) -> None:
        self._in_turn = False
        self._screen.settle()


def _cancel(turn: asyncio.Task[None] | None) -> None:
    if turn is not None:
        turn.cancel()
