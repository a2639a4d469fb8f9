import os
from collections.abc import Generator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.settings import Settings, SettingsError

CHOSEN = {
    "TELEGRAM_BOT_TOKEN": "123456:abcdefghijklmnopqrstuvwxyz",
    "TELEGRAM_BASE_URL": "http://127.0.0.1:8081/bot",
    "TELEGRAM_BASE_FILE_URL": "http://ada:password@127.0.0.1/file/bot",
    "MYNAH_DATA": "/somewhere",
    "MYNAH_MODEL": "/models/it's # mine \\ yes",
    "MYNAH_ALLOWED_USERS": "7 8",
    "MYNAH_OWNER": "7",
    "MYNAH_TIMEZONE": "Europe/Berlin",
    "MYNAH_NIGHTLY": "02:05",
    "MYNAH_NIGHT_BUDGET": "12",
    "MYNAH_DATABASE_KEY": "hidden-key",
    "MYNAH_SEED": "0",
    "MYNAH_ALLOW_PRIVATE_LINKS": "on",
}


def test_what_is_written_down_of_the_settings_can_be_read_again_and_holds_no_secret():
    text = Settings.from_env(CHOSEN).as_env()

    for secret in ("abcdefghij", "password", "hidden-key", "/somewhere"):
        assert secret not in text
    unsaid = ("TELEGRAM_BOT_TOKEN", "TELEGRAM_BASE_FILE_URL", "MYNAH_DATA", "MYNAH_DATABASE_KEY")
    said = {name: value for name, value in CHOSEN.items() if name not in unsaid}
    read = {name: value or "" for name, value in dotenv_values(stream=StringIO(text)).items()}
    assert Settings.from_env(read) == Settings.from_env(said)


def test_nothing_chosen_reads_as_the_defaults():
    read = {name: value or "" for name, value in dotenv_values(stream=StringIO(Settings().as_env())).items()}
    assert Settings.from_env(read) == Settings(data=Path("data"))


@pytest.mark.parametrize(
    ("content", "mode", "fault"),
    [
        (b"a secret", 0o640, "which may be read by others; run `chmod 600` on it first."),
        (b" \n", 0o600, "which is empty."),
        (b"\xff\xfe", 0o600, "which cannot be read."),
        (None, 0o600, "which cannot be read."),
    ],
)
def test_a_key_file_that_will_not_do_is_a_fault_of_its_setting(
    tmp_path: Path, content: bytes | None, mode: int, fault: str
):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({"MYNAH_DATABASE_KEY_FILE": str(file)})
    assert str(raised.value) == f"MYNAH_DATABASE_KEY_FILE names the file {file}, {fault}"


def test_the_key_may_come_from_a_file_but_not_from_two_places(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text("a secret\n")
    file.chmod(0o600)
    in_file = {"MYNAH_DATABASE_KEY_FILE": str(file)}
    assert Settings.from_env(in_file).database_key == "a secret"
    assert "secret" not in Settings.from_env(in_file).as_env()
    with pytest.raises(SettingsError, match="MYNAH_DATABASE_KEY and MYNAH_DATABASE_KEY_FILE are both set"):
        Settings.from_env({"MYNAH_DATABASE_KEY": "another", **in_file})


def test_what_systemd_gives_to_the_service_alone_may_have_any_mode(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text("a secret")
    file.chmod(0o440)  # as systemd 254 and later show the right that a service with a user of its own has
    env = {"MYNAH_DATABASE_KEY_FILE": str(file), "CREDENTIALS_DIRECTORY": str(tmp_path)}

    assert Settings.from_env(env).database_key == "a secret"
    with pytest.raises(SettingsError, match="may be read by others"):
        Settings.from_env({**env, "CREDENTIALS_DIRECTORY": str(tmp_path / "elsewhere")})


@contextmanager
def pipe_with(content: bytes, *, mode: int = 0o600) -> Generator[str]:
    """The path of a pipe of this process that ends after so much."""
    reading, writing = os.pipe()
    os.fchmod(reading, mode)
    os.write(writing, content)
    os.close(writing)
    yield f"/dev/fd/{reading}"
    os.close(reading)


@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_the_key_may_come_through_a_pipe(mode: int):
    with pipe_with(b"from the keyring\n", mode=mode) as pipe:
        settings = Settings.from_env({"MYNAH_DATABASE_KEY_FILE": pipe})

    assert settings.database_key == "from the keyring"


def test_a_pipe_through_which_nothing_comes_is_a_fault():
    with pipe_with(b"") as pipe, pytest.raises(SettingsError) as raised:
        Settings.from_env({"MYNAH_DATABASE_KEY_FILE": pipe})
    assert str(raised.value) == f"MYNAH_DATABASE_KEY_FILE names the file {pipe}, which is empty."


def test_a_pipe_that_others_may_open_by_its_name_is_a_fault(tmp_path: Path):
    os.mkfifo(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)

    with pytest.raises(SettingsError, match="may be read by others"):
        Settings.from_env({"MYNAH_DATABASE_KEY_FILE": str(tmp_path / "key")})


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "http://10.1.2.3",
        "http://192.168.0.9/",
        "http://[fd00::1]:8000",
    ],
)
def test_a_model_server_may_be_near(address: str):
    assert Settings.from_env({"MYNAH_REMOTE_URL": address}).remote_url == address


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        "http://localhost:8000",
        "http://8.8.8.8",
        "https://172.32.0.1",
        "http://169.254.169.254",
        "http://0.0.0.0:8000",
        "http://[::ffff:8.8.8.8]",
        "http://127.0.0.1@example.com",
        "http://2130706433",
        "http://[::1",
        "127.0.0.1:8000",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
    ],
)
def test_a_model_server_elsewhere_is_a_fault(address: str):
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({"MYNAH_REMOTE_URL": address})
    assert str(raised.value) == (
        "MYNAH_REMOTE_URL must be a numeric address of this machine or of a private network, as in "
        f"http://127.0.0.1:8000, so that no chat leaves them; it is {address!r}."
    )


def test_weights_that_are_encrypted_cannot_be_served_elsewhere():
    with pytest.raises(SettingsError, match="a model server cannot read encrypted weights"):
        Settings.from_env({"MYNAH_REMOTE_URL": "http://127.0.0.1:8000", "MYNAH_DATABASE_KEY": "key"})
