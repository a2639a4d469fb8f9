"""A belief in a few words, as a person reads it."""

from bot.texts import Texts
from storage.beliefs import SELF, Belief

_DENIED = {
    "likes": "dislikes",
    "does": "does not",
    "wants": "does not want",
    "is": "is not",
    "has been to": "has never been to",
    "children": "has no",
    "siblings": "has no",
    "pet": "has no",
}
"""What a slot is called when its value is denied."""


def in_words(belief: Belief, texts: Texts) -> str:
    """Whose it is, if somebody else's, the slot and the value: "sister · job: nurse"."""
    slot = _DENIED.get(belief.slot, belief.slot) if belief.polarity < 0 else belief.slot
    named = texts.slots.get(slot, slot)
    if slot.startswith("favourite "):
        named = texts.favourite.format(thing=slot.removeprefix("favourite "))
    whose = "" if belief.subject == SELF else f"{belief.subject} · "
    return f"{whose}{named}: {belief.value}"
