"""Kill -9 at random moments: every message is answered once, and the file stays whole."""

from pathlib import Path

import pytest

from tests.crash.harness import Plan, crash_run


@pytest.mark.slow
async def test_no_message_is_lost_or_answered_twice(tmp_path: Path) -> None:
    plan = Plan(users=3, messages_each=6, kills=5, seed=20260302, longest_life_seconds=4.0, model="bundled")
    outcome = await crash_run(plan, tmp_path)
    assert outcome.messages == 18
    assert outcome.lost == ()
    assert outcome.answered_twice == ()
    assert outcome.integrity == "ok"
    assert outcome.exit_status == 0
