"""/profile: what Mynah believes about a user, and since when."""

from collections.abc import Callable
from datetime import datetime

from telegram import Update
from telegram.ext import ContextTypes

from bot.delivery import Delivery
from bot.incoming import incoming
from bot.texts import Texts
from engine.profile.confidence import certainty, is_faded
from engine.profile.engine import ProfileEngine
from engine.profile.profile import Profile
from engine.profile.style import Style
from storage.beliefs import Belief

_MOST_TOPICS = 5


class PrivacyHandlers:
    """Handlers of what a user may know of themselves here."""

    def __init__(self, *, profiles: ProfileEngine, delivery: Delivery, now: Callable[[], datetime]) -> None:
        self._profiles = profiles
        self._delivery = delivery
        self._now = now

    async def on_profile(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Show the profile in plain words."""
        asked = incoming(update)
        profile = await self._profiles.get(asked.user_id)
        await self._delivery.say(asked.chat_id, describe(profile, asked.texts, self._now()))


def describe(profile: Profile, texts: Texts, now: datetime) -> str:
    """A profile in plain words: beliefs, topics, manner of writing."""
    if not profile.style.messages and not profile.held:
        return texts.profile_empty
    beliefs = [_belief(belief, texts, now) for belief in profile.held if not is_faded(belief, now)]
    topics = sorted(profile.topics, key=lambda topic: -topic.weight_at(now))[:_MOST_TOPICS]
    blocks = [
        "\n".join([texts.profile_beliefs, *beliefs]) if beliefs else "",
        texts.profile_topics.format(topics="; ".join(topic.label for topic in topics)) if topics else "",
        _style(profile.style, texts) if profile.style.messages else "",
    ]
    return "\n\n".join(block for block in blocks if block)


def _belief(belief: Belief, texts: Texts, now: datetime) -> str:
    slot = texts.slots.get(belief.slot, belief.slot)
    if belief.slot == "likes" and belief.polarity < 0:
        slot = texts.slots["dislikes"]
    sureness = texts.certainties[certainty(belief, now)]
    return f"• {slot}: {belief.value} ({sureness}, {belief.first_seen:%Y-%m-%d})"


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
