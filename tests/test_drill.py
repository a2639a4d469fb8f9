"""The drill: back up beside a bot at work, restore into a new folder, and find nothing changed."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import execute
from bot.services import Parts, Services, open_core, open_services
from bot.settings import Settings
from engine.assistant import Question
from engine.errors import EmptyReplyError
from engine.language.bundled import ResolvedModel
from engine.language.model import ChatMessage
from engine.language.peft_format import write_adapter
from engine.profile.profile import Profile
from storage.records import Role
from tests.conftest import Clock
from tests.engine.language.conftest import BASE_NAME, ask, load_tiny, random_weights, save_tiny
from tests.fake_embedder import FakeEmbedder

USER_ID = 7
SAID = ("I live in Kilimanjaro.", "My cat is called Tom.", "I like short answers.")


@dataclass(frozen=True)
class Remains:
    """What must survive: the profile, the words, the weights and what they answer."""

    profile: Profile
    said: list[str]
    adapter_files: dict[str, str]
    answers_with_version: int | None
    greedy_reply: str


@asynccontextmanager
async def opened(data: Path, clock: Clock, *, model: Path, key: str | None) -> AsyncGenerator[Services]:
    """Everything behind the handlers, with the tiny model."""
    parts = Parts(model=load_tiny(model), embedder=FakeEmbedder(), base=ResolvedModel(BASE_NAME, model))
    settings = Settings(data=data, database_key=key, max_new_tokens=8, seed=1)
    async with (
        open_core(settings, progress=lambda _sentence: None, now=clock, parts=parts) as core,
        open_services(core, parts) as services,
    ):
        await services.adapters.refresh()
        yield services


async def talk(services: Services, text: str) -> None:
    turn = await services.assistant.reply(Question(user_id=USER_ID, chat_id=USER_ID, text=text))
    await services.profiles.observe(turn.question)


async def live(services: Services, data: Path, clock: Clock) -> None:
    """Say and believe something, and be answered by weights of one's own."""
    await services.core.users.add(USER_ID, name="Ada", is_owner=True, now=clock())
    for text in SAID:
        await talk(services, text)
    runs = services.core.runs
    adapter = await runs.add_candidate(USER_ID, base_model=BASE_NAME, run_id=None, now=clock())
    (data / adapter.folder).mkdir(parents=True)
    write_adapter(data / adapter.folder, random_weights(5), base_model=BASE_NAME, secret=adapter.secret)
    await runs.activate(USER_ID, adapter.version)
    await services.adapters.refresh()


async def remains(services: Services, data: Path) -> Remains:
    adapter = services.adapters.of(USER_ID)
    messages = (ChatMessage(Role.USER, "Where do I live?"),)
    request = ask("", user_id=USER_ID, messages=messages, adapter=adapter)
    logged = await services.core.messages.all_of(USER_ID)
    return Remains(
        profile=await services.profiles.get(USER_ID),
        said=[message.text for message in logged if message.role is Role.USER],
        adapter_files={
            str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((data / "adapters").rglob("*"))
            if path.is_file()
        },
        answers_with_version=None if adapter is None else adapter.version,
        greedy_reply=(await services.model.generate(request)).text,
    )


async def mynah(*arguments: str, data: Path, key: str | None) -> int:
    """The command line, beside what runs here."""
    environment = {"MYNAH_DATA": str(data), "MYNAH_DATABASE_KEY": key or "", "MYNAH_MODEL": "tiny"}
    return await asyncio.to_thread(execute, list(arguments), environment)


@pytest.mark.parametrize("key", [None, 'it\'s "secret"'])
async def test_the_drill(tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str], key: str | None):
    model = save_tiny(tmp_path / "models" / BASE_NAME)
    old, new, archive = tmp_path / "old", tmp_path / "new", tmp_path / "mynah.tar"
    async with opened(old, clock, model=model, key=key) as services:
        await live(services, old, clock)
        before = await remains(services, old)

        async def write_on() -> None:
            for number in range(1_000_000):
                with suppress(EmptyReplyError):  # random weights may have nothing to say
                    await talk(services, f"and {number}")

        writing = asyncio.create_task(write_on())
        assert await mynah("backup", str(archive), data=old, key=key) == 0
        assert not writing.done()
        writing.cancel()
        await asyncio.wait([writing])
        written = len((await remains(services, old)).said)
    assert "with 1 versions of weights" in capsys.readouterr().out

    assert await mynah("restore", str(archive), data=new, key=key) == 0
    assert "MYNAH_MODEL=tiny" in capsys.readouterr().out

    async with opened(new, clock, model=model, key=key) as services:
        after = await remains(services, new)
    assert tuple(after.said[: len(SAID)]) == SAID
    assert len(SAID) <= len(after.said) <= written
    assert after.profile.beliefs == before.profile.beliefs != ()
    assert after.adapter_files == before.adapter_files
    assert len(after.adapter_files) == 2
    assert (after.answers_with_version, after.greedy_reply) == (1, before.greedy_reply)


@pytest.mark.parametrize(
    ("key", "wrong", "sentence"),
    [
        (None, None, "The folder {data} is not empty, and a restore overwrites nothing."),
        (
            "right",
            "wrong",
            "The database cannot be read with this MYNAH_DATABASE_KEY, or it is not a database.",
        ),
        (None, None, "The backup {archive} is damaged."),
        (None, None, "{archive} is not a backup of Mynah."),
    ],
)
def test_a_refusal_is_one_sentence_and_leaves_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    key: str | None,
    wrong: str | None,
    sentence: str,
):
    data, archive = tmp_path / "data", tmp_path / "mynah.tar"
    assert execute(["evaluate"], {"MYNAH_DATA": str(data), "MYNAH_DATABASE_KEY": key or ""}) == 1
    assert execute(["backup", str(archive)], {"MYNAH_DATA": str(data), "MYNAH_DATABASE_KEY": key or ""}) == 0
    if "not empty" not in sentence:
        data = tmp_path / "new"
    if "damaged" in sentence:
        content = archive.read_bytes()
        archive.write_bytes(content[: len(content) // 2] + b"\1" + content[len(content) // 2 + 1 :])
    if "not a backup" in sentence:
        archive.write_text("hello")
    before = sorted(tmp_path.rglob("*"))
    capsys.readouterr()

    assert (
        execute(["restore", str(archive)], {"MYNAH_DATA": str(data), "MYNAH_DATABASE_KEY": wrong or ""}) == 1
    )

    assert capsys.readouterr().err == sentence.format(data=data, archive=archive) + "\n"
    assert sorted(tmp_path.rglob("*")) == before
