"""/summarize and what follows it: links, files and texts to summaries, passages, questions about them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from telegram import Document, Message, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.article_request import ArticleRequest, of_command, of_links
from bot.delivery import Delivery
from bot.files import MOST_BYTES, Files, FileUnavailableError
from bot.incoming import Incoming, incoming
from bot.joining import Joined, Joiner
from bot.keyboard import READ_PATTERN, Keyboards, offer
from bot.limits import Limiter, Verdict
from bot.links import links_of, shown_links, without
from bot.live import LiveReply
from bot.render import plain
from bot.speaking import preferences, texts
from bot.summary_text import answer_text, passages_text, summary_text
from bot.texts import Texts
from bot.under_way import UnderWay
from engine.articles.answer import Answerer
from engine.articles.article import Article
from engine.articles.library import Asked, Library, article_of, pairs
from engine.articles.questions import asks, clearly_about
from engine.articles.sources import SourceReader, type_of_file
from engine.articles.summarize import Reader, Summarizer
from engine.articles.wish import Length, Wanted, Wish, read_wishes
from engine.assistant import Interrupted
from engine.errors import ArticleError, ModelError, QueueFullError, SummaryStoppedError
from engine.serving import ServedAdapters
from storage.messages import MessageStore
from storage.records import Message as LoggedMessage
from storage.records import Reading, ReadingReply

Read = Callable[[], Awaitable[Article]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is shown: the chat, the update that asked for it, and which part of its answer it is.

    `in_place_of` are the Telegram messages that it replaces, `earlier` the reply that they show until then.
    """

    asked: Asked
    part: int = 0
    in_place_of: Sequence[int] = ()
    earlier: LoggedMessage | None = None

    @property
    def update_id(self) -> int:
        """The update that is being handled."""
        assert self.asked.update_id is not None, "everything that is shown answers an update"
        return self.asked.update_id


class ArticleHandlers:
    """Handlers of everything that is to be read, and of what is asked about it."""

    def __init__(
        self,
        *,
        sources: SourceReader,
        summarizer: Summarizer,
        answerer: Answerer,
        library: Library,
        messages: MessageStore,
        adapters: ServedAdapters,
        keyboards: Keyboards,
        files: Files,
        joiner: Joiner,
        under_way: UnderWay,
        limiter: Limiter,
        delivery: Delivery,
    ) -> None:
        self._sources = sources
        self._summarizer = summarizer
        self._answerer = answerer
        self._library = library
        self._messages = messages
        self._adapters = adapters
        self._keyboards = keyboards
        self._files = files
        self._joiner = joiner
        self._under_way = under_way
        self._limiter = limiter
        self._delivery = delivery

    async def on_summarize(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Summarise what stands behind the command, what came with it, or what it replies to."""
        asked = incoming(update)
        alone = not asked.argument and asked.replied_to is None
        joined = await self._joiner.with_following(update, expecting=alone)
        argument = _after_command(joined.text)
        meant = asked.message.reply_to_message
        about = None if meant is None else await self._about_shown(asked, meant.message_id)
        wanted = read_wishes(argument)
        request = of_command(argument, joined.messages, meant)
        if about is not None and not links_of(joined.messages) and request.wanted == wanted:
            await self._summarize_again(asked, *about, wanted)
            return
        if request.is_empty:
            if not await self._bring_logged(Place(asked=_asked(asked, joined.text))):
                await self._delivery.say(asked.chat_id, asked.texts.summarize_usage)
            return
        await self._read_all(asked, request, _asked(asked, joined.text, joined.others))

    async def on_document(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Summarise a file; words below it may be wishes, or a question that is answered afterwards.

        Those below a forwarded one are somebody else's, and wish for nothing.
        """
        asked = incoming(update)
        document = asked.message.document
        assert document is not None, "the filter lets only files through"
        caption = "" if asked.message.forward_origin is not None else asked.message.caption or ""
        wanted = read_wishes(_after_command(caption))
        request = ArticleRequest(document=document, wanted=wanted)
        is_question = bool(wanted.rest) and asks(caption)
        if is_question:
            request = ArticleRequest(document=document)
        shown = await self._read_all(asked, request, _asked(asked, caption or document.file_name or ""))
        if is_question and shown is not None:
            about = await self._library.about(shown.message_id, user_id=asked.user_id)
            if about is not None:
                await self._answer(Place(asked=_asked(asked, caption), part=1), about[0], caption)

    async def on_caption(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A picture or the like with words: its links may be read, the rest is not."""
        asked = incoming(update)
        await self._joiner.with_following(update)  # an album is answered once
        links = links_of([asked.message])
        if links:
            await self._offer(asked, links)
        else:
            await self._delivery.say(asked.chat_id, asked.texts.unsupported)

    async def take(self, asked: Incoming, joined: Joined) -> bool:
        """Handle a message that is about something to read or that was read; False for any other."""
        links = links_of(joined.messages)
        bare = bool(links) and not without(shown_links(joined.messages), joined.text).strip()
        if bare or (links and joined.is_forwarded):
            await self._offer(asked, links)
            return True
        if joined.quoted is not None or joined.is_forwarded:
            return False
        about, replied = await self._meant(asked)
        if about is None:
            return False
        wanted = read_wishes(joined.text)
        if wanted.says_something and not wanted.rest and about[1].length is not None:
            await self._summarize_again(asked, *about, wanted)
            return True
        meant = asks(joined.text) if replied else await _clearly_about(joined.text, about[0])
        if meant:
            await self._answer(Place(asked=_asked(asked, joined.text, joined.others)), about[0], joined.text)
        return meant

    async def on_tap(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap below a summary, or below the question whether links shall be read."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = READ_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        shown = query.message
        if not isinstance(shown, Message):  # too old for Telegram to say what stands in it
            with contextlib.suppress(TelegramError):
                await query.answer(texts().article_unknown)
            return
        asked = Incoming(
            update_id=update.update_id,
            message=shown,
            user_id=query.from_user.id,
            chat_id=shown.chat_id,
            texts=texts(),
        )
        if match[1] == "now":
            with contextlib.suppress(TelegramError):  # it only ends the button's spinner
                await query.answer()
            links = (shown.text or "").splitlines()[1:]  # as `_offer` wrote them
            await self._read_all(
                asked, of_links(links), _asked(asked, " ".join(links)), in_place_of=[shown.message_id]
            )
            return
        about = await self._library.about(int(match[2]), user_id=asked.user_id) if match[2] else None
        with contextlib.suppress(TelegramError):
            await query.answer(None if about is not None else texts().article_unknown)
        if about is None:
            return
        if match[1] == "passages":
            for part in plain(passages_text(about[1].points, about[0].text, texts())):
                await self._delivery.say(asked.chat_id, part.text)
        else:
            await self._summarize_again(asked, *about, Wanted(steps=-1), in_place_of=int(match[2]))

    async def _offer(self, asked: Incoming, links: Sequence[str]) -> None:
        """Read links that came without a wish, or ask whether to."""
        if preferences().summarize_links:
            await self._read_all(asked, of_links(links), _asked(asked, " ".join(links)))
            return
        request = of_links(links)
        await self._delivery.say(
            asked.chat_id, "\n".join([asked.texts.summarize_these, *request.links]), buttons=offer()
        )
        await self._name_left_out(asked, request)

    async def _read_all(
        self, asked: Incoming, request: ArticleRequest, logged: Asked, *, in_place_of: Sequence[int] = ()
    ) -> LoggedMessage | None:
        """Read and show each thing that was asked for; returns the last summary, if there is one."""
        verdict = self._limiter.take(asked.user_id, asked.message.date)
        if verdict is Verdict.TOLD:
            await self._delivery.say(asked.chat_id, asked.texts.too_much_to_read)
        if verdict is not Verdict.ALLOWED:
            return None
        usual = (Length(preferences().reply_length), not self._summarizer.own_words)
        wish = await self._library.wish(asked.user_id, request.wanted, usual)
        reads = [self._link(link, asked.user_id) for link in request.links]
        if request.text is not None:
            reads = [(asked.texts.reading_text, partial(self._sources.text, request.text))]
        elif request.document is not None:
            refusal = _refusal(request.document, asked.texts)
            if refusal is not None:
                await self._delivery.say(asked.chat_id, refusal)
                return None
            reads = [self._file(request.document)]
        shown: LoggedMessage | None = None
        for part, (opening, read) in enumerate(reads):
            place = Place(asked=logged, part=part, in_place_of=() if part else in_place_of)
            shown = await self._show(place, opening, read, wish, request.wanted.rest)
        await self._name_left_out(asked, request)
        return shown

    def _link(self, link: str, user_id: int) -> tuple[str, Read]:
        kept = partial(self._library.kept, user_id)
        return texts().reading.format(link=link), partial(self._sources.link, link, kept=kept)

    def _file(self, document: Document) -> tuple[str, Read]:
        name = document.file_name or "file"

        async def read() -> Article:
            body = await self._files.content(document)
            return await self._sources.file(
                body, name=name, content_type=type_of_file(name, document.mime_type) or ""
            )

        return texts().reading.format(link=name), read

    async def _name_left_out(self, asked: Incoming, request: ArticleRequest) -> None:
        if request.left_out:
            sentence = asked.texts.too_many_links.format(count=len(request.links))
            await self._delivery.say(asked.chat_id, "\n".join([sentence, *request.left_out]))

    async def _summarize_again(
        self,
        asked: Incoming,
        reading: Reading,
        reply: ReadingReply,
        wanted: Wanted,
        *,
        in_place_of: int | None = None,
    ) -> None:
        """Sum up what was read before in another way; as a tap asks, in the place of the summary before."""
        form = (Length(reply.length or Length.NORMAL), reply.bullets)
        wanted = replace(
            wanted,
            language=wanted.language or reply.language,
            audience=wanted.audience or reply.audience,
        )
        wish = await self._library.wish_beside(asked.user_id, wanted, form)

        async def read() -> Article:
            return article_of(reading)

        earlier = None if in_place_of is None else await self._messages.get(in_place_of)
        place = Place(
            asked=_asked(asked, reading.url or reading.title),
            in_place_of=() if earlier is None else await self._delivery.shown_as(earlier),
            earlier=earlier,
        )
        opening = asked.texts.reading.format(link=reading.title)
        await self._show(place, opening, read, wish, wanted.rest, again=reading)

    async def _show(
        self,
        place: Place,
        opening: str,
        read: Read,
        wish: Wish,
        unknown: str = "",
        *,
        again: Reading | None = None,
    ) -> LoggedMessage | None:
        """Read one thing and show its summary, or the one that was logged before the process ended."""

        async def write(reader: Reader, live: LiveReply) -> tuple[str, ReadingReply]:
            live.show(opening)
            article = await read()
            reader.check_wanted()
            summary = await self._summarizer.summarize(article, reader)
            reading_id = again.reading_id if again else await self._library.keep(reader.user_id, article)
            note = texts().wish_unknown.format(words=unknown) if unknown else ""
            return summary_text(summary, texts(), bullets=wish.bullets, note=note), ReadingReply(
                reading_id=reading_id,
                points=() if summary.whole else pairs(summary.points),
                part=place.part,
                length=wish.length,
                bullets=wish.bullets,
                wished=again is not None,
                language=wish.language,
                audience=wish.audience,
            )

        return await self._bring(place, write, wish, opening)

    async def _answer(self, place: Place, reading: Reading, question: str) -> None:
        """Answer a question from an article."""

        async def write(reader: Reader, _live: LiveReply) -> tuple[str, ReadingReply]:
            points = await self._answerer.answer(reading.text, question, reader)
            about = ReadingReply(reading_id=reading.reading_id, points=pairs(points), part=place.part)
            return answer_text(points, texts()), about

        await self._bring(place, write, Wish(), "")

    async def _bring(
        self,
        place: Place,
        write: Callable[[Reader, LiveReply], Awaitable[tuple[str, ReadingReply]]],
        wish: Wish,
        opening: str,
    ) -> LoggedMessage | None:
        """Write something, log it and bring it to the chat; a failure is one sentence in its place."""
        asked, live = place.asked, await self._live(place)
        reply = await self._library.logged(place.update_id, place.part)
        if reply is None:
            try:
                async with live:
                    with self._under_way.begin((asked.chat_id, asked.thread_id)) as cancellation:
                        reader = Reader(
                            user_id=asked.user_id,
                            adapter=self._adapters.of(asked.user_id),
                            wish=replace(wish, spoken=_code(preferences().spoken)),
                            progress=lambda part, parts: _show_progress(live, opening, part, parts),
                            cancellation=cancellation,
                        )
                        text, about = await write(reader, live)
                reply = await self._library.log(asked, text, about)
            except (ArticleError, ModelError, FileUnavailableError) as error:
                if self._under_way.stopping and isinstance(error, SummaryStoppedError):
                    raise Interrupted from error
                await self._tell(place, live, _sentence(error, texts()))
                return None
        await self._finish(place, reply, live)
        return reply

    async def _bring_logged(self, place: Place) -> bool:
        """Bring to the chat what was logged before the process ended; False: nothing was."""
        reply = await self._library.logged(place.update_id, place.part)
        if reply is not None:
            await self._finish(place, reply, await self._live(place))
        return reply is not None

    async def _live(self, place: Place) -> LiveReply:
        return await self._delivery.live(
            chat_id=place.asked.chat_id, update_id=place.update_id, in_place_of=place.in_place_of
        )

    async def _finish(self, place: Place, reply: LoggedMessage, live: LiveReply) -> None:
        preview = [] if live.preview_id is None else [live.preview_id]
        await self._delivery.finish(
            reply,
            buttons=await self._keyboards.below(reply),
            shown_as=[*preview, *place.in_place_of[1:]],
            update_id=place.update_id,
            may_stand_twice=live.may_have_left_one,
        )
        if live.may_have_left_one or live.preview_id in await self._delivery.shown_as(reply):
            await self._delivery.forget_preview(place.update_id)

    async def _tell(self, place: Place, live: LiveReply, sentence: str) -> None:
        """Say why there is nothing new; what stood in its place before stands there again."""
        if place.earlier is None:
            await self._delivery.say(place.asked.chat_id, sentence, shown_as=live.preview_id)
        else:
            buttons = await self._keyboards.below(place.earlier)
            await self._delivery.show_again(place.earlier, buttons=buttons)
            await self._delivery.say(place.asked.chat_id, sentence)
        await self._delivery.forget_preview(place.update_id)

    async def _about_shown(self, asked: Incoming, telegram_id: int) -> tuple[Reading, ReadingReply] | None:
        """The article that the message with this Telegram id is about."""
        reply = await self._messages.reply_shown_as(chat_id=asked.chat_id, telegram_id=telegram_id)
        return None if reply is None else await self._library.about(reply.message_id, user_id=asked.user_id)

    async def _meant(self, asked: Incoming) -> tuple[tuple[Reading, ReadingReply] | None, bool]:
        """The article that a message may be about, and whether the message says so by replying to it."""
        if asked.replied_to is not None:
            return await self._about_shown(asked, asked.replied_to), True
        return await self._library.current(user_id=asked.user_id, chat_id=asked.chat_id), False


async def _clearly_about(question: str, reading: Reading) -> bool:
    return await asyncio.to_thread(clearly_about, question, f"{reading.title}\n{reading.text}")


def _asked(asked: Incoming, text: str, joined: tuple[int, ...] = ()) -> Asked:
    return Asked(
        user_id=asked.user_id,
        chat_id=asked.chat_id,
        text=text,
        learnable=preferences().learning and not asked.in_group,
        update_id=asked.update_id,
        in_group=asked.in_group,
        thread_id=asked.thread_id,
        joined=joined,
    )


def _after_command(text: str) -> str:
    """What follows the command, if there is one."""
    if not text.startswith("/"):
        return text
    words = text.split(maxsplit=1)
    return words[1] if len(words) > 1 else ""


def _code(language: str | None) -> str | None:
    """The ISO 639-1 code of a language tag such as zh-hans."""
    return None if language is None else language.partition("-")[0].lower()


def _refusal(document: Document, texts: Texts) -> str | None:
    """Why a file is not read, as far as can be said before it is here."""
    if type_of_file(document.file_name or "", document.mime_type) is None:
        return texts.file_unknown
    return texts.file_too_large if (document.file_size or 0) > MOST_BYTES else None


def _show_progress(live: LiveReply, opening: str, part: int, parts: int) -> None:
    if parts > 1:
        live.show(f"{opening}\n{texts().reading_part.format(part=part, parts=parts)}")


def _sentence(error: Exception, texts: Texts) -> str:
    match error:
        case SummaryStoppedError():
            return texts.stopping
        case ArticleError():
            return texts.problems[error.args[0].name]
        case FileUnavailableError():
            return texts.file_unavailable
        case QueueFullError():
            return texts.queue_full
        case _:
            return texts.failed
