"""/status and /why: which weights answer, what they were learnt from, what shaped a reply."""

import math
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

from telegram import Update
from telegram.ext import ContextTypes

from bot.belief_text import in_words
from bot.delivery import Delivery
from bot.incoming import Incoming, incoming
from bot.speaking import preferences, texts
from bot.texts import Texts
from engine.assistant import Assistant
from engine.feedback import Feedback
from engine.language.model import LanguageModel
from engine.lineage import Lineage, Lineages
from engine.profile.engine import ProfileEngine
from engine.serving import ServedAdapters
from engine.tuning.nightly import due_date
from engine.tuning.report import RunFigures, run_figures
from storage.messages import MessageStore
from storage.records import Generation, Message
from storage.runs import RunStore

VERSION = version("mynah")


class InsightHandlers:
    """Handlers of what a user may know of the weights and of a reply."""

    def __init__(
        self,
        *,
        assistant: Assistant,
        adapters: ServedAdapters,
        lineages: Lineages,
        runs: RunStore,
        messages: MessageStore,
        feedback: Feedback,
        profiles: ProfileEngine,
        model: LanguageModel,
        timezone: ZoneInfo,
        nightly: time,
        control: int,
        now: Callable[[], datetime],
        delivery: Delivery,
    ) -> None:
        """`control` of a hundred replies are left to the base weights."""
        self._control = control
        self._assistant = assistant
        self._adapters = adapters
        self._lineages = lineages
        self._runs = runs
        self._messages = messages
        self._feedback = feedback
        self._profiles = profiles
        self._model = model
        self._timezone = timezone
        self._nightly = nightly
        self._now = now
        self._delivery = delivery

    async def on_status(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Which weights answer this user, what they were learnt from, and what comes next."""
        asked = incoming(update)
        adapter = self._adapters.of(asked.user_id)
        served = None if adapter is None else await self._lineages.of(asked.user_id, adapter.version)
        last = await self._runs.last_run(asked.user_id)
        lines = [
            asked.texts.status.format(version=VERSION, model=self._model.name),
            asked.texts.status_base if served is None else self._weights(asked.texts.status_adapter, served),
            *([] if served is None or not self._control else [self._compared(asked.texts)]),
            asked.texts.status_log.format(
                questions=await self._messages.count_questions(asked.user_id),
                last_run="–" if last is None else f"{self._local(last.started_at)}, {last.status}",
                next_run=self._local(next_night(self._now(), self._timezone, self._nightly)),
            ),
            *([] if last is None else _cost(run_figures(last), asked.texts)),
            asked.texts.status_queue.format(count=self._assistant.under_way),
            *await self._unlearnt(asked),
        ]
        await self._delivery.say(asked.chat_id, "\n".join(lines))

    async def on_why(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """What shaped a reply: the one that the command replies to, or the last one."""
        asked = incoming(update)
        reply = await self._feedback.target(
            user_id=asked.user_id,
            chat_id=asked.chat_id,
            thread_id=asked.thread_id,
            telegram_id=asked.replied_to,
        )
        if reply is None or reply.generation is None:
            await self._delivery.say(asked.chat_id, asked.texts.nothing_to_explain)
            return
        await self._delivery.say(asked.chat_id, await self._explained(reply, reply.generation))

    async def _explained(self, reply: Message, made: Generation) -> str:
        written_by = made.adapter_version
        lineage = None if written_by is None else await self._lineages.of(reply.user_id, written_by)
        question = None if reply.question_id is None else await self._messages.get(reply.question_id)
        lines = [
            texts().why_written.format(
                when=self._local(reply.created_at),
                model=made.model,
                read=made.prompt_tokens,
                written=made.reply_tokens,
                first=made.first_token_seconds,
                seconds=made.total_seconds,
            ),
            self._written_with(made, lineage),
            _in_view(made, question, texts()),
            await self._noted_from(question),
        ]
        return "\n\n".join(line for line in lines if line)

    def _written_with(self, made: Generation, lineage: Lineage | None) -> str:
        if lineage is not None:
            return self._weights(texts().why_adapter, lineage)
        return texts().why_control if made.view.control else texts().why_base

    def _compared(self, texts: Texts) -> str:
        return texts.status_control.format(percent=self._control)

    async def _noted_from(self, question: Message | None) -> str:
        """The beliefs that rest on the question, if any."""
        if question is None:
            return ""
        profile = await self._profiles.get(question.user_id)
        noted = [
            in_words(belief, texts())
            for belief in profile.held
            if any(evidence.message_id == question.message_id for evidence in belief.evidence)
        ]
        return texts().why_noted.format(beliefs="; ".join(noted)) if noted else ""

    def _weights(self, sentence: str, lineage: Lineage) -> str:
        """A sentence about one version, with the figures that let it in as far as they are known."""
        told = sentence.format(version=lineage.version, since=self._local(lineage.since))
        if lineage.trial is None:
            return told
        trial = lineage.trial
        shown = texts().weights_trial if trial.apart is None else texts().weights_trial_thumbs
        return f"{told} {shown.format(**asdict(trial))}"

    async def _unlearnt(self, asked: Incoming) -> list[str]:
        """Why nothing is being learnt from this chat, if so."""
        private = await self._messages.is_private(user_id=asked.user_id, chat_id=asked.chat_id)
        return [asked.texts.status_private] * private + [asked.texts.status_paused] * (
            not preferences().learning
        )

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._timezone):%Y-%m-%d %H:%M}"


def next_night(now: datetime, timezone: ZoneInfo, nightly: time) -> datetime:
    """When the next nightly run is due, after `now` (aware)."""
    following = due_date(now, timezone, nightly) + timedelta(days=1)
    return datetime.combine(following, nightly, tzinfo=timezone)


def _cost(run: RunFigures, texts: Texts) -> list[str]:
    """What the last run took, and how it found new replies before it learnt from them; as far as is known."""
    lines: list[str] = []
    if not any(map(math.isnan, (run.tokens, run.seconds, run.peak_memory_mb, run.adapter_mb))):
        lines.append(
            texts.status_cost.format(
                tokens=run.tokens, seconds=run.seconds, memory=run.peak_memory_mb, size=run.adapter_mb
            )
        )
    seen = None if run.figures is None else run.figures.first_sight
    if seen is not None and seen.active is not None:
        lines.append(texts.status_first_sight.format(turns=seen.turns, base=seen.base, active=seen.active))
    return lines


def _in_view(made: Generation, question: Message | None, texts: Texts) -> str:
    """What stood in the prompt, in words."""
    parts = [texts.view_question]
    if question is not None and question.quoted is not None:
        parts.append(texts.view_quoted)
    if made.view.earlier:
        parts.append(texts.view_earlier.format(count=made.view.earlier))
    if made.view.recalled:
        parts.append(texts.view_recalled.format(count=made.view.recalled))
    if made.view.card:
        parts.append(texts.view_card.format(count=made.view.card))
    if made.view.length is not None:
        parts.append(texts.view_length[made.view.length])
    return texts.why_view.format(view="; ".join(parts))
