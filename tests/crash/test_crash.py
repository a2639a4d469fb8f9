"""Kill -9 at random moments: every message is answered once, and the file stays whole."""

from pathlib import Path

import pytest

from tests.crash.harness import Plan, crash_run
from tests.crash.talkative import save_talkative


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A random model, so that a start takes seconds and a reply less than one."""
    return save_talkative(tmp_path / "tiny")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
async def test_no_message_is_lost_or_answered_twice(tmp_path: Path, model_folder: Path, seed: int) -> None:
    """Two hundred kills, in runs that may stand side by side."""
    data = tmp_path / "data"
    data.mkdir()
    plan = Plan(
        users=3,
        messages_each=20,
        kills=50,
        seed=seed,
        longest_life=3.0,
        model=str(model_folder),
        max_new_tokens=100,
        restless=True,
    )
    outcome = await crash_run(plan, data)
    assert outcome.messages == plan.users * (1 + plan.messages_each)
    assert outcome.lost == ()
    assert outcome.answered_twice == ()
    assert outcome.integrity == "ok"
    assert outcome.swaps > plan.kills
    assert outcome.broken_adapters == 0
    assert outcome.exit_status == 0
