"""Where a text may be cut so that no visible character comes apart."""

import unicodedata

_JOINER = "\u200d"


def is_extender(character: str) -> bool:
    """Whether it changes the character before it: a combining mark, selector, skin tone, tag or joiner."""
    if character < "\u0300":
        return False
    return (
        unicodedata.category(character).startswith("M")
        or character == _JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def cut_before(text: str, *, start: int, lowest: int, end: int) -> int:
    """The last index in (`lowest`, `end`] between two visible characters; `end` where there is none.

    `start` is where a visible character is known to begin.
    """
    for index in range(end, lowest, -1):
        if not _is_joined(text, start, index):
            return index
    return end


def _is_joined(text: str, start: int, index: int) -> bool:
    """Whether text[index - 1] and text[index] are seen as one character (UAX 29 but for its rarest rules)."""
    before, after = text[index - 1], text[index : index + 1]
    if not after or after < "\u0300":
        return False
    if is_extender(after) or before == _JOINER:
        return True
    if _is_regional(before) and _is_regional(after):
        return _regional_run(text, start, index) % 2 == 1
    return _is_hangul(before) and "\u1160" <= after <= "\u11ff"


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_hangul(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff" or "\uac00" <= character <= "\ud7a3"


def _regional_run(text: str, start: int, index: int) -> int:
    """How many flag letters end right before `index`, looking back no further than `start`."""
    first = index
    while first > start and _is_regional(text[first - 1]):
        first -= 1
    return index - first
