"""/tune, /rollback, and the line that tells what was learnt."""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from telegram import Update
from telegram.ext import ContextTypes

from bot.access import Access
from bot.delivery import Delivery
from bot.incoming import Incoming, incoming
from bot.texts import Texts, texts_for
from engine.errors import TuningBusyError
from engine.serving import ServedAdapters, Swap
from engine.tuning.nightly import TuningRunner
from engine.tuning.report import run_figures
from storage.preferences import Preferences, PreferenceStore
from storage.records import RunStatus, TuningRun
from storage.runs import RunStore

logger = logging.getLogger(__name__)


class AdminHandlers:
    """Handlers of the visible side of tuning."""

    def __init__(
        self,
        *,
        access: Access,
        runs: RunStore,
        runner: TuningRunner,
        adapters: ServedAdapters,
        preferences: PreferenceStore,
        timezone: ZoneInfo,
        now: Callable[[], datetime],
        delivery: Delivery,
    ) -> None:
        self._access = access
        self._runs = runs
        self._runner = runner
        self._adapters = adapters
        self._preferences = preferences
        self._timezone = timezone
        self._now = now
        self._delivery = delivery
        self._tuning: asyncio.Task[None] | None = None
        self._holds_back = False

    async def on_tune(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Learn now from the owner's own messages; the chat goes on meanwhile."""
        asked = incoming(update)
        if not self._access.is_owner(asked.user_id):
            await self._delivery.say(asked.chat_id, asked.texts.owner_only)
        elif self.busy:
            await self._delivery.say(asked.chat_id, asked.texts.tune_busy)
        else:
            await self._begin(asked)

    async def _begin(self, asked: Incoming) -> None:
        try:
            self._runner.check_free()
        except TuningBusyError as error:
            await self._delivery.say(asked.chat_id, _held_up(error, asked.texts))
        else:
            await self._delivery.say(asked.chat_id, asked.texts.tune_started)
            self._tuning = asyncio.create_task(self._tune(asked), name="tuning by hand")

    async def on_rollback(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Go back to the weights before the last tuning."""
        asked = incoming(update)
        if self._adapters.of(asked.user_id) is None:
            await self._delivery.say(asked.chat_id, asked.texts.nothing_to_roll_back)
            return
        version = await self._runs.rollback(asked.user_id)
        await self._adapters.refresh()
        await self._delivery.say(
            asked.chat_id,
            asked.texts.rolled_back_to_base
            if version is None
            else asked.texts.rolled_back.format(version=version),
        )

    async def on_rollforward(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Undo the last /rollback."""
        asked = incoming(update)
        version = await self._runs.rollforward(asked.user_id)
        if version is None:
            await self._delivery.say(asked.chat_id, asked.texts.nothing_to_roll_forward)
            return
        await self.follow_adapters()
        if (served := self._adapters.of(asked.user_id)) is not None and served.version == version:
            await self._delivery.say(asked.chat_id, asked.texts.rolled_forward.format(version=version))

    @property
    def holds_back(self) -> bool:
        """Whether a line waits for the end of somebody's quiet hours."""
        return self._holds_back

    @property
    def busy(self) -> bool:
        """Whether a tuning by hand is under way."""
        return self._tuning is not None and not self._tuning.done()

    async def follow(self) -> None:
        """Take up what changed in the table of adapters, and tell each user what became of their runs."""
        await self.follow_adapters()
        self._holds_back = False
        for run in await self._runs.untold():
            chosen = await self._preferences.get(run.user_id)
            if run.local_date is not None and self._is_quiet(chosen):
                self._holds_back = True
                continue
            await self._tell(run, texts_for(chosen.spoken))
            await self._runs.mark_told(run.run_id)

    async def tell_failed_backup(self, reason: str) -> None:
        """Tell the owner that the backup of a night is missing, and why."""
        for owner in self._access.owners:
            texts = texts_for((await self._preferences.get(owner)).spoken)
            await self._delivery.say(owner, texts.backup_failed.format(reason=reason), silent=True)

    async def stop(self) -> None:
        """End a tuning by hand that is under way."""
        if self._tuning is not None and not self._tuning.done():
            self._tuning.cancel()
            await asyncio.wait([self._tuning])

    async def _tune(self, asked: Incoming) -> None:
        try:
            ended = await self._runner.run([asked.user_id])
        except TuningBusyError as error:  # it was free a moment ago
            await self._delivery.say(asked.chat_id, _held_up(error, asked.texts))
        else:
            if not ended:
                await self._delivery.say(asked.chat_id, asked.texts.tune_forgotten)
            await self.follow()

    def _is_quiet(self, chosen: Preferences) -> bool:
        quiet = chosen.quiet_hours
        return quiet is not None and quiet.contains(self._now().astimezone(self._timezone).hour)

    async def _tell(self, run: TuningRun, texts: Texts) -> None:
        if run.status is RunStatus.SKIPPED and run.local_date is not None:
            return  # a night without anything new is no news
        if not self._access.allows(run.user_id):
            return  # whoever has only joined in a group is not written to unasked
        sentence = outcome(run, texts)
        if sentence is not None:
            await self._delivery.say(run.user_id, sentence, silent=True)

    async def follow_adapters(self) -> None:
        """Serve what the table of adapters says, and tell whose version could not be served."""
        for swap in await self._adapters.refresh():
            if swap.refusal is not None:
                await self._tell_refusal(swap)

    async def _tell_refusal(self, swap: Swap) -> None:
        texts = texts_for((await self._preferences.get(swap.user_id)).spoken)
        logger.warning("adapter version %s of a user could not be served", swap.new_version)
        await self._delivery.say(
            swap.user_id,
            texts.swap_refused.format(version=swap.new_version, reason=swap.refusal),
            silent=True,
        )


def _held_up(error: TuningBusyError, texts: Texts) -> str:
    return texts.tune_behind_backup if error.backing_up else texts.tune_busy


def outcome(run: TuningRun, texts: Texts) -> str | None:
    """One sentence on what became of a run; None while it is under way."""
    match run.status:
        case RunStatus.PROMOTED:
            report: dict[str, Any] = json.loads(run.report)
            by_thumbs = report.get("apart") is not None  # reports of earlier versions have none
            sentence = texts.tune_learnt_thumbs if by_thumbs else texts.tune_learnt
            learnt = sentence.format(**report, version=run.adapter_version)
            if by_thumbs:
                return learnt
            figures = run_figures(run).figures
            other = None if figures is None else figures.arms.get("other")
            if other is None:
                return learnt
            return f"{learnt} {texts.tune_compared.format(other=other.nats_per_token)}"
        case RunStatus.REJECTED:
            return texts.tune_rejected.format(reason=run.reason)
        case RunStatus.SKIPPED:
            return texts.tune_skipped.format(reason=run.reason)
        case RunStatus.FAILED:
            return texts.tune_failed.format(reason=run.reason)
        case RunStatus.RUNNING:
            return None
