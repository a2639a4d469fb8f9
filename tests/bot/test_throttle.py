"""Telegram takes about thirty messages a second over all chats: none goes out before its turn."""

import asyncio
from pathlib import Path

from bot.live import LiveReply
from bot.pace import MOST_A_SECOND, Pace, Throttle
from bot.speaking import Place
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask, is_final
from tests.bot_api import BotApiServer


class Clock:
    """A clock that stands still unless it is advanced."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_no_second_has_more_calls_than_the_limit_and_none_is_wasted():
    clock = Clock()
    throttle = Throttle(most=MOST_A_SECOND, now=clock)
    sent: list[float] = []
    for number in range(300):
        clock.now += 0.01 * (number % 3)
        sent.append(clock.now + throttle.reserve())

    assert sent == sorted(sent)
    spans = [later - earlier for earlier, later in zip(sent, sent[MOST_A_SECOND:], strict=False)]
    assert min(spans) >= 1 - 1e-9
    assert sent[-1] - sent[0] <= 300 / MOST_A_SECOND


def test_there_is_room_until_the_limit_and_again_a_second_later():
    clock = Clock()
    throttle = Throttle(most=2, now=clock)
    rooms: list[bool] = []
    for _ in range(2):
        rooms.append(throttle.has_room)
        throttle.reserve()
    assert rooms == [True, True]
    assert not throttle.has_room
    clock.now += 0.99
    assert not throttle.has_room
    clock.now += 0.01
    assert throttle.has_room


async def test_what_waits_for_its_turn_when_the_bot_stops_is_answered_once_after_the_restart(
    tmp_path: Path, server: BotApiServer
):
    people = [server.person(5000 + number, f"P{number}") for number in range(12)]
    async with bench_on(tmp_path, server, throttle=Throttle(most=5, now=Clock())) as bench:
        for person in people:
            await bench.services.access.enter(person.user_id, person.name)
        for person in people:
            await person.say("hello")
        await server.until(lambda: any(is_final(reply) for person in people for reply in person.chat.replies))
    async with bench_on(tmp_path, server) as bench:
        await server.until_polled()
        await bench.idle()

    for person in people:
        assert [reply.text for reply in person.chat.replies] == ["You said: hello"]


async def remember(*_telegram_id: int | None) -> None:
    """Of a preview that nobody comes back to."""


async def test_a_growing_reply_makes_way_for_answers_while_there_is_no_room(bench: Bench):
    ada = bench.server.person(USER_ID, "Ada")
    await ask(ada, "hello")
    before = len(bench.server.calls_of("sendMessage"))
    signs = len(ada.chat.actions)
    clock = Clock()
    throttle = Throttle(most=1, now=clock)
    throttle.reserve()
    live = LiveReply(
        bot=bench.mynah.application.bot,
        place=Place(USER_ID),
        preview_id=None,
        begin_preview=remember,
        remember_preview=remember,
        pace=Pace(0),
        throttle=throttle,
    )
    async with live:
        live.show("one")
        await asyncio.sleep(0.1)
        assert (len(bench.server.calls_of("sendMessage")), len(ada.chat.actions)) == (before, signs)
        clock.now += 1
        live.show("one two")
        shown = await ada.wait_for_reply(where=lambda message: message.text == "one two")

    assert [version.text for version in shown.history] == ["one two"]
