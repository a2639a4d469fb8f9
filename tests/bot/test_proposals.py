"""What the base model proposes at night, as a user sees it."""

import json
from pathlib import Path

import pytest

from tests.bot.conftest import USER_ID, bench_on
from tests.bot.test_app import ask
from tests.bot_api import BotApiServer

SAID = "My commute is an hour on the bike."


async def test_a_proposal_stands_under_profile_with_its_quotation(tmp_path: Path, server: BotApiServer):
    ada = server.person(USER_ID, "Ada")
    async with bench_on(tmp_path, server, proposals=True) as bench:
        await ask(ada, SAID)
        await bench.idle()
        [said] = [one for one in await bench.services.core.messages.all_of(USER_ID) if one.text == SAID]
        proposed = {
            "message": said.message_id,
            "slot": "does",
            "value": "an hour on the bike",
            "quote": SAID,
        }
        bench.model.enqueue(json.dumps(proposed))
        assert bench.services.proposer is not None
        await bench.services.proposer.run(USER_ID)

        await ada.say("/profile")
        shown = await ada.wait_for_reply(where=lambda message: "an hour on the bike" in message.text)
        await ada.tap(shown, "? 1")
        await ada.wait_for_reply(where=lambda message: f"“{SAID}”" in message.text)


async def test_nobody_is_asked_unless_the_keeper_wishes_it(tmp_path: Path, server: BotApiServer):
    async with bench_on(tmp_path, server) as bench:
        assert bench.services.proposer is None


async def test_a_model_that_is_too_small_is_told_of_once_at_the_start(
    tmp_path: Path, server: BotApiServer, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "model.safetensors").write_bytes(b"small")
    async with bench_on(tmp_path, server, proposals=True) as bench:
        assert bench.services.proposer is None
    assert [line for line in caplog.messages if "MYNAH_PROPOSALS" in line] == [
        f"{bench.services.core.base.name} is too small a model to be asked: MYNAH_PROPOSALS=on does nothing"
    ]
