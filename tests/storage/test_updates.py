"""What is kept of an update, and how often it was begun."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.database import Database
from storage.messages import MessageStore
from storage.records import InboxUpdate, NewMessage, Role, UpdateState
from storage.updates import UpdateStore
from storage.users import UserStore
from tests.conftest import Clock

KEEP = timedelta(days=2)
USER_ID = 7


@pytest.mark.parametrize("state", [UpdateState.DONE, UpdateState.FAILED])
async def test_what_needs_no_more_work_goes_when_telegram_cannot_send_it_again(
    database: Database, clock: Clock, state: UpdateState
):
    updates = UpdateStore(database)
    await updates.add([InboxUpdate(1, "{}"), InboxUpdate(2, "{}")], now=clock())
    await updates.finish(1, state=state, now=clock())
    await updates.add([InboxUpdate(3, "not an update", state=UpdateState.FAILED)], now=clock())

    await updates.prune(now=clock() + KEEP, keep=KEEP)
    assert len(await database.fetch_all("SELECT 1 FROM updates")) == 3
    await updates.prune(now=clock() + KEEP + timedelta(seconds=1), keep=KEEP)

    assert [row["update_id"] for row in await database.fetch_all("SELECT update_id FROM updates")] == [2]
    assert [update.update_id for update in await updates.pending()] == [2]


async def test_only_what_was_not_known_already_counts_as_new(database: Database, clock: Clock):
    updates = UpdateStore(database)
    assert await updates.add([InboxUpdate(1, "first"), InboxUpdate(2, None)], now=clock()) == {1, 2}

    again = [InboxUpdate(2, "again"), InboxUpdate(3, "third"), InboxUpdate(3, "twice")]
    assert await updates.add(again, now=clock()) == {3}
    assert await updates.pending() == [InboxUpdate(1, "first"), InboxUpdate(2, None), InboxUpdate(3, "third")]


async def test_a_logged_reply_counts_the_starts_on_its_update_afresh(database: Database, clock: Clock):
    updates, messages = UpdateStore(database), MessageStore(database)
    await UserStore(database).add(USER_ID, name="Ada", is_owner=False, now=clock())
    await updates.add([InboxUpdate(5, "{}")], now=clock())
    assert [await updates.attempt(5) for _ in range(4)] == [1, 2, 3, 4]

    question = NewMessage(
        user_id=USER_ID,
        chat_id=USER_ID,
        conversation_id=await messages.start_conversation(user_id=USER_ID, chat_id=USER_ID, now=clock()),
        role=Role.USER,
        text="How far is the moon?",
        created_at=clock(),
        update_id=5,
    )
    await messages.add_turn(question, replace(question, role=Role.ASSISTANT, text="Far."))

    assert await updates.attempt(5) == 1
