"""/profile: what Mynah believes about a user, and since when."""

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from telegram import CallbackQuery, InlineKeyboardMarkup, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.belief_buttons import (
    BELIEF_PATTERN,
    PAGE,
    PAGE_PATTERN,
    UNDO_PATTERN,
    below_profile,
    below_reasons,
    is_own,
    pages,
    undo_button,
)
from bot.belief_text import in_words
from bot.correcting import Correcting
from bot.delivery import Delivery
from bot.entities import utf16_length
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

_MOST_TOPICS = 5
_MOST_READ = 5
_MOST_TITLE = 100
_MOST_CHANGES = 10
_MOST_ANSWER = 200  # Telegram takes no more
_MOST_UNITS = 4096
_WEEK = timedelta(days=7)


class PrivacyHandlers:
    """Handlers of what a user may know of themselves here."""

    def __init__(
        self,
        *,
        profiles: ProfileEngine,
        readings: ReadingStore,
        correcting: Correcting,
        delivery: Delivery,
        now: Callable[[], datetime],
    ) -> None:
        self._profiles = profiles
        self._readings = readings
        self._correcting = correcting
        self._delivery = delivery
        self._now = now

    async def on_profile(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Show the profile in plain words, with buttons for each belief, and one for the last change."""
        asked = incoming(update)
        await self._show(asked.chat_id, asked.user_id)

    async def on_choice(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on one of the buttons of a belief."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = BELIEF_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        act, user_id, belief_id = match[1], query.from_user.id, int(match[2])
        if not is_own(query):
            await _answer(query, texts().not_your_profile)
            return
        if act == "why":
            await self._on_why(query, user_id, belief_id)
            return
        belief = await self._profiles.open_belief(user_id, belief_id)
        if act == "edit" and belief is not None:
            await _answer(query, None)
            await self._correcting.ask(user_id, belief, update_id=update.update_id)
            return
        said, change_id = texts().belief_unknown, None
        if belief is not None:
            said, change_id = await self._act(act, user_id, belief)
        await _answer(query, said)
        if match[3] == "one":
            buttons = None if change_id is None else undo_button(change_id)
            await self._replace(query, said, buttons)
        else:
            await self._show_again(query, page=int(match[3] or 0))

    async def on_undo(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on the button that takes back a change."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = UNDO_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        if not is_own(query):
            await _answer(query, texts().not_your_profile)
            return
        undone = await self._profiles.undo(query.from_user.id, int(match[1]))
        said = texts().undo_too_late if undone is None else texts().undone
        await _answer(query, said)
        if match[2] is None:
            await self._replace(query, said, None)
        else:
            await self._show_again(query, page=int(match[2]))

    async def on_page(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on an arrow below /profile."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = PAGE_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        await _answer(query, None if is_own(query) else texts().not_your_profile)
        if is_own(query):
            await self._show_again(query, page=int(match[1]))

    async def _act(self, act: str, user_id: int, belief: Belief) -> tuple[str, int | None]:
        """Do what a button says; returns what to say of it, and the number of the change to undo it by."""
        words = in_words(belief, texts())
        if act == "erase":
            erased = await self._profiles.erase(user_id, belief.belief_id)
            return texts().belief_erased if erased else texts().belief_unknown, None
        do = self._profiles.keep if act == "keep" else self._profiles.strike_out
        said = texts().noted_kept if act == "keep" else texts().struck_out
        change_id = await do(user_id, belief.belief_id)
        return texts().belief_unknown if change_id is None else said.format(belief=words), change_id

    async def _replace(self, query: CallbackQuery, said: str, buttons: InlineKeyboardMarkup | None) -> None:
        assert query.message is not None, "it hangs in the user's own chat"
        await self._delivery.say(
            query.message.chat.id, said, buttons=buttons, shown_as=query.message.message_id
        )

    async def _show_again(self, query: CallbackQuery, *, page: int) -> None:
        assert query.message is not None, "it hangs in the user's own chat"
        await self._show(
            query.message.chat.id, query.from_user.id, page=page, shown_as=query.message.message_id
        )

    async def _on_why(self, query: CallbackQuery, user_id: int, belief_id: int) -> None:
        """The sentences that a belief rests on, with their dates, in a message of their own."""
        profile = await self._profiles.get(user_id)
        belief = next((one for one in profile.beliefs if one.belief_id == belief_id), None)
        await _answer(query, texts().belief_unknown if belief is None else None)
        if belief is not None:
            said = reasons(belief, texts(), self._now())
            await self._delivery.say(user_id, said, buttons=below_reasons(belief))

    async def _show(self, chat_id: int, user_id: int, *, page: int = 0, shown_as: int | None = None) -> None:
        now = self._now()
        profile = await self._profiles.get(user_id)
        beliefs = _shown(profile, now)
        page = min(page, pages(beliefs) - 1)
        changes = await self._profiles.changed_since(user_id, now - _WEEK)
        last = await self._profiles.last_undoable(user_id)
        read = await self._readings.read_lately(user_id, limit=_MOST_READ)
        blocks = describe(profile, texts(), now, read, page=page)
        if page == 0:
            blocks.append(changed(changes, texts(), now))
        await self._delivery.say(
            chat_id, _that_fit(blocks), buttons=below_profile(beliefs, page, last), shown_as=shown_as
        )


async def _answer(query: CallbackQuery, said: str | None) -> None:
    """End the button's spinner; what was done is done, whether or not that can be shown."""
    with contextlib.suppress(TelegramError):
        await query.answer(None if said is None else said[:_MOST_ANSWER])


def describe(
    profile: Profile, texts: Texts, now: datetime, read: Sequence[ReadArticle] = (), *, page: int = 0
) -> list[str]:
    """A profile in plain words, in blocks: the beliefs of a page, numbered as their buttons, and on the first
    page topics, articles, manner of writing.
    """
    if not profile.style.messages and not profile.held and not profile.pending and not read:
        return [texts.profile_empty]
    numbered = list(enumerate(_shown(profile, now), start=1))[page * PAGE : (page + 1) * PAGE]
    blocks = [
        "\n".join([heading, *lines])
        for heading, status in (
            (texts.profile_beliefs, BeliefStatus.ACTIVE),
            (texts.profile_pending, BeliefStatus.PENDING),
        )
        if (
            lines := [
                f"{number}. {_belief(one, texts, now)}" for number, one in numbered if one.status is status
            ]
        )
    ]
    if page > 0:
        return blocks
    topics = sorted(profile.topics, key=lambda topic: -topic.weight_at(now))[:_MOST_TOPICS]
    others = [
        texts.profile_topics.format(topics="; ".join(topic.label for topic in topics)) if topics else "",
        "\n".join([texts.profile_read, *(_read_article(one) for one in read)]) if read else "",
        _style(profile.style, texts) if profile.style.messages else "",
    ]
    return [*blocks, *(block for block in others if block)]


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
    """What holds, and then what waits for the user's word."""
    return [*(belief for belief in profile.held if not is_faded(belief, now)), *profile.pending]


def _that_fit(blocks: Sequence[str]) -> str:
    """The blocks that one message holds; the first ones matter most."""
    text = ""
    for block in filter(None, blocks):
        longer = f"{text}\n\n{block}" if text else block
        if utf16_length(longer) <= _MOST_UNITS:
            text = longer
    return text


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
