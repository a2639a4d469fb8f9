from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from bot.settings import Settings

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
