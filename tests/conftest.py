"""Fixtures that every folder of tests shares."""

import os
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.database import Database

# Read when torch is imported, here and in child processes. By default waiting threads spin, and with other
# work on the cores the tiny models' short operations then take ten times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


class Clock:
    """A UTC clock that moves only when told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **delta: float) -> None:
        """Move on, in the words of `timedelta`."""
        self.time += timedelta(**delta)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    database = await Database.open(tmp_path / "mynah.db")
    yield database
    await database.close()
