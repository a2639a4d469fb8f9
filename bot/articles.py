"""/summarize: a link to a summary for this reader."""

from telegram import Message, Update
from telegram.constants import MessageEntityType
from telegram.ext import ContextTypes

from bot.delivery import Delivery
from bot.incoming import Incoming, incoming
from bot.limits import Limiter, Verdict
from bot.texts import Texts
from engine.articles.summarize import Reader, Summarizer, Summary
from engine.errors import ArticleError, ModelError
from engine.serving import ServedAdapters

_LINKS: list[str | None] = [MessageEntityType.URL, MessageEntityType.TEXT_LINK]


class ArticleHandlers:
    """Handlers of links."""

    def __init__(
        self, *, summarizer: Summarizer, adapters: ServedAdapters, limiter: Limiter, delivery: Delivery
    ) -> None:
        self._summarizer = summarizer
        self._adapters = adapters
        self._limiter = limiter
        self._delivery = delivery

    async def on_summarize(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Summarise the link of the command, or of the message that it replies to."""
        asked = incoming(update)
        link = _link_for(asked)
        if link is None:
            await self._delivery.say(asked.chat_id, asked.texts.summarize_usage)
            return
        verdict = self._limiter.take(asked.user_id, asked.message.date)
        if verdict is not Verdict.ALLOWED:
            if verdict is Verdict.TOLD:
                await self._delivery.say(asked.chat_id, asked.texts.too_many_links)
            return
        live = await self._delivery.live(chat_id=asked.chat_id, update_id=asked.update_id)
        async with live:
            live.show(asked.texts.reading.format(link=link))
            sentence = await self._summarize(asked, link)
        await self._delivery.say(asked.chat_id, sentence, shown_as=live.preview_id)

    async def _summarize(self, asked: Incoming, link: str) -> str:
        """The summary as text, or the reason why there is none."""
        try:
            summary = await self._summarizer.summarize(
                link, Reader(user_id=asked.user_id, adapter=self._adapters.of(asked.user_id))
            )
        except ArticleError as error:
            return str(error)
        except ModelError:
            return asked.texts.failed
        return _as_text(summary, asked.texts)


def _link_for(asked: Incoming) -> str | None:
    """The link that is meant; what is typed after the command counts even when Telegram saw no link in it."""
    meant = asked.message.reply_to_message
    return (
        _first_link(asked.message)
        or (asked.argument.split()[0] if asked.argument else None)
        or (None if meant is None else _first_link(meant))
    )


def _first_link(message: Message) -> str | None:
    """The first link of a message, whether it is written out or lies behind words."""
    for entity, text in message.parse_entities(_LINKS).items():
        return entity.url or text
    return None


def _as_text(summary: Summary, texts: Texts) -> str:
    """Title, summary, and what was read."""
    head = "" if summary.generated or summary.whole else f"{texts.key_sentences}\n"
    if summary.generated:
        body = " ".join(point.text for point in summary.points)
    else:
        body = "\n".join(point.text if summary.whole else f"• {point.text}" for point in summary.points)
    read = texts.what_was_read.format(words=f"{summary.words:,}", site=summary.site)
    when = "" if summary.published is None else f", {summary.published:%Y-%m-%d}"
    return f"{summary.title}\n\n{head}{body}\n\n{read}{when}"
