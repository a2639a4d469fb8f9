"""The time that a question names."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.profile.when import remembered_span_of, span_of, untimed

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


@pytest.mark.parametrize("text", ["a few days ago", "我几天前说了什么"])
def test_a_few_days_reach_further_in_memory_than_to_the_letter(text: str):
    assert span_of(text, NOW) is not None
    begin, end = remembered_span_of(text, NOW) or (NOW, NOW)
    assert begin <= datetime(2026, 5, 6, tzinfo=UTC)
    assert end == datetime(2026, 5, 14, tzinfo=UTC)
    assert remembered_span_of("two days ago", NOW) == span_of("two days ago", NOW)


def test_a_question_can_be_read_without_its_time():
    assert untimed("What did we see on May 2nd?").split() == ["What", "did", "we", "see", "on", "?"]
    assert untimed("我昨天看了什么") == "我 看了什么"
