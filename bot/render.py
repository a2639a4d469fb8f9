"""Markdown of a model to messages that Telegram cannot refuse: text with entities, never a parse mode."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import telegramify_markdown
from telegram import MessageEntity
from telegram.constants import MessageLimit
from telegramify_markdown import RenderConfig

from bot.direction import lead
from bot.guard import clean, protect, protect_pipes, restore
from bot.split import Piece, Span, split, unit_offsets
from bot.tables import format_tables
from engine.language.thoughts import strip_thoughts

Converter = Callable[[str], tuple[str, Sequence[telegramify_markdown.MessageEntity]]]
"""Markdown to text and entities with offsets in UTF-16 units; may raise anything."""

_MAX_PARSED_CHARACTERS = 30_000
_STYLES = frozenset(("bold", "italic", "underline", "strikethrough", "blockquote"))
_CODE = frozenset(("code", "pre"))


class _WrongConversionError(Exception):
    """The converter's result cannot be right."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message, for send_message(text=..., entities=...)."""

    text: str
    entities: tuple[MessageEntity, ...]


def _config() -> RenderConfig:
    config = RenderConfig.isolated()
    config.cite_expandable = False
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = symbols.heading_level_3 = symbols.heading_level_4 = ""
    symbols.unordered_list_item = "•"
    symbols.task_completed, symbols.task_uncompleted = "☑", "☐"
    symbols.horizontal_rule = "———"
    symbols.image = "🖼 "
    return config


_CONFIG = _config()


def telegramify(markdown: str) -> tuple[str, list[telegramify_markdown.MessageEntity]]:
    """The default converter; LaTeX delimiters have become dollars before."""
    return telegramify_markdown.convert(markdown, latex_escape=False, config=_CONFIG)


def render(markdown: str, *, convert: Converter = telegramify) -> list[Part]:
    """The messages to send, none for a text in which nothing is visible; any prefix of a reply renders too.

    Each has at most 4,096 UTF-16 units and 100 entities. Thoughts are left out. Whatever `convert` does
    wrong, the text comes out, plain.
    """
    text = clean(strip_thoughts(markdown))
    pieces = list(_formatted(text, convert)) or list(_split(text, []))
    return [_part(piece) for piece in pieces]


def plain(text: str) -> list[Part]:
    """The messages that show a text as it is, without reading it as Markdown."""
    return [_part(piece) for piece in _split(clean(text), [])]


def _formatted(markdown: str, convert: Converter) -> Iterable[Piece]:
    """The formatted pieces; none where the conversion failed."""
    if len(markdown) > _MAX_PARSED_CHARACTERS:
        return ()
    try:
        text, spans = _converted(markdown, convert)
    except BaseException as error:
        # A panic of the Rust parser is no Exception, and its class cannot be imported.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        return ()
    return _split(text, spans)


def _split(text: str, spans: Sequence[Span]) -> Iterator[Piece]:
    limit = MessageLimit.MAX_TEXT_LENGTH
    return split(text, spans, max_units=limit, max_spans=MessageLimit.MESSAGE_ENTITIES)


def _converted(markdown: str, convert: Converter) -> tuple[str, Sequence[Span]]:
    source = format_tables(protect(markdown), lambda cell: convert(cell)[0])
    text, entities = convert(protect_pipes(source))
    text = restore(text)
    return lead(text, _nested(_spans(text, entities)))


def _spans(text: str, entities: Iterable[telegramify_markdown.MessageEntity]) -> list[Span]:
    """The entities by index of the text. Raises _WrongConversionError for one outside it or inside a pair."""
    offsets = unit_offsets(text)
    spans: list[Span] = []
    for entity in entities:
        start, end = (bisect_left(offsets, unit) for unit in (entity.offset, entity.offset + entity.length))
        if entity.offset < 0 or entity.length < 1 or end >= len(offsets):
            raise _WrongConversionError
        if (offsets[start], offsets[end]) != (entity.offset, entity.offset + entity.length):
            raise _WrongConversionError
        spans += _span(entity, start, end)
    return spans


def _span(entity: telegramify_markdown.MessageEntity, start: int, end: int) -> list[Span]:
    """The span that Telegram takes; a link that leads nowhere on the web stays text."""
    if entity.type in _STYLES or entity.type in _CODE:
        language = None if entity.language is None else restore(entity.language)
        return [Span(start, end, entity.type, language=language)]
    url = restore(entity.url or "")
    return [Span(start, end, "text_link", url=url)] if url.startswith(("http://", "https://")) else []


def _nested(spans: Iterable[Span]) -> list[Span]:
    """Sorted, each inside or beside the others as Telegram demands: nothing in code, no format in itself.

    So no character lies under more spans than there are kinds, which lets any text be split.
    """
    kept: list[Span] = []
    around: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        around = [outer for outer in around if outer.end > span.start]
        if any(outer.kind in (span.kind, *_CODE) for outer in around):
            continue
        end = min([span.end, *(outer.end for outer in around)])
        inner = span if end == span.end else replace(span, end=end)
        around.append(inner)
        kept.append(inner)
    return kept


def _part(piece: Piece) -> Part:
    offsets = unit_offsets(piece.text)
    entities = (
        MessageEntity(
            span.kind,
            offsets[span.start],
            offsets[span.end] - offsets[span.start],
            url=span.url,
            language=span.language or None,
        )
        for span in piece.spans
    )
    return Part(piece.text, tuple(entities))
