import re
from dataclasses import fields
from pathlib import Path

from bot.cli import parser
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = re.compile(r"^([A-Z_]+)=", re.MULTILINE)


def documented_variables() -> list[str]:
    return VARIABLE.findall((ROOT / ".env.example").read_text())


def test_every_setting_is_in_the_example_file():
    names = {variable.removeprefix("MYNAH_").lower() for variable in documented_variables()}

    assert names == {field.name for field in fields(Settings)}


def test_the_readme_lists_the_settings_of_the_example_file_in_order():
    rows = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert rows == documented_variables()


def test_the_example_file_is_valid_as_it_stands():
    pairs = re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert Settings.from_env(dict(pairs)) == Settings(data=Path("data"))


def test_the_command_line_knows_the_documented_commands():
    for command in ("run", "chat", "tune"):
        assert parser().parse_args([command]).command == command
