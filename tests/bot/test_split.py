"""Long replies are cut where a reader would pause, and nothing falls out between the parts."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render import render
from bot.split import Span, split
from tests.bot.parts import covered, units

CHARACTERS = st.sampled_from("ab.é中😀🏽\u0301\u200d\U0001f1e9 \n")


@given(
    text=st.text(alphabet=CHARACTERS, max_size=120),
    bounds=st.sets(st.integers(0, 120)),
    kind=st.sampled_from(["bold", "code", "pre"]),
    max_units=st.integers(2, 30),
)
@settings(deadline=None)
def test_splitting_keeps_each_character_and_its_formats(
    text: str, bounds: set[int], kind: str, max_units: int
) -> None:
    cuts = sorted(bound for bound in bounds if bound <= len(text))
    around = [Span(0, len(text), "blockquote")] if text else []
    spans = around + [Span(start, end, kind) for start, end in pairwise(cuts)]
    pieces = list(split(text, spans, max_units=max_units, max_spans=5))

    assert all(0 < units(piece.text) <= max_units and len(piece.spans) <= 5 for piece in pieces)
    whole = formats(text, spans)
    assert [seen for piece in pieces for seen in formats(piece.text, piece.spans)] == whole


def formats(text: str, spans: Sequence[Span]) -> list[tuple[str, list[str]]]:
    """Each visible character with the kinds of format over it."""
    return [
        (character, [span.kind for span in spans if span.start <= index < span.end])
        for index, character in enumerate(text)
        if not character.isspace() and character != "\u200d"
    ]


def test_a_split_fence_is_reopened_with_its_language() -> None:
    code = "\n".join(f"    line_{number} = {number}" for number in range(600))
    parts = render(f"Look:\n\n```python\n{code}\n```\n\nDone.")
    assert len(parts) > 2
    assert all(part.entities[0].language == "python" for part in parts)
    assert "\n".join(block for part in parts for block in covered(part, "pre")) == code
    assert all(line.startswith("    line_") for part in parts for line in covered(part, "pre")[0].split("\n"))


def test_a_fence_that_fits_one_message_is_kept_whole() -> None:
    first, second = render("word " * 500 + "\n\n```\n" + "x = 1\n" * 400 + "```")
    assert covered(first, "pre") == []
    assert covered(second, "pre") == [second.text]


@pytest.mark.parametrize(
    ("unit", "ending"),
    [
        ("A line of words here. " * 20 + "\n\n", "."),
        ("a line of words\n", "words"),
        ("One two. ", "two."),
        ("word ", "word"),
    ],
)
def test_splits_where_a_reader_would_pause(unit: str, ending: str) -> None:
    parts = render(unit * (12_000 // len(unit)))
    assert len(parts) >= 3
    assert all(part.text.endswith(ending) for part in parts)


@pytest.mark.parametrize(
    "cluster", ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "🇩🇪", "👍🏽", "e\u0301", "각", "1\ufe0f\u20e3"]
)
def test_no_visible_character_is_split(cluster: str) -> None:
    for shift in ("", "x", "xx"):
        parts = render(shift + cluster * 3000)
        assert all(part.text.removeprefix(shift).replace(cluster, "") == "" for part in parts)


def test_five_thousand_emoji_fit_into_units() -> None:
    parts = render("😀" * 5000)
    assert [units(part.text) for part in parts] == [4096, 4096, 1808]


def test_more_than_a_hundred_entities_are_spread_over_parts() -> None:
    parts = render("**a** _b_ " * 120)
    assert sum(len(part.entities) for part in parts) == 240
    assert max(len(part.entities) for part in parts) <= 100
