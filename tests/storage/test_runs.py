"""Runs and adapter versions over a real SQLite file."""

from datetime import UTC, date, datetime

import pytest

from storage.database import Database
from storage.errors import GoneError
from storage.records import AdapterStatus, RunStatus, TuningRun
from storage.runs import MOST_ATTEMPTS, RunStore
from storage.users import UserStore

NOW = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
NIGHT = date(2026, 3, 2)


@pytest.fixture
async def runs(database: Database) -> RunStore:
    users = UserStore(database)
    for user_id in (1, 2):
        await users.add(user_id, name="Someone", is_owner=False, now=NOW)
    return RunStore(database)


async def started(runs: RunStore, user_id: int = 1, night: date | None = NIGHT) -> TuningRun:
    run = await runs.start(user_id, local_date=night, now=NOW)
    assert run is not None
    return run


async def active_version(runs: RunStore, user_id: int = 1, count: int = 1) -> None:
    for _ in range(count):
        adapter = await runs.add_candidate(user_id, base_model="tiny", run_id=None, now=NOW)
        await runs.activate(user_id, adapter.version)


async def statuses(runs: RunStore, user_id: int = 1) -> list[AdapterStatus]:
    return [adapter.status for adapter in await runs.adapters_of(user_id)]


async def test_a_night_is_run_once_per_user(runs: RunStore) -> None:
    assert not await runs.is_settled(1, NIGHT)
    run = await started(runs)
    assert await runs.start(1, local_date=NIGHT, now=NOW) is None
    await runs.finish(run.run_id, status=RunStatus.SKIPPED, reason="Too little.", now=NOW)
    assert await runs.start(1, local_date=NIGHT, now=NOW) is None
    assert await runs.is_settled(1, NIGHT)
    assert not await runs.is_settled(2, NIGHT)
    assert await runs.start(2, local_date=NIGHT, now=NOW) is not None


async def test_a_night_that_failed_is_tried_again_and_given_up_in_the_end(runs: RunStore) -> None:
    first = await started(runs)
    for _ in range(MOST_ATTEMPTS - 1):
        # The process that ran it died, so the run is still open.
        assert not await runs.is_settled(1, NIGHT)
        await runs.fail_running(now=NOW, reason="It was ended.")
        assert not await runs.is_settled(1, NIGHT)
        assert await runs.untold() == []
        again = await started(runs)
        assert (again.run_id, again.status, again.reason) == (first.run_id, RunStatus.RUNNING, "")
    await runs.fail_running(now=NOW, reason="It was ended.")
    assert await runs.is_settled(1, NIGHT)
    assert await runs.start(1, local_date=NIGHT, now=NOW) is None
    [told] = await runs.untold()
    assert told.reason == "It was ended."


async def test_runs_by_hand_have_no_night(runs: RunStore) -> None:
    first, second = await started(runs, night=None), await started(runs, night=None)
    assert first.run_id != second.run_id
    assert first.local_date is None
    assert not await runs.is_settled(1, NIGHT)


async def test_a_finished_run_waits_to_be_told(runs: RunStore) -> None:
    run = await started(runs)
    assert await runs.untold() == []
    finished = await runs.finish(
        run.run_id, status=RunStatus.REJECTED, reason="No better.", report='{"after": 2}', now=NOW
    )
    assert (finished.status, finished.reason, finished.report) == ("rejected", "No better.", '{"after": 2}')
    assert finished.finished_at == NOW
    assert await runs.untold() == [finished]
    await runs.mark_told(run.run_id)
    assert await runs.untold() == []
    last = await runs.last_run(1)
    assert last is not None
    assert last.told


async def test_versions_count_per_user_and_are_never_used_twice(runs: RunStore) -> None:
    first = await runs.add_candidate(1, base_model="tiny", run_id=None, now=NOW)
    await runs.reject(1, first.version)
    second = await runs.add_candidate(1, base_model="tiny", run_id=None, now=NOW)
    other = await runs.add_candidate(2, base_model="tiny", run_id=None, now=NOW)
    assert [first.version, second.version, other.version] == [1, 2, 1]
    assert second.folder == "adapters/1/2"


async def test_promotion_closes_the_run_and_retires_the_old_version(runs: RunStore) -> None:
    await active_version(runs)
    run = await started(runs)
    candidate = await runs.add_candidate(1, base_model="tiny", run_id=run.run_id, now=NOW)
    promoted = await runs.promote(
        run.run_id, version=candidate.version, reason="Better.", report="{}", now=NOW
    )
    assert (promoted.status, promoted.adapter_version) == (RunStatus.PROMOTED, 2)
    assert await statuses(runs) == [AdapterStatus.RETIRED, AdapterStatus.ACTIVE]


async def test_a_promotion_without_its_candidate_changes_nothing(runs: RunStore) -> None:
    await active_version(runs)
    run = await started(runs)
    with pytest.raises(GoneError):
        await runs.promote(run.run_id, version=7, reason="Better.", report="{}", now=NOW)
    assert await statuses(runs) == [AdapterStatus.ACTIVE]
    assert (await runs.get(run.run_id)).status is RunStatus.RUNNING


async def test_activating_the_active_version_keeps_it(runs: RunStore) -> None:
    await active_version(runs)
    await runs.activate(1, 1)
    assert await statuses(runs) == [AdapterStatus.ACTIVE]


async def test_active_adapters_of_all_users(runs: RunStore) -> None:
    await active_version(runs, user_id=2)
    await active_version(runs, user_id=1, count=2)
    assert [(a.user_id, a.version) for a in await runs.active_adapters()] == [(1, 2), (2, 1)]
    active = await runs.active_adapter(1)
    assert active is not None
    assert active.version == 2


async def test_rolling_back_walks_down_to_the_base_model(runs: RunStore) -> None:
    await active_version(runs, count=3)
    assert await runs.rollback(1) == 2
    assert await runs.rollback(1) == 1
    assert await runs.rollback(1) is None
    assert await runs.active_adapter(1) is None
    assert await runs.rollback(1) is None


async def test_a_version_rolled_back_is_never_the_target_again(runs: RunStore) -> None:
    await active_version(runs, count=2)
    await runs.rollback(1)
    await active_version(runs)
    target = await runs.rollback_target(1)
    assert target is not None
    assert target.version == 1


async def test_rolling_forward_undoes_the_rollbacks_one_by_one(runs: RunStore) -> None:
    await active_version(runs, count=3)
    before = await statuses(runs)
    assert await runs.rollforward(1) is None
    for _ in range(3):
        await runs.rollback(1)

    assert [await runs.rollforward(1) for _ in range(4)] == [1, 2, 3, None]
    assert await statuses(runs) == before


async def test_a_rollback_cannot_be_undone_once_something_newer_was_promoted(runs: RunStore) -> None:
    await active_version(runs, count=2)
    await runs.rollback(1)
    await active_version(runs)
    assert await runs.rollforward(1) is None


async def test_what_the_gate_or_the_loader_rejected_is_never_rolled_forward_to(runs: RunStore) -> None:
    await active_version(runs)
    candidate = await runs.add_candidate(1, base_model="tiny", run_id=None, now=NOW)
    await runs.reject(1, candidate.version)
    assert await runs.rollforward(1) is None
    await runs.rollback(1)
    assert await runs.rollforward(1) == 1
    await runs.reject_broken(1, 1, fall_back_to=None)
    assert await runs.rollforward(1) is None


async def test_a_broken_version_gives_way_to_the_one_that_served(runs: RunStore) -> None:
    await active_version(runs, count=2)
    await runs.reject_broken(1, 2, fall_back_to=1)
    assert await statuses(runs) == [AdapterStatus.ACTIVE, AdapterStatus.REJECTED]
    await runs.reject_broken(1, 1, fall_back_to=None)
    assert await runs.active_adapter(1) is None


async def test_runs_left_open_by_a_dead_process_are_closed_as_failed(runs: RunStore) -> None:
    done = await started(runs, night=None)
    await runs.finish(done.run_id, status=RunStatus.SKIPPED, reason="Nothing new.", now=NOW)
    open_run = await started(runs)
    await active_version(runs)
    await runs.add_candidate(1, base_model="tiny", run_id=open_run.run_id, now=NOW)
    assert await runs.fail_running(now=NOW, reason="The process ended.") == 1
    assert [run.status for run in await runs.runs_of(1)] == [RunStatus.SKIPPED, RunStatus.FAILED]
    assert await statuses(runs) == [AdapterStatus.ACTIVE, AdapterStatus.REJECTED]
