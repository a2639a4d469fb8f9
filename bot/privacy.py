"""/profile: what Mynah believes about a user, and since when."""

import contextlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.delivery import Delivery
from bot.incoming import incoming
from bot.speaking import texts
from bot.texts import Texts
from engine.profile.confidence import certainty, is_faded
from engine.profile.engine import ProfileEngine
from engine.profile.profile import Profile
from engine.profile.style import Style
from storage.beliefs import SELF, Belief
from storage.readings import ReadingStore
from storage.records import ReadArticle

BELIEF_PATTERN = re.compile(r"belief:(keep|erase):(\d{1,18})\Z")

_MOST_TOPICS = 5
_MOST_READ = 5
_MOST_TITLE = 100
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
        profile = await self._profiles.get(asked.user_id)
        read = await self._readings.read_lately(asked.user_id, limit=_MOST_READ)
        await self._delivery.say(
            asked.chat_id,
            describe(profile, texts(), self._now(), read),
            buttons=_buttons(profile, self._now()),
        )

    async def on_choice(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on one of the buttons: do it, and show the profile as it is now."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = BELIEF_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        user_id, belief_id = query.from_user.id, int(match[2])
        act = self._profiles.keep if match[1] == "keep" else self._profiles.erase
        done = await act(user_id, belief_id)
        with contextlib.suppress(TelegramError):  # it is done, whether or not its thanks can be shown
            await query.answer(texts().chosen if done else texts().belief_unknown)
        if query.message is not None:
            profile = await self._profiles.get(user_id)
            await self._delivery.say(
                query.message.chat.id,
                describe(
                    profile,
                    texts(),
                    self._now(),
                    await self._readings.read_lately(user_id, limit=_MOST_READ),
                ),
                buttons=_buttons(profile, self._now()),
                shown_as=query.message.message_id,
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


def _shown(profile: Profile, now: datetime) -> list[Belief]:
    return [belief for belief in profile.held if not is_faded(belief, now)]


def _buttons(profile: Profile, now: datetime) -> InlineKeyboardMarkup | None:
    """✗ deletes a belief, ✓ keeps one that waits for the user's word; the numbers are those of the text."""
    shown = _shown(profile, now)
    buttons = [
        InlineKeyboardButton(f"{sign} {number}", callback_data=f"belief:{act}:{belief.belief_id}")
        for number, belief in enumerate((*shown, *profile.pending), start=1)
        for sign, act in (("✓", "keep"), ("✗", "erase"))
        if act == "erase" or number > len(shown)
    ][:_MOST_BUTTONS]
    rows = [buttons[start : start + _BUTTONS_A_ROW] for start in range(0, len(buttons), _BUTTONS_A_ROW)]
    return InlineKeyboardMarkup(rows) if rows else None


def _read_article(read: ReadArticle) -> str:
    thumb = {1: " 👍", -1: " 👎", None: ""}[read.value]
    return f"– {read.title[:_MOST_TITLE]}{thumb}"


def _belief(belief: Belief, texts: Texts, now: datetime) -> str:
    slot = texts.slots.get(belief.slot, belief.slot)
    if belief.slot == "likes" and belief.polarity < 0:
        slot = texts.slots["dislikes"]
    if belief.slot.startswith("favourite "):
        slot = texts.favourite.format(thing=belief.slot.removeprefix("favourite "))
    if belief.subject != SELF:
        slot = f"{belief.subject} · {slot}"
    sureness = texts.certainties[certainty(belief, now)]
    return f"{slot}: {belief.value} ({sureness}, {belief.first_seen:%Y-%m-%d})"


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
