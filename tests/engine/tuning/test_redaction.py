"""What is replaced before training, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tuning.redaction import Redactor

SECRETS = [
    ("Call me at +1 415 555 2671 tonight", "+1 415 555 2671", "PHONE"),
    ("Call (415) 555-2671", "(415) 555-2671", "PHONE"),
    ("我的电话是 13800138000", "13800138000", "PHONE"),
    ("Write to Bob.Smith+news@mail.example.co.uk.", "Bob.Smith+news@mail.example.co.uk", "EMAIL"),
    ("My card is 4111 1111 1111 1111, thanks", "4111 1111 1111 1111", "CARD"),
    ("or 5500-0000-0000-0004", "5500-0000-0000-0004", "CARD"),
    ("and 2223003122003222", "2223003122003222", "CARD"),
    ("Pay to DE89 3704 0044 0532 0130 00 ok", "DE89 3704 0044 0532 0130 00", "IBAN"),
    ("Pay to GB82WEST12345698765432 NOW", "GB82WEST12345698765432", "IBAN"),
    ("my ssn is 123-45-6789", "123-45-6789", "ID"),
    ("身份证号码 11010519491231002X 请保密", "11010519491231002X", "ID"),
    ("the key AKIAIOSFODNN7EXAMPLE leaked", "AKIAIOSFODNN7EXAMPLE", "KEY"),
    ("use sk-proj-abcdEFGH1234ijklMNOP", "sk-proj-abcdEFGH1234ijklMNOP", "KEY"),
    ("bot 123456789:AAExampleExampleExampleExampleExamp is up", "AAExample", "KEY"),
    ("see 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "KEY"),
    ("it is BQokikJOvBiI2HlWgH4olfQ2abcd", "BQokikJOvBiI2HlWgH4olfQ2abcd", "KEY"),
    ("postgres://app:hunter2@db.example.com/app", "hunter2", "URL"),
    ("https://example.com/a?token=abc123", "abc123", "URL"),
    ("my password is swordfish", "swordfish", "SECRET"),
    ("PIN: 4711", "4711", "SECRET"),
    ("密码是 abc123", "abc123", "SECRET"),
    ("reach it at 93.184.216.34", "93.184.216.34", "IP"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc", "KEY"),
]

HARMLESS = [
    "It costs 1,299.99 euros, and 12 of them make 15,599.88.",
    "We met on 2024-05-12 at 10:30 and again on 12/05/2024.",
    "Order 12345 was sent, its batch is 2024-0007.",
    "4111 1111 1111 1112 is not a card number, a digit is wrong.",
    "The password is wrong, and my password was too short.",
    "The secret is patience.",
    "internationalizationAndLocalizationOfThings is one word",
    "the router is 192.168.1.4",
    "Pi is 3.14159265358979, about 22/7.",
    "DE89 3704 0044 fails its check",
    "https://example.com/path?page=2&sort=asc",
    "I ran 10 km in 48:30!",
    "我今年三十五岁，住在上海。",
]


@pytest.mark.parametrize(("text", "secret", "kind"), SECRETS)
def test_a_secret_becomes_a_typed_placeholder(text: str, secret: str, kind: str) -> None:
    redacted = Redactor().redact(text)
    assert secret not in redacted
    assert f"[{kind} 1]" in redacted


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert Redactor().redact(text) == text


def test_the_same_value_keeps_its_placeholder_in_any_spelling() -> None:
    redactor = Redactor()
    assert redactor.redact("+1 415 555 2671") == "[PHONE 1]"
    assert redactor.redact("+14155552671 or +1 415 555 2672") == "[PHONE 1] or [PHONE 2]"


def test_another_conversation_counts_anew() -> None:
    Redactor().redact("a@example.org")
    assert Redactor().redact("b@example.org") == "[EMAIL 1]"


def test_what_surrounds_a_secret_stays() -> None:
    text = "Hi, mail a@example.org or call +1 415 555 2671 — thanks!"
    assert Redactor().redact(text) == "Hi, mail [EMAIL 1] or call [PHONE 1] — thanks!"


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = Redactor().redact(text)
    assert Redactor().redact(once) == once


@pytest.mark.parametrize(
    "hostile", ["a" * 50_000, "1" * 50_000, "a@" * 25_000, "DE89 " * 10_000, "://:@" * 10_000]
)
def test_a_hostile_text_ends_and_is_cut(hostile: str) -> None:
    assert len(Redactor().redact(hostile)) <= 40_000
