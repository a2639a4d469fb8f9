"""Figures for Prometheus, read as Prometheus reads them."""

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics
from bot.settings import SettingsError
from storage.records import RunStatus
from tests.bot.conftest import USER_ID, bench_on
from tests.bot.test_app import ask
from tests.bot_api import BotApiServer

LABELS = {
    "outcome": {"answered", "failed"},
    "status": {status.value for status in RunStatus},
    "level": {"warning", "error"},
}
Figures = dict[tuple[str, str], float]


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def scrape(port: int) -> tuple[Figures, str]:
    async with httpx.AsyncClient() as client:
        page = (await client.get(f"http://127.0.0.1:{port}/metrics")).raise_for_status().text
    figures: Figures = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            for label, value in sample.labels.items():
                assert label == "le" or value in LABELS[label]
            figures[sample.name, ",".join(sample.labels.values())] = sample.value
    return figures, page


async def test_figures_of_a_running_bot_are_read_over_http(tmp_path: Path, server: BotApiServer, port: int):
    async with bench_on(tmp_path, server, metrics_port=port) as bench:
        ada = server.person(USER_ID, "plantedname")
        bench.model.enqueue("plantedreply", ValueError("plantedreply"))
        await ask(ada, "plantedquestion")
        await ada.say("plantedquestion")
        await ada.wait_for_reply(where=lambda message: "went wrong" in message.text)
        core = bench.services.core
        run = await core.runs.start(USER_ID, local_date=None, now=core.now())
        assert run is not None
        await core.runs.finish(run.run_id, status=RunStatus.REJECTED, reason="plantedreason", now=core.now())
        await bench.idle()
        async with asyncio.timeout(60):
            while (await scrape(port))[0]["mynah_runs", "rejected"] != 1:  # noqa: ASYNC110 (as Prometheus does)
                await asyncio.sleep(0.1)

        figures, page = await scrape(port)

    assert figures["mynah_polls_total", "answered"] >= 2
    assert figures["mynah_last_poll_timestamp_seconds", ""] > 1.6e9
    assert figures["mynah_updates_waiting", ""] == figures["mynah_replies_under_way", ""] == 0
    assert figures["mynah_reply_tokens_total", ""] >= 1
    assert figures["mynah_reply_writing_seconds_total", ""] >= 0
    assert figures["mynah_first_token_seconds_count", ""] == 1
    assert figures["mynah_log_lines_total", "error"] == 1
    assert "planted" not in page
    assert str(USER_ID) not in page
    with pytest.raises(httpx.ConnectError):
        await scrape(port)


async def test_no_other_machine_can_read_them(port: int):
    with Metrics(updates_waiting=int, replies_under_way=int).served(port):
        listening = Path("/proc/net/tcp").read_text()  # noqa: ASYNC240
    addresses = [line.split()[1] for line in listening.splitlines()[1:] if line.split()[3] == "0A"]
    assert [address for address in addresses if address.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_a_port_that_is_taken_is_one_sentence(port: int):
    with (
        Metrics(updates_waiting=int, replies_under_way=int).served(port),
        pytest.raises(SettingsError, match=f"MYNAH_METRICS_PORT {port} cannot be used"),
        Metrics(updates_waiting=int, replies_under_way=int).served(port),
    ):
        pass
