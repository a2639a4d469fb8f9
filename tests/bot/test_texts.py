import ast
import re
import string
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from telegram.ext import CommandHandler

from bot.languages import LANGUAGES
from bot.texts import texts_for
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot_api import BotApiServer

BOT = Path(__file__).resolve().parents[2] / "bot"
ENGLISH = asdict(LANGUAGES["en"])
OTHERS = [language for language in LANGUAGES if language != "en"]


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_sentences_with_the_same_blanks(language: str):
    other = asdict(LANGUAGES[language])
    for key, sentence in ENGLISH.items():
        if isinstance(sentence, str):
            assert other[key].strip(), key
            assert placeholders(other[key]) == placeholders(sentence), key
        elif key != "slots":  # a slot without a name of its own is shown by its English word
            assert list(other[key]) == list(sentence), key
            assert all(other[key].values()), key


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_was_left_in_english(language: str):
    other = asdict(LANGUAGES[language])
    same = {key for key in ENGLISH if isinstance(ENGLISH[key], str) and other[key] == ENGLISH[key]}

    assert same <= {"heard", "seen"}  # a sign and words that are nobody's of ours


def test_a_regional_language_code_finds_its_language():
    assert texts_for("zh-hans") is LANGUAGES["zh"]
    assert texts_for("fr") is texts_for(None) is LANGUAGES["en"]


def said_in(source: Path) -> list[str]:
    """Literal texts that are handed to somebody who shows them to a person."""
    calls = [node for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Call)]
    shown = [
        call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in ("say", "answer")
    ]
    arguments: list[Any] = [argument for call in shown for argument in call.args]
    return [argument.value for argument in arguments if isinstance(getattr(argument, "value", None), str)]


def test_no_sentence_stands_in_code():
    assert [text for source in BOT.glob("*.py") for text in said_in(source) if re.search(r"\w", text)] == []


def registered(bench: Bench) -> set[str]:
    handlers = [handler for group in bench.mynah.application.handlers.values() for handler in group]
    return {name for handler in handlers if isinstance(handler, CommandHandler) for name in handler.commands}


async def test_each_command_stands_in_help_and_in_every_menu(tmp_path: Path, server: BotApiServer):
    async with bench_on(tmp_path, server, owner=USER_ID) as bench:
        owner = server.person(USER_ID, "Ada")
        await owner.say("/help")
        shown = (await owner.wait_for_reply()).text

        everybody = registered(bench) - set(LANGUAGES["en"].owner_commands)
        assert set(re.findall(r"^/(\w+)", shown, re.MULTILINE)) == registered(bench)
    async with bench_on(tmp_path, server, owner=USER_ID):
        menus = {
            (
                call.parameters.get("language_code") or "",
                (call.parameters.get("scope") or {}).get("chat_id"),
            ): {command["command"] for command in call.parameters["commands"]}
            for call in server.calls_of("setMyCommands")
        }
    assert menus.pop(("", USER_ID)) == registered(bench)
    assert menus == {("", None): everybody, ("zh", None): everybody}
