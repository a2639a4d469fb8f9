"""The text of a PDF's first pages."""

import io
import logging
import re

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from engine.articles.article import Article, count_words
from engine.articles.gate import MIN_CHARACTERS, weight
from engine.articles.hidden import visible_text
from engine.articles.languages import language_of
from engine.articles.problems import Problem
from engine.errors import NotAnArticleError

MAX_PAGES = 100

_HYPHEN_AT_LINE_END = re.compile(r"(?<=[a-zà-ÿ])-\n(?=[a-zà-ÿ])")
_LINE_WITHIN_SENTENCE = re.compile(r"(?<![.!?:。！？：])\n(?=\S)")


def pdf_article(body: bytes, *, url: str) -> Article:
    """The first pages as an article. Raises NotAnArticleError when there is no text or a password."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it narrates each oddity of a file
    try:
        reader = PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise NotAnArticleError(Problem.LOCKED)
        pages = [page.extract_text() for page in reader.pages[:MAX_PAGES]]
        information = reader.metadata
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        # Broken files make pypdf fail in all of these ways.
        raise NotAnArticleError(Problem.UNREADABLE) from error
    text = visible_text("\n".join(map(_flowing, pages))).strip()
    if weight(text) < MIN_CHARACTERS:
        raise NotAnArticleError(Problem.SCANNED)
    title = (information.title if information else None) or text.partition("\n")[0]
    return Article(
        url=url,
        site="PDF",
        title=" ".join(str(title).split())[:150],
        author=(information.author if information else None) or None,
        published=None,
        language=language_of(text),
        text=text,
        words=count_words(text),
        partial=len(reader.pages) > MAX_PAGES,
    )


def _flowing(page: str) -> str:
    """Lines of a page joined into paragraphs."""
    return _LINE_WITHIN_SENTENCE.sub(" ", _HYPHEN_AT_LINE_END.sub("", page))
