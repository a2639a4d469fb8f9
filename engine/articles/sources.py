"""Where an article comes from: a link, a file, or a text that was pasted."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from engine.articles.article import Article, Validators
from engine.articles.fetch import MAX_PAGE_BYTES, MAX_PDF_BYTES, Download, Fetcher, Unchanged, nothing_known
from engine.articles.problems import Problem
from engine.articles.reading import PageReader
from engine.articles.sniffing import MediaType, sniff
from engine.errors import NotAnArticleError

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


KeptArticles = Callable[[str], Awaitable[Article | None]]
"""The newest article that is kept of a URL, if there is one."""


class SourceReader:
    """Reads articles. Each method raises ArticleError."""

    def __init__(self, *, fetcher: Fetcher, pages: PageReader) -> None:
        self._fetcher = fetcher
        self._pages = pages

    async def link(self, link: str, *, kept: KeptArticles = nothing_known) -> Article:
        """The article behind a link; a kept one that has not changed is not loaded again."""
        found: dict[str, Article] = {}

        async def known(url: str) -> Validators | None:
            article = await kept(url)
            if article is None:
                return None
            found[url] = article
            return article.validators

        answer = await self._fetcher.fetch(link, known=known)
        if isinstance(answer, Unchanged):
            return found[answer.url]
        article = await self._pages.read(answer)
        return replace(article, validators=answer.validators)

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
