"""Bytes to text as browsers do it, but never trusting a label that does not fit (pure).

Order: byte order mark, HTTP header, <meta>, strict UTF-8, then a statistical detector. Each label is tried
strictly: a page that cannot be decoded by its own label was labelled wrongly.
"""

import re
from collections.abc import Iterator

from resiliparse.parse.encoding import EncodingDetector  # pyright: ignore[reportMissingModuleSource]

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_META_BYTES = 128 * 1024
_META_CHARSET = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.I
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_DETECTED_BYTES = 256 * 1024

_AS_BROWSERS_READ = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "iso-8859-9": "cp1254",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "utf8": "utf-8",
    "unicode": "utf-16-le",
    "x-mac-cyrillic": "mac_cyrillic",
}
_NEVER_LATIN = (
    "gb",
    "big5",
    "euc",
    "shift",
    "cp932",
    "cp949",
    "cp125",
    "windows-125",
    "koi8",
    "iso8859-5",
    "mac",
)
_LATIN = frozenset({"cp1250", "cp1252", "cp1254", "cp1257", "windows-1252", "windows-1250"})
_UNSAFE = frozenset(
    {"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a body; bytes that no charset explains become U+FFFD."""
    for mark, charset in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body.removeprefix(mark).decode(charset, errors="replace")
    labels = [_AS_BROWSERS_READ.get(label.lower(), label.lower()) for label in _labels(body, content_type)]
    for label in (*labels, "utf-8"):
        # Servers say Latin-1 when they do not know, and it decodes anything: that label only breaks a tie.
        text = None if label == "cp1252" else _strictly(body, label)
        if text is not None:
            return text
    return _detected(body, labelled_latin="cp1252" in labels)


def _labels(body: bytes, content_type: str) -> Iterator[str]:
    header = _HEADER_CHARSET.search(content_type)
    if header is not None:
        yield header[1]
    meta = _META_CHARSET.search(body[:_META_BYTES])
    # A <meta> that could be read as ASCII cannot stand in a UTF-16 page.
    if meta is not None and not meta[1].lower().startswith(b"utf-16"):
        yield meta[1].decode("ascii", errors="replace")


def _strictly(body: bytes, label: str) -> str | None:
    # Wide charsets decode any ASCII, into nonsense; a page in one of them has a zero in each of its tags.
    if label in _UNSAFE or (label.startswith(("utf-16", "utf-32")) and b"\0" not in body):
        return None
    try:
        return body.decode(label)
    except (UnicodeError, LookupError, ValueError):
        return _nearly(body, label)


def _nearly(body: bytes, label: str) -> str | None:
    """A page with one stray byte in thousands of characters is still of that charset."""
    try:
        text = body.decode(label, errors="replace")
    except (UnicodeError, LookupError, ValueError):
        return None
    return text if text.count("\ufffd") <= len(text) // 2000 else None


def _detected(body: bytes, *, labelled_latin: bool) -> str:
    detector = EncodingDetector()
    detector.update(body[:_DETECTED_BYTES])
    found = (detector.encoding(html5_compatible=False) or "cp1252").lower().replace("_", "-")
    if labelled_latin and (found in _LATIN or not found.startswith(_NEVER_LATIN)):
        found = "cp1252"
    text = body.decode(_AS_BROWSERS_READ.get(found, found), errors="replace")
    korean = _strictly(body, "cp949") if _looks_chinese(text) else None
    return korean if korean is not None and _hangul_share(korean) > 0.5 else text


def _looks_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def _hangul_share(text: str) -> float:
    wide = [character for character in text if character > "\u2e80"]
    return sum("\uac00" <= character <= "\ud7a3" for character in wide) / max(1, len(wide))
