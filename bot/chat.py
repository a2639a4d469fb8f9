"""A text message to a streamed reply; /ask, /new, /retry, /stop."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from telegram import Bot, Update, Voice
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.access import Access
from bot.addressing import is_group, without_name
from bot.articles import ArticleHandlers
from bot.calls import seconds_of
from bot.correcting import Correcting
from bot.delivery import Delivery
from bot.incoming import Incoming, incoming
from bot.joining import Joiner
from bot.keyboard import TURN_PATTERN, Keyboards
from bot.links import links_of
from bot.live import LiveReply
from bot.noting import Noting
from bot.seeing import Eyes
from bot.speaking import preferences, texts
from bot.texts import Texts
from bot.under_way import UnderWay
from engine.assistant import Assistant, Question, Reply, Wishes
from engine.errors import EmptyReplyError, ModelError, PromptTooLongError, QueueFullError, SpeechError
from engine.language.model import Cancellation
from engine.profile.engine import ProfileEngine
from engine.speech import Transcriber
from storage.messages import MessageStore
from storage.preferences import ReplyLength
from storage.records import FinishReason, Message, Origin

LONGEST_VOICE_SECONDS = 300
"""Whoever sends a lecture would keep the machine from everybody else."""

Write = Callable[[LiveReply, Cancellation], Awaitable[Reply | None]]


class ChatHandlers:
    """Handlers of plain text and of the commands around a reply."""

    def __init__(
        self,
        *,
        assistant: Assistant,
        messages: MessageStore,
        profiles: ProfileEngine,
        keyboards: Keyboards,
        joiner: Joiner,
        articles: ArticleHandlers,
        under_way: UnderWay,
        access: Access,
        transcriber: Transcriber | None,
        eyes: Eyes | None,
        noting: Noting,
        correcting: Correcting,
        delivery: Delivery,
    ) -> None:
        self._assistant = assistant
        self._messages = messages
        self._profiles = profiles
        self._keyboards = keyboards
        self._joiner = joiner
        self._access = access
        self._transcriber = transcriber
        self._eyes = eyes
        self._noting = noting
        self._correcting = correcting
        self._delivery = delivery
        self._articles = articles
        self._under_way = under_way

    async def on_text(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a message, together with those that belong to it; or what follows /ask."""
        asked = incoming(update)
        # What was logged for it was logged with all that belongs to it: nothing that waits now does.
        if await self._deliver_logged(asked) or await self._correcting.take(asked, update):
            return
        joined = await self._joiner.with_following(update)
        if not asked.in_group and await self._articles.take(asked, joined):
            return
        text, quoted = _words(joined.text, asked, context.bot), joined.quoted or await self._replied_to(asked)
        if not text and quoted is None:
            await self._delivery.say(asked.chat_id, asked.texts.ask_usage)
            return
        question = Question(
            user_id=asked.user_id,
            chat_id=asked.chat_id,
            in_group=asked.in_group,
            thread_id=asked.thread_id,
            text=text or quoted or "",
            quoted=quoted if text else None,
            origin=Origin.FORWARDED if joined.is_forwarded or not text else Origin.TYPED,
            wishes=await self._wishes(asked),
            telegram_id=joined.telegram_id,
            update_id=asked.update_id,
            joined=joined.others,
        )
        await self._answer_question(asked, question)

    async def on_voice(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Write down what is said, show it, and answer it; a group is not bothered with that."""
        asked = incoming(update)
        voice = asked.message.voice
        assert voice is not None, "the filter lets only voice notes through"
        if asked.in_group:
            return
        if self._transcriber is None or seconds_of(voice.duration) > LONGEST_VOICE_SECONDS:
            deaf = self._transcriber is None
            await self._delivery.say(asked.chat_id, asked.texts.deaf if deaf else asked.texts.voice_too_long)
            return
        if await self._deliver_logged(asked):
            return
        text = await self._written_down(asked, voice, self._transcriber)
        if not text:
            return
        question = Question(
            user_id=asked.user_id,
            chat_id=asked.chat_id,
            text=text,
            quoted=await self._replied_to(asked),
            origin=Origin.SPOKEN,
            wishes=await self._wishes(asked),
            telegram_id=asked.message.message_id,
            update_id=asked.update_id,
        )
        await self._answer_question(asked, question)

    async def on_picture(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say what is to be seen, and answer from that what stands below; nothing is learnt from it."""
        asked = incoming(update)
        if self._eyes is None or links_of([asked.message]):
            await self._articles.on_caption(update, context)
            return
        if await self._deliver_logged(asked):
            return
        joined = await self._joiner.with_following(update)  # an album is one question
        own_words = "" if joined.is_forwarded else joined.text
        seen = await self._eyes.look(asked, joined.messages, own_words)
        if not seen:
            return
        shown = f"[picture] {seen}" if own_words else f"[picture] {seen}\n\n{joined.text}".strip()
        question = Question(
            user_id=asked.user_id,
            chat_id=asked.chat_id,
            text=own_words or shown,
            quoted=shown if own_words else None,
            origin=Origin.TYPED if own_words else Origin.FORWARDED,
            wishes=await self._wishes(asked),
            telegram_id=joined.telegram_id,
            update_id=asked.update_id,
            joined=joined.others,
        )
        await self._answer_question(asked, question)

    async def _answer_question(self, asked: Incoming, question: Question) -> None:
        async def write(live: LiveReply, cancellation: Cancellation) -> Reply:
            return await self._assistant.reply(
                question, sink=live.show, on_place=live.show_place, cancellation=cancellation
            )

        await self._answer(asked, write)

    async def _written_down(self, asked: Incoming, voice: Voice, transcriber: Transcriber) -> str:
        """The words of a voice note, after they were shown; empty when there are none, which is said."""
        try:
            file = await voice.get_file()
            text = (await transcriber.transcribe(bytes(await file.download_as_bytearray()))).strip()
        except (SpeechError, TelegramError):
            text = ""
        await self._delivery.say(
            asked.chat_id, asked.texts.heard.format(text=text[:4000]) if text else asked.texts.nothing_heard
        )
        return text

    async def _replied_to(self, asked: Incoming) -> str | None:
        """What a message replies to, unless it is the last reply, which the prompt ends with anyway."""
        meant = asked.message.reply_to_message
        if meant is None:
            return None
        if asked.message.quote is not None:
            return asked.message.quote.text
        last = await self._messages.last_reply(
            user_id=asked.user_id, chat_id=asked.chat_id, thread_id=asked.thread_id
        )
        if last is not None and meant.message_id in await self._delivery.shown_as(last):
            return None
        return meant.text or meant.caption

    async def on_retry(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer the last question again."""
        asked = incoming(update)
        if await self._deliver_logged(asked):
            return

        async def write(live: LiveReply, cancellation: Cancellation) -> Reply | None:
            return await self._assistant.retry(
                user_id=asked.user_id,
                chat_id=asked.chat_id,
                thread_id=asked.thread_id,
                wishes=await self._wishes(asked),
                update_id=asked.update_id,
                sink=live.show,
                on_place=live.show_place,
                cancellation=cancellation,
            )

        await self._answer(asked, write)

    async def on_edit(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A question was changed: log and profile follow, and the last answer is written again in place."""
        asked = incoming(update)
        question = await self._messages.asked_as(
            user_id=asked.user_id, chat_id=asked.chat_id, telegram_id=asked.message.message_id
        )
        text = _words(asked.text, asked, context.bot)
        if question is None or question.text == text:
            return
        origin = question.origin if preferences().learning else Origin.PRIVATE
        changed = replace(question, text=text, origin=origin)
        last = await self._messages.last_reply(
            user_id=asked.user_id, chat_id=asked.chat_id, thread_id=asked.thread_id
        )
        is_last = last is not None and last.question_id == question.message_id
        is_delivered = await self._deliver_logged(asked, earlier=last)
        is_answered = is_delivered or (is_last and await self._answer_changed(asked, changed, earlier=last))
        if not is_answered:
            await self._messages.outdate_replies(question.message_id)
        # After the answer: until then a crash leaves the change to be found again by the old text.
        await self._profiles.revise(changed, before=question.text)
        await self._messages.revise(question.message_id, text=changed.text, origin=changed.origin)
        if not is_last and not is_delivered:
            await self._delivery.say(asked.chat_id, asked.texts.edit_noted)

    async def _answer_changed(self, asked: Incoming, question: Message, *, earlier: Message | None) -> bool:
        async def write(live: LiveReply, cancellation: Cancellation) -> Reply:
            return await self._assistant.answer_changed(
                question,
                wishes=await self._wishes(asked),
                update_id=asked.update_id,
                sink=live.show,
                on_place=live.show_place,
                cancellation=cancellation,
            )

        return await self._answer(asked, write, earlier=earlier)

    async def on_new(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Begin a conversation with an empty context."""
        asked = incoming(update)
        if asked.in_group:
            await self._assistant.start_group_conversation(chat_id=asked.chat_id, thread_id=asked.thread_id)
            await self._delivery.say(asked.chat_id, asked.texts.started_over)
            return
        was_private = await self._assistant.is_private(user_id=asked.user_id, chat_id=asked.chat_id)
        await self._assistant.start_conversation(user_id=asked.user_id, chat_id=asked.chat_id)
        await self._delivery.say(
            asked.chat_id, asked.texts.private_ended if was_private else asked.texts.started_over
        )

    async def on_private(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Begin a conversation from which nothing is learnt; /new ends it."""
        asked = incoming(update)
        await self._assistant.start_conversation(user_id=asked.user_id, chat_id=asked.chat_id, private=True)
        await self._delivery.say(asked.chat_id, asked.texts.private_started)

    async def on_turn(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on an arrow: show another answer to the same question; that one counts from now on."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        match = TURN_PATTERN.fullmatch(query.data or "")
        assert match is not None, "the handler's pattern let it through"
        reply = await self._messages.choose_reply(int(match[1]), user_id=query.from_user.id)
        with contextlib.suppress(TelegramError):
            await query.answer(None if reply is not None else texts().rating_unknown)
        if reply is not None and query.message is not None:
            await self._delivery.show_in(
                query.message.message_id,
                reply,
                buttons=await self._keyboards.below(reply),
                ending=_ending(reply, texts()),
            )

    async def on_not_learnt(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A tap on the sign below a reply: say what it means."""
        query = update.callback_query
        assert query is not None, "this handles taps"
        in_group = is_group(update.effective_chat)
        with contextlib.suppress(TelegramError):
            await query.answer(
                texts().why_not_learnt_in_group if in_group else texts().why_not_learnt, show_alert=True
            )

    async def on_stop(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """End the reply under way at its next token."""
        asked = incoming(update)
        if not self._under_way.stop(asked.lane):
            await self._delivery.say(asked.chat_id, asked.texts.nothing_to_stop)

    async def on_unknown_command(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Point to the list of commands; in a group an unknown one is probably another bot's."""
        asked = incoming(update)
        if asked.in_group and "@" not in asked.text.split()[0]:
            return
        await self._delivery.say(asked.chat_id, asked.texts.unknown_command)

    async def on_unsupported(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say which kinds of message are read; a group is not bothered with that."""
        asked = incoming(update)
        if not asked.in_group:
            await self._joiner.with_following(update)  # an album is answered once
            await self._delivery.say(asked.chat_id, asked.texts.unsupported)

    async def _wishes(self, asked: Incoming) -> Wishes:
        """In a group nothing is learnt of those who have not said yes to it."""
        learnable = preferences().learning and (
            not asked.in_group or await self._access.learns_from(asked.user_id, asked.chat_id)
        )
        length = preferences().reply_length
        if length is ReplyLength.NORMAL:
            length = await self._profiles.wished_length(asked.user_id)
        return Wishes(learnable=learnable, length=length)

    async def _deliver_logged(self, asked: Incoming, *, earlier: Message | None = None) -> bool:
        """Deliver the reply that was logged before the process ended or a disk was full; False: none was."""
        logged = await self._messages.reply_to_update(asked.update_id)
        if logged is None:
            return False
        live, in_place_of = await self._begin(asked, earlier)
        await self._deliver(logged, asked, live, in_place_of)
        return True

    async def _begin(self, asked: Incoming, earlier: Message | None) -> tuple[LiveReply, list[int]]:
        """Where the reply is written, and the messages of the earlier one whose place it takes."""
        in_place_of = [] if earlier is None else await self._delivery.shown_as(earlier)
        live = await self._delivery.live(
            chat_id=asked.chat_id, update_id=asked.update_id, in_place_of=in_place_of
        )
        return live, in_place_of

    async def _answer(self, asked: Incoming, write: Write, *, earlier: Message | None = None) -> bool:
        """Stream a reply into the chat; False when there is none, which is said.

        It takes the place of an earlier one, if there is one, which stays when there is no new one.
        """
        live, in_place_of = await self._begin(asked, earlier)
        try:
            async with live:
                reply = await self._write(asked, write, live)
        except ModelError as error:
            sentence = _sentence(error, asked.texts)
            if earlier is None:
                await self._delivery.say(asked.chat_id, sentence, shown_as=live.preview_id)
            else:
                await self._delivery.show_again(earlier, buttons=await self._keyboards.below(earlier))
                await self._delivery.say(asked.chat_id, sentence)
            return False
        if reply is None:
            await self._delivery.say(asked.chat_id, asked.texts.nothing_to_retry)
            return False
        await self._deliver(reply.reply, asked, live, in_place_of)
        return True

    async def _write(self, asked: Incoming, write: Write, live: LiveReply) -> Reply | None:
        with self._under_way.begin(asked.lane) as cancellation:
            return await write(live, cancellation)

    async def _deliver(
        self, reply: Message, asked: Incoming, live: LiveReply, in_place_of: Sequence[int]
    ) -> None:
        """Send the reply; the profile learns from its question afterwards, and only once."""
        await self._delivery.finish(
            reply,
            buttons=await self._keyboards.below(reply),
            shown_as=_ids(live.preview_id, in_place_of),
            update_id=asked.update_id,
            may_stand_twice=live.may_have_left_one,
            ending=_ending(reply, asked.texts),
        )
        if reply.question_id is not None:
            learnt = await self._profiles.observe(await self._messages.get(reply.question_id))
            if not asked.in_group:
                await self._noting.say(asked.user_id, asked.chat_id, learnt)


def _words(text: str, asked: Incoming, bot: Bot) -> str:
    """What is said to the bot: without the command before it, and in a group without its name."""
    if text.startswith("/"):
        text = (
            text.partition(" ")[2].strip() if " " in text.split("\n")[0] else text.partition("\n")[2].strip()
        )
    return without_name(text, bot) if asked.in_group else text


def _ids(preview_id: int | None, in_place_of: Sequence[int]) -> list[int]:
    """The messages that a reply takes the place of: its preview, and what stood there before."""
    return [] if preview_id is None else [preview_id, *in_place_of[1:]]


def _sentence(error: ModelError, texts: Texts) -> str:
    match error:
        case PromptTooLongError():
            return texts.too_long.format(needed=error.needed_tokens, allowed=error.allowed_tokens)
        case QueueFullError():
            return texts.queue_full
        case EmptyReplyError():
            return texts.empty_reply
        case _:
            return texts.failed


def _ending(reply: Message, texts: Texts) -> str:
    """What is shown behind a reply that did not end by itself."""
    match reply.generation and reply.generation.finish_reason:
        case FinishReason.CANCELLED:
            return texts.stopped_ending
        case FinishReason.LENGTH:
            return texts.limit_ending
        case _:
            return ""
