"""/stats: how each version was received, and what each night brought; as a picture, or as text."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from telegram import Update
from telegram.ext import ContextTypes

from bot.delivery import Delivery
from bot.incoming import incoming
from bot.plots import can_draw, draw
from bot.texts import Texts
from engine.tuning.evaluate import FirstSight
from engine.tuning.report import RunFigures, Satisfaction, UserReport, build_report
from storage.feedback import FeedbackStore
from storage.runs import RunStore

MOST_SHOWN = 14
"""Nights and versions in one picture: more do not fit a phone."""


class StatsHandlers:
    """The handler of /stats; `draws` says whether pictures can be drawn."""

    def __init__(
        self,
        *,
        ratings: FeedbackStore,
        runs: RunStore,
        delivery: Delivery,
        now: Callable[[], datetime],
        draws: bool | None = None,
    ) -> None:
        self._ratings = ratings
        self._runs = runs
        self._delivery = delivery
        self._now = now
        self._draws = can_draw() if draws is None else draws

    async def on_stats(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Show the figures of the user's own versions and nights."""
        asked = incoming(update)
        report = _newest(
            build_report(
                asked.user_id,
                await self._ratings.tallies(asked.user_id),
                await self._runs.runs_of(asked.user_id),
            )
        )
        if not report.runs and all(math.isnan(one.share) for one in report.versions):
            await self._delivery.say(asked.chat_id, asked.texts.stats_empty)
        elif self._draws:
            await self._delivery.send_picture(
                asked.chat_id,
                await asyncio.to_thread(draw, report),
                name=f"mynah-stats-{self._now():%Y-%m-%d}.png",
                caption=asked.texts.stats_caption,
            )
        else:
            await self._delivery.say(asked.chat_id, as_text(report, asked.texts))


def as_text(report: UserReport, texts: Texts) -> str:
    """The same figures in words: a line for each version that was rated, one for each night with figures."""
    versions = [_version(one, texts) for one in report.versions if not math.isnan(one.share)]
    nights = [_night(run, texts) for run in report.runs]
    curve = [
        _new(run, run.figures.first_sight, texts)
        for run in report.runs
        if run.figures is not None and run.figures.first_sight is not None
    ]
    blocks = [
        [texts.stats_versions, *versions] if versions else [],
        [texts.stats_nights, *nights] if nights else [],
        [texts.stats_curve, *curve] if curve else [],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _newest(report: UserReport) -> UserReport:
    """The runs that were judged, and of all the newest."""
    judged = tuple(run for run in report.runs if not math.isnan(run.after))
    return replace(report, versions=report.versions[-MOST_SHOWN:], runs=judged[-MOST_SHOWN:])


def _version(one: Satisfaction, texts: Texts) -> str:
    return texts.stats_version.format(
        version=texts.stats_control if one.control else one.adapter_version or 0,
        liked=one.liked,
        rated=one.liked + one.disliked,
        low=100 * one.low,
        high=100 * one.high,
    )


def _night(run: RunFigures, texts: Texts) -> str:
    return texts.stats_night.format(
        date=f"{run.started_at:%Y-%m-%d}", before=run.before, after=run.after, examples=run.examples
    )


def _new(run: RunFigures, seen: FirstSight, texts: Texts) -> str:
    sentence = texts.stats_new_base if seen.active is None else texts.stats_new
    return sentence.format(
        date=f"{run.started_at:%Y-%m-%d}", base=seen.base, active=seen.active, turns=seen.turns
    )
