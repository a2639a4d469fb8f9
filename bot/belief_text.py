"""A belief in a few words, as a person reads it."""

from bot.texts import Texts
from engine.profile.slots import slot_as_said
from storage.beliefs import SELF, Belief


def in_words(belief: Belief, texts: Texts) -> str:
    """Whose it is, if somebody else's, the slot and the value: "sister · job: nurse"."""
    slot = slot_as_said(belief)
    named = texts.slots.get(slot, slot)
    if slot.startswith("favourite "):
        named = texts.favourite.format(thing=slot.removeprefix("favourite "))
    whose = "" if belief.subject == SELF else f"{belief.subject} · "
    return f"{whose}{named}: {belief.value}"
