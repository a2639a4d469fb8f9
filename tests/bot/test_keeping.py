"""`mynah key set` and `mynah key rotate`: what they change, and what they refuse."""

import asyncio
from pathlib import Path

import pytest

from bot.cli import execute
from engine.language.peft_format import WEIGHTS_NAME
from storage.backup import DATABASE_NAME
from storage.database import Database, check_database
from storage.errors import WrongKeyError
from storage.lock import folder_lock
from storage.records import Adapter
from storage.runs import RunStore
from storage.sealing import seal, unseal
from storage.users import UserStore
from tests.conftest import Clock

USER_ID = 7
PLAIN, SEALED = b"plain weights", b"sealed weights"


async def _prepare(data: Path, clock: Clock, *, key: str | None = "old") -> None:
    """Two versions: the first in plain, as before there were secrets, the other too where there is no key."""
    database = await Database.open(data / DATABASE_NAME, key=key)
    await UserStore(database).add(USER_ID, name="Ada", is_owner=True, now=clock())
    for content in (PLAIN, SEALED):
        adapter = await RunStore(database).add_candidate(USER_ID, base_model="b", run_id=None, now=clock())
        (data / adapter.folder).mkdir(parents=True)
        (data / adapter.folder / WEIGHTS_NAME).write_bytes(
            content if content == PLAIN else seal(content, adapter.secret)  # without a secret: plain
        )
    await database.execute("UPDATE adapters SET secret = NULL WHERE version = 1")
    await database.close()


async def _adapters(data: Path, key: str) -> list[Adapter]:
    database = await Database.open(data / DATABASE_NAME, key=key)
    try:
        return await RunStore(database).adapters_of(USER_ID)
    finally:
        await database.close()


@pytest.fixture
def data(tmp_path: Path, clock: Clock) -> Path:
    asyncio.run(_prepare(tmp_path / "data", clock))
    return tmp_path / "data"


def rotate(data: Path, *options: str, old: str = "old", new: str = "new") -> int:
    environment = {
        "MYNAH_DATA": str(data),
        "MYNAH_DATABASE_KEY": old,
        "MYNAH_NEW_DATABASE_KEY": new,
    }
    return execute(["key", "rotate", *options], environment)


def test_the_new_key_opens_everything_and_nothing_is_plain_any_more(data: Path):
    assert rotate(data) == 0

    with pytest.raises(WrongKeyError):
        check_database(data / DATABASE_NAME, key="old")
    assert_sealed(data, "new")


def assert_sealed(data: Path, key: str) -> None:
    """Both versions lie encrypted under the secrets of the database that this key opens."""
    adapters = asyncio.run(_adapters(data, key))
    contents = [(data / adapter.folder / WEIGHTS_NAME).read_bytes() for adapter in adapters]
    opened = [unseal(content, adapter.secret) for content, adapter in zip(contents, adapters, strict=True)]
    assert opened == [PLAIN, SEALED]
    assert not any(word in content for content in contents for word in opened)


def test_the_new_key_may_come_from_a_file_that_is_private(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "key"
    file.write_text("from the file\n")
    file.chmod(0o640)
    assert rotate(data, "--file", str(file)) == 1
    assert "chmod 600" in capsys.readouterr().err
    file.chmod(0o600)
    assert rotate(data, "--file", str(file)) == 0
    check_database(data / DATABASE_NAME, key="from the file")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"old": "wrong"}, "cannot be read with this MYNAH_DATABASE_KEY"),
        ({"old": ""}, "There is no MYNAH_DATABASE_KEY"),
        ({"new": "  "}, "MYNAH_NEW_DATABASE_KEY"),
        ({"new": "old"}, "is the old one"),
    ],
)
def test_keys_that_will_not_do_are_refused(
    data: Path, keys: dict[str, str], sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert rotate(data, **keys) == 1

    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    check_database(data / DATABASE_NAME, key="old")


def test_it_is_refused_beside_a_running_bot(data: Path, capsys: pytest.CaptureFixture[str]):
    with folder_lock(data, "bot"):
        assert rotate(data) == 1
    assert "holds the lock 'bot'" in capsys.readouterr().err
    check_database(data / DATABASE_NAME, key="old")


def set_key(data: Path, key: str) -> int:
    return execute(["key", "set"], {"MYNAH_DATA": str(data), "MYNAH_DATABASE_KEY": key})


def test_a_folder_that_was_begun_without_a_key_is_encrypted_when_one_is_set(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    asyncio.run(_prepare(tmp_path, clock, key=None))

    assert execute(["evaluate"], {"MYNAH_DATA": str(tmp_path), "MYNAH_DATABASE_KEY": "first"}) == 1
    assert "mynah key set" in capsys.readouterr().err
    assert set_key(tmp_path, "first") == 0
    assert_sealed(tmp_path, "first")


def test_setting_the_key_again_finishes_what_was_interrupted(data: Path):
    assert set_key(data, "old") == 0
    assert_sealed(data, "old")


@pytest.mark.parametrize(
    ("key", "sentence"),
    [("", "MYNAH_DATABASE_KEY"), ("wrong", "cannot be read with this MYNAH_DATABASE_KEY")],
)
def test_without_a_key_or_with_another_none_is_set(
    data: Path, key: str, sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert set_key(data, key) == 1
    assert sentence in capsys.readouterr().err
    check_database(data / DATABASE_NAME, key="old")
