"""What stays of an update when it needs no more work."""

from datetime import timedelta

import pytest

from storage.database import Database
from storage.records import UpdateState
from storage.updates import UpdateStore
from tests.conftest import Clock

KEEP = timedelta(days=2)


@pytest.mark.parametrize("state", [UpdateState.DONE, UpdateState.FAILED])
async def test_what_needs_no_more_work_goes_when_telegram_cannot_send_it_again(
    database: Database, clock: Clock, state: UpdateState
):
    updates = UpdateStore(database)
    for update_id in (1, 2):
        await updates.add(update_id, "{}", now=clock())
    await updates.finish(1, state=state, now=clock())
    await updates.add(3, "not an update", now=clock(), state=UpdateState.FAILED)

    await updates.prune(now=clock() + KEEP, keep=KEEP)
    assert len(await database.fetch_all("SELECT 1 FROM updates")) == 3
    await updates.prune(now=clock() + KEEP + timedelta(seconds=1), keep=KEEP)

    assert [row["update_id"] for row in await database.fetch_all("SELECT update_id FROM updates")] == [2]
    assert [update.update_id for update in await updates.pending()] == [2]
