"""Pages to articles: what is read, what is said of it, and what is no article."""

from datetime import date

import pytest

from engine.articles.extract import extract, text_article
from engine.articles.problems import Problem
from engine.articles.sniffing import MediaType
from engine.errors import NotAnArticleError
from tests.engine.articles import pages


def article_of(html: str, url: str = "https://www.lake-news.example/2026/bridge"):
    return extract(html.encode(), url=url, media_type=MediaType.HTML, content_type="text/html; charset=utf-8")


def problem_of(html: str, url: str = "https://www.lake-news.example/2026/bridge") -> Problem:
    with pytest.raises(NotAnArticleError) as caught:
        article_of(html, url)
    return caught.value.args[0]


def test_reads_the_article_and_nothing_around_it():
    article = article_of(pages.article_page())

    assert article.text.splitlines()[-6:] == list(pages.PARAGRAPHS)
    assert "rights reserved" not in article.text
    assert "Sport" not in article.text


def test_a_page_whose_text_is_a_list_is_extracted_a_second_time_and_read_whole():
    items = "".join(f"<li>{paragraph}</li>" for paragraph in pages.PARAGRAPHS)
    html = pages.bare_page(f"<article><p>{pages.PARAGRAPHS[0]}</p></article><ul>{items}</ul>")

    assert all(paragraph in article_of(html).text for paragraph in pages.PARAGRAPHS)


def test_knows_what_the_page_says_of_itself():
    article = article_of(pages.article_page())

    assert article.title == "A new bridge for Lindau"
    assert article.site == "Lake News"
    assert article.author == "Jo Keller"
    assert article.published == date(2026, 2, 27)
    assert article.language == "en"
    assert 110 < article.words < 130


def test_claims_no_date_that_the_page_does_not_declare():
    html = pages.bare_page("".join(f"<p>{paragraph}</p>" for paragraph in pages.PARAGRAPHS), title="Bridge")

    article = article_of(html)

    assert (article.published, article.author, article.site) == (None, None, "lake-news.example")


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (pages.SCRIPT_SHELL, Problem.SCRIPT_ONLY),
        (pages.EMPTY_SHELL, Problem.SCRIPT_ONLY),
        (pages.COOKIE_WALL, Problem.COOKIE_WALL),
        (pages.LOGIN, Problem.LOGIN),
        (pages.PAYWALL, Problem.PAYWALL),
        (pages.BOT_CHECK, Problem.BOT_CHECK),
        (pages.SOFT_404, Problem.ERROR_PAGE),
        (pages.HEADLINES, Problem.LIST_PAGE),
        (pages.VIDEO, Problem.VIDEO_PAGE),
        (pages.VIDEO.replace("video.other", "music.podcast"), Problem.VIDEO_PAGE),
        (pages.NEARLY_EMPTY, Problem.EMPTY),
        ("", Problem.EMPTY),
        ("<<<>>>", Problem.EMPTY),
    ],
)
def test_names_what_stands_in_place_of_an_article(page: str, problem: Problem):
    assert problem_of(page) is problem


@pytest.mark.parametrize(
    "title",
    [
        "Error 404: not found",
        "This article is no longer available: content removed",
        "Seite nicht gefunden",
        "Page introuvable",
        "Página no encontrada",
        "Pagina non trovata",
        "Страница не найдена",
        "页面不存在",
    ],
)
def test_an_error_page_is_known_in_many_languages(title: str):
    assert problem_of(pages.SOFT_404.replace("404 - Page not found", title).replace("not found", "")) is (
        Problem.ERROR_PAGE
    )


def test_a_video_site_has_no_words_whatever_its_page_says():
    assert problem_of(pages.article_page(), "https://www.youtube.com/watch?v=1") is Problem.VIDEO_PAGE


def test_a_feed_is_no_article():
    with pytest.raises(NotAnArticleError, match="feed"):
        extract(pages.FEED.encode(), url="https://lake-news.example/rss", media_type=MediaType.FEED)


def test_a_long_article_about_cookies_and_logins_is_an_article():
    page = pages.article_page(
        title="Why cookies need consent, and how a login works", extra="<p>Cookies need consent.</p>" * 3
    )

    assert article_of(page).words > 100


def test_a_locked_article_that_is_shown_whole_is_read():
    locked = '<script type="application/ld+json">[{"@graph": [{"isAccessibleForFree": "False"}]}]</script>'
    page = pages.article_page(head=locked, extra="<p>" + " ".join(pages.PARAGRAPHS) * 2 + "</p>")

    assert article_of(page).words > 300


def test_a_channel_post_is_read_from_its_description():
    text = " ".join(pages.PARAGRAPHS)
    page = pages.bare_page("View in Telegram", head=f'<meta property="og:description" content="{text}">')

    assert article_of(page, "https://t.me/lakenews/17").text == text


def test_a_chinese_article_is_read_and_measured_in_characters():
    text = "昨天晚上，市议会投票决定在港口修建一座新桥，全长八十米，造价四百二十万欧元。" * 8
    article = article_of(pages.bare_page(f"<article><h1>新桥</h1><p>{text}</p></article>", title="新桥"))

    assert article.language == "zh"
    assert article.words == sum("\u4e00" <= character <= "\u9fff" for character in article.text)


def test_plain_text_keeps_its_paragraphs():
    article = text_article("# Notes\n\n" + "\n\n".join(pages.PARAGRAPHS), url="https://example.org/notes.md")

    assert article.title == "Notes"
    assert article.text.splitlines()[1:] == list(pages.PARAGRAPHS)


def test_text_without_content_is_no_article():
    with pytest.raises(NotAnArticleError, match="too little"):
        text_article("Only a line.", url="https://example.org/a.txt")


def test_a_book_is_cut_at_the_limit_and_says_so():
    article = text_article(
        "A sentence about rivers and lakes.\n" * 60_000, url="https://example.org/book.txt"
    )

    assert article.partial
    assert len(article.text) <= 1_500_000
