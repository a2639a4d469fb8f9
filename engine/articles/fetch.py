"""One page over HTTP, guarded: checked hops, a deadline around it all, caps before and after unpacking."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

import httpx

from engine.articles.addresses import check_url
from engine.articles.article import NO_VALIDATORS, Validators
from engine.articles.guard import GuardedTransport, Resolver, system_resolver
from engine.articles.problems import Problem
from engine.articles.sniffing import MediaType, sniff
from engine.errors import DownloadError, LinkRefusedError, NotAnArticleError

MAX_REDIRECTS = 5
DEADLINE_SECONDS = 15.0
CONNECT_SECONDS = 5.0
MAX_WIRE_BYTES = 3_000_000
MAX_PAGE_BYTES = 6_000_000
"""After unpacking; of 1,171 saved pages the largest has 1.6 MB."""
MAX_PDF_BYTES = 20_000_000

_NOT_MODIFIED = 304
_MOST_VALIDATOR_CHARACTERS = 500

_USER_AGENT = "Mozilla/5.0 (compatible; Mynah/0.1; opens single pages that its user asks for)"
_HEADERS = {
    "User-Agent": _USER_AGENT,
    "Accept": "text/html, application/xhtml+xml, application/pdf;q=0.9, text/plain;q=0.8, */*;q=0.1",
    # Only gzip can be unpacked with a limit in the standard library; 809 bytes of brotli cost 2 GB otherwise.
    "Accept-Encoding": "gzip",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One downloaded body. `url` is where the redirects ended, `content_type` the header as it came."""

    url: str
    media_type: MediaType
    content_type: str
    body: bytes
    validators: Validators = NO_VALIDATORS


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The page at `url`, where the redirects ended, is what it was when its validators came."""

    url: str


KnownPages = Callable[[str], Awaitable[Validators | None]]
"""The validators of the page at a URL; None for a page that is not known."""


async def nothing_known(_url: str) -> None:
    """No page is known."""


class Fetcher:
    """Downloads single pages. `transport` replaces the network; `allow_private` opens loopback, any port."""

    def __init__(
        self,
        *,
        resolver: Resolver = system_resolver,
        allow_private: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._allow_private = allow_private
        self._deadline_seconds = deadline_seconds
        self._client = httpx.AsyncClient(
            transport=transport or GuardedTransport(resolver=resolver, allow_private=allow_private),
            trust_env=False,  # a proxy would resolve names out of our sight
            follow_redirects=False,
            timeout=httpx.Timeout(deadline_seconds, connect=CONNECT_SECONDS),
        )

    async def fetch(self, link: str, *, known: KnownPages = nothing_known) -> Download | Unchanged:
        """The page behind a link, unless it is known and has not changed.

        Raises LinkRefusedError, DownloadError, and NotAnArticleError for bodies that are no text.
        """
        url = check_url(link, allow_private=self._allow_private)
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._follow(url, known)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise DownloadError(Problem.TIMEOUT) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DownloadError(Problem.UNREACHABLE) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _follow(self, url: httpx.URL, known: KnownPages) -> Download | Unchanged:
        for _ in range(MAX_REDIRECTS + 1):
            conditions = _conditions(await known(str(url)) or NO_VALIDATORS)
            # A fresh request carries no cookies of an earlier hop, no credentials and no referrer.
            request = httpx.Request("GET", url, headers=_HEADERS | conditions, extensions=self._extensions())
            response = await self._client.send(request, stream=True)
            self._client.cookies.clear()
            async with aclosing(response):
                if response.status_code == _NOT_MODIFIED and conditions:
                    return Unchanged(url=str(url))
                if not response.has_redirect_location:
                    return await _read(response)
                url = self._next_hop(response)
        raise DownloadError(Problem.TOO_MANY_REDIRECTS)

    def _extensions(self) -> dict[str, object]:
        return {"timeout": self._client.timeout.as_dict()}

    def _next_hop(self, response: httpx.Response) -> httpx.URL:
        try:
            target = response.url.join(response.headers["location"])
        except httpx.InvalidURL as error:
            raise LinkRefusedError(Problem.ODD_ADDRESS) from error
        return check_url(str(target), allow_private=self._allow_private)


def _conditions(known: Validators) -> dict[str, str]:
    headers: dict[str, str] = {}
    if known.etag is not None:
        headers["If-None-Match"] = known.etag
    if known.last_modified is not None:
        headers["If-Modified-Since"] = known.last_modified
    return headers


async def _read(response: httpx.Response) -> Download:
    _check_status(response.status_code)
    body = await _body(response)
    content_type = response.headers.get("content-type", "")
    media_type = sniff(body, content_type)
    if isinstance(media_type, Problem):
        raise NotAnArticleError(media_type)
    return Download(
        url=str(response.url),
        media_type=media_type,
        content_type=content_type,
        body=body,
        validators=Validators(
            etag=_repeatable(response.headers.get("etag")),
            last_modified=_repeatable(response.headers.get("last-modified")),
        ),
    )


def _repeatable(header: str | None) -> str | None:
    """A header that can be sent back as it came."""
    return header if header and header.isascii() and len(header) <= _MOST_VALIDATOR_CHARACTERS else None


def _check_status(status: int) -> None:
    if status < 300:
        return
    if status in (401, 402, 403, 407, 451):
        raise DownloadError(Problem.FORBIDDEN)
    if status in (404, 410):
        raise DownloadError(Problem.MISSING)
    raise DownloadError(Problem.BUSY if status in (408, 425, 429, 503) else Problem.SITE_FAILED)


async def _body(response: httpx.Response) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise DownloadError(Problem.ENCODING)
    parts = _capped(response)
    if "gzip" in encoding:
        parts = _unzipped(parts)
    body = bytearray()
    async for part in parts:
        body += part
        if len(body) > _limit(body, MAX_PAGE_BYTES):
            raise DownloadError(Problem.TOO_LARGE)
    return bytes(body)


async def _capped(response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes of the wire, until there are too many."""
    start, received = b"", 0
    async for part in response.aiter_raw():
        start = start or part
        received += len(part)
        if received > _limit(start, MAX_WIRE_BYTES):
            raise DownloadError(Problem.TOO_LARGE)
        yield part


async def _unzipped(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """gzip without its bombs: each step unpacks at most one cap's worth."""
    unpack = zlib.decompressobj(wbits=31)
    async for part in parts:
        try:
            yield unpack.decompress(part, MAX_PAGE_BYTES + 1)
        except zlib.error as error:
            raise DownloadError(Problem.ENCODING) from error
        if unpack.unconsumed_tail:
            raise DownloadError(Problem.TOO_LARGE)


def _limit(start: bytes | bytearray, page_limit: int) -> int:
    return MAX_PDF_BYTES if start.startswith(b"%PDF-") else page_limit
