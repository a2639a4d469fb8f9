"""Is it a question, and is it about this article? (pure)"""

import re

from engine.articles.languages import LITTLE_WORDS
from engine.articles.salience import terms

_ASKS = re.compile(
    r"[?？]\s*[)”’\"]*\s*$"
    r"|^\W*(?:who|whom|whose|what|when|where|why|which|how|is|are|was|were|does|do|did|has|have|can|could|will"
    r"|tell me|explain|show me|wer|wann|wo|warum|wie|welche[rsnm]?|qui|quand|où|pourquoi|comment|quién"
    r"|cuándo|dónde|cómo|кто|что|когда|где|почему|как|сколько)\b"
    r"|(?:吗|呢|什么|谁|为什么|怎么|怎样|哪|多少|多[长大高久远]|几)",
    re.IGNORECASE,
)
_NAMES_IT = re.compile(
    r"\b(?:the|this|that) (?:article|text|page|paper|story|post|document|pdf|author|summary)\b"
    r"|\baccording to it\b|(?:in|say|mention|does) it\b"
    r"|\b(?:der|die|das|diese[rsm]?) (?:artikel|text|seite|autor(?:in)?)\b"
    r"|文章|文中|作者|原文|这篇|报道",
    re.IGNORECASE,
)
_QUESTION_WORDS = frozenset(
    """who whom whose what when where why which how does did do has have had can could will would should is
    are was were tell me explain show about many much long old big far often say says said mention mentions
    article text page author please know you your any there their wer wann wie warum welche qui quand
    comment""".split()  # noqa: SIM905
)
_ENDINGS = re.compile(r"(?:ing|ed|es|s|ly)$")

_ASKS_NUMBER = re.compile(
    r"\bhow (?:much|many|long|old|far|big|deep|high|tall)\b|^\W*when\b|\bwhat (?:time|year|date)\b"
    r"|\bwann\b|\bwie ?viele?\b|多少|多[长大高久远]|几|什么时候",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(r"^\W*(?:who|whom|wer)\b|谁", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d|[一二三四五六七八九十百千万]|\b(?:two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million"
    r"|half|third)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[a-zß-ÿ,] )[A-ZÀ-Þ][a-zß-ÿ]|[\u0400-\u9fff]")

_SHARED = 0.5


def asks(text: str) -> bool:
    """Whether it reads as a question or asks to be told something."""
    return bool(_ASKS.search(text.strip()))


def subject_of(question: str) -> list[str]:
    """What a question is about: its words but those that make it a question, folded and without endings."""
    return [
        stem(term) for term in terms(question) if term not in _QUESTION_WORDS and term not in LITTLE_WORDS
    ]


def stem(term: str) -> str:
    """A word without its ending, so that "costs" and "cost" meet."""
    return _ENDINGS.sub("", term) if len(term) > 4 else term


def clearly_about(question: str, article: str) -> bool:
    """Whether a question that replies to nothing is about this article: it names it, or shares its words."""
    if not asks(question):
        return False
    if _NAMES_IT.search(question):
        return True
    subject = subject_of(question)
    there = {stem(term) for term in terms(article)}
    shared = sum(term in there for term in subject)
    return bool(subject) and shared >= _SHARED * len(subject)


def may_answer(question: str, passage: str) -> bool:
    """Whether a passage holds what the question asks for by its form: a number, or a name."""
    if _ASKS_NUMBER.search(question):
        return bool(_NUMBER.search(passage))
    return bool(_NAME.search(passage)) if _ASKS_NAME.search(question) else True
