"""Typed placeholders for secrets and personal numbers, put in before any text reaches a training file.

Shapes that carry a checksum are checked by it, phone numbers by the `phonenumbers` library: a plain regular
expression takes prices and dates for phone numbers.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

import phonenumbers

_MOST_CHARS = 20_000
"""Longer texts are pasted documents; they are cut before the search, so that its time stays bounded."""

_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "CN", "IN", "BR", "RU")
"""Numbers without a country prefix are tried as local ones of these."""

_FEWEST_PHONE_DIGITS = 7

_IBAN_START = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}[A-Za-z0-9 ]{11,38}(?!\w)")

_NO_PASSWORDS = frozenset(
    """
    a an already and at being blank changed correct empty expired fine for forgotten gone hard her his in
    incorrect invalid long lost missing mine my needed not ok on optional our out required reset safe secure
    set short simple so still stored strong that the their this to too unsafe very weak what wrong your
    """.split()  # noqa: SIM905 - forty quoted words would hide the few that matter
)
"""Words that follow "the password is" in sentences that give none away."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One stretch of text to be replaced, `start` to `end`, and the kind that its placeholder names."""

    start: int
    end: int
    kind: str


class Redactor:
    """Replaces findings with numbered placeholders; within one conversation a value keeps its placeholder."""

    def __init__(self) -> None:
        self._placeholders: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()

    def redact(self, text: str) -> str:
        """The text, at most 20,000 characters of it, with placeholders such as `[PHONE 1]`."""
        text = text[:_MOST_CHARS]
        parts: list[str] = []
        position = 0
        for finding in find(text):
            parts.append(text[position : finding.start])
            parts.append(self._placeholder(finding.kind, text[finding.start : finding.end]))
            position = finding.end
        return "".join([*parts, text[position:]])

    def _placeholder(self, kind: str, value: str) -> str:
        key = (kind, _canonical(kind, value))
        if key not in self._placeholders:
            self._counts[kind] += 1
            self._placeholders[key] = f"[{kind} {self._counts[kind]}]"
        return self._placeholders[key]


def find(text: str) -> list[Finding]:
    """All findings, in order and without overlap; where two overlap, the one of the earlier rule stays."""
    kept: list[Finding] = []
    for finding in _candidates(text):
        if all(finding.end <= other.start or finding.start >= other.end for other in kept):
            kept.append(finding)
    return sorted(kept)


def _candidates(text: str) -> Iterator[Finding]:
    yield from _ibans(text)  # before the rest: part of an account number may pass for a card
    for rule in _RULES:
        for match in rule.pattern.finditer(text):
            if rule.accepts(match["value"]):
                yield Finding(match.start("value"), match.end("value"), rule.kind)
    yield from _phones(text)


def _ibans(text: str) -> Iterator[Finding]:
    """Account numbers in groups or in one piece: the longest run of whole words that passes the check."""
    for match in _IBAN_START.finditer(text):
        ends = [match.start() + word.end() for word in re.finditer(r"[A-Za-z0-9]+", match[0])]
        for end in reversed(ends):
            if _passes_mod_97(text[match.start() : end]):
                yield Finding(match.start(), end, "IBAN")
                break


def _phones(text: str) -> Iterator[Finding]:
    if sum(char.isdigit() for char in text) < _FEWEST_PHONE_DIGITS:
        return
    for region in _REGIONS:
        for match in phonenumbers.PhoneNumberMatcher(text, region):
            yield Finding(match.start, match.end, "PHONE")


def _canonical(kind: str, value: str) -> str:
    """The same number in another spelling is the same value."""
    if kind in {"PHONE", "CARD", "IBAN", "ID"}:
        return re.sub(r"[\W_]", "", value).upper()
    return value.casefold() if kind == "EMAIL" else value


def _any(_value: str) -> bool:
    return True


def _passes_luhn(value: str) -> bool:
    """ISO/IEC 7812-1: the check digit of payment cards."""
    digits = [int(char) for char in value if char.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _passes_mod_97(value: str) -> bool:
    """ISO 13616: with the first four characters moved to the end and letters as numbers, 1 modulo 97."""
    compact = re.sub(r"\s", "", value).upper()
    if not 15 <= len(compact) <= 34:
        return False
    digits = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def _passes_chinese_id(value: str) -> bool:
    """GB 11643: the last of 18 characters is a weighted sum of the others modulo 11."""
    total = sum(int(char) * pow(2, 17 - index, 11) for index, char in enumerate(value[:17]))
    return "10X98765432"[total % 11] == value[17].upper()


def _may_be_a_password(value: str) -> bool:
    return value.rstrip(".!?;").casefold() not in _NO_PASSWORDS


def _is_global_ip(value: str) -> bool:
    try:
        return IPv4Address(value).is_global
    except ValueError:
        return False


def _looks_random(value: str) -> bool:
    """Whether a long unbroken word is a key: letters and digits mixed, with many different characters.

    The bound is Shannon's entropy per character; English words and camel-case names stay below it.
    """
    kinds = (
        any(c.isdigit() for c in value),
        any(c.islower() for c in value),
        any(c.isupper() for c in value),
    )
    hexadecimal = re.fullmatch(r"[0-9a-fA-F-]+", value) is not None
    if not kinds[0] or not (all(kinds) or hexadecimal):
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= (3.0 if hexadecimal else 3.6)


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] = _any


_TOKEN_SHAPES = "|".join(
    (
        r"sk-(?:proj-|ant-)?[\w-]{16,}",
        r"(?:ghp|gho|ghu|ghs|ghr)_\w{20,}",
        r"github_pat_\w{20,}",
        r"glpat-[\w-]{16,}",
        r"hf_\w{20,}",
        r"xox[abprs]-[\w-]{10,}",
        r"(?:AKIA|ASIA)[0-9A-Z]{16}",
        r"AIza[\w-]{30,}",
        r"(?:sk|pk|rk)_(?:live|test)_\w{16,}",
        r"SG\.[\w-]{16,}\.[\w-]{16,}",
        r"npm_\w{30,}",
        r"pypi-[\w-]{40,}",
        r"\d{8,10}:[\w-]{35}",
        r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",
    )
)


def _named_secret(names: str) -> re.Pattern[str]:
    value = r"[\"'`]?(?P<value>[^\s\"'`,，。]{3,})"
    return re.compile(rf"(?<!\w)(?:{names})\s*(?:is\b|was\b|[:=：]|是|为)\s*{value}", re.IGNORECASE)


_RULES = (
    _Rule(
        "KEY",
        re.compile(
            r"(?P<value>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:(?!-----END)[\s\S])*(?:-----END[^\n]*)?)"
        ),
    ),
    _Rule(
        "URL", re.compile(r"(?P<value>\b[a-z][a-z0-9+.-]{1,15}://[^\s/@:]*:[^\s/@]+@[^\s]+)", re.IGNORECASE)
    ),
    _Rule(
        "URL",
        re.compile(
            r"(?P<value>\bhttps?://[^\s?]+\?[^\s]*(?:token|key|secret|password|signature|sig|auth|code)=[^\s]+)",
            re.IGNORECASE,
        ),
    ),
    _Rule("KEY", re.compile(rf"(?<![\w-])(?P<value>{_TOKEN_SHAPES})")),
    _Rule("SECRET", _named_secret(r"password|passwd|passphrase|passcode|pwd|密码|口令"), _may_be_a_password),
    _Rule(
        "SECRET",
        _named_secret(r"pin|secret|api[ _-]?key|access[ _-]?token|auth[ _-]?token|token"),
        lambda value: not value.rstrip(".!?;").isalpha(),
    ),
    _Rule("EMAIL", re.compile(r"(?P<value>[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})")),
    _Rule("ID", re.compile(r"(?<!\d)(?P<value>[1-9]\d{16}[\dXx])(?![\dXx])"), _passes_chinese_id),
    _Rule("CARD", re.compile(r"(?<![\d-])(?P<value>[2-6]\d{3}(?:[ -]?\d){9,15})(?![\d-])"), _passes_luhn),
    _Rule("ID", re.compile(r"(?<![\d-])(?P<value>(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4})(?![\d-])")),
    _Rule("IP", re.compile(r"(?<![\d.])(?P<value>(?:\d{1,3}\.){3}\d{1,3})(?![\d.])"), _is_global_ip),
    _Rule("KEY", re.compile(r"(?<![\w/+-])(?P<value>[\w/+-]{20,512}={0,2})(?![\w/+-])"), _looks_random),
)
