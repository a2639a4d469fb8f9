"""The life of the bot: started in order, stopped within seconds, nothing lost in between."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from telegram import Bot
from telegram.ext import Updater

from bot.app import ALLOWED_UPDATES, Mynah
from bot.inbox import KEEP_FINISHED
from bot.nightly_backup import NightlyBackup
from bot.polling import tell_poll_failure
from bot.schedule import Schedule
from bot.services import Services, backup_writer
from engine.assistant import SILENCE
from storage.erasure import ErasureStore
from storage.pruning import prune_unlearnable

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 2.0
"""How often the bot looks for what another process changed: new weights, finished runs."""

PRUNE_EVERY = timedelta(minutes=5)
"""How often what nobody needs any more is erased: what may not be learnt, and finished updates."""

STOP_SECONDS = 6.0
"""Whatever has not ended by then is left to the next start."""


@asynccontextmanager
async def running(services: Services, mynah: Mynah) -> AsyncGenerator[None]:
    """The bot at work: polling, replies, the nightly tick, its figures if they are wished for.

    Raises TelegramError when the token is refused, SettingsError when the port of the figures is taken.
    """
    with mynah.metrics.served(services.core.settings.metrics_port):
        async with _at_work(services, mynah):
            yield


@asynccontextmanager
async def _at_work(services: Services, mynah: Mynah) -> AsyncGenerator[None]:
    application, core = mynah.application, services.core
    updater = application.updater
    assert updater is not None, "the application is built with an updater"
    backup = NightlyBackup(
        writer=backup_writer(core.settings, core.now),
        shelf=services.shelf,
        erasures=ErasureStore(core.database),
        data_folder=core.settings.data,
        failed=mynah.admin.tell_failed_backup,
    )
    schedule = Schedule(
        users=core.users,
        runs=core.runs,
        runner=core.runner,
        timezone=core.settings.timezone,
        nightly=core.settings.nightly,
        now=core.now,
        after_run=mynah.admin.follow,
        back_up=backup.run,
        proposer=services.proposer,
    )
    await mynah.insistence.idempotent(application.initialize)
    _log_privacy(application.bot)
    try:
        await mynah.admin.follow_adapters()
        await services.erasures.follow()
        await mynah.menu.offer()
        waiting = await mynah.inbox.replay()
        if waiting:
            logger.info("taking up %d updates that were left unfinished", waiting)
        await application.start()
        await updater.start_polling(
            allowed_updates=ALLOWED_UPDATES, bootstrap_retries=-1, error_callback=tell_poll_failure
        )
        schedule.start()
        follower = asyncio.create_task(_follow(services, mynah), name="follower")
        try:
            yield
        finally:
            await _stop(services, mynah, updater, schedule, follower)
    finally:
        # What has not ended in time is left behind, and python-telegram-bot refuses to shut that down.
        await (application.bot if application.running else application).shutdown()


def _log_privacy(bot: Bot) -> None:
    """Note how much of its groups Telegram sends; a terminal has none, and says nothing of it."""
    match bot.bot.can_read_all_group_messages:
        case True:
            logger.info("privacy mode is off: Telegram sends the bot all that is said in its groups")
        case False:
            logger.info("privacy mode is on: of groups Telegram sends little but commands and replies to it")
        case None:
            pass


async def _stop(
    services: Services,
    mynah: Mynah,
    updater: Updater,
    schedule: Schedule,
    follower: asyncio.Task[None],
) -> None:
    """Begin nothing new, end replies at the next token, then let go of Telegram."""
    mynah.lanes.stop()
    services.assistant.interrupt()
    mynah.under_way.interrupt()
    mynah.insistence.stop()
    follower.cancel()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await asyncio.gather(schedule.stop(), mynah.admin.stop(), updater.stop())
            await mynah.application.stop()
    except TimeoutError:
        logger.warning("not everything ended within %g s; the inbox keeps what is unfinished", STOP_SECONDS)


async def _follow(services: Services, mynah: Mynah) -> None:
    seen = -1
    pruned: datetime | None = None
    while True:
        try:
            await mynah.recovery.follow()
            now = services.core.now()
            if pruned is None or now - pruned >= PRUNE_EVERY:
                await prune_unlearnable(services.core.database, before=now - SILENCE)
                await services.updates.prune(now=now, keep=KEEP_FINISHED)
                pruned = now
            version = await services.core.database.data_version()
            if version != seen or mynah.admin.holds_back:
                seen = version
                await mynah.admin.follow()
                await services.erasures.follow()
                mynah.metrics.know_runs(await services.core.runs.tally())
        except Exception:  # ended, it would never again take up new weights or an outage's end
            logger.exception("what other processes changed could not be followed")
        await asyncio.sleep(FOLLOW_SECONDS)


def idle_waiter(mynah: Mynah) -> Callable[[], Awaitable[None]]:
    """A wait for the moment when no update waits or is handled, and no tuning by hand is under way."""

    def busy() -> bool:
        return not mynah.lanes.idle or not mynah.inbox.empty() or mynah.admin.busy

    async def idle() -> None:
        while busy():  # noqa: ASYNC110 (three conditions that no single event stands for)
            await asyncio.sleep(0.02)

    return idle
