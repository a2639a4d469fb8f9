"""Whatever an export holds in the place of what belongs there, an import ends well or in a sentence."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import strategies as st

from engine.errors import ImportFileError
from storage.backup import DATABASE_NAME
from storage.database import Database
from tests.bot.test_fuzz import drawn, spoilt
from tests.bot.test_import import ADA, BOB, account, bring, chat, said

REACTIONS = [{"emoji": "👍", "recent": [{"from_id": f"user{ADA}"}]}]
DESKTOP = account(
    chat(
        said(1, "I live in Oslo."),
        said(2, ["It ", {"type": "bold", "text": "rains"}], reply_to_message_id=1),
        said(3, "Take a coat.", **BOB, reactions=REACTIONS),
        said(4, "later", forwarded_from="Bob"),
        kind="bot_chat",
    )
)
OWN = {
    "messages.jsonl": [
        {
            "message_id": number,
            "conversation_id": 1,
            "role": role,
            "text": "I live in Oslo.",
            "quoted": "what was quoted",
            "origin": "typed",
            "created_at": "2026-03-02T09:00:00.000000+00:00",
            "question_id": question,
            "current": True,
        }
        for number, role, question in ((1, "user", None), (2, "assistant", 1))
    ],
    "ratings.jsonl": [{"message_id": 2, "value": 1, "note": "good", "correction": "better"}],
}


def write_desktop(export: Any, folder: Path) -> Path:
    file = folder / "result.json"
    file.write_text(json.dumps(export))
    return file


def write_own(export: Any, folder: Path) -> Path:
    whole = export if isinstance(export, dict) else {}
    for name in OWN:
        lines = whole.get(name)
        (folder / name).write_text(
            "".join(f"{json.dumps(line)}\n" for line in lines) if isinstance(lines, list) else ""
        )
    return folder


async def import_of(write: Callable[[Any, Path], Path], export: Any) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "export").mkdir()
        with suppress(ImportFileError):  # whose message is the sentence
            await bring(folder, write(export, folder / "export"))
        database = await Database.open(folder / "data" / DATABASE_NAME)
        try:
            assert await database.damage() == []
        finally:
            await database.close()


@pytest.mark.parametrize(("write", "good"), [(write_desktop, DESKTOP), (write_own, OWN)])
def test_an_odd_export_is_read_or_refused_in_a_sentence(write: Callable[[Any, Path], Path], good: Any):
    for export in drawn(spoilt(st.just(good)), 60):
        asyncio.run(import_of(write, export))
