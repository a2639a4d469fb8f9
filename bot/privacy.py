"""/profile: what Mynah believes about a user, and since when."""

import contextlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.belief_text import in_words
from bot.delivery import Delivery
from bot.incoming import incoming
from bot.speaking import texts
from bot.texts import Texts
from engine.profile.confidence import certainty, is_faded
from engine.profile.engine import ProfileEngine
from engine.profile.profile import Profile
from engine.profile.style import Style
from storage.beliefs import Belief, BeliefStatus, ProfileChange
from storage.readings import ReadingStore
from storage.records import ReadArticle

BELIEF_PATTERN = re.compile(r"belief:(keep|erase|why):(\d{1,18})\Z")

_MOST_TOPICS = 5
_MOST_READ = 5
_MOST_TITLE = 100
_MOST_CHANGES = 10
_WEEK = timedelta(days=7)
_MOST_BUTTONS = 96  # Telegram takes a hundred
_BUTTONS_A_ROW = 6


class PrivacyHandlers:
    """Handlers of what a user may know of themselves here."""

    def __init__(
        self,
        *,
        profiles: ProfileEngine,
        readings: ReadingStore,
        delivery: Delivery,
        now: Callable[[], datetime],
    ) -> None:
        self._profiles = profiles
        self._readings = readings
        self._delivery = delivery
        self._now = now

    async def on_profile(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Show the profile in plain words, with a button to delete each belief or to keep one that waits."""
        asked = incoming(update)
        await self._show(asked.chat_id, asked.user_id)

    async def on_choice(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on one of the buttons: do it, and show the profile as it is now."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = BELIEF_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        user_id, belief_id = query.from_user.id, int(match[2])
        if match[1] == "why":
            await self._on_why(query, user_id, belief_id)
            return
        act = self._profiles.keep if match[1] == "keep" else self._profiles.erase
        done = await act(user_id, belief_id)
        with contextlib.suppress(TelegramError):  # it is done, whether or not its thanks can be shown
            await query.answer(texts().chosen if done else texts().belief_unknown)
        if query.message is not None:
            await self._show(query.message.chat.id, user_id, shown_as=query.message.message_id)

    async def _on_why(self, query: CallbackQuery, user_id: int, belief_id: int) -> None:
        """The sentences that a belief rests on, with their dates, in a message of their own."""
        profile = await self._profiles.get(user_id)
        belief = next((one for one in profile.beliefs if one.belief_id == belief_id), None)
        with contextlib.suppress(TelegramError):
            await query.answer(texts().belief_unknown if belief is None else None)
        if belief is not None and query.message is not None:
            await self._delivery.say(query.message.chat.id, reasons(belief, texts(), self._now()))

    async def _show(self, chat_id: int, user_id: int, *, shown_as: int | None = None) -> None:
        now = self._now()
        profile = await self._profiles.get(user_id)
        changes = await self._profiles.changed_since(user_id, now - _WEEK)
        read = await self._readings.read_lately(user_id, limit=_MOST_READ)
        blocks = [describe(profile, texts(), now, read), changed(changes, texts(), now)]
        await self._delivery.say(
            chat_id,
            "\n\n".join(block for block in blocks if block),
            buttons=_buttons(profile, now),
            shown_as=shown_as,
        )


def describe(profile: Profile, texts: Texts, now: datetime, read: Sequence[ReadArticle] = ()) -> str:
    """A profile in plain words: beliefs, numbered as their buttons, topics, articles, manner of writing."""
    if not profile.style.messages and not profile.held and not profile.pending and not read:
        return texts.profile_empty
    shown, waiting = _shown(profile, now), profile.pending
    beliefs = [f"{number}. {_belief(one, texts, now)}" for number, one in enumerate(shown, start=1)]
    asked = [
        f"{number}. {_belief(one, texts, now)}" for number, one in enumerate(waiting, start=len(shown) + 1)
    ]
    topics = sorted(profile.topics, key=lambda topic: -topic.weight_at(now))[:_MOST_TOPICS]
    blocks = [
        "\n".join([texts.profile_beliefs, *beliefs]) if beliefs else "",
        "\n".join([texts.profile_pending, *asked]) if asked else "",
        texts.profile_topics.format(topics="; ".join(topic.label for topic in topics)) if topics else "",
        "\n".join([texts.profile_read, *(_read_article(one) for one in read)]) if read else "",
        _style(profile.style, texts) if profile.style.messages else "",
    ]
    return "\n\n".join(block for block in blocks if block)


def reasons(belief: Belief, texts: Texts, now: datetime) -> str:
    """Why something is believed: the user's own sentences, the latest last."""
    quotes = [f"{one.said_at:%Y-%m-%d}: “{one.quote}”" for one in belief.evidence]
    return "\n".join([_belief(belief, texts, now), *quotes])


def changed(changes: Sequence[ProfileChange], texts: Texts, now: datetime) -> str:
    """What was learnt (+) and what no longer holds (−) in some changes, newest first; each belief once."""
    last = {
        edit.after.belief_id: edit.after
        for change in reversed(changes)
        for edit in change.edits
        if edit.after is not None and edit.after.status is not BeliefStatus.PENDING
    }
    begun = {
        edit.after.belief_id
        for change in changes
        for edit in change.edits
        if edit.before is None and edit.after is not None
    }
    lines = [
        f"{'+' if belief.status is BeliefStatus.ACTIVE else '−'} {_belief(belief, texts, now)}"
        for belief in last.values()
        if (belief.belief_id in begun) is (belief.status is BeliefStatus.ACTIVE)
    ]
    return "\n".join([texts.profile_changed, *lines[:_MOST_CHANGES]]) if lines else ""


def _shown(profile: Profile, now: datetime) -> list[Belief]:
    return [belief for belief in profile.held if not is_faded(belief, now)]


def _buttons(profile: Profile, now: datetime) -> InlineKeyboardMarkup | None:
    """✗ deletes a belief, ✓ keeps one that waits, ? says why it is held; numbers as in the text."""
    shown = _shown(profile, now)
    buttons = [
        InlineKeyboardButton(f"{sign} {number}", callback_data=f"belief:{act}:{belief.belief_id}")
        for number, belief in enumerate((*shown, *profile.pending), start=1)
        for sign, act in (("✓", "keep"), ("✗", "erase"), ("?", "why"))
        if act != "keep" or number > len(shown)
    ][:_MOST_BUTTONS]
    rows = [buttons[start : start + _BUTTONS_A_ROW] for start in range(0, len(buttons), _BUTTONS_A_ROW)]
    return InlineKeyboardMarkup(rows) if rows else None


def _read_article(read: ReadArticle) -> str:
    thumb = {1: " 👍", -1: " 👎", None: ""}[read.value]
    return f"– {read.title[:_MOST_TITLE]}{thumb}"


def _belief(belief: Belief, texts: Texts, now: datetime) -> str:
    sureness = texts.certainties[certainty(belief, now)]
    return f"{in_words(belief, texts)} ({sureness}, {belief.first_seen:%Y-%m-%d})"


def _style(style: Style, texts: Texts) -> str:
    languages = [
        name
        for name, count in ((texts.latin, style.latin), (texts.chinese, style.chinese))
        if style.share(count) > 0.2
    ]
    busiest = max(style.hours, key=lambda hour: style.hours[hour])
    return texts.profile_style.format(
        messages=style.messages,
        words=round(style.mean_words),
        languages=", ".join(languages) or "–",
        lower=round(100 * style.share(style.lower_case)),
        punctuated=round(100 * style.share(style.punctuated)),
        emoji=round(100 * style.share(style.with_emoji)),
        hour=busiest,
    )
