"""What each command of the command line does."""

import asyncio
import logging
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from telegram.error import InvalidToken
from telegram.request import HTTPXRequest

from bot.admin import outcome
from bot.app import Wires, build
from bot.forget import told, with_backups
from bot.interrupting import Interrupting
from bot.local import TerminalWire
from bot.logs import configure
from bot.pace import MOST_A_SECOND, Throttle
from bot.reports import SCORED_HEAD, as_json, as_table, choice_json, choice_line, scored_line
from bot.running import idle_waiter, running
from bot.services import Services, open_core, open_database, open_services, shelf, utc_now
from bot.settings import Settings
from bot.terminal import Screen, read_lines
from bot.texts import Texts, texts_for
from engine.erasure import Forgetter
from engine.export import Exporter
from engine.language.bundled import Progress
from engine.tuning.report import build_report
from engine.tuning.search import Scored
from storage.erasure import ErasureStore
from storage.feedback import FeedbackStore
from storage.lock import folder_lock
from storage.records import RunStatus
from storage.runs import RunStore
from storage.users import UserStore

LOCAL_USER_ID = 1
"""The person at the terminal."""

_POLL_READ_SECONDS = 20.0
_NOBODY = "Nobody has talked to this Mynah yet.\n"
_FORGOTTEN = (
    "Erased: {messages} messages, {ratings} ratings, {beliefs} beliefs, {adapters} versions of weights and "
    "{runs} records of tuning."
)
_IN_BACKUPS = "Nightly backups still hold it until the last of them is deleted on {day:%Y-%m-%d}."
_PURGED = "{count} nightly backups deleted."
_UNKNOWN = "Nobody with the id {user_id} has talked to this Mynah.\n"


async def run(settings: Settings, token: str, *, progress: Progress) -> int:
    """`mynah run` with a token: poll Telegram until told to stop."""
    configure(logging.INFO, settings.log_format)
    stop = asyncio.Event()
    _end_at_once_by_ctrl_c()
    with folder_lock(settings.data, "bot"):
        async with open_core(settings, progress=progress) as core, open_services(core) as services:
            wires = Wires(
                token=token,
                calls=HTTPXRequest(connection_pool_size=64),
                polling=HTTPXRequest(connection_pool_size=1, read_timeout=_POLL_READ_SECONDS),
                base_url=settings.telegram_base_url,
                base_file_url=settings.telegram_base_file_url,
                throttle=Throttle(most=MOST_A_SECOND),
            )
            mynah = build(services, wires)
            with suppress(InvalidToken):
                async with running(services, mynah):
                    _set_by_signals(stop)
                    _greet(services, mynah.application.bot.username)
                    await _either(stop, mynah.polling.refused)
            if not stop.is_set():
                sys.stderr.write("Telegram refuses the token in TELEGRAM_BOT_TOKEN.\n")
                return 1
    return 0


async def chat(settings: Settings, environment: Mapping[str, str], *, progress: Progress) -> int:
    """`mynah chat`: the same bot in the terminal, until the input ends."""
    configure(logging.WARNING, settings.log_format)
    stop = asyncio.Event()
    _end_at_once_by_ctrl_c()
    user_id = settings.owner or LOCAL_USER_ID
    settings = replace(settings, owner=user_id)
    with folder_lock(settings.data, "bot"):
        async with open_core(settings, progress=progress) as core, open_services(core) as services:
            screen = Screen.on(sys.stdout, environment)
            wire = TerminalWire(
                screen=screen,
                user_id=user_id,
                name=environment.get("USER", "you"),
                language_code=environment.get("LANG", "en")[:2],
                downloads=settings.data / "downloads",
                now=core.now,
            )
            mynah = build(services, Wires(token="0:terminal", calls=wire, polling=wire))
            async with running(services, mynah):
                _set_by_signals(stop)
                if screen.live:
                    spoken = _spoken(environment)
                    _on_ctrl_c(Interrupting(wire=wire, leave=stop.set, hint=spoken.ctrl_c_again))
                    screen.notice(spoken.in_terminal)
                conversation = asyncio.create_task(
                    wire.converse(read_lines(sys.stdin), idle=idle_waiter(mynah))
                )
                await _first_of(conversation, stop)
    return 0


async def tune(settings: Settings, *, user_id: int | None, progress: Progress) -> int:
    """`mynah tune`: learn now, for one person or for everybody; works beside a running bot."""
    configure(logging.WARNING, settings.log_format)
    async with open_core(settings, progress=progress) as core:
        users = [user.user_id for user in await core.users.all()]
        if user_id is not None and user_id not in users:
            sys.stderr.write(_UNKNOWN.format(user_id=user_id))
            return 1
        runs = await core.runner.run(users if user_id is None else [user_id])
    if not runs:
        sys.stderr.write(_NOBODY)
    for run in sorted(runs, key=lambda run: run.user_id):
        sys.stdout.write(f"{run.user_id}: {outcome(run, texts_for(None))}\n")
    return 0 if runs and all(run.status is not RunStatus.FAILED for run in runs) else 1


async def evaluate(settings: Settings, *, user_id: int | None, json: bool) -> int:
    """`mynah evaluate`: what the tuning of one person or of everybody has brought and cost."""
    configure(logging.WARNING, settings.log_format)
    async with open_database(settings) as database:
        everybody = await UserStore(database).all()
        users = [user.user_id for user in everybody if user_id in (None, user.user_id)]
        ratings, runs = FeedbackStore(database), RunStore(database)
        reports = [
            build_report(each, await ratings.tallies(each), await runs.runs_of(each)) for each in users
        ]
    if not reports:
        sys.stderr.write(_NOBODY if user_id is None else _UNKNOWN.format(user_id=user_id))
        return 1
    text = as_json(reports) if json else "\n\n".join(map(as_table, reports))
    sys.stdout.write(f"{text}\n")
    return 0


async def search(settings: Settings, *, user_id: int | None, json: bool, progress: Progress) -> int:
    """`mynah evaluate --search`: try how to learn best on this base; the nights to come follow the choice."""
    configure(logging.WARNING, settings.log_format)
    scored: list[Scored] = []

    def on_scored(one: Scored) -> None:
        scored.append(one)
        if not json:
            sys.stdout.write(f"{scored_line(one)}\n")
            sys.stdout.flush()

    async with open_core(settings, progress=progress) as core:
        users = [user.user_id for user in await core.users.all() if user_id in (None, user.user_id)]
        if not json:
            sys.stdout.write(f"{SCORED_HEAD}\n")
        choice = await core.searcher.search(users, on_scored=on_scored)
    sys.stdout.write(f"{choice_json(scored, choice) if json else choice_line(choice, core.base.name)}\n")
    return 0


async def export(settings: Settings, *, user_id: int, folder: Path) -> int:
    """`mynah export`: all that is held of one person, as files."""
    configure(logging.WARNING, settings.log_format)
    async with open_database(settings) as database:
        if await UserStore(database).get(user_id) is None:
            sys.stderr.write(_UNKNOWN.format(user_id=user_id))
            return 1
        await Exporter(database=database, data_folder=settings.data).export(user_id, folder, now=utc_now())
    sys.stdout.write(f"Written to {folder}.\n")
    return 0


async def forget(settings: Settings, *, user_id: int, purge: bool) -> int:
    """`mynah forget`: erase everything of one person; a running bot lets go of the rest within seconds.

    With `purge` the nightly backups go, too, and with them everybody else's.
    """
    configure(logging.WARNING, settings.log_format)
    async with open_database(settings) as database:
        if await UserStore(database).get(user_id) is None:
            sys.stderr.write(_UNKNOWN.format(user_id=user_id))
            return 1
        forgetter = Forgetter(store=ErasureStore(database), data_folder=settings.data, now=utc_now)
        with folder_lock(settings.data, "forget"):
            erased = await forgetter.forget(user_id)
    said, backups = told(erased, _FORGOTTEN), shelf(settings)
    if purge:
        said += f" {_PURGED.format(count=backups.purge())}"
    sys.stdout.write(f"{with_backups(said, backups.last_day(), _IN_BACKUPS)}\n")
    return 0


async def rollback(settings: Settings, *, user_id: int) -> int:
    """`mynah rollback`: what /rollback does, for one person; a running bot follows within seconds."""
    configure(logging.WARNING, settings.log_format)
    async with open_database(settings) as database:
        runs = RunStore(database)
        if await runs.active_adapter(user_id) is None:
            sys.stderr.write(f"{user_id} is answered with the base weights already.\n")
            return 1
        version = await runs.rollback(user_id)
    weights = "the base weights" if version is None else f"version {version}"
    sys.stdout.write(f"{user_id}: answered with {weights} from now on.\n")
    return 0


def _greet(services: Services, username: str) -> None:
    sys.stdout.write(f"Mynah talks as @{username}. Ctrl-C ends it.\n")
    code = services.access.code
    if code is not None:
        sys.stdout.write(
            f"Nobody owns this bot yet: send it the code {code} within the hour and it is yours.\n"
        )
    sys.stdout.flush()


def _on_ctrl_c(interrupting: Interrupting) -> None:
    """From now on Ctrl-C no longer leaves at once."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupting.press)


def _spoken(environment: Mapping[str, str]) -> Texts:
    return texts_for(environment.get("LANG", "en")[:2])


def _end_at_once_by_ctrl_c() -> None:
    """Until the bot is at work, let Ctrl-C end it as SIGTERM does: nothing is lost by that, and a model or
    Telegram may be long in coming.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _set_by_signals(stop: asyncio.Event) -> None:
    """Let Ctrl-C and SIGTERM set an event."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)


async def _either(*events: asyncio.Event) -> None:
    """Wait for the first of these events."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def _first_of(work: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait for the work or the signal, and end what is left of the work."""
    signalled = asyncio.create_task(stop.wait())
    await asyncio.wait((work, signalled), return_when=asyncio.FIRST_COMPLETED)
    signalled.cancel()
    if work.done():
        work.result()
    else:
        work.cancel()
        await asyncio.wait((work,))
