"""Thoughts are cut out wherever they stand; everything else stays as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.thoughts import strip_thoughts


@pytest.mark.parametrize(
    ("reply", "spoken"),
    [
        ("<think>hm</think>Yes.", "Yes."),
        ("<think>\nhm\n</think>\n\nYes.", "Yes."),
        ("<THINKING>hm</thinking>Yes.", "Yes."),
        ("One. <think>two</think>Three.", "One. Three."),
        ("<think>a<think>b</think>c</think>Yes.", "Yes."),
        ("<think>an unclosed ``` fence</think>Yes.", "Yes."),
        ("<think>a</think><think>b</think>Yes.", "Yes."),
    ],
)
def test_cuts_finished_thoughts(reply: str, spoken: str) -> None:
    assert strip_thoughts(reply) == spoken


@pytest.mark.parametrize("reply", ["<t", "<thin", "\n<think", "<think>", "<think>hm", "<think>hm</thi"])
def test_an_unfinished_thought_says_nothing(reply: str) -> None:
    assert strip_thoughts(reply) == ""


def test_an_unfinished_thought_hides_all_that_follows() -> None:
    assert strip_thoughts("Well. <think>secret") == "Well."


@pytest.mark.parametrize("reply", ["hm\n</think>\n\nYes.", "hm</think>\nYes.", "``` hm\n</think>\nYes."])
def test_a_closing_tag_alone_ends_a_thought_that_the_prompt_began(reply: str) -> None:
    expected = reply if reply.startswith("```") else "Yes."
    assert strip_thoughts(reply) == expected


@pytest.mark.parametrize(
    "reply",
    [
        "Write `<think>` and `</think>` around it.",
        "```xml\n<think>\n</think>\n```\nThat is all.",
        "~~~\n<think>\n~~~\nThat is all.",
        "The </think> tag ends it.",
        "1 < 2, <b>bold</b>, <thinker>",
        "  kept as it is \n",
    ],
)
def test_other_text_stays_as_typed(reply: str) -> None:
    assert strip_thoughts(reply) == reply


def test_inline_triple_backticks_open_no_fence() -> None:
    assert strip_thoughts("```x``` is code <think>secret</think>here") == "```x``` is code here"


@given(
    before=st.text(alphabet="ab \n.*"),
    thought=st.text(alphabet="ab`~ \n*_<"),
    after=st.text(alphabet="ab \n.*"),
)
@settings(deadline=None)
def test_no_prefix_of_a_stream_shows_a_thought(before: str, thought: str, after: str) -> None:
    reply = f"{before}<think>{thought}SECRET</think>{after}"
    for end in range(len(reply) + 1):
        assert "S" not in strip_thoughts(reply[:end])


@given(st.text(alphabet="<think>/`~\n a", max_size=80))
@settings(deadline=None)
def test_stripping_twice_changes_nothing_more_or_hides_more(reply: str) -> None:
    once = strip_thoughts(reply)
    assert len(strip_thoughts(once)) <= len(once) <= len(reply)


@pytest.mark.parametrize(
    "piece", ["`", "<think>", "</think>", "<", "`` ` ", "```\n", "\n\n`", "<think", "~~~\n"]
)
def test_a_long_hostile_text_comes_to_an_end(piece: str) -> None:
    assert len(strip_thoughts(piece * 30_000)) <= 30_000 * len(piece)
