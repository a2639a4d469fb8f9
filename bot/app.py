"""Builds the Telegram application: filters, order of handlers, error handler. No I/O happens here."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from telegram import LinkPreviewOptions, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    ApplicationHandlerStop,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    Defaults,
    MessageHandler,
    MessageReactionHandler,
    TypeHandler,
    filters,
)
from telegram.request import BaseRequest

from bot.access import Access
from bot.admin import AdminHandlers
from bot.articles import ArticleHandlers
from bot.belief_buttons import BELIEF_PATTERN, PAGE_PATTERN, UNDO_PATTERN
from bot.calls import Insistence
from bot.chat import ChatHandlers
from bot.correcting import Correcting
from bot.delivery import Delivery
from bot.export import ExportHandlers
from bot.feedback import FeedbackHandlers
from bot.files import Files
from bot.forget import FORGET_PATTERN, ForgetHandlers
from bot.groups import GroupHandlers
from bot.inbox import POLL_FILE, InboxQueue, SiftingRequest
from bot.insight import InsightHandlers
from bot.joining import Joiner
from bot.keyboard import NOT_LEARNT, READ_PATTERN, TAP_PATTERN, TURN_PATTERN, Keyboards
from bot.lanes import Lanes
from bot.limits import LINKS, MESSAGES, Limiter
from bot.menu import Menu
from bot.metrics import Metrics
from bot.noting import NOTED_PATTERN, Noting
from bot.outage import Outage, Recovery
from bot.pace import Throttle
from bot.preferences import CHOICE_PATTERN, PreferenceHandlers
from bot.privacy import PrivacyHandlers
from bot.seeing import Eyes
from bot.services import Services
from bot.speaking import texts
from bot.stats import StatsHandlers
from bot.under_way import UnderWay
from bot.welcome import Door, WelcomeHandlers
from engine.assistant import Interrupted
from engine.lineage import Lineages
from storage.errors import WriteRefusedError
from storage.messages import MessageStore
from storage.updates import UpdateStore

logger = logging.getLogger(__name__)

TelegramApplication = Application  # pyright: ignore[reportMissingTypeArgument]

ALLOWED_UPDATES = [
    Update.MESSAGE,
    Update.EDITED_MESSAGE,
    Update.CALLBACK_QUERY,
    Update.MESSAGE_REACTION,
    Update.MY_CHAT_MEMBER,
]

_CONTENT = ~filters.StatusUpdate.ALL

# The door has stopped what does not concern the bot, and all channels.
_MESSAGE = filters.UpdateType.MESSAGE
_EDIT = filters.UpdateType.EDITED_MESSAGE
_PRIVATE = _MESSAGE & filters.ChatType.PRIVATE
_GROUP = _MESSAGE & filters.ChatType.GROUPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wires:
    """How Telegram is reached: one request object for calls, one for polling.

    `throttle` says when calls that change chats may go out; what is no server, as a terminal, sets no limit.
    """

    token: str
    calls: BaseRequest
    polling: BaseRequest
    base_url: str | None = None
    base_file_url: str | None = None
    throttle: Throttle = field(default_factory=lambda: Throttle(most=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mynah:
    """The application with what its life cycle needs."""

    application: TelegramApplication
    inbox: InboxQueue
    lanes: Lanes
    insistence: Insistence
    polling: SiftingRequest
    recovery: Recovery
    admin: AdminHandlers
    menu: Menu
    under_way: UnderWay
    metrics: Metrics


def build(services: Services, wires: Wires) -> Mynah:
    """The application over these wires, ready to be started."""
    outage = Outage(access=services.access, now=services.core.now)
    inbox = InboxQueue(
        updates=services.updates,
        access=services.access,
        bot=lambda: application.bot,
        on_refusal=outage.begin,
        now=services.core.now,
    )
    # No tokenizer makes more tokens than bytes, and half of a prompt is left to what was said before.
    joiner = Joiner(most_bytes=services.assistant.prompt_tokens // 2)
    lanes = Lanes(joiner=joiner, updates=services.updates, outage=outage, now=services.core.now)
    metrics = Metrics(
        updates_waiting=lambda: lanes.waiting, replies_under_way=lambda: services.assistant.under_way
    )
    polling = SiftingRequest(
        wires.polling,
        metrics=metrics,
        inbox=inbox,
        poll_file=services.core.settings.data / POLL_FILE,
    )
    builder = (
        ApplicationBuilder()
        .token(wires.token)
        .request(wires.calls)
        .get_updates_request(polling)
        .update_queue(inbox)
        .concurrent_updates(lanes)
        .job_queue(None)
        .defaults(Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)))
    )
    if wires.base_url is not None:
        builder = builder.base_url(wires.base_url)
    if wires.base_file_url is not None:
        builder = builder.base_file_url(wires.base_file_url)
    application = builder.build()
    insistence = Insistence(throttle=wires.throttle)
    delivery = Delivery(
        bot=application.bot,
        outbox=services.outbox,
        updates=services.updates,
        access=services.access,
        insistence=insistence,
        throttle=wires.throttle,
        metrics=metrics,
        drafts=services.core.settings.drafts,
    )
    recovery = Recovery(
        outage=outage,
        access=services.access,
        preferences=services.preferences,
        database=services.core.database,
        delivery=delivery,
        inbox=inbox,
    )
    menu = Menu(bot=application.bot, access=services.access, preferences=services.preferences)
    under_way = UnderWay()
    files = Files(bot=application.bot, insistence=insistence)
    admin = _register(application, services, delivery, menu, joiner, lanes, under_way, files)
    application.add_error_handler(_error_handler(lanes, services.access, delivery))
    return Mynah(
        application=application,
        inbox=inbox,
        lanes=lanes,
        insistence=insistence,
        polling=polling,
        recovery=recovery,
        admin=admin,
        menu=menu,
        under_way=under_way,
        metrics=metrics,
    )


def _register(
    application: TelegramApplication,
    services: Services,
    delivery: Delivery,
    menu: Menu,
    joiner: Joiner,
    lanes: Lanes,
    under_way: UnderWay,
    files: Files,
) -> AdminHandlers:
    """All handlers in one place: the door first, then commands from new messages only, then plain text."""
    access = services.access
    welcome = WelcomeHandlers(access=access, delivery=delivery)
    keyboards = Keyboards(
        messages=services.core.messages, readings=services.readings, feedback=services.feedback
    )
    articles = ArticleHandlers(
        sources=services.sources,
        summarizer=services.summarizer,
        answerer=services.answerer,
        library=services.library,
        messages=services.core.messages,
        adapters=services.adapters,
        keyboards=keyboards,
        files=files,
        joiner=joiner,
        under_way=under_way,
        limiter=Limiter(LINKS),
        delivery=delivery,
    )
    noting = Noting(
        profiles=services.profiles,
        preferences=services.preferences,
        delivery=delivery,
        now=services.core.now,
        timezone=services.core.settings.timezone,
    )
    correcting = Correcting(
        assistant=services.assistant,
        profiles=services.profiles,
        awaited=services.awaited,
        messages=services.core.messages,
        joiner=joiner,
        delivery=delivery,
        now=services.core.now,
    )
    eyes = None
    if services.viewer is not None:
        eyes = Eyes(viewer=services.viewer, files=files, under_way=under_way, delivery=delivery)
    chat = ChatHandlers(
        assistant=services.assistant,
        messages=services.core.messages,
        profiles=services.profiles,
        keyboards=keyboards,
        joiner=joiner,
        articles=articles,
        under_way=under_way,
        access=access,
        transcriber=services.transcriber,
        eyes=eyes,
        noting=noting,
        correcting=correcting,
        delivery=delivery,
    )
    feedback = FeedbackHandlers(feedback=services.feedback, keyboards=keyboards, delivery=delivery)
    privacy = PrivacyHandlers(
        profiles=services.profiles,
        readings=services.readings,
        correcting=correcting,
        delivery=delivery,
        now=services.core.now,
    )
    export = ExportHandlers(exporter=services.exporter, delivery=delivery, now=services.core.now)
    forget = ForgetHandlers(
        forgetter=services.forgetter,
        part_forgetter=services.part_forgetter,
        erasures=services.erasures,
        shelf=services.shelf,
        access=access,
        delivery=delivery,
        timezone=services.core.settings.timezone,
        now=services.core.now,
    )
    choices = PreferenceHandlers(store=services.preferences, menu=menu, delivery=delivery)
    admin = AdminHandlers(
        access=access,
        runs=services.core.runs,
        runner=services.core.runner,
        adapters=services.adapters,
        preferences=services.preferences,
        timezone=services.core.settings.timezone,
        now=services.core.now,
        delivery=delivery,
    )
    insight = InsightHandlers(
        assistant=services.assistant,
        adapters=services.adapters,
        lineages=Lineages(runs=services.core.runs),
        runs=services.core.runs,
        messages=services.core.messages,
        feedback=services.feedback,
        profiles=services.profiles,
        model=services.model,
        timezone=services.core.settings.timezone,
        nightly=services.core.settings.nightly,
        control=services.core.settings.control,
        now=services.core.now,
        delivery=delivery,
    )
    stats = StatsHandlers(
        ratings=services.ratings, runs=services.core.runs, delivery=delivery, now=services.core.now
    )
    groups = GroupHandlers(
        access=access, groups=services.groups, profiles=services.profiles, delivery=delivery
    )
    anywhere = {
        "start": welcome.on_start,
        "help": welcome.on_help,
        "ask": chat.on_text,
        "new": chat.on_new,
        "retry": chat.on_retry,
        "stop": chat.on_stop,
        "feedback": feedback.on_feedback,
        "summarize": articles.on_summarize,
        "status": insight.on_status,
        "why": insight.on_why,
    }
    in_groups = {"join": groups.on_join, "leave": groups.on_leave}
    in_private = {
        "profile": privacy.on_profile,
        "stats": stats.on_stats,
        "private": chat.on_private,
        "pause": choices.on_pause,
        "resume": choices.on_resume,
        "settings": choices.on_settings,
        "language": choices.on_language,
        "tune": admin.on_tune,
        "rollback": admin.on_rollback,
        "rollforward": admin.on_rollforward,
        "export": export.on_export,
        "forget": forget.on_forget,
    }
    door = Door(access=access, limiter=Limiter(MESSAGES), preferences=services.preferences, delivery=delivery)
    application.add_handler(TypeHandler(Update, door.check), group=-3)
    given_up = _teller_of_given_up(lanes, services.updates, services.core.messages, delivery)
    application.add_handler(TypeHandler(Update, given_up), group=-2)
    application.add_handler(MessageHandler(_PRIVATE & filters.COMMAND, correcting.on_command), group=-1)
    # Without a filter an edit of an old command would run it again.
    for commands, where in ((anywhere, _MESSAGE), (in_groups, _GROUP), (in_private, _PRIVATE)):
        for name, callback in commands.items():
            application.add_handler(CommandHandler(name, callback, filters=where))
    application.add_handler(CommandHandler(list(in_private), groups.on_in_private, filters=_GROUP))
    application.add_handler(CommandHandler(list(in_groups), groups.on_in_groups, filters=_PRIVATE))
    application.add_handler(MessageHandler(_MESSAGE & filters.StatusUpdate.MIGRATE, groups.on_migration))
    application.add_handler(ChatMemberHandler(groups.on_membership, ChatMemberHandler.MY_CHAT_MEMBER))
    application.add_handler(MessageHandler(_MESSAGE & filters.COMMAND, chat.on_unknown_command))
    application.add_handler(MessageHandler(_MESSAGE & filters.TEXT, chat.on_text))
    application.add_handler(MessageHandler(_PRIVATE & filters.Document.ALL, articles.on_document))
    application.add_handler(MessageHandler(_PRIVATE & filters.PHOTO, chat.on_picture))
    application.add_handler(MessageHandler(_PRIVATE & filters.CAPTION, articles.on_caption))
    application.add_handler(MessageHandler(_MESSAGE & filters.VOICE, chat.on_voice))
    application.add_handler(MessageHandler(_MESSAGE & _CONTENT, chat.on_unsupported))
    # An edited command is in nobody's log, so it is neither run again nor taken for a question.
    application.add_handler(MessageHandler(_EDIT & filters.TEXT & ~filters.COMMAND, chat.on_edit))
    taps = {
        TAP_PATTERN: feedback.on_tap,
        BELIEF_PATTERN: privacy.on_choice,
        UNDO_PATTERN: privacy.on_undo,
        PAGE_PATTERN: privacy.on_page,
        NOTED_PATTERN: noting.on_tap,
        FORGET_PATTERN: forget.on_choice,
        TURN_PATTERN: chat.on_turn,
        rf"{NOT_LEARNT}\Z": chat.on_not_learnt,
        READ_PATTERN: articles.on_tap,
        CHOICE_PATTERN: choices.on_choice,
    }
    for pattern, callback in taps.items():
        application.add_handler(CallbackQueryHandler(callback, pattern=pattern))
    application.add_handler(MessageReactionHandler(feedback.on_reaction))
    return admin


def _teller_of_given_up(
    lanes: Lanes, updates: UpdateStore, messages: MessageStore, delivery: Delivery
) -> Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, None]]:
    async def tell(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """In place of another try, one sentence, over what was shown of a reply."""
        if not lanes.is_given_up(update.update_id):
            return
        if await messages.reply_to_update(update.update_id) is not None:
            # It has an answer, which may even stand in the chat, in the place of what was shown of it.
            lanes.take_up(update.update_id)
            return
        if update.effective_chat is not None:
            preview = await updates.preview(update.update_id)
            await delivery.say(update.effective_chat.id, texts().given_up, shown_as=preview.telegram_id)
        raise ApplicationHandlerStop

    return tell


def _error_handler(
    lanes: Lanes, access: Access, delivery: Delivery
) -> Callable[[object, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, None]]:
    async def on_error(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """One apology to the person, the traceback to the log; a stop in the middle is no error.

        Always raises ApplicationHandlerStop: otherwise python-telegram-bot goes on with the next group of
        handlers, and an error at the door would open it.
        """
        error = context.error
        if not isinstance(update, Update):
            logger.error("outside of any update", exc_info=error)
        elif isinstance(error, Interrupted):
            lanes.leave_pending(update.update_id)
        elif isinstance(error, WriteRefusedError):
            lanes.hold(update, error)
        else:
            logger.error("update %d failed", update.update_id, exc_info=error)
            lanes.give_up(update.update_id)
            await apologise(update)
        raise ApplicationHandlerStop

    async def apologise(update: Update) -> None:
        chat, user = update.effective_chat, update.effective_user
        if chat is not None and user is not None and access.allows(user.id):
            await delivery.say(chat.id, texts().failed)

    return on_error
