"""Downloads from a real loopback server that lies, drips, floods, loops and redirects inward."""

import asyncio
import gzip
import io
import zipfile
from collections.abc import AsyncGenerator

import httpx
import pytest

from engine.articles.article import Validators
from engine.articles.fetch import MAX_PAGE_BYTES, Download, Fetcher, Unchanged
from engine.articles.problems import Problem
from engine.articles.sniffing import MediaType
from engine.errors import ArticleError, NotAnArticleError
from tests.engine.articles.web import Site

PAGE = "<!doctype html><html><body><p>Hello from the site.</p></body></html>"


async def problem_of(fetcher: Fetcher, link: str) -> Problem:
    with pytest.raises(ArticleError) as caught:
        await fetcher.fetch(link)
    assert isinstance(caught.value.args[0], Problem)
    return caught.value.args[0]


async def page_of(fetcher: Fetcher, link: str) -> Download:
    download = await fetcher.fetch(link)
    assert isinstance(download, Download)
    return download


async def test_downloads_a_page(site: Site, fetcher: Fetcher):
    download = await page_of(fetcher, site.add("/a", PAGE, etag='"v1"', last_modified="Tue, 3 Mar 2026"))

    assert download.body.decode() == PAGE
    assert download.media_type is MediaType.HTML
    assert download.url == f"{site.url}/a"
    assert download.validators == Validators(etag='"v1"', last_modified="Tue, 3 Mar 2026")


async def test_sends_a_plain_request_without_cookies_or_referrer(site: Site, fetcher: Fetcher):
    site.redirect("/a", "/b")
    site.add("/b", PAGE, set_cookie="id=1")

    await fetcher.fetch(f"{site.url}/a")
    await fetcher.fetch(f"{site.url}/b")

    assert all("Mynah" in head and "accept-encoding: gzip\r\n" in head.lower() for head in site.requests)
    assert not any("cookie" in head.lower() or "referer" in head.lower() for head in site.requests)


async def test_unpacks_gzip(site: Site, fetcher: Fetcher):
    download = await page_of(fetcher, site.add_gzip("/a", PAGE.encode() * 1000))

    assert download.body == PAGE.encode() * 1000


async def test_asks_whether_a_known_page_has_changed(site: Site, fetcher: Fetcher):
    site.redirect("/moved", "/a")
    link = site.add("/a", b"", status="304 Not Modified")

    async def known(url: str) -> Validators | None:
        return Validators(etag='"v1"', last_modified="Tue, 3 Mar 2026") if url == link else None

    assert await fetcher.fetch(f"{site.url}/moved", known=known) == Unchanged(url=link)
    first, second = (head.lower() for head in site.requests)
    assert "if-" not in first
    assert 'if-none-match: "v1"' in second
    assert "if-modified-since: tue, 3 mar 2026" in second


async def test_a_server_that_calls_an_unknown_page_unchanged_is_at_fault(site: Site, fetcher: Fetcher):
    link = site.add("/a", b"", status="304 Not Modified")

    assert await problem_of(fetcher, link) is Problem.SITE_FAILED


@pytest.mark.parametrize("etag", ['"é"', '"' + "x" * 501 + '"'])
async def test_a_validator_that_cannot_be_sent_back_is_not_kept(site: Site, fetcher: Fetcher, etag: str):
    assert (await page_of(fetcher, site.add("/a", PAGE, etag=etag))).validators == Validators()


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
async def test_follows_redirects(site: Site, fetcher: Fetcher, status: str):
    site.redirect("/a", "/b", status)
    site.add("/b", PAGE)

    assert (await page_of(fetcher, f"{site.url}/a")).url == f"{site.url}/b"


async def test_gives_up_on_a_redirect_loop(site: Site, fetcher: Fetcher):
    site.redirect("/a", "/a")

    assert await problem_of(fetcher, f"{site.url}/a") is Problem.TOO_MANY_REDIRECTS
    assert len(site.requests) == 6


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("file:///etc/passwd", Problem.NOT_HTTP),
        ("ftp://example.org/", Problem.NOT_HTTP),
        ("http://user:secret@127.0.0.1/", Problem.ODD_ADDRESS),
        ("http://2130706433/", Problem.ODD_ADDRESS),
        ("http://[::1", Problem.UNREACHABLE),
        ("http://224.0.0.1/", Problem.PRIVATE_ADDRESS),
    ],
)
async def test_checks_each_hop(site: Site, fetcher: Fetcher, target: str, problem: Problem):
    assert await problem_of(fetcher, site.redirect("/a", target)) is problem


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ("401 Unauthorized", Problem.FORBIDDEN),
        ("403 Forbidden", Problem.FORBIDDEN),
        ("404 Not Found", Problem.MISSING),
        ("410 Gone", Problem.MISSING),
        ("429 Too Many Requests", Problem.BUSY),
        ("500 Internal Server Error", Problem.SITE_FAILED),
        ("503 Service Unavailable", Problem.BUSY),
        ("302 Found", Problem.SITE_FAILED),
        ("999 Request denied", Problem.SITE_FAILED),
    ],
)
async def test_names_what_a_status_means(site: Site, fetcher: Fetcher, status: str, problem: Problem):
    assert await problem_of(fetcher, site.add("/a", PAGE, status=status)) is problem


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "deflate", "nonsense"])
async def test_refuses_encodings_that_cannot_be_unpacked_with_a_limit(
    site: Site, fetcher: Fetcher, encoding: str
):
    assert await problem_of(fetcher, site.add("/a", PAGE, content_encoding=encoding)) is Problem.ENCODING


async def test_stops_a_gzip_bomb_at_the_cap(site: Site, fetcher: Fetcher):
    bomb = site.add_gzip("/a", b"\0" * (50 * MAX_PAGE_BYTES))

    assert await problem_of(fetcher, bomb) is Problem.TOO_LARGE


async def test_does_not_unpack_twice(site: Site, fetcher: Fetcher):
    assert await problem_of(fetcher, site.add_gzip("/a", gzip.compress(PAGE.encode()))) is Problem.BINARY


async def test_says_that_a_broken_gzip_cannot_be_unpacked(site: Site, fetcher: Fetcher):
    assert await problem_of(fetcher, site.add("/a", PAGE, content_encoding="gzip")) is Problem.ENCODING


async def test_stops_a_page_without_an_end(site: Site, fetcher: Fetcher):
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999999999999\r\n\r\n")
        while True:
            writer.write(b"<p>word word word</p>" * 2000)
            sent += 42_000
            await writer.drain()

    site.pages["/a"] = flood

    assert await problem_of(fetcher, f"{site.url}/a") is Problem.TOO_LARGE
    assert sent < 40_000_000


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>"])
async def test_does_not_wait_for_a_slow_drip(site: Site, start: bytes):
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    site.pages["/a"] = drip
    fetcher = Fetcher(allow_private=True, deadline_seconds=0.4)

    assert await problem_of(fetcher, f"{site.url}/a") is Problem.TIMEOUT
    await fetcher.close()


async def test_says_that_a_site_cannot_be_reached(fetcher: Fetcher):
    assert await problem_of(fetcher, "http://127.0.0.1:9/") is Problem.UNREACHABLE


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nx"]
)
async def test_says_that_an_answer_in_no_http_was_no_answer(site: Site, fetcher: Fetcher, answer: bytes):
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    site.pages["/a"] = speak

    assert await problem_of(fetcher, f"{site.url}/a") is Problem.UNREACHABLE


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("page.html", PAGE)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (zipped(), Problem.BINARY),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, Problem.MEDIA),
        (b"\0\0\0\x18ftypmp42" + b"x" * 100, Problem.MEDIA),
        (b"\x7fELF" + b"x" * 100, Problem.BINARY),
        (b"text and \0 then more", Problem.BINARY),
    ],
)
async def test_looks_at_the_bytes_not_at_the_claim(
    site: Site, fetcher: Fetcher, body: bytes, problem: Problem
):
    assert await problem_of(fetcher, site.add("/a", body)) is problem


@pytest.mark.parametrize(
    ("body", "claim", "media_type"),
    [
        (b"%PDF-1.7 ...", "text/html", MediaType.PDF),
        (b"# Notes\n\nA line with <b>.", "text/markdown", MediaType.TEXT),
        (b"Only words.", "", MediaType.TEXT),
        (PAGE.encode(), "application/octet-stream", MediaType.HTML),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "text/html", MediaType.FEED),
        (PAGE.encode("utf-16"), "text/html", MediaType.HTML),
    ],
)
async def test_knows_what_it_was_sent(
    site: Site, fetcher: Fetcher, body: bytes, claim: str, media_type: MediaType
):
    assert (await page_of(fetcher, site.add("/a", body, content_type=claim))).media_type is media_type


@pytest.mark.parametrize("claim", ["image/png", "video/mp4", "audio/mpeg"])
async def test_believes_a_claim_of_media(site: Site, fetcher: Fetcher, claim: str):
    assert await problem_of(fetcher, site.add("/a", b"??", content_type=claim)) is Problem.MEDIA


@pytest.mark.parametrize("claim", ["application/json", "text/css", "application/zip"])
async def test_does_not_read_data_as_an_article(site: Site, fetcher: Fetcher, claim: str):
    assert await problem_of(fetcher, site.add("/a", b"{}", content_type=claim)) is Problem.BINARY


async def test_a_mocked_transport_serves_pages_too():
    async def body() -> AsyncGenerator[bytes]:
        yield PAGE.encode()

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body()))
    fetcher = Fetcher(transport=transport)

    assert (await page_of(fetcher, "https://example.org/")).media_type is MediaType.HTML
    await fetcher.close()


async def test_text_that_is_no_article_is_an_article_error(site: Site, fetcher: Fetcher):
    with pytest.raises(NotAnArticleError, match="picture"):
        await fetcher.fetch(site.add("/a", b"GIF89a"))
