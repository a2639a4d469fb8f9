from datetime import date, timedelta
from pathlib import Path

import pytest

from storage.errors import LockedError
from storage.lock import folder_lock
from storage.shelf import Shelf

FIRST = date(2026, 3, 1)


def filled(folder: Path, *, days: int, keep_days: int = 7) -> Shelf:
    """A shelf with the backups of so many nights, and a file of the keeper's own."""
    shelf = Shelf(data_folder=folder, keep_days=keep_days)
    (folder / "backups").mkdir()
    (folder / "backups" / "mynah-before-the-move.tar").write_text("mine")
    for day in range(days):
        shelf.path_of(FIRST + timedelta(days=day)).write_text("old")
    return shelf


def test_what_is_told_as_the_last_day_is_when_the_last_one_goes(tmp_path: Path):
    shelf = filled(tmp_path, days=3)
    told = shelf.last_day()
    assert told == date(2026, 3, 10)
    holds_the_data = {FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=2)}

    for day in range(3, 20):
        night = FIRST + timedelta(days=day)
        shelf.path_of(night).write_text("new")
        shelf.rotate(night)
        assert len(shelf.nights()) == min(day + 1, 7)
        assert bool(holds_the_data & set(shelf.nights())) == (night < told)
    assert (tmp_path / "backups" / "mynah-before-the-move.tar").exists()


def test_keeping_none_deletes_all_in_the_next_night(tmp_path: Path):
    shelf = filled(tmp_path, days=2, keep_days=0)
    assert shelf.last_day() == date(2026, 3, 3)
    shelf.rotate(date(2026, 3, 3))
    assert shelf.nights() == []


def test_a_purge_leaves_only_what_the_keeper_named(tmp_path: Path):
    shelf = filled(tmp_path, days=3)
    (tmp_path / "backups" / ".staging").mkdir()
    (tmp_path / "backups" / ".staging" / "mynah.db").write_text("chat text")
    with folder_lock(tmp_path, "backup"), pytest.raises(LockedError):
        shelf.purge()

    assert shelf.purge() == 3
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["mynah-before-the-move.tar"]
    assert shelf.purge() == 0
    assert shelf.last_day() is None
