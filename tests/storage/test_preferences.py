from datetime import UTC, datetime

import pytest

from storage.database import Database
from storage.preferences import Preferences, PreferenceStore, QuietHours, ReplyLength
from storage.users import UserStore


async def test_a_user_without_choices_has_the_defaults(database: Database):
    assert await PreferenceStore(database).get(1) == Preferences()


async def test_every_choice_comes_back_as_it_was_stored(database: Database):
    await UserStore(database).add(1, name="Ada", is_owner=False, now=datetime(2026, 3, 2, tzinfo=UTC))
    store = PreferenceStore(database)
    chosen = Preferences(
        language="zh",
        client_language="en",
        quiet_hours=QuietHours(0, 9),
        learning=False,
        buttons=False,
        reply_length=ReplyLength.SHORT,
    )

    await store.save(1, Preferences(quiet_hours=None))
    assert (await store.get(1)).quiet_hours is None
    await store.save(1, chosen)

    assert await store.get(1) == chosen


async def test_choices_go_with_their_user(database: Database):
    await UserStore(database).add(1, name="Ada", is_owner=False, now=datetime(2026, 3, 2, tzinfo=UTC))
    await PreferenceStore(database).save(1, Preferences(language="zh"))

    await database.execute("DELETE FROM users")

    assert await database.fetch_all("SELECT * FROM preferences") == []


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [
        (QuietHours(22, 7), (22, 23, 0, 6), (7, 12, 21)),
        (QuietHours(0, 9), (0, 8), (9, 23)),
    ],
)
def test_quiet_hours_may_go_over_midnight(hours: QuietHours, quiet: tuple[int, ...], loud: tuple[int, ...]):
    assert all(hours.contains(hour) for hour in quiet)
    assert not any(hours.contains(hour) for hour in loud)
