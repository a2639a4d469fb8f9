"""The buttons of beliefs: below /profile, below the reasons for one, and the one that undoes a change."""

import math
import re
from collections.abc import Sequence

from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup

from bot.belief_text import in_words
from bot.speaking import texts
from bot.texts import Texts
from engine.profile.undoing import telling
from storage.beliefs import Belief, BeliefStatus, ProfileChange

BELIEF_PATTERN = re.compile(r"belief:(keep|wrong|edit|erase|why):(\d{1,18})(?::(one|\d{1,4}))?\Z")
"""With `:one` below the reasons for a belief, otherwise below this page of /profile."""

UNDO_PATTERN = re.compile(r"undo:(\d{1,18})(?::(\d{1,4}))?\Z")
"""The number of the change, and the page of /profile, if it hangs below one."""

PAGE_PATTERN = re.compile(r"profile:(\d{1,4})\Z")

PAGE = 12
"""Beliefs on a page of /profile: Telegram takes a hundred buttons and 4,096 characters."""

_MOST_LABEL = 40


def is_own(query: CallbackQuery) -> bool:
    """Whether a button of a profile was pressed by the person whose private chat it hangs in."""
    return query.message is not None and query.message.chat.id == query.from_user.id


def pages(beliefs: Sequence[Belief]) -> int:
    """How many pages show so many beliefs: one at least."""
    return max(1, math.ceil(len(beliefs) / PAGE))


def below_profile(
    beliefs: Sequence[Belief], page: int, last: ProfileChange | None
) -> InlineKeyboardMarkup | None:
    """A row for each belief of a page, numbered as in the text; arrows to the other pages; and a button that
    undoes the last change.

    ✗ strikes a belief out, ✓ keeps one that waits, ✎ asks for the right value, 🗑 erases, ? says why it is
    held.
    """
    rows = [
        [_button(f"{sign} {number}", act, belief, f":{page}") for sign, act in _acts(belief)]
        for number, belief in list(enumerate(beliefs, start=1))[page * PAGE : (page + 1) * PAGE]
    ]
    count = pages(beliefs)
    if count > 1:
        turns = (("◀", (page - 1) % count), (f"{page + 1}/{count}", page), ("▶", (page + 1) % count))
        rows.append([InlineKeyboardButton(label, callback_data=f"profile:{to}") for label, to in turns])
    if last is not None:
        label = texts().undo_last.format(change=summary(last, texts()))
        rows.append([InlineKeyboardButton(label, callback_data=f"undo:{last.change_id}:{page}")])
    return InlineKeyboardMarkup(rows) if rows else None


def below_reasons(belief: Belief) -> InlineKeyboardMarkup | None:
    """What can be done about one belief, in words; None when it is closed."""
    if belief.valid_to is not None:
        return None
    names = {
        "keep": texts().noted_keep,
        "wrong": texts().noted_wrong,
        "edit": texts().belief_edit,
        "erase": texts().belief_forget,
    }
    buttons = [_button(names[act], act, belief, ":one") for _, act in _acts(belief) if act in names]
    return InlineKeyboardMarkup([buttons])


def undo_button(change_id: int) -> InlineKeyboardMarkup:
    """The button below what was just done."""
    return InlineKeyboardMarkup.from_button(
        InlineKeyboardButton(texts().undo, callback_data=f"undo:{change_id}")
    )


def summary(change: ProfileChange, texts: Texts) -> str:
    """A change in a few words: what it began (+), confirmed (✓) or else closed (−)."""
    edits = telling(change)
    edit = next((one for one in edits if one.before is None), edits[0])
    assert edit.after is not None, "an edit that tells something has left a belief"
    sign = "+" if edit.before is None else "✓" if edit.after.status is BeliefStatus.ACTIVE else "−"
    words = in_words(edit.after, texts)
    return f"{sign} {words if len(words) <= _MOST_LABEL else words[: _MOST_LABEL - 1] + '…'}"


def _acts(belief: Belief) -> tuple[tuple[str, str], ...]:
    first = ("✓", "keep") if belief.status is BeliefStatus.PENDING else ("✗", "wrong")
    return (first, ("✎", "edit"), ("🗑", "erase"), ("?", "why"))


def _button(label: str, act: str, belief: Belief, place: str = "") -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=f"belief:{act}:{belief.belief_id}{place}")
