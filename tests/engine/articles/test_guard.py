"""No spelling of an inward address connects; a client without a guard proves that the list is live."""

import httpx
import pytest

from engine.articles.fetch import Fetcher
from engine.articles.guard import GuardedTransport, system_resolver
from engine.errors import DownloadError, LinkRefusedError
from tests.engine.articles.web import Site

HOSTS = [
    "127.0.0.1",
    "localhost",
    "LOCALHOST",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0.0.0.0",
    "0",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::1]",
    "[::]",
    "[64:ff9b::7f00:1]",
    "user@127.0.0.1",
    "example.org@127.0.0.1",
    "example.org:80@127.0.0.1",
    "127。0。0。1",
    "１２７.０.０.１",
    "①②⑦.0.0.1",
    "127.0.0.2",
    "localhost.",
    "0177.0.0.1",
    "169.254.169.254",
    "inward.example",
    "mixed.example",
    "mapped.example",
    "rebinding.example",
]

LIES = {
    "inward.example": ["127.0.0.1"],
    "mixed.example": ["127.0.0.1", "93.184.216.34"],
    "mapped.example": ["::ffff:127.0.0.1"],
}


class LyingNames:
    """Names that lead inward; one answers outward only when it is asked first."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host == "rebinding.example":
            return ["127.0.0.1"] if self.asked.count(host) > 1 else ["224.0.0.1"]
        return LIES.get(host) or list(await system_resolver(host, port))


@pytest.mark.parametrize("host", HOSTS)
async def test_the_guard_lets_no_inward_connection_through(site: Site, host: str):
    url = f"http://{host}:{site.port}/"

    async with httpx.AsyncClient(
        transport=GuardedTransport(resolver=LyingNames()), trust_env=False
    ) as client:
        with pytest.raises((LinkRefusedError, httpx.TransportError, httpx.InvalidURL)):
            await client.get(url)

    assert site.connections == 0


@pytest.mark.parametrize("host", HOSTS)
async def test_a_fetcher_refuses_them_all_with_one_sentence(host: str):
    fetcher = Fetcher(resolver=LyingNames())

    with pytest.raises((LinkRefusedError, DownloadError)) as caught:
        await fetcher.fetch(f"http://{host}/")

    assert str(caught.value).endswith(".")
    await fetcher.close()


async def test_the_same_hosts_reach_loopback_without_the_guard(site: Site):
    async with httpx.AsyncClient(trust_env=False) as client:
        for host in HOSTS[:11]:
            await client.get(f"http://{host}:{site.port}/")

    assert site.connections == 11


async def test_a_name_is_looked_up_once_and_its_checked_address_is_used(site: Site):
    asked: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    fetcher = Fetcher(resolver=resolver, allow_private=True)
    site.add("/a", "<html>")

    await fetcher.fetch(f"http://rebinding.example:{site.port}/a")

    assert asked == ["rebinding.example"]
    assert f"host: rebinding.example:{site.port}" in site.requests[0].lower()
    await fetcher.close()


async def test_the_next_address_is_tried_when_one_does_not_answer(site: Site):
    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.77", "127.0.0.1"]

    fetcher = Fetcher(resolver=resolver, allow_private=True)

    assert await fetcher.fetch(site.add("/a", "<html>")) is not None
    await fetcher.close()


@pytest.mark.parametrize("host", ["no such name", "a" * 80 + ".example"])
async def test_the_system_has_no_address_for_nonsense(host: str):
    with pytest.raises(OSError, match=r"known|host name|address|resolution"):
        await system_resolver(host, 80)
