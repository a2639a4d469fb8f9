"""What a downloaded body really is, by its first bytes; the sender's claim only settles doubt (pure)."""

import re
from enum import StrEnum

from engine.articles.problems import Problem


class MediaType(StrEnum):
    """The kinds of bodies that an article is read from."""

    HTML = "text/html"
    TEXT = "text/plain"
    PDF = "application/pdf"
    FEED = "application/rss+xml"


_SNIFFED_BYTES = 2048

_MEDIA_MAGIC = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"OggS",
    b"ID3",
    b"fLaC",
    b"\x1aE\xdf\xa3",
    b"FLV",
    b"BM",
)
_BINARY_MAGIC = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
    b"\x7fELF",
    b"MZ",
    b"\xd0\xcf\x11\xe0",
    b"SQLite format",
    b"wOF",
    b"\x00asm",
    b"{\\rtf",
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HTML_TAG = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|script|article|main|div|p|h1|br|table|a)\b", re.I
)
_FEED_TAG = re.compile(rb"<(?:rss|feed|rdf:rdf|sitemapindex|urlset)\b", re.I)


def sniff(body: bytes, claimed: str) -> MediaType | Problem:
    """The media type of a body, or why it cannot be an article. `claimed` is the Content-Type header."""
    claim = claimed.partition(";")[0].strip().lower()
    head = body[:_SNIFFED_BYTES]
    if b"%PDF-" in head[:1024]:
        return MediaType.PDF
    refused = _magic(head)
    if refused is not None:
        return refused
    wide = head.startswith(_UTF16_MARKS) or "utf-16" in claimed.lower()
    text = head.replace(b"\x00", b"") if wide else head
    if b"\x00" in text:
        return Problem.BINARY
    return _textual(text, claim)


def _magic(head: bytes) -> Problem | None:
    if head.startswith(_MEDIA_MAGIC) or head[4:8] == b"ftyp":
        return Problem.MEDIA
    return Problem.BINARY if head.startswith(_BINARY_MAGIC) else None


def _textual(text: bytes, claim: str) -> MediaType | Problem:
    if _FEED_TAG.search(text) and not re.search(rb"<(?:!doctype\s+html|html|body)\b", text, re.I):
        return MediaType.FEED
    if claim in ("text/plain", "text/markdown", "text/x-markdown"):
        return MediaType.TEXT
    if _HTML_TAG.search(text) or "html" in claim:
        return MediaType.HTML
    if claim.startswith(("image/", "audio/", "video/")):
        return Problem.MEDIA
    if claim.startswith("text/") and claim not in ("text/css", "text/javascript", "text/csv"):
        return MediaType.TEXT
    if claim in ("", "application/octet-stream"):
        return MediaType.TEXT
    return MediaType.HTML if claim in ("application/xml",) else Problem.BINARY
