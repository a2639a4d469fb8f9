"""Which language a text is in: by its script, then by its most common little words (pure)."""

import re
from collections import Counter

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_LITTLE_WORDS = {
    "en": "the of and to in is that for was with it as on by are this from have not which",
    "de": "der die und das den von zu mit ist nicht ein eine auf für dem im des sich auch werden",
    "fr": "le la les des et du une est dans que pour qui sur pas au avec ce sont par plus",
    "es": "el la los de y en que del las una por con para es se no su al como más",
    "it": "il di e la che è per un del in una sono con non della si al da le dei",
    "pt": "o a de e que do da em um para com não uma os no na por se dos as",
    "nl": "de het een van en in is dat op te zijn met voor niet aan er die om ook als",
    "pl": "i w nie na się że z do to jest o jak po co tym od za przez dla są",
}
_LITTLE = {language: frozenset(words.split()) for language, words in _LITTLE_WORDS.items()}
_MORE_LITTLE_WORDS = """
    or we our their its his her they he she who has had were will would can also more than but been about into
    one all when there said what so if up out be an at 的 了 是 在 和 有 不 这 一 为 与 也
"""
LITTLE_WORDS = frozenset(_MORE_LITTLE_WORDS.split()).union(*_LITTLE.values())
"""Words that say nothing of what a text is about."""

_SAMPLE_CHARACTERS = 4000


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of the main language; None when the text does not tell."""
    sample = text[:_SAMPLE_CHARACTERS]
    letters = sum(character.isalpha() for character in sample)
    for language, script in _SCRIPTS:
        # A few kana among the characters make it Japanese, so each script needs only a fair share.
        if letters and len(script.findall(sample)) > letters * 0.2:
            return language
    words = Counter(re.findall(r"[^\W\d_]+", sample.lower()))
    hits = {language: sum(words[word] for word in little) for language, little in _LITTLE.items()}
    best = max(hits, key=lambda language: hits[language])
    return best if hits[best] > 0.08 * words.total() else None
