"""The time that a question names."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.profile.when import span_of

NOW = datetime(2026, 5, 14, 15, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("text", "first", "days"),
    [
        ("What did I say yesterday?", (5, 13), 1),
        ("what did I tell you last week", (5, 4), 7),
        ("this week", (5, 11), 7),
        ("last month", (4, 1), 30),
        ("two days ago", (5, 12), 1),
        ("a week ago", (5, 4), 7),
        ("on May 2nd", (5, 2), 1),
        ("on 2 May", (5, 2), 1),
        ("我昨天说了什么", (5, 13), 1),
        ("前天", (5, 12), 1),
        ("上周我说了什么", (5, 4), 7),
        ("上个月", (4, 1), 30),
        ("三天前", (5, 11), 1),
        ("5月2日", (5, 2), 1),
    ],
)
def test_a_named_time_is_a_span(text: str, first: tuple[int, int], days: int):
    begin = datetime(2026, *first, tzinfo=UTC)
    assert span_of(text, NOW) == (begin, begin + timedelta(days=days))


def test_a_date_to_come_is_last_years():
    assert span_of("on June 3rd", NOW) == (datetime(2025, 6, 3, tzinfo=UTC), datetime(2025, 6, 4, tzinfo=UTC))


@pytest.mark.parametrize("text", ["Where do I live?", "I may be wrong", "on February 30th", "我住在哪里？"])
def test_no_time_is_named(text: str):
    assert span_of(text, NOW) is None
