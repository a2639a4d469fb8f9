"""From a link to a summary: the model's where it stays with the page, else the page's own sentences."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from engine.articles.article import Article
from engine.articles.check import is_supported
from engine.articles.fetch import Fetcher
from engine.articles.problems import Problem
from engine.articles.reading import PageReader
from engine.articles.salience import best, scores, split_sentences
from engine.errors import DownloadError
from engine.language.model import (
    AdapterRef,
    Cancellation,
    ChatMessage,
    GenerationRequest,
    LanguageModel,
    SamplingParams,
    TextSink,
    discard,
)
from engine.language.thoughts import strip_thoughts
from storage.articles import ArticleStore
from storage.records import ArticleSummary, FinishReason, Role

SHORT_WORDS = 90
"""A page that is shorter than a summary is shown as it is."""

_MOST_PROMPT_TOKENS = 1200
"""More makes a small model slower and no better."""

_KEY_SENTENCES = 4
_FEWEST_SENTENCES = 2
_SAMPLING = SamplingParams(max_new_tokens=160, temperature=0.0)
_LANGUAGES = {
    "zh": "Chinese",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "ru": "Russian",
    "ja": "Japanese",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A summary and what it rests on. `generated` False: these are sentences of the page itself."""

    url: str
    site: str
    title: str
    text: str
    words: int
    published: date | None
    generated: bool
    whole: bool
    from_cache: bool = False


class Summarizer:
    """Reads pages and sums them up for one reader."""

    def __init__(
        self,
        *,
        model: LanguageModel,
        fetcher: Fetcher,
        reader: PageReader,
        store: ArticleStore,
        now: Callable[[], datetime],
    ) -> None:
        self._model = model
        self._fetcher = fetcher
        self._reader = reader
        self._store = store
        self._now = now

    async def summarize(
        self,
        link: str,
        *,
        user_id: int,
        adapter: AdapterRef | None = None,
        interests: tuple[str, ...] = (),
        sink: TextSink = discard,
        cancellation: Cancellation | None = None,
    ) -> Summary:
        """Summarise the page behind a link. Raises ArticleError, ModelError."""
        download = await self._fetcher.fetch(link)
        if download is None:
            raise DownloadError(Problem.UNREACHABLE)
        article = await self._reader.read(download)
        digest = hashlib.sha256(article.text.encode()).hexdigest()
        if article.words <= SHORT_WORDS:
            return _summary(article, article.text, generated=False, whole=True)
        style = f"{self._model.name}:{'base' if adapter is None else adapter.version}:{','.join(interests)}"
        kept = await self._store.get(article.url, style)
        if kept is not None and kept.content_sha256 == digest:
            return _summary(article, kept.text, generated=True, from_cache=True)
        written = await self._write(article, user_id, adapter, interests, sink, cancellation)
        if written is None:
            return _summary(article, _key_sentences(article.text, interests), generated=False)
        await self._store.put(
            ArticleSummary(
                url=article.url,
                style=style,
                content_sha256=digest,
                title=article.title,
                text=written,
                created_at=self._now(),
            )
        )
        return _summary(article, written, generated=True)

    async def _write(
        self,
        article: Article,
        user_id: int,
        adapter: AdapterRef | None,
        interests: tuple[str, ...],
        sink: TextSink,
        cancellation: Cancellation | None,
    ) -> str | None:
        """What the model writes and the page bears out; None when too little of it does."""
        request = GenerationRequest(
            user_id=user_id,
            messages=self._prompt(article, interests),
            adapter=adapter,
            sampling=_SAMPLING,
        )
        completion = await self._model.generate(request, sink=sink, cancellation=cancellation)
        sentences = split_sentences(strip_thoughts(completion.text))
        if completion.finish_reason is not FinishReason.STOP:
            sentences = sentences[:-1]  # the last one was cut off
        borne_out = [sentence for sentence in sentences if is_supported(sentence, article.text)]
        return " ".join(borne_out) if len(borne_out) >= _FEWEST_SENTENCES else None

    def _prompt(self, article: Article, interests: tuple[str, ...]) -> tuple[ChatMessage, ...]:
        """The whole page where it fits, else its most telling sentences in their order."""
        budget = min(_MOST_PROMPT_TOKENS, self._model.context_tokens - _SAMPLING.max_new_tokens)
        sentences = split_sentences(article.text)
        order = scores(sentences, interests)
        low, high = 1, len(sentences)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self._model.count_tokens(_ask(article, best(sentences, order, count=middle))) <= budget
            low, high = (middle, high) if fits else (low, middle - 1)
        return _ask(article, best(sentences, order, count=low))


def _ask(article: Article, sentences: Sequence[str]) -> tuple[ChatMessage, ...]:
    """The page goes in as data: between marks, after the instruction."""
    language = _LANGUAGES.get(article.language or "en", "English")
    text = " ".join(sentences)
    return (
        ChatMessage(
            Role.USER,
            f"Summarise the article between the marks in three sentences, in {language}."
            f" Use only what it says.\n\n<<<\n{article.title}\n\n{text}\n>>>",
        ),
    )


def _key_sentences(text: str, interests: Sequence[str]) -> str:
    sentences = split_sentences(text)
    return "\n".join(
        f"• {each}" for each in best(sentences, scores(sentences, interests), count=_KEY_SENTENCES)
    )


def _summary(
    article: Article, text: str, *, generated: bool, whole: bool = False, from_cache: bool = False
) -> Summary:
    return Summary(
        url=article.url,
        site=article.site,
        title=article.title,
        text=text,
        words=article.words,
        published=article.published,
        generated=generated,
        whole=whole,
        from_cache=from_cache,
    )
