"""A small web site on loopback that can misbehave in every way a site can, and counts who connects."""

import asyncio
import gzip
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Site:
    """Pages by path. `requests` holds the head of each request, `connections` counts the accepted sockets."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, path: str, body: bytes | str, *, status: str = "200 OK", **headers: str) -> str:
        """A page as it should be; returns its URL. Header names are written with underscores."""
        content = body.encode() if isinstance(body, str) else body
        fields = {"content_type": "text/html; charset=utf-8", "content_length": str(len(content))} | headers
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())

        async def answer(writer: asyncio.StreamWriter) -> None:
            writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + content)

        self.pages[path] = answer
        return self.url + path

    def add_gzip(self, path: str, body: bytes) -> str:
        return self.add(path, gzip.compress(body), content_encoding="gzip")

    def redirect(self, path: str, target: str, status: str = "302 Found") -> str:
        return self.add(path, b"", status=status, location=target)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append(head)
            answer = self.pages.get(head.split(" ")[1])
            if answer is None:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            else:
                await answer(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def open_site() -> AsyncGenerator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
