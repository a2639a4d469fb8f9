"""The buttons of beliefs: below /profile, below the reasons for one, and the one that undoes a change."""

import re
from collections.abc import Sequence

from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup

from bot.belief_text import in_words
from bot.speaking import texts
from bot.texts import Texts
from engine.profile.undoing import telling
from storage.beliefs import Belief, BeliefStatus, ProfileChange

BELIEF_PATTERN = re.compile(r"belief:(keep|wrong|edit|erase|why):(\d{1,18})(:one)?\Z")
"""With `:one` below the reasons for a belief, otherwise below /profile."""

UNDO_PATTERN = re.compile(r"undo:(\d{1,18})(:list)?\Z")
"""The number of the change; with `:list` below /profile."""

_MOST_BUTTONS = 96  # Telegram takes a hundred, and one undoes
_REASONS_A_ROW = 8
_MOST_LABEL = 40


def is_own(query: CallbackQuery) -> bool:
    """Whether a button of a profile was pressed by the person whose private chat it hangs in."""
    return query.message is not None and query.message.chat.id == query.from_user.id


def below_profile(
    held: Sequence[Belief], waiting: Sequence[Belief], last: ProfileChange | None
) -> InlineKeyboardMarkup | None:
    """A row for each belief, numbered as in the text, and below all a button that undoes the last change.

    ✗ strikes a belief out, ✓ keeps one that waits, ✎ asks for the right value, 🗑 erases, ? says why it is
    held. Where there are too many for that, only ? is shown: the others stand below the reasons.
    """
    numbered = list(enumerate((*held, *waiting), start=1))
    rows = [
        [_button(f"{sign} {number}", act, belief) for sign, act in _acts(belief)]
        for number, belief in numbered
    ]
    if sum(map(len, rows)) > _MOST_BUTTONS:
        reasons = [_button(f"? {number}", "why", belief) for number, belief in numbered[:_MOST_BUTTONS]]
        rows = [reasons[start : start + _REASONS_A_ROW] for start in range(0, len(reasons), _REASONS_A_ROW)]
    if last is not None:
        label = texts().undo_last.format(change=summary(last, texts()))
        rows.append([InlineKeyboardButton(label, callback_data=f"undo:{last.change_id}:list")])
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
