from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import web

from tests.bot.conftest import USER_ID, bench_on
from tests.bot_api import BotApiServer
from tests.engine.articles.pages import LOGIN, article_page


@pytest.fixture
async def site() -> AsyncGenerator[str]:
    """A web site on loopback: an article and a login form."""
    pages = {"/article": article_page(), "/login": LOGIN}

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=pages[request.path], content_type="text/html")

    application = web.Application()
    application.router.add_get("/{page}", show)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_summary_keeps_what_the_page_bears_out_and_says_what_was_read(
    tmp_path: Path, server: BotApiServer, site: str
):
    async with bench_on(tmp_path, server, allow_private_links=True) as bench:
        bench.model.enqueue(
            "The harbour of Lindau will get a new bridge next year. The bridge costs 4.2 million euros."
            " The bridge will be opened by Napoleon."
        )
        ada = server.person(USER_ID, "Ada")
        await ada.say(f"/summarize {site}/article")
        reply = await ada.wait_for_reply(where=lambda message: "Read:" in message.text, timeout_seconds=30)

        assert "4.2 million euros" in reply.text
        assert "Napoleon" not in reply.text
        assert len(ada.chat.replies) == 1
        prompt = bench.model.requests[0].messages[-1].content
        assert prompt.index("<<<") < prompt.index("Lindau") < prompt.index(">>>")


async def test_invented_text_gives_way_to_the_pages_own_sentences(
    tmp_path: Path, server: BotApiServer, site: str
):
    async with bench_on(tmp_path, server, allow_private_links=True) as bench:
        bench.model.enqueue("Napoleon bought 77 ships. Everybody in Paris was glad about that.")
        ada = server.person(USER_ID, "Ada")
        await ada.say(f"/summarize {site}/article")
        reply = await ada.wait_for_reply(where=lambda message: "Read:" in message.text, timeout_seconds=30)

        assert "Key sentences" in reply.text
        assert "Lindau" in reply.text


async def test_a_page_without_an_article_is_named_and_the_model_is_not_asked(
    tmp_path: Path, server: BotApiServer, site: str
):
    async with bench_on(tmp_path, server, allow_private_links=True) as bench:
        ada = server.person(USER_ID, "Ada")
        await ada.say(f"/summarize {site}/login")
        reply = await ada.wait_for_reply(
            where=lambda message: "log" in message.text.lower(), timeout_seconds=30
        )

        assert reply.text
        assert not bench.model.requests


async def test_a_private_address_is_refused_unless_allowed(tmp_path: Path, server: BotApiServer, site: str):
    async with bench_on(tmp_path, server) as bench:
        ada = server.person(USER_ID, "Ada")
        await ada.say(f"/summarize {site}/article")
        reply = await ada.wait_for_reply(
            where=lambda message: not message.text.startswith("Reading"), timeout_seconds=30
        )

        assert "Lindau" not in reply.text
        assert not bench.model.requests
