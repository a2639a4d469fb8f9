"""/export and `mynah export`: everything that is held of a person, and of nobody else."""

import asyncio
import io
import json
import sys
import zipfile
from pathlib import Path

from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot.test_forget import live
from tests.bot_api import BotApiServer, Person
from tests.bot_api.process import REPOSITORY


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


async def exported(bench: Bench, person: Person) -> zipfile.ZipFile:
    await person.say("/export")
    sent = await person.wait_for_reply(where=lambda message: message.attachment is not None)
    assert "README.txt" in sent.text
    return zipfile.ZipFile(io.BytesIO(sent.attachment.content))


async def test_the_file_holds_all_that_is_held(bench: Bench, tmp_path: Path):
    ada = bench.server.person(USER_ID, "Ada")
    await live(bench, tmp_path, ada)

    archive = await exported(bench, ada)

    def read(name: str) -> str:
        return archive.read(f"mynah/{name}").decode()

    messages = records(read("messages.jsonl"))
    assert [message["role"] for message in messages] == ["user", "assistant"] * 2
    assert messages[0]["text"] == "What is a zanzibarquestion?"
    assert messages[1]["generation"]["model"] == "scripted"
    (rating,) = records(read("ratings.jsonl"))
    assert (rating["correction"], rating["note"]) == ("serengetiwish", "limpoporemark")
    assert rating["message_id"] == messages[1]["message_id"]
    beliefs = json.loads(read("beliefs.json"))
    assert ("Kilimanjarobelief", "I live in Kilimanjarobelief") in [
        (belief["value"], belief["evidence"][0]["quote"].rstrip(".")) for belief in beliefs
    ]
    assert json.loads(read("changes.json"))
    assert json.loads(read("profile.json"))["style"]["messages"] == 2
    assert json.loads(read("settings.json"))["reply_length"] == "normal"
    assert "okavangoweights" in read("adapters/1/adapter_model.safetensors")
    assert read("README.txt").count("\n") > 10


async def test_no_file_is_written_on_the_way(tmp_path: Path, server: BotApiServer):
    """Under a key a plain file, even one that is deleted again, would lie readable in freed blocks."""
    opened: list[str] = []
    watched = [False]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        # A hook cannot be taken away again, so it only looks while it is asked to.
        if watched[0] and event == "open" and "w" in str(arguments[1] or ""):
            opened.append(str(arguments[0]))

    sys.addaudithook(watch)
    async with bench_on(tmp_path, server, database_key="planted-database-key") as bench:
        ada = bench.server.person(USER_ID, "Ada")
        await live(bench, tmp_path, ada)
        watched[0] = True
        archive = await exported(bench, ada)
        watched[0] = False

    assert "zanzibarquestion" in archive.read("mynah/messages.jsonl").decode()
    assert [path for path in opened if not path.startswith("/proc")] == []


async def test_who_has_said_nothing_gets_files_all_the_same(bench: Bench):
    archive = await exported(bench, bench.server.person(USER_ID, "Ada"))
    assert archive.read("mynah/messages.jsonl") == b""


async def test_the_command_line_writes_into_a_new_folder_only(bench: Bench, tmp_path: Path):
    await ask(bench.server.person(USER_ID, "Ada"), "Hello")
    target = tmp_path / "out"

    async def mynah(*arguments: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "export", *arguments),
            cwd=REPOSITORY,
            env={"PATH": "", "MYNAH_DATA": str(tmp_path)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    assert await mynah(str(USER_ID), str(target)) == (0, f"Written to {target}.\n")
    assert len(records((target / "messages.jsonl").read_text())) == 2
    assert await mynah(str(USER_ID), str(target)) == (1, f"The folder {target} is not empty.\n")
    assert await mynah("99", str(tmp_path / "other")) == (
        1,
        "Nobody with the id 99 has talked to this Mynah.\n",
    )
