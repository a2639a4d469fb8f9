"""The benchmark of load counts one answer for each message, however few people write."""

from pathlib import Path

import pytest

from benchmarks.load import measure


@pytest.mark.parametrize("users", [1, 7])
async def test_few_people_who_write_much_are_answered_one_by_one(tmp_path: Path, users: int):
    outcome = await measure(60, users, tmp_path)

    assert outcome.marks[-1].messages == outcome.messages == 60
