"""Is it an article? What libraries return as text may be a cookie notice, a login form or a list of links.

The model is never called on a page that fails here: a small one would summarise from the link alone.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from engine.articles.problems import Problem

MIN_CHARACTERS = 250
"""Fewer are no article; a wide character counts three."""
_PROSE_CHARACTERS = 800
_SHORT_CHARACTERS = 1500
"""Up to this length a text may still be the notice that a site shows instead of its article."""

_WIDE = re.compile("[\u2e80-\ufdff]")
_VIDEO_SITES = re.compile(
    r"(?:^|\.)(?:youtube\.com|youtu\.be|vimeo\.com|tiktok\.com|twitch\.tv|bilibili\.com|soundcloud\.com"
    r"|open\.spotify\.com|podcasts\.apple\.com|dailymotion\.com)$"
)
_SCRIPTS_NEEDED = re.compile(
    r"(?:enable|requires?|activate|without|aktivieren|activer|activar|включите)\W+(?:\w+\W+){0,3}javascript"
    r"|javascript\W+(?:\w+\W+){0,4}(?:enabled?|disabled|required|aktivier|deaktivier|activ)"
    r"|启用\s*JavaScript",
    re.I,
)
_BOT_CHECK = re.compile(
    r"verif(?:y|ying) (?:that )?you are (?:a )?human|checking your browser|just a moment\.\.\."
    r"|are you a robot|not a robot|unusual traffic|complete the captcha|attention required|access denied"
    r"|request blocked|security check|人机验证|安全验证|подтвердите, что вы не робот",
    re.I,
)
_COOKIES = re.compile(
    r"\bcookies?\b|\bconsent\b|\bpartners?\b|privacy (?:policy|choices)|datenschutz|zustimm|einwilligung"
    r"|confidentialité|consentement|privacidad|согласи|隐私|同意",
    re.I,
)
_PAYWALL = re.compile(
    r"subscri(?:be|bers|ption)[^.]{0,60}(?:continue|keep|read|access|unlock|only)"
    r"|(?:continue|keep) reading[^.]{0,60}subscri|already a subscriber|to (?:continue|keep) reading"
    r"|jetzt (?:weiterlesen|abonnieren)|mit .{0,20}abo weiterlesen"
    r"|réservé aux abonnés|exclusivo para suscriptores"
    r"|только для подписчиков|订阅(?:后|以)(?:继续)?阅读|付费阅读",
    re.I,
)
_LOGIN = re.compile(r"/(?:log-?in|sign-?in|signup|register|auth|sso|account/login)(?:[/?.]|$)", re.I)
_LOGIN_WORDS = re.compile(
    r"\b(?:log ?in|sign ?in|password|anmelden|passwort|connexion|войти|пароль)\b|登录|密码", re.I
)
_ERROR_TITLE = re.compile(
    r"\b(?:404|403|410|500|502|503)\b.{0,20}(?:error|not found|forbidden|gone|fehler|erreur|ошибка|$)"
    r"|(?:page|article|story|content)\b.{0,25}\b(?:not found|not exist|gone|removed|unavailable|deleted)"
    r"|^(?:error|oops|not found|forbidden)\b|nicht gefunden|page (?:non trouvée|introuvable)|página no"
    r" encontrada|pagina non trovata|страница не найдена|页面不存在|找不到(?:页面|网页)|404",
    re.I,
)
_FINAL_PUNCTUATION = re.compile(r"[.!?。！？…؟।:;：；][\"'”’»)\]】」』]*$")
_SENTENCE_END = re.compile(r"[.!?؟।](?:[\"'”’»)\]]*)(?:\s|$)|[。！？]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What the whole page says of itself, beside its article."""

    url: str
    title: str
    all_text: str
    scripts: int
    password_field: bool
    locked: bool
    media_type: str
    link_texts: frozenset[str]


def page_facts(tree: HtmlElement, *, url: str, title: str) -> PageFacts:
    """Look at the page before anything is taken out of it."""
    body = " ".join(
        str(part) for part in tree.xpath("//body//text()[not(parent::script) and not(parent::style)]")
    )
    types = tree.xpath("//meta[@property='og:type']/@content")
    return PageFacts(
        url=url,
        title=title,
        all_text=" ".join(body.split()),
        scripts=len(tree.xpath("//script")),
        password_field=bool(tree.xpath("//input[@type='password']")),
        locked=_is_locked(tree),
        media_type=str(types[0]).lower() if types else "",
        link_texts=frozenset(
            " ".join(link.text_content().split()) for link in tree.xpath("//body//a[@href]")
        ),
    )


def obstacle(facts: PageFacts, text: str) -> Problem | None:
    """Why the extracted text is not an article; None when it is one."""
    size = weight(text)
    parts = urlsplit(facts.url)
    if _VIDEO_SITES.search(parts.hostname or ""):
        return Problem.VIDEO_PAGE
    if size < _SHORT_CHARACTERS:
        notice = _notice(facts, text, parts.path)
        if notice is not None:
            return notice
    if size < MIN_CHARACTERS or len(_SENTENCE_END.findall(text)) < 2:
        return Problem.LIST_PAGE if _is_list(text, facts.link_texts) else Problem.EMPTY
    return Problem.LIST_PAGE if _is_list(text, facts.link_texts) else None


def weight(text: str) -> int:
    """Characters, of which a wide one says as much as three others."""
    return len(text) + 2 * len(_WIDE.findall(text))


def _notice(facts: PageFacts, text: str, path: str) -> Problem | None:
    """A short text may be what a site shows instead of its article: which notice is it?"""
    shown = text if weight(text) >= MIN_CHARACTERS else facts.all_text[:4000]
    if _BOT_CHECK.search(facts.title) or (weight(text) < 600 and _BOT_CHECK.search(shown)):
        return Problem.BOT_CHECK
    if _ERROR_TITLE.search(facts.title) or (weight(text) < 600 and _ERROR_TITLE.search(shown[:200])):
        return Problem.ERROR_PAGE
    if facts.locked or _PAYWALL.search(shown):
        return Problem.PAYWALL
    if _LOGIN.search(path) or (facts.password_field and _LOGIN_WORDS.search(shown)):
        return Problem.LOGIN
    if len(_COOKIES.findall(shown)) >= max(3, len(shown.split()) // 15):
        return Problem.COOKIE_WALL
    if weight(text) < MIN_CHARACTERS and facts.media_type.startswith(("video", "music")):
        return Problem.VIDEO_PAGE
    empty_shell = weight(facts.all_text) < MIN_CHARACTERS and facts.scripts > 0
    if _SCRIPTS_NEEDED.search(shown) or empty_shell:
        return Problem.SCRIPT_ONLY
    return None


def _is_list(text: str, link_texts: frozenset[str]) -> bool:
    """Headlines instead of sentences: short lines without a full stop, or many lines that are links."""
    lines = [line.strip(" -*|#") for line in text.splitlines() if line.strip(" -*|#")]
    links = sum(line in link_texts and "://" not in line for line in lines)
    if links >= 5 and links >= 0.25 * len(lines):
        return True
    prose = [line for line in lines if weight(line) >= 110 or _FINAL_PUNCTUATION.search(line)]
    headlines = len(lines) - len(prose)
    return headlines >= 5 and headlines >= 0.6 * len(lines) and sum(map(weight, prose)) < _PROSE_CHARACTERS


def _is_locked(tree: HtmlElement) -> bool:
    tiers = tree.xpath("//meta[@property='article:content_tier']/@content")
    if any(str(tier).lower() in ("locked", "paid") for tier in tiers):
        return True
    return any(
        str(item.get("isAccessibleForFree", "true")).lower() == "false"
        for script in tree.xpath("//script[@type='application/ld+json']/text()")
        for item in _objects(str(script))
    )


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-LD block, one level into lists and @graph."""
    try:
        data = json.loads(text[:200_000])
    except (ValueError, RecursionError):
        return
    items = cast("list[Any]", data) if isinstance(data, list) else [data]
    for item in items:
        if isinstance(item, dict):
            found = cast("dict[str, Any]", item)
            yield found
            graph = found.get("@graph")
            if isinstance(graph, list):
                yield from (
                    cast("dict[str, Any]", part)
                    for part in cast("list[Any]", graph)
                    if isinstance(part, dict)
                )
