"""A summary, an answer or their passages as plain text for a chat (pure)."""

from collections.abc import Sequence

from bot.texts import Texts
from engine.articles.points import Point
from engine.articles.sentences import split_sentences
from engine.articles.summarize import Summary

_MOST_CHARACTERS = 3800
"""With its head and its foot a message stays under Telegram's 4,096 units."""
_MOST_TITLE = 150


def summary_text(summary: Summary, texts: Texts, *, bullets: bool, note: str = "") -> str:
    """Title, summary, why these points, what could not be done, and what was read."""
    blocks = [
        clipped(summary.title, _MOST_TITLE),
        _body(summary, texts, bullets=bullets),
        texts.picked_for.format(interests=", ".join(summary.picked_for)) if summary.picked_for else "",
        _audience_note(summary, texts),
        _language_note(summary, texts),
        note,
        _what_was_read(summary, texts),
    ]
    return "\n\n".join(block for block in blocks if block)


def answer_text(points: Sequence[Point], texts: Texts) -> str:
    """What an article says to a question: a model's words, or the passage as a quotation."""
    if not points:
        return texts.article_silent
    if any(point.generated for point in points):
        return " ".join(point.text for point in points)
    quoted = "\n".join(f"“{clipped(point.text, _MOST_CHARACTERS // len(points))}”" for point in points)
    return f"{texts.article_says}\n{quoted}"


def passages_text(points: Sequence[tuple[str, str]], text: str, texts: Texts) -> str:
    """Each point, numbered, with the passage that it rests on between its neighbours in the text."""
    sentences = split_sentences(text)
    room = _MOST_CHARACTERS // max(1, len(points))
    blocks = [texts.passages_head]
    for number, (said, passage) in enumerate(points, start=1):
        point = "" if said == passage else f"{clipped(said, room // 3)}\n"
        blocks.append(f"{number}. {point}{_in_context(sentences, passage, room - len(point))}")
    return "\n\n".join(blocks)


def clipped(text: str, most: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _in_context(sentences: Sequence[str], passage: str, room: int) -> str:
    """A passage between guillemets, with what stands before and after it as far as there is room."""
    quoted = f"»{clipped(passage, room)}«"
    place = next((place for place, sentence in enumerate(sentences) if passage.startswith(sentence)), None)
    if place is None:
        return quoted
    last = place
    while last + 1 < len(sentences) and sentences[last + 1] in passage[len(sentences[place]) :]:
        last += 1
    beside = max(0, (room - len(quoted)) // 2)
    before = sentences[place - 1] if place else ""
    after = sentences[last + 1] if last + 1 < len(sentences) else ""
    shown_before = before if len(before) <= beside else f"…{before[len(before) - beside :].lstrip()}"
    return " ".join(
        part
        for part in (
            shown_before if beside > 20 else "",
            quoted,
            clipped(after, beside) if beside > 20 else "",
        )
        if part
    )


def _body(summary: Summary, texts: Texts, *, bullets: bool) -> str:
    room = _MOST_CHARACTERS // max(1, len(summary.points))
    said = [clipped(point.text, room) for point in summary.points]
    if summary.whole:
        return "\n".join(said)
    if bullets:
        body = "\n".join(f"• {sentence}" for sentence in said)
    else:
        # Chosen sentences need not follow on one another in the text.
        body = (" " if summary.generated else " […] ").join(said)
    return body if summary.generated else f"{texts.key_sentences}\n{body}"


def _audience_note(summary: Summary, texts: Texts) -> str:
    if summary.audience is None:
        return ""
    note = texts.audience_worded if summary.generated else texts.audience_not_worded
    return note.format(audience=summary.audience)


def _language_note(summary: Summary, texts: Texts) -> str:
    if summary.missing_language is None:
        return ""
    return texts.language_missing.format(language=texts.language_names[summary.missing_language])


def _what_was_read(summary: Summary, texts: Texts) -> str:
    """As in "1,240 words, example.org, 3 May 2026"."""
    published = summary.published
    date = (
        ""
        if published is None
        else texts.date.format(day=published.day, month=texts.months[published.month], year=published.year)
    )
    amount = texts.words_read_partial if summary.partial else texts.words_read
    return ", ".join(part for part in (amount.format(words=f"{summary.words:,}"), summary.site, date) if part)
