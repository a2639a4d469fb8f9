"""The Bot API over HTTP on a loopback port, for tests and for trying the bot without Telegram."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.bot_api.faults import Cut, Fault, Faults
from tests.bot_api.form import read_parameters
from tests.bot_api.methods import Methods
from tests.bot_api.objects import file_path
from tests.bot_api.person import Person
from tests.bot_api.refusals import Refusal, too_many_requests
from tests.bot_api.transcript import PATIENCE_SECONDS, Chat
from tests.bot_api.world import World

TOKEN = "4200000:loopback-token-of-no-value"
UPLOAD_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the server, polls included."""

    method: str
    parameters: dict[str, Any]
    at: float


class BotApiServer:
    """A Bot API server with a driver for the people who talk to the bot.

    `repeat_wait_seconds` is how long a poll that repeats its offset at once is made to wait: 3 on Telegram,
    0 by default, so that stopping a bot inside a test takes no time. `first_id` is where updates and messages
    begin to count; a server that meets a data folder of an earlier one must count on from there.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        clock: Callable[[], float] = time.time,
        repeat_wait_seconds: float = 0.0,
        callback_lifetime_seconds: float = 60.0,
        first_id: int = 1,
    ) -> None:
        self.token = token
        self.calls: list[Call] = []
        self._clock = clock
        self._world = World(
            clock=clock,
            repeat_wait_seconds=repeat_wait_seconds,
            callback_lifetime_seconds=callback_lifetime_seconds,
            first_id=first_id,
        )
        self._methods = Methods(self._world)
        self._faults = Faults(clock)
        self._people: dict[int, Person] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self, port: int = 0) -> None:
        """Listen on a loopback port; 0 takes a free one."""
        app = web.Application(client_max_size=UPLOAD_BYTES)
        app.router.add_route("*", "/bot{token}/{method}", self._on_call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._on_download)
        # A poll that waits must not hold up the end of a test.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening and end the connections."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def base_url(self) -> str:
        """What python-telegram-bot takes as `base_url`."""
        return f"http://127.0.0.1:{self._port}/bot"

    @property
    def base_file_url(self) -> str:
        """What python-telegram-bot takes as `base_file_url`."""
        return f"http://127.0.0.1:{self._port}/file/bot"

    @property
    def pending_updates(self) -> list[dict[str, Any]]:
        """The updates that the bot has not confirmed yet, oldest first."""
        return self._world.updates.pending

    def person(self, user_id: int, name: str, *, language_code: str = "en") -> Person:
        """The person with this id; the first call makes them."""
        if user_id not in self._people:
            self._people[user_id] = Person(self._world, user_id, name, language_code=language_code)
        return self._people[user_id]

    def group(self, chat_id: int, title: str, *, kind: str = "supergroup", forum: bool = False) -> Chat:
        """A group that the bot is a member of; `kind` is group or supergroup."""
        chat = Chat(chat_id=chat_id, kind=kind, title=title, is_forum=forum, started=True)
        self._world.chats[chat_id] = chat
        return chat

    def hear_everything(self) -> None:
        """Switch privacy mode off: the bot is sent all that is said in its groups."""
        self._world.privacy_mode = False

    def chat(self, chat_id: int) -> Chat:
        """A chat as the people in it see it. Raises KeyError."""
        return self._world.chats[chat_id]

    async def until(self, look: Callable[[], Any], *, timeout_seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait until `look` returns something true, and return it. Raises TimeoutError."""
        return await self._world.changes.until(look, timeout_seconds=timeout_seconds)

    async def until_polled(self) -> None:
        """Wait until the bot has confirmed every update and polls for more."""
        await self.until(lambda: self._world.updates.is_polled and not self.pending_updates)

    def everything_said(self) -> set[str]:
        """Every text that anybody, the bot included, has written in any chat, in every version."""
        messages = (message for chat in self._world.chats.values() for message in chat.everything)
        return {version.text for message in messages for version in message.history}

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method so far, oldest first."""
        return [call for call in self.calls if call.method == method.lower()]

    def fail(
        self,
        method: str | None,
        *,
        code: int = 500,
        description: str = "Internal Server Error",
        retry_after: int | None = None,
        chat_id: int | None = None,
        times: int = 1,
    ) -> None:
        """Refuse the next calls; with `retry_after` the refusal is a 429."""
        refusal = Refusal(code, description) if retry_after is None else too_many_requests(retry_after)
        self._faults.add(Fault(method=method, chat_id=chat_id, times=times, refusal=refusal))

    def flood(self, method: str | None, *, seconds: float, chat_id: int | None = None) -> None:
        """Answer 429 to every call for this long."""
        until = self._clock() + seconds
        self._faults.add(Fault(method=method, chat_id=chat_id, times=1_000_000, until=until))

    def delay(
        self, method: str | None, *, seconds: float, chat_id: int | None = None, times: int = 1
    ) -> None:
        """Wait before the work of the next calls."""
        self._faults.add(Fault(method=method, chat_id=chat_id, times=times, delay_seconds=seconds))

    def cut(self, method: str | None, when: Cut, *, chat_id: int | None = None, times: int = 1) -> None:
        """End the connection of the next calls without an answer, before or after the work is done."""
        self._faults.add(Fault(method=method, chat_id=chat_id, times=times, cut=when))

    async def _on_call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"].lower()
        try:
            self._check_token(request)
            parameters = await read_parameters(request)
            self.calls.append(Call(method, parameters, self._clock()))
            self._world.changes.tell()
            cut = await self._faults.strike(method, parameters)
            if cut is Cut.BEFORE:
                return _hang_up(request)
            result = await self._methods.call(method, parameters)
        except Refusal as refusal:
            return web.json_response(refusal.to_json(), status=refusal.code)
        except ConnectionResetError:  # it was killed before it had said all
            return _hang_up(request)
        if cut is Cut.AFTER:
            return _hang_up(request)
        return web.json_response({"ok": True, "result": result})

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if token == self.token:
            return
        number, _, secret = token.partition(":")
        if number.isdecimal() and secret:
            raise Refusal(401, "Unauthorized")
        raise Refusal(404, "Not Found")

    async def _on_download(self, request: web.Request) -> web.Response:
        if request.match_info["token"] == self.token:
            for attachment in self._world.files.values():
                if file_path(attachment) == request.match_info["path"]:
                    return web.Response(body=attachment.content)
        return web.json_response(Refusal(404, "Not Found").to_json(), status=404)


def _hang_up(request: web.Request) -> web.Response:
    """End the connection, if it has not ended yet; aiohttp then has nowhere to write the response to."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
