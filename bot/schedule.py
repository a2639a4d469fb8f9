"""When the nightly run starts: one tick every five minutes asks the table of runs who is due.

Cron triggers skip or double local times when clocks change, and drop a job that comes a second late; a tick
that is late, doubled or lost changes nothing, because a night is one row per user and local date.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from engine.errors import ModelError, TuningBusyError
from engine.profile.proposer import Proposer
from engine.tuning.nightly import TuningRunner, due_date
from storage.runs import RunStore
from storage.users import UserStore

logger = logging.getLogger(__name__)

TICK = timedelta(minutes=5)


class Schedule:
    """Starts each user's nightly run once per local date; a night that was missed is made up at start."""

    def __init__(
        self,
        *,
        users: UserStore,
        runs: RunStore,
        runner: TuningRunner,
        timezone: ZoneInfo,
        nightly: time,
        now: Callable[[], datetime],
        after_run: Callable[[], Awaitable[None]],
        back_up: Callable[[date], Awaitable[None]],
        proposer: Proposer | None = None,
    ) -> None:
        self._users = users
        self._runs = runs
        self._runner = runner
        self._timezone = timezone
        self._nightly = nightly
        self._now = now
        self._after_run = after_run
        self._back_up = back_up
        self._proposer = proposer
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._tick_under_way: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Tick now and then every five minutes."""
        self._scheduler.add_job(
            self.tick,
            "interval",
            seconds=TICK.total_seconds(),
            next_run_time=datetime.now(UTC),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        self._scheduler.start()

    async def stop(self) -> None:
        """End the run under way, if any; it is recorded as failed and taken up at the next start."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._tick_under_way is not None:
            self._tick_under_way.cancel()
            await asyncio.wait([self._tick_under_way])

    async def tick(self) -> None:
        """Run the night of everybody who is due, in one go, and then back up."""
        self._tick_under_way = asyncio.ensure_future(self._run_due())
        try:
            await self._tick_under_way
        except asyncio.CancelledError:
            if asyncio.current_task() is None or not self._tick_under_way.cancelled():
                raise
            logger.info("the nightly run was ended with the bot")
        except TuningBusyError:
            logger.info("another tuning or a backup is under way; the next tick asks again")

    async def _run_due(self) -> None:
        night = due_date(self._now(), self._timezone, self._nightly)
        present = [
            user.user_id
            for user in await self._users.all()
            if due_date(user.since, self._timezone, self._nightly) < night  # the others came later
        ]
        due = [user_id for user_id in present if not await self._runs.is_settled(user_id, night)]
        if due:
            await self._runner.run(due, local_date=night)
            await self._after_run()
            await self._propose(due)
        if present:
            await self._back_up(night)

    async def _propose(self, user_ids: Sequence[int]) -> None:
        """Ask the model what these users said of themselves; what fails is asked again the next night."""
        if self._proposer is None:
            return
        for user_id in user_ids:
            try:
                await self._proposer.run(user_id)
            except ModelError as error:
                logger.warning("nothing was proposed of one user's messages: %s", error)
