"""Everything that is read for a person: the ways in, what comes out, and what follows it."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.languages import LANGUAGES
from engine.articles.problems import Problem
from engine.profile.embedding import NanoEmbedder
from engine.tuning.examples import build_examples
from storage.errors import WriteRefusedError
from tests.bot.conftest import USER_ID, Bench, bench_on
from tests.bot.test_app import ask
from tests.bot.test_preferences import choose
from tests.bot_api import BotApiServer, Person, ShownMessage
from tests.bot_api.transcript import PATIENCE_SECONDS
from tests.engine.articles.pages import LOGIN, PARAGRAPHS, article_page
from tests.engine.articles.pdf import pdf_of
from tests.engine.articles.web import Site, open_site

EN = LANGUAGES["en"]
EMBEDDER = NanoEmbedder()
"""Seconds; reading happens in a child process, which takes its time on a busy machine."""


@pytest.fixture
async def site() -> AsyncGenerator[str]:
    """A web site on loopback: two articles and a login form."""
    other = article_page(
        title="The rowing club", extra="<p>The rowing club of Lindau moves into the old bridge.</p>"
    )
    pages = {"/article": article_page(), "/other": other, "/login": LOGIN}

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
        reply = await ada.wait_for_reply(where=lambda message: "Read:" in message.text)

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
        reply = await ada.wait_for_reply(where=lambda message: "Read:" in message.text)

        assert "Key sentences" in reply.text
        assert "Lindau" in reply.text


async def test_a_page_without_an_article_is_named_and_the_model_is_not_asked(
    tmp_path: Path, server: BotApiServer, site: str
):
    async with bench_on(tmp_path, server, allow_private_links=True) as bench:
        ada = server.person(USER_ID, "Ada")
        await ada.say(f"/summarize {site}/login")
        reply = await ada.wait_for_reply(where=lambda message: "log" in message.text.lower())

        assert reply.text
        assert not bench.model.requests


async def test_a_private_address_is_refused_unless_allowed(tmp_path: Path, server: BotApiServer, site: str):
    async with bench_on(tmp_path, server) as bench:
        ada = server.person(USER_ID, "Ada")
        await ada.say(f"/summarize {site}/article")
        reply = await ada.wait_for_reply(where=lambda message: not message.text.startswith("Reading"))

        assert "Lindau" not in reply.text
        assert not bench.model.requests


LONG_TEXT = " ".join(PARAGRAPHS)


def summary(message: ShownMessage) -> bool:
    return "Read:" in message.text and bool(message.buttons)


def small_model(folder: Path) -> None:
    """Let the base look like one too small to word a summary."""
    (folder / "model.safetensors").write_bytes(b"small")


@asynccontextmanager
async def small_bench(folder: Path, server: BotApiServer) -> AsyncGenerator[Bench]:
    small_model(folder)
    async with bench_on(folder, server, allow_private_links=True, embedder=EMBEDDER) as bench:
        yield bench


@pytest.fixture
async def small(tmp_path: Path, server: BotApiServer) -> AsyncGenerator[Bench]:
    async with small_bench(tmp_path, server) as bench:
        yield bench


async def summarize(person: Person, text: str, reply_to: ShownMessage | None = None) -> ShownMessage:
    await person.say(text, reply_to=reply_to)
    return await person.wait_for_reply(where=summary)


async def sentence_for(bench: Bench, person: Person, text: str) -> str:
    """The one sentence that answers what cannot be done."""
    await person.say(text)
    reply = await person.wait_for_reply(where=lambda message: not message.text.startswith("Reading"))
    return reply.text


def bullets(message: ShownMessage) -> list[str]:
    return [line for line in message.text.splitlines() if line.startswith("• ")]


async def test_a_small_model_shows_key_sentences_and_what_was_read(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    shown = await summarize(ada, f"/summarize {site}/article")

    assert len(bullets(shown)) == 4
    read = shown.text.splitlines()[-1]
    assert re.fullmatch(r"Read: 1\d\d words, Lake News, 27 February 2026", read)
    assert [button.label for button in shown.buttons] == ["👍", "👎", "Passages", "Shorter"]
    assert not small.model.requests


async def test_progress_is_shown_before_the_page_has_come(tmp_path: Path, server: BotApiServer):
    arrived, may_go_on = asyncio.Event(), asyncio.Event()
    body = article_page().encode()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        await writer.drain()
        arrived.set()
        await may_go_on.wait()
        writer.write(body)

    async with open_site() as slow, small_bench(tmp_path, server):
        slow.pages["/article"] = drip
        ada = server.person(USER_ID, "Ada")
        await ada.say(f"/summarize {slow.url}/article")
        progress = await ada.wait_for_reply()
        await asyncio.wait_for(arrived.wait(), PATIENCE_SECONDS)

        assert progress.text == EN.reading.format(link=f"{slow.url}/article")
        may_go_on.set()
        await server.until(lambda: summary(progress))


def offer_edition(site: Site, edition: str, body: str) -> str:
    """A page with an ETag that is sent only to who does not have this edition; returns its link."""
    whole = site.add("/article", body, etag=f'"{edition}"')
    at_once = site.pages["/article"]

    async def answer(writer: asyncio.StreamWriter) -> None:
        if f'if-none-match: "{edition}"' in site.requests[-1].lower():
            writer.write(b"HTTP/1.1 304 Not Modified\r\n\r\n")
        else:
            await at_once(writer)

    site.pages["/article"] = answer
    return whole


async def test_a_page_sent_again_is_asked_for_changes_and_only_a_changed_one_is_read_anew(
    tmp_path: Path, server: BotApiServer
):
    other = article_page(extra="<p>The rowing club of Lindau moves into the old bridge.</p>")
    async with open_site() as pages, small_bench(tmp_path, server) as bench:
        ada = server.person(USER_ID, "Ada")
        link = offer_edition(pages, "one", article_page())
        first = await summarize(ada, f"/summarize long {link}")
        again = await summarize(ada, f"/summarize long {link}")
        assert again.text == first.text
        assert ["if-none-match" in head.lower() for head in pages.requests] == [False, True]

        offer_edition(pages, "two", other)
        assert "rowing club" in (await summarize(ada, f"/summarize long {link}")).text
        await summarize(ada, f"/summarize long {link}")
        assert 'if-none-match: "two"' in pages.requests[-1].lower()

        await bench.services.forgetter.forget(USER_ID)
        await summarize(ada, f"/summarize long {link}")
        assert "if-none-match" not in pages.requests[-1].lower()


async def test_wishes_stand_in_any_order_beside_the_link(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    shown = await summarize(ada, f"/summarize short {site}/article auf Deutsch as text")

    assert not bullets(shown)
    assert "[…]" in shown.text
    assert "cannot write German" in shown.text


async def test_a_summary_for_somebody_else_leaves_the_readers_own_interests_aside_and_says_so(
    small: Bench, site: str
):
    ada = small.server.person(USER_ID, "Ada")
    await ask(ada, "I love herons.")
    await small.idle()
    own = await summarize(ada, f"/summarize short {site}/article")
    shown = await summarize(ada, f"/summarize short {site}/article for my boss")

    assert bullets(own) != bullets(shown)
    assert EN.audience_not_worded.format(audience="my boss") in shown.text
    assert EN.picked_for.format(interests="herons") not in shown.text
    assert "understand" not in shown.text


async def test_a_large_model_words_a_summary_for_somebody_else(
    tmp_path: Path, server: BotApiServer, site: str
):
    async with bench_on(tmp_path, server, allow_private_links=True) as bench:
        bench.model.enqueue(
            "The harbour of Lindau will get a new bridge next year. The bridge costs 4.2 million euros."
        )
        ada = server.person(USER_ID, "Ada")
        shown = await summarize(ada, f"/summarize {site}/article for my boss")

        assert EN.audience_worded.format(audience="my boss") in shown.text
        assert "for my boss" in bench.model.requests[0].messages[-1].content.split("<<<")[0]


async def test_a_large_model_writes_in_the_language_that_its_reader_has_chosen(
    tmp_path: Path, server: BotApiServer, site: str
):
    async with bench_on(tmp_path, server, allow_private_links=True) as bench:
        bench.model.enqueue(
            "The bridge of Lindau is a gift to walkers. Ferries run as usual.",
            "林道的桥是给步行者的礼物。",
            "渡轮照常运行。",
        )
        ada = server.person(USER_ID, "Ada")
        await choose(server, ada, "/settings", "set:language:zh:all")
        await ada.say(f"/summarize {site}/article")
        shown = await ada.wait_for_reply(where=lambda m: "Lake News" in m.text)

        assert "林道的桥是给步行者的礼物。" in shown.text
        assert "渡轮照常运行。" in shown.text


async def test_a_wish_that_is_not_understood_is_named_and_the_summary_comes_all_the_same(
    small: Bench, site: str
):
    ada = small.server.person(USER_ID, "Ada")
    shown = await summarize(ada, f"/summarize {site}/article in Klingon")

    assert "I did not understand “in Klingon”" in shown.text
    assert bullets(shown)


async def test_a_reply_to_a_message_with_a_link_reads_the_link(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    link = await ada.say(f"see {site}/article for the bridge")
    shown = await summarize(ada, "/summarize short", reply_to=link)

    assert len(bullets(shown)) == 2


async def test_a_text_that_comes_in_two_messages_is_done_once_its_summary_is_logged(small: Bench):
    ada = small.server.person(USER_ID, "Ada")
    seen: list[int] = []
    add_turn = small.services.readings.add_turn

    async def logged(*arguments: Any, **options: Any) -> int:
        message_id = await add_turn(*arguments, **options)
        seen.append(len(await small.services.updates.pending()))
        return message_id

    small.services.readings.add_turn = logged
    text = (LONG_TEXT * 9)[:7000]
    await ada.say(f"/summarize short {text[:4080]}")
    await ada.say(text[4080:])
    await ada.wait_for_reply(where=summary)

    assert seen == [1]


async def test_a_pasted_text_and_a_reply_to_one_are_read(small: Bench):
    ada = small.server.person(USER_ID, "Ada")
    pasted = await summarize(ada, f"/summarize short {LONG_TEXT}")
    forwarded = await ada.forward(LONG_TEXT, author="Somebody")
    await ada.wait_for_reply(where=lambda message: message.text.startswith("You said"))
    replied = await summarize(ada, "/summarize bullets", reply_to=forwarded)

    assert (len(bullets(pasted)), len(bullets(replied))) == (2, 4)
    assert all(line[2:] in LONG_TEXT for line in bullets(pasted) + bullets(replied))
    assert "understand" not in pasted.text


async def test_a_command_right_before_a_forward_is_for_it(small: Bench):
    ada = small.server.person(USER_ID, "Ada")
    await ada.say("/summarize")
    await ada.forward(LONG_TEXT, author="Somebody")

    assert bullets(await ada.wait_for_reply(where=summary))


async def test_a_summary_that_was_logged_and_not_delivered_comes_when_there_is_room(small: Bench):
    """The text that came with the command is part of the log by then, and not taken up again."""
    ada = small.server.person(USER_ID, "Ada")
    plan, refused = small.services.outbox.plan, asyncio.Event()

    async def refused_once(*args: object, **kwargs: object) -> object:
        if not refused.is_set():
            refused.set()
            raise WriteRefusedError("the disk is full")
        return await plan(*args, **kwargs)  # pyright: ignore

    small.services.outbox.plan = refused_once
    await ada.say("/summarize")
    await ada.forward(LONG_TEXT, author="Somebody")
    await ada.wait_for_reply(where=summary)
    await small.idle()

    assert refused.is_set()
    assert [reply.text for reply in ada.chat.replies if not summary(reply)] == [EN.cannot_write]
    assert len(await small.services.core.messages.all_of(USER_ID)) == 2


async def test_a_bare_link_is_asked_about_and_read_after_one_tap(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    await ada.say(f"{site}/article")
    offered = await ada.wait_for_reply()
    assert (offered.text, offered.buttons[0].label) == (
        f"{EN.summarize_these}\n{site}/article",
        EN.summarize_now,
    )
    await ada.tap(offered, EN.summarize_now)
    await small.server.until(lambda: summary(ada.chat.replies[-1]))

    assert [reply.message_id for reply in ada.chat.replies] == [offered.message_id]
    assert not small.model.requests


async def test_the_question_about_a_link_outlives_a_restart(tmp_path: Path, server: BotApiServer, site: str):
    ada = server.person(USER_ID, "Ada")
    async with small_bench(tmp_path, server):
        await ada.say(f"{site}/article")
        offered = await ada.wait_for_reply()
    async with small_bench(tmp_path, server):
        await ada.tap(offered, EN.summarize_now)
        await server.until(lambda: summary(ada.chat.replies[-1]))


async def test_a_setting_reads_bare_links_at_once(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    await choose(small.server, ada, "/settings", "set:links:read:all")
    shown = await summarize(ada, f"{site}/article")

    assert bullets(shown)


async def test_a_forwarded_post_with_a_link_is_asked_about(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    await ada.forward(f"Big news about the bridge! {site}/article", author="Lake News")
    offered = await ada.wait_for_reply()

    assert offered.text == f"{EN.summarize_these}\n{site}/article"


async def test_a_link_in_the_middle_of_a_question_is_talk(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    await ada.say(f"what do you think of {site}/article today")
    reply = await ada.wait_for_reply(where=lambda message: message.buttons)

    assert reply.text.startswith("You said")


async def test_three_links_are_read_and_the_others_named(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    links = [f"{site}/article", f"{site}/login", f"{site}/other", f"{site}/fourth"]
    await ada.say("/summarize short " + " ".join([*links, links[0]]))
    left_out = await ada.wait_for_reply(where=lambda m: "left out" in m.text)

    assert left_out.text.splitlines()[1:] == [f"{site}/fourth"]
    first, second, third = ada.chat.replies[:3]
    assert summary(first)
    assert second.text == EN.problems["LOGIN"]
    assert summary(third)
    assert "rowing club" in third.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bridge.txt", LONG_TEXT.encode(), "Lindau"),
        ("bridge.md", f"# A bridge\n\n{LONG_TEXT}".encode(), "Lindau"),
        ("bridge.html", article_page().encode(), "Lindau"),
        ("bridge.pdf", pdf_of(PARAGRAPHS), "Lindau"),
    ],
)
async def test_a_file_is_read(small: Bench, name: str, content: bytes, said: str):
    ada = small.server.person(USER_ID, "Ada")
    await ada.send_document(name, content, caption="short")
    shown = await ada.wait_for_reply(where=summary)

    assert len(bullets(shown)) == 2
    assert said in shown.text
    assert f"words, {name}" in shown.text


async def test_a_command_that_replies_to_a_file_reads_it(small: Bench):
    ada = small.server.person(USER_ID, "Ada")
    sent = await ada.send_document("bridge.txt", LONG_TEXT.encode())
    await ada.wait_for_reply(where=summary)

    assert len(bullets(await summarize(ada, "/summarize short", reply_to=sent))) == 2


async def test_a_question_below_a_file_is_answered_after_its_summary(small: Bench):
    ada = small.server.person(USER_ID, "Ada")
    await ada.send_document("bridge.txt", LONG_TEXT.encode(), caption="What does the bridge cost?")
    await ada.wait_for_reply(where=summary)
    answer = await ada.wait_for_reply(where=lambda m: m.text.startswith(EN.article_says))

    assert "4.2 million euros" in answer.text


async def test_words_below_a_forwarded_file_are_no_wishes_of_who_forwards_it(small: Bench):
    ada = small.server.person(USER_ID, "Ada")
    caption = "short for my boss: is this how they build?"
    await ada.send_document("bridge.txt", LONG_TEXT.encode(), caption=caption, author="Somebody")
    shown = await ada.wait_for_reply(where=summary)
    await small.idle()

    assert len(bullets(shown)) == 4
    assert "boss" not in shown.text
    assert "understand" not in shown.text
    assert ada.chat.replies == [shown]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("photo.raw", b"\x00\x01", EN.file_unknown),
        ("empty.txt", b"Nothing.", EN.problems["EMPTY"]),
        ("song.txt", b"ID3\x04" + b"\x00" * 500, EN.problems["MEDIA"]),
        ("broken.pdf", b"%PDF-1.4 nothing", EN.problems["UNREADABLE"]),
        ("huge.txt", b"x" * (20 * 1024 * 1024 + 1), EN.file_too_large),
        ("large.txt", b"word " * 1_300_000, EN.problems["TOO_LARGE"]),
    ],
)
async def test_a_file_that_cannot_be_read_is_answered_in_one_sentence(
    small: Bench, name: str, content: bytes, sentence: str
):
    ada = small.server.person(USER_ID, "Ada")
    await ada.send_document(name, content)
    await small.server.until(lambda: ada.chat.replies and ada.chat.replies[-1].text == sentence)
    assert len(ada.chat.replies) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("/summarize", EN.summarize_usage),
        ("/summarize short", EN.summarize_usage),
        ("/summarize hello there", EN.summarize_usage),
        ("/summarize file:///etc/passwd", EN.problems["NOT_HTTP"]),
        ("/summarize the council has voted for a bridge on Monday", EN.problems["EMPTY"]),
    ],
)
async def test_misuse_is_answered_in_one_sentence(small: Bench, typed: str, sentence: str):
    ada = small.server.person(USER_ID, "Ada")

    assert await sentence_for(small, ada, typed) == sentence


def test_every_problem_has_a_sentence_in_every_language():
    for texts in LANGUAGES.values():
        assert texts.problems.keys() == {problem.name for problem in Problem}


async def test_passages_show_what_each_point_rests_on_even_after_a_restart(
    tmp_path: Path, server: BotApiServer, site: str
):
    ada = server.person(USER_ID, "Ada")
    async with small_bench(tmp_path, server):
        shown = await summarize(ada, f"/summarize short {site}/article")
    async with small_bench(tmp_path, server):
        await ada.tap(shown, EN.passages)
        passages = await ada.wait_for_reply(where=lambda m: EN.passages_head in m.text)

    for line in bullets(shown):
        assert f"»{line[2:]}«" in passages.text


async def test_a_stranger_to_a_summary_gets_none_of_it(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    shown = await summarize(ada, f"/summarize short {site}/article")
    message_id = int(shown.button(EN.passages).data.split(":")[-1])  # pyright: ignore

    assert await small.services.library.about(message_id, user_id=USER_ID + 1) is None


async def test_shorter_takes_the_place_of_the_summary_and_is_remembered(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    shown = await summarize(ada, f"/summarize {site}/article")
    await ada.tap(shown, EN.shorter)
    await small.server.until(lambda: len(bullets(shown)) == 2)
    assert [button.label for button in shown.buttons] == ["👍", "👎", "Passages"]

    assert len(bullets(await summarize(ada, f"/summarize {site}/other"))) == 2


async def test_shorter_keeps_the_language_and_the_reader_that_were_wished_for(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    shown = await summarize(ada, f"/summarize {site}/article for my boss in Spanish")
    await ada.tap(shown, EN.shorter)
    await small.server.until(lambda: len(bullets(shown)) == 2)

    assert EN.audience_not_worded.format(audience="my boss") in shown.text
    assert "cannot write Spanish" in shown.text


async def test_words_after_a_summary_change_it_too(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    await summarize(ada, f"/summarize {site}/article")
    await ada.say("shorter, please, for my boss")
    shown = await ada.wait_for_reply(where=summary)

    assert len(bullets(shown)) == 2
    assert EN.audience_not_worded.format(audience="my boss") in shown.text
    await ada.say("写给校长")
    other = await ada.wait_for_reply(where=summary)

    assert EN.audience_not_worded.format(audience="校长") in other.text


async def test_a_disliked_form_is_not_used_again(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    shown = await summarize(ada, f"/summarize {site}/article")
    assert await ada.wait_for_answer(await ada.tap(shown, "👎")) == EN.summary_disliked

    assert not bullets(await summarize(ada, f"/summarize {site}/other"))


async def test_a_question_after_a_summary_is_answered_from_the_article(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    shown = await summarize(ada, f"/summarize short {site}/article")
    await ada.say("What does the bridge cost?")
    answer = await ada.wait_for_reply(where=lambda m: m.text.startswith(EN.article_says))
    assert "4.2 million euros" in answer.text
    await ada.say("Who was Napoleon?", reply_to=shown)
    silent = await ada.wait_for_reply(where=lambda m: m.text == EN.article_silent)

    assert silent.reply_to is None or silent.reply_to == shown
    assert not small.model.requests


async def test_other_talk_after_a_summary_is_talk(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    await summarize(ada, f"/summarize short {site}/article")
    await ada.say("Can you write a poem?")
    reply = await ada.wait_for_reply(where=lambda message: message.buttons)

    assert reply.text == "You said: Can you write a poem?"


async def test_after_new_a_question_is_not_about_the_article(small: Bench, site: str):
    ada = small.server.person(USER_ID, "Ada")
    await summarize(ada, f"/summarize short {site}/article")
    await ada.say("/new")
    await ada.wait_for_reply()
    await ada.say("What does the bridge cost?")

    assert (await ada.wait_for_reply(where=lambda message: message.buttons)).text.startswith("You said")


async def test_an_article_teaches_neither_profile_nor_tuning_but_that_it_was_read(small: Bench):
    ada = small.server.person(USER_ID, "Ada")
    text = "I live in Oslo and I love spam.\n" + LONG_TEXT
    shown = await summarize(ada, f"/summarize short {text}")
    await ada.wait_for_answer(await ada.tap(shown, "👍"))
    await ada.say("What does the bridge cost?")
    await ada.wait_for_reply(where=lambda m: m.text.startswith(EN.article_says))
    await small.idle()

    profile = await small.services.profiles.get(USER_ID)
    assert profile.beliefs == ()
    assert profile.style.messages == 0
    assert build_examples(await small.services.core.messages.rated_turns(USER_ID)) == []
    await ada.say("/profile")
    told = await ada.wait_for_reply()
    assert EN.profile_read in told.text
    assert "👍" in told.text


async def test_two_readers_get_different_leads_from_the_same_page(
    tmp_path: Path, server: BotApiServer, site: str
):
    leads: list[str] = []
    for love in ("herons", "rowing"):
        folder = tmp_path / love
        folder.mkdir()
        async with small_bench(folder, server) as bench:
            ada = server.person(USER_ID, "Ada")
            await ask(ada, f"I love {love}.")
            await bench.idle()
            shown = await summarize(ada, f"/summarize short {site}/article")
            assert EN.picked_for.format(interests=love) in shown.text
            assert all(line[2:] in LONG_TEXT for line in bullets(shown))
            leads.append(bullets(shown)[0])
        server.calls.clear()

    assert "herons" in leads[0]
    assert "rowing" in leads[1]


async def test_stop_ends_a_long_summary_between_its_parts(tmp_path: Path, server: BotApiServer):
    async with bench_on(tmp_path, server) as bench:
        ada = server.person(USER_ID, "Ada")
        bench.model.context_tokens = 100_000
        bench.model.hold()
        sentences = [f"In week {n} the council of Lindau heard report {n}." for n in range(2500)]
        await ada.send_document("long.txt", " ".join(sentences).encode())
        await server.until(lambda: "1 of 7" in ada.chat.replies[-1].text if ada.chat.replies else False)
        await ada.say("/stop")
        await server.until(lambda: ada.chat.replies[-1].text == EN.stopping)

        assert len(ada.chat.replies) == 1


async def test_what_was_read_is_forgotten_with_its_reader(tmp_path: Path, small: Bench):
    ada = small.server.person(USER_ID, "Ada")
    await summarize(ada, f"/summarize zanzibar {LONG_TEXT}")
    await small.services.forgetter.forget(USER_ID)

    assert await small.services.readings.all_of(USER_ID) == []
