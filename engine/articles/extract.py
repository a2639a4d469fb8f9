"""Page to article, in a process of its own: `python -m engine.articles.extract` turns a page into JSON.

No extraction library can be stopped once it runs, and hostile markup makes each of them slow or greedy. So
the parent (`reading.py`) starts this child with exec, and the child limits its own CPU time and memory before
it reads the first byte.
"""

import json
import re
import resource
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from trafilatura import bare_extraction

from engine.articles.article import Article, count_words
from engine.articles.decode import decode
from engine.articles.gate import MIN_CHARACTERS, obstacle, page_facts, weight
from engine.articles.hidden import strip_hidden, visible_text
from engine.articles.languages import language_of
from engine.articles.problems import Problem
from engine.articles.sniffing import MediaType
from engine.errors import NotAnArticleError

CPU_SECONDS = 10
MEMORY_BYTES = 1_500_000_000
MAX_TEXT_CHARACTERS = 1_500_000
"""About 250,000 words: a long book, and still no matter of memory."""

_THIN_CHARACTERS = 1500


def extract(body: bytes, *, url: str, media_type: MediaType, content_type: str = "") -> Article:
    """The article of one downloaded body. Raises NotAnArticleError."""
    if media_type is MediaType.FEED:
        raise NotAnArticleError(Problem.FEED)
    if media_type is MediaType.PDF:
        from engine.articles.pdf import pdf_article  # an import that only PDFs need

        return pdf_article(body, url=url)
    text = decode(body, content_type)
    if media_type is MediaType.TEXT:
        return text_article(text, url=url)
    return _page_article(text, url=url)


def text_article(text: str, *, url: str, title: str = "", site: str = "") -> Article:
    """Plain text or Markdown as an article. Raises NotAnArticleError."""
    lines = [" ".join(line.split()) for line in visible_text(text).splitlines()]
    content = "\n".join(line for line in lines if line)
    if weight(content) < MIN_CHARACTERS:
        raise NotAnArticleError(Problem.EMPTY)
    return _article(content, url=url, title=title or _first_line(content), site=site or _host(url))


def _page_article(html: str, *, url: str) -> Article:
    tree = _parse(html)
    if tree is None:
        raise NotAnArticleError(Problem.EMPTY)
    title = " ".join(str(tree.xpath("string(//title)")).split())
    facts = page_facts(tree, url=url, title=title)
    post = _telegram_post(tree, url)
    strip_hidden(tree)
    found = _extract(tree, url, html_characters=len(facts.all_text))
    text = visible_text(post or found.get("text") or "")
    problem = None if post else obstacle(facts, text)
    if problem is not None:
        raise NotAnArticleError(problem)
    return _article(
        text,
        url=url,
        title=found.get("title") or title or _first_line(text),
        site=found.get("sitename") or _host(url),
        author=found.get("author"),
        published=_date(found.get("date")),
        language=language_of(text) or _declared_language(tree),
    )


def _parse(html: str) -> HtmlElement | None:
    # Comments would split the text around them into pieces of their own.
    parser = HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8", collect_ids=False)
    try:
        return document_fromstring(html.encode("utf-8", errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _extract(tree: HtmlElement, url: str, *, html_characters: int) -> dict[str, Any]:
    """What trafilatura finds: precise first, generous when that is thin for so long a page."""
    found = _trafilatura(tree, url)
    precise = found.get("text") or ""
    if len(precise) < _THIN_CHARACTERS and html_characters > 3 * len(precise):
        generous = _trafilatura(tree, url, generous=True)
        if len(generous.get("text") or "") > 1.5 * len(precise):
            return generous
    return found


def _trafilatura(tree: HtmlElement, url: str, *, generous: bool = False) -> dict[str, Any]:
    document = bare_extraction(
        tree,
        url=url,
        include_comments=False,
        with_metadata=True,
        # Only dates that the page declares: guessing from its text finds other dates.
        date_extraction_params={"extensive_search": False, "original_date": True},
        favor_precision=not generous,
        favor_recall=generous,
    )
    if document is None:
        return {}
    return document if isinstance(document, dict) else document.as_dict()


def _article(
    text: str,
    *,
    url: str,
    title: str,
    site: str,
    author: str | None = None,
    published: date | None = None,
    language: str | None = None,
) -> Article:
    return Article(
        url=url,
        site=_line(site),
        title=_line(title),
        author=_line(author) if author else None,
        published=published,
        language=language or language_of(text),
        text=text[:MAX_TEXT_CHARACTERS].strip(),
        words=count_words(text[:MAX_TEXT_CHARACTERS]),
        partial=len(text) > MAX_TEXT_CHARACTERS,
    )


def _telegram_post(tree: HtmlElement, url: str) -> str | None:
    """A post of a public channel stands only in the description of its page."""
    if urlsplit(url).hostname not in ("t.me", "telegram.me"):
        return None
    descriptions = tree.xpath("//meta[@property='og:description']/@content")
    text = str(descriptions[0]) if descriptions else ""
    return text if weight(text) >= MIN_CHARACTERS else None


def _declared_language(tree: HtmlElement) -> str | None:
    declared = str(tree.xpath("string(/html/@lang)")).lower()[:2]
    return declared if re.fullmatch("[a-z]{2}", declared) else None


def _date(text: str | None) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat((text or "")[:10])
    return None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].lstrip("# ")[:120]


def _line(text: str) -> str:
    return " ".join(visible_text(text).split())[:300]


def _limit_resources() -> None:
    for limit, value in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # a system may allow less already, or not know this limit
            resource.setrlimit(limit, (value, value))


def main() -> None:
    """One page from stdin (a line of JSON, then the body), one article or problem as JSON to stdout."""
    _limit_resources()
    head = json.loads(sys.stdin.buffer.readline())
    try:
        article = extract(
            sys.stdin.buffer.read(),
            url=head["url"],
            media_type=MediaType(head["media_type"]),
            content_type=head["content_type"],
        )
    except NotAnArticleError as error:
        answer: dict[str, Any] = {"problem": Problem(error.args[0]).name}
    else:
        answer = asdict(article)
    json.dump(answer, sys.stdout, default=str)


if __name__ == "__main__":
    main()
