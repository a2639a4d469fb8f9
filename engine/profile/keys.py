"""Values in a form for comparison: "hiking", "to hike" and "Hike!" are the same thing."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:[’'&+#.-][^\W_]+)*[+#]*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_EMPTY_WORDS = frozenset(
    "a an the to of some my our really very so much lot lots and in on at for with all any kind kinds".split()  # noqa: SIM905
)
_VERBAL_TAILS = ("ing", "ed")
_VOWELS = frozenset("aeiouy")


def canonical_key(value: str) -> str:
    """The words of a value, folded and stemmed, without empty ones unless nothing else is left."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    words: list[str] = _WORD.findall(folded)
    telling = [word for word in words if word not in _EMPTY_WORDS]
    return " ".join(stem(word) for word in telling or words)


def stem(word: str) -> str:
    """A crude stem, the same for the forms of one English word; other scripts come back as they are."""
    if len(word) <= 3 or _HAN.search(word) or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for tail in _VERBAL_TAILS:
        base = word.removesuffix(tail)
        if base != word and len(base) >= 3 and _VOWELS & set(base):
            word = base[:-1] if base[-1] == base[-2] and base[-1] not in "lsz" else base
            break
    return word.removesuffix("e") if len(word) > 3 else word
