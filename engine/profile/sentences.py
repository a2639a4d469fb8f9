"""A message cut into the sentences and clauses that its author says in their own voice."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_CHARS = 4_000
"""Longer messages are pasted documents: only their beginning can be the author speaking."""

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_QUOTED_SPAN = re.compile(
    r'"[^"\n]{8,}"|“[^”]{4,}”|«[^»]{8,}»|「[^」]{4,}」|《[^》]{20,}》'
    r"|‘(?:[^’\n]|’(?=[a-zA-Z])){4,}’|(?<![\w])'(?:[^'\n]|'(?=\w)){8,}'(?!\w)"
)
_HANDED_OVER = re.compile(
    r"\A(?![^\n]*(?:about (?:me|myself)|关于我|自我介绍))[^\n]*(?:[:：]|\b(?:this|these|the following|my|here is an?)\s+(?:\w+\s+)?"
    r"(?:text|letter|article|e-?mail|story|poem|post|essay|paragraph|message|cv|review|lyrics|song|quote|passage|report|draft|"
    r"speech|conversation|dialogue|chat)\b[^\n]*|(?:这|下面|以下|一)[^\n]{0,6}(?:信|文章|话|文字|故事|诗|邮件|帖子|短信|歌词|作文|简历|对话|评论)[^\n]*)\n",
    re.IGNORECASE,
)
"""A first line that introduces what follows: a text to work on, which need not be the author speaking."""

_SPEAKER = re.compile(r"^[ \t]*[^\W\d_][\w .]{0,24}[:：][ \t]*\S.*$", re.MULTILINE)
"""A line of a transcript; one alone can be a label, two are a conversation."""

_LINK = re.compile(r"\b(?:https?://|www\.)\S+")
_TASK_ON_TEXT = re.compile(
    r"^\W*(?:(?:please|can you|could you|kindly|now)\s+)*"
    r"(?:translate|proofread|rewrite|rephrase|paraphrase|summari[sz]e|correct|edit|fix|improve|shorten|explain|analy[sz]e|"
    r"classify|continue|complete|tldr|tl;dr|repeat|write|draft|compose|make up|tell me a story)\b[^\n:]{0,120}[:\n]"
    r"|^\W*(?:请|帮我|麻烦|把)?[^\n：:，。]{0,12}(?:翻译|润色|改写|总结|概括|校对|解释|续写|复述|写一)[^\n：:]{0,30}[：:\n]",
    re.IGNORECASE,
)
_TASK_WITHOUT_TEXT = re.compile(
    r"^\W*(?:(?:please|can you|could you)\s+)*(?:translate|pretend|imagine|suppose|act as|role-?play|repeat after me|say)\b"
    r"|^\W*(?:请|帮我)?(?:翻译|假设|假如|假装|想象|扮演|跟我说|说一遍)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"')\]]*\s+(?:(?<![A-Z]\.[A-Z]\.\s)|(?=(?:I|I'm|My|We|It|But|And|So|What|How|Do)\b))|(?<=[。！？；])[”’）]*\s*|\n+"
)
_VERB_OF_MINE = (
    r"(?:is|are|was|were|has|have|had|lives?|works?|loves?|likes?|enjoys?|hates?|teach(?:es)?|plays?|runs?|owns?|makes?|sells?|"
    r"died|passed|moved|just|both|would|will|can|got|went|goes|wants?|name's)"
)
_SUBJECT = (
    r"(?:(?:now|then|also|sometimes|currently)\s+)?"
    r"(?:i|i'm|we|it|it's|you|he|she|they|that|this|there|what|do|does|is|are|can|could|would|who|how|where|why|when|if|which|"
    rf"(?:and )?my(?=\s+(?:[\w'-]+\s+){{1,4}}?{_VERB_OF_MINE}\b|\s+\w+'s\b))"
)
"""What a clause of its own begins with; "my" only where a verb follows, unlike "with my sister and my dog"."""
_CLAUSE_BREAK = re.compile(
    rf"\s*[,;]\s*(?:(?:and|but|so|because|cause|cuz|yet|plus|also|although|though)\s+)?(?={_SUBJECT}\b)"
    rf"|\s+(?:and|but|so|because|cause|cuz|plus|although|though|while)\s+(?={_SUBJECT}\b)"
    r"|\s+(?:but|because|although|though|whereas)\s+|\s*;\s*|\s+[-–—]+\s+|\s*[（(）)]\s*|\s*[，；]\s*",
    re.IGNORECASE,
)
_REPORTING = re.compile(
    r"\b(?:says?|said|asks?|asked|told (?:me|us|him|her)|wrote|writes|claims?|claimed|sings|sang|lyrics?|quot(?:e|ed|es)|goes)"
    r"\s*[,:]?$|(?:说|问|写道|唱道|回答|告诉我)[道了过]?[：:，]?$",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:says?|said|asked|told (?:me|us|him|her)|wrote|claimed|sings|lyrics?|quote[sd]?)\s*(?:that\s*)?[,:]\s"
    r"|(?:说|问|写道|唱道)[：:]",
    re.IGNORECASE,
)
_SUPPOSING = re.compile(
    r"^\W*(?:if|unless|whether|suppose|imagine|pretend|say|let's say|assume|when i was|as if|in (?:my|a|the) (?:dream|story|novel|game|book))\b"
    r"|^\W*(?:如果|要是|假如|假设|假装|想象|倘若|若是|小说里|梦里)",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^\W*(?:(?:and|but|so|well|ok(?:ay)?|hey|hi|hello|oh)[\s,]+)*"
    r"(?:who|what|where|when|why|how|which|do|does|did|is|are|am|was|were|can|could|would|will|should|have|has|isn't|don't you)\b",
    re.IGNORECASE,
)
_QUESTION_END = re.compile(r"[?？]\W*$|[吗呢么]\W*$")


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence that can be a statement of its own; `follows` is the clause before it, if any."""

    text: str
    sentence: str
    follows: str


def own_words(text: str) -> str:
    """The text without what it only passes on: code, quotations, links, and material handed over for a task."""
    text = text[:_MOST_CHARS]
    for beginning in (_TASK_ON_TEXT, _HANDED_OVER):
        if introduced := beginning.match(text):
            text = text[: introduced.end()]
    for passed_on in (_CODE, _QUOTED_LINE, _QUOTED_SPAN, _LINK):
        text = passed_on.sub(" … ", text)
    if len(_SPEAKER.findall(text)) > 1:
        text = _SPEAKER.sub(" … ", text)
    return text.replace("’", "'").replace("‘", "'")


def sentences(text: str) -> list[str]:
    """The sentences of a text, trimmed, without empty ones."""
    return [stripped for part in _SENTENCE_END.split(text) if (stripped := part.strip())]


def own_sentences(text: str) -> list[str]:
    """The sentences of an author's own voice, questions and wishes too; none of what is only to be worked on."""
    words = own_words(text)
    return [] if _TASK_WITHOUT_TEXT.match(words) else sentences(words)


def stated_clauses(text: str) -> Iterator[Clause]:
    """The clauses that state something in the author's own voice: no questions, suppositions or reported speech."""
    for sentence in own_sentences(text):
        yield from _clauses(sentence)


def _clauses(sentence: str) -> Iterator[Clause]:
    reported = _REPORTED.search(sentence)
    spoken = sentence[: reported.start()] if reported else sentence
    parts = [stripped for part in _CLAUSE_BREAK.split(spoken) if (stripped := part.strip(" ,;:，；：…"))]
    if _QUESTION_END.search(spoken) and parts:
        parts.pop()
    follows = ""
    for part in parts:
        if _REPORTING.search(part) or _SUPPOSING.match(part):
            return
        if not _ASKING.match(part):
            yield Clause(part, sentence, follows)
        follows = part
