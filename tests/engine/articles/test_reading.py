"""Reading in a child process: it has limits, its failures are answers, and it is never left behind."""

import asyncio

import pytest

from engine.articles.article import Article
from engine.articles.fetch import Download
from engine.articles.problems import Problem
from engine.articles.reading import PageReader
from engine.articles.sniffing import MediaType
from engine.errors import NotAnArticleError
from tests.engine.articles.pages import LOGIN, PARAGRAPHS, article_page


def download(body: str | bytes, media_type: MediaType = MediaType.HTML) -> Download:
    content = body.encode() if isinstance(body, str) else body
    return Download(
        url="https://example.org/a",
        media_type=media_type,
        content_type="text/html; charset=utf-8",
        body=content,
    )


async def problem_of(reader: PageReader, given: Download) -> Problem:
    with pytest.raises(NotAnArticleError) as caught:
        await reader.read(given)
    return caught.value.args[0]


async def test_reads_a_page():
    article = await PageReader().read(download(article_page()))

    assert article.title == "A new bridge for Lindau"
    assert article.published is not None
    assert article.published.year == 2026
    assert PARAGRAPHS[2] in article.text


async def test_names_what_is_no_article():
    assert await problem_of(PageReader(), download(LOGIN)) is Problem.LOGIN


HOSTILE = {
    "deep": "<div>" * 300_000 + "x",
    "entities": "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><html><p>&b;&b;</p>",
    "angles": "<" * 3_000_000,
    "nulls": "<html>" + "\0" * 1_000_000,
    "colspan": "<table><tr><td colspan=9000000000000000>x</td></tr></table>",
    "one word": "<p>" + "x" * 5_000_000,
    "data uri": "<img src='data:image/png;base64," + "A" * 5_000_000 + "'>",
    "many breaks": "<br>x" * 60_000,
}


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_markup_is_answered(page: str):
    outcome = await asyncio.gather(PageReader().read(download(page)), return_exceptions=True)

    assert isinstance(outcome[0], Article | NotAnArticleError)


async def test_a_page_that_takes_too_long_is_given_up():
    reader = PageReader(deadline_seconds=0.01)

    assert await problem_of(reader, download(article_page())) is Problem.UNREADABLE


async def test_reading_goes_on_after_a_page_was_given_up():
    reader = PageReader(at_once=1, deadline_seconds=0.01)
    for _ in range(3):
        assert await problem_of(reader, download(article_page())) is Problem.UNREADABLE
