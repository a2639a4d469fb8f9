"""Values in a form for comparison: "hiking", "to hike" and "Hike!" are the same thing."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:[’'&+#.-][^\W_]+)*[+#]*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_EMPTY_WORDS = frozenset(
    "a an the to of some my our really very so much lot lots and in on at for with all any kind kinds".split()  # noqa: SIM905
)
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z0-9]+")
_SIGN = re.compile(r"[^\w]")
_QUESTION_WORDS = frozenset(
    """what which who whose whom where when why how do did does am is are was were be been being have has had
    i me you your yours he she it we they them this that these those can could would should will shall may
    might remember remind tell told say said know about please ever again still now there here if or not no
    yes just also than then by from as into out up mention mentioned share shared name called one thing
    things currently nowadays day days week last recent recently yesterday today ago once time going go get
    got like""".split()  # noqa: SIM905
)
_QUESTION_CHARACTERS = frozenset(
    "我你您他她它的了吗呢么是在有和跟也都就还把这那哪什谁几怎个们过对要会能去说给到"
)
_VERBAL_TAILS = ("ing", "ed")
_VOWELS = frozenset("aeiouy")


def canonical_key(value: str) -> str:
    """The words of a value, folded and stemmed, without empty ones unless nothing else is left."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    words: list[str] = _WORD.findall(folded)
    telling = [word for word in words if word not in _EMPTY_WORDS]
    return " ".join(stem(word) for word in telling or words)


def index_words(text: str) -> list[str]:
    """The words of a text for an index: English stems, and Chinese as overlapping pairs of characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    found: list[str] = []
    for word in _WORD.findall(folded):
        if word.isascii() or not _HAN.search(word):
            found.append(_SIGN.sub("", stem(word)))
            continue
        for run in _HAN_RUN.findall(word):
            found += [run[place : place + 2] for place in range(max(1, len(run) - 1))]
        found += [stem(part) for part in _LATIN.findall(word)]
    return [word for word in found if word]


def query_words(text: str) -> list[str]:
    """The words of a question that can tell one text from another, each once."""
    return list(
        dict.fromkeys(
            word
            for word in index_words(text)
            if word not in _EMPTY_STEMS and not (_HAN.search(word) and set(word) & _QUESTION_CHARACTERS)
        )
    )


def stem(word: str) -> str:
    """A crude stem, the same for the forms of one English word; other scripts come back as they are."""
    if len(word) <= 3 or not word.isascii():
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


_EMPTY_STEMS = frozenset(stem(word) for word in (*_EMPTY_WORDS, *_QUESTION_WORDS))
