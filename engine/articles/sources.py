"""Where an article comes from: a link, a file, or a text that was pasted."""

from dataclasses import replace

from engine.articles.article import Article
from engine.articles.fetch import MAX_PAGE_BYTES, MAX_PDF_BYTES, Download, Fetcher
from engine.articles.problems import Problem
from engine.articles.reading import PageReader
from engine.articles.sniffing import MediaType, sniff
from engine.errors import DownloadError, NotAnArticleError

_TYPES = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "text": "text/plain",
    "md": "text/markdown",
    "markdown": "text/markdown",
    "html": "text/html",
    "htm": "text/html",
    "xhtml": "text/html",
}
FILE_TYPES = frozenset(_TYPES.values())
"""The media types of the files that are read."""


def type_of_file(name: str, claimed: str | None) -> str | None:
    """The media type of a file by its name, else by what its sender claims; None for one that is not read."""
    by_name = _TYPES.get(name.rpartition(".")[2].lower())
    return by_name or (claimed if claimed in FILE_TYPES else None)


class SourceReader:
    """Reads articles. Each method raises ArticleError."""

    def __init__(self, *, fetcher: Fetcher, pages: PageReader) -> None:
        self._fetcher = fetcher
        self._pages = pages

    async def link(self, link: str) -> Article:
        """The article behind a link."""
        download = await self._fetcher.fetch(link)
        if download is None:
            raise DownloadError(Problem.UNREACHABLE)
        return await self._pages.read(download)

    async def file(self, body: bytes, *, name: str, content_type: str) -> Article:
        """The article in a file; the name of the file stands for its site."""
        media_type = sniff(body, content_type)
        if isinstance(media_type, Problem):
            raise NotAnArticleError(media_type)
        if len(body) > (MAX_PDF_BYTES if media_type is MediaType.PDF else MAX_PAGE_BYTES):
            raise NotAnArticleError(Problem.TOO_LARGE)
        article = await self._pages.read(
            Download(url="", media_type=media_type, content_type=content_type, body=body)
        )
        return replace(article, site=name[-100:])

    async def text(self, text: str) -> Article:
        """A text as it was typed or pasted; it has no site."""
        return await self._pages.read(
            Download(
                url="",
                media_type=MediaType.TEXT,
                content_type="text/plain; charset=utf-8",
                body=text.encode("utf-8", "replace"),
            )
        )
