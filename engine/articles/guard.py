"""An httpx transport that connects only to checked addresses.

The check lives in the connect call itself: the name is resolved there, every answer is checked, and the
connection goes to the very address that was checked. So neither a second DNS answer, nor a redirect, nor an
odd spelling of an address can lead elsewhere, while TLS still verifies the name.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

import httpcore
import httpx

from engine.articles.addresses import check_address

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""All IP addresses of a host name, in the order to try. Raises OSError when it has none."""

_MAX_ADDRESSES_TRIED = 3


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """The operating system's answers. Raises OSError."""
    try:
        answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty or too long
        raise OSError(f"{host} is no host name") from error
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to public addresses only."""

    def __init__(self, *, resolver: Resolver, allow_private: bool) -> None:
        self._resolver = resolver
        self._allow_private = allow_private
        self._sockets: Any = httpcore.AnyIOBackend()  # typed as a stand-in when anyio is missing

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check all answers, connect to one of them. Raises LinkRefusedError, ConnectError."""
        try:
            addresses = await self._resolver(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        for address in addresses:
            check_address(address, allow_private=self._allow_private)
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses[:_MAX_ADDRESSES_TRIED]:
            try:
                return await self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx over one guarded connection pool, without proxies and without keeping connections."""

    def __init__(self, *, resolver: Resolver = system_resolver, allow_private: bool = False) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=4,
            max_keepalive_connections=0,
            network_backend=GuardedBackend(resolver=resolver, allow_private=allow_private),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises LinkRefusedError, httpx.TransportError."""
        assert isinstance(request.stream, httpx.AsyncByteStream), "only asynchronous requests come here"
        try:
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except _FAILURES as error:
            raise _translated(error) from error
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """The bytes of a response, with httpcore's failures in httpx's words."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.aiter_stream():
                yield part
        except _FAILURES as error:
            raise _translated(error) from error

    async def aclose(self) -> None:
        await self._response.aclose()


_FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


def _translated(error: Exception) -> httpx.TransportError:
    if isinstance(error, httpcore.TimeoutException):
        return httpx.ReadTimeout(str(error))
    return httpx.NetworkError(str(error))
