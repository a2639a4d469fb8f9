"""A growing reply shows whole characters only, never takes one back, and stops before a stop string."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.reply_text import ReplyText
from engine.language.tokens import ChatTokenizer
from tests.engine.language.conftest import tiny_tokenizer

TOKENIZER = tiny_tokenizer()
CHAT = ChatTokenizer(TOKENIZER, place="tiny")


def shown(text: str, *, stop: tuple[str, ...] = ()) -> tuple[list[str], ReplyText]:
    """What is shown as the text comes in, a byte at a time."""
    reply, texts = ReplyText(CHAT, stop=stop), [""]
    for token_id in TOKENIZER.encode(text, add_special_tokens=False):
        if reply.push(token_id):
            texts.append(reply.text)
        if reply.stopped:
            break
    return texts, reply


@given(st.text())
def test_any_text_comes_out_whole_and_only_grows(text: str) -> None:
    text = text.replace("\ufffd", "").rstrip("\u200d")
    texts, reply = shown(text)
    assert reply.finish() == text
    assert all(later.startswith(earlier) and len(later) > len(earlier) for earlier, later in pairwise(texts))


@pytest.mark.parametrize("emoji", ["👩\u200d🚀", "🇳🇱", "é", "漢", "🙂"])
def test_half_an_emoji_is_never_shown(emoji: str) -> None:
    texts, _ = shown(f"a{emoji}b")
    assert "\ufffd" not in "".join(texts)
    assert not any(text.endswith("\u200d") for text in texts)
    assert f"a{emoji}b" == texts[-1]
    if emoji == "🇳🇱":
        assert "a🇳" not in texts


@given(st.binary(max_size=40))
def test_broken_bytes_are_left_out(raw: bytes) -> None:
    alphabet = {token: index for token, index in TOKENIZER.get_vocab().items() if index > 2}
    letters = sorted(alphabet, key=alphabet.__getitem__)
    reply = ReplyText(CHAT)
    for byte in raw:
        reply.push(alphabet[letters[byte]])
    assert "\ufffd" not in reply.finish()


@given(st.text("abc", max_size=30), st.text("abc", min_size=1, max_size=3))
def test_a_stop_string_cuts_the_text_before_it(text: str, stop: str) -> None:
    texts, reply = shown(text, stop=(stop,))
    assert reply.finish() == text.split(stop)[0]
    assert reply.stopped == (stop in text)
    assert all(reply.finish().startswith(part) for part in texts)


def test_the_earliest_of_several_stop_strings_counts() -> None:
    _, reply = shown("one two three", stop=("three", "two"))
    assert reply.finish() == "one "


def test_special_tokens_are_no_text() -> None:
    reply = ReplyText(CHAT)
    assert not reply.push(1)
    assert reply.finish() == ""
