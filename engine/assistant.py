"""One turn: prompt, generate, log. The profile learns from it afterwards."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from engine.errors import EmptyReplyError
from engine.language.model import (
    Cancellation,
    ChatMessage,
    Completion,
    GenerationRequest,
    LanguageModel,
    PlaceSink,
    SamplingParams,
    TextSink,
    discard,
)
from engine.language.prompt import build_prompt, said_by, with_card, with_quote, with_recalled, with_wish
from engine.language.thoughts import strip_thoughts
from engine.profile.card import MOST_TOKENS, Card, echoes
from engine.profile.memory import Recall, Recollection, asks_about_the_past, lines_of
from engine.serving import ServedAdapters
from storage.messages import MessageStore
from storage.preferences import ReplyLength
from storage.records import FinishReason, Generation, HistoryMessage, Message, NewMessage, Origin, Role, View

SILENCE = timedelta(hours=12)
"""A pause longer than this begins a new conversation."""


class Interrupted(Exception):
    """The process is stopping: no failure, for nothing of the turn was logged and it is taken up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a user wishes of a turn: whether it may be learnt from, and how long the reply should be."""

    learnable: bool = True
    length: ReplyLength = ReplyLength.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a user asks, as it came from Telegram; `quoted` is the forward or the message that it is about.

    `joined` are the further updates that brought parts of it. In a group all who ask share one conversation,
    in each topic another one.
    """

    user_id: int
    chat_id: int
    text: str
    in_group: bool = False
    thread_id: int | None = None
    quoted: str | None = None
    origin: Origin = Origin.TYPED
    wishes: Wishes = Wishes()
    telegram_id: int | None = None
    update_id: int | None = None
    joined: tuple[int, ...] = ()


class DrawCard(Protocol):
    """What draws the card of a user's profile for a question."""

    async def __call__(self, user_id: int, question: str, *, fits: Callable[[Card], bool]) -> Card:
        """As much of the profile as fits."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A logged turn."""

    question: Message
    reply: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class _Newest:
    """The last message of a prompt. What is recalled and the card stand in it alone: the prompt before it
    stays as it was, and the log has only the user's words.
    """

    without_card: str
    recalled: int
    card: Card

    @property
    def text(self) -> str:
        return with_card(self.without_card, wishes=self.card.wishes, known=self.card.known)


class Assistant:
    """Answers questions with the user's own weights and logs both halves of each turn."""

    def __init__(
        self,
        *,
        messages: MessageStore,
        model: LanguageModel,
        adapters: ServedAdapters,
        sampling: SamplingParams,
        now: Callable[[], datetime],
        recall: Recall | None = None,
        card: DrawCard | None = None,
        control_share: float = 0.0,
    ) -> None:
        """A `control_share` of the replies is left to the base, to compare it with the user's own weights."""
        self._messages = messages
        self._control_share = control_share
        self._recall = recall
        self._draw_card = card
        self._model = model
        self._adapters = adapters
        self._sampling = sampling
        self._now = now
        self._stopping = False
        self._under_way: set[Cancellation] = set()

    async def reply(
        self,
        question: Question,
        *,
        sink: TextSink = discard,
        on_place: PlaceSink = discard,
        cancellation: Cancellation | None = None,
    ) -> Reply:
        """Answer one question. Raises ModelError, or Interrupted when the process stops meanwhile."""
        asked_at = self._now()
        conversation_id = await self._messages.conversation(
            user_id=None if question.in_group else question.user_id,
            chat_id=question.chat_id,
            thread_id=question.thread_id,
            now=asked_at,
            silence=SILENCE,
        )
        learnable = question.wishes.learnable and not await self.is_private(
            user_id=question.user_id, chat_id=question.chat_id
        )
        history = await self._messages.history(conversation_id)
        newest = await self._newest(question, history, question.wishes, learnable=learnable)
        request = await self._request(question.user_id, conversation_id, history, newest.text, self._sampling)
        control = learnable and self._is_control(request, question.telegram_id)
        if control:
            request = replace(request, adapter=None)
        completion = await self._generate(request, sink, on_place, cancellation)
        asked = NewMessage(
            user_id=question.user_id,
            chat_id=question.chat_id,
            conversation_id=conversation_id,
            role=Role.USER,
            text=question.text,
            quoted=question.quoted,
            created_at=asked_at,
            origin=question.origin if learnable else Origin.PRIVATE,
            telegram_id=question.telegram_id,
            update_id=question.update_id,
            joined=question.joined,
        )
        view = _view(request, question.wishes, newest, completion.text, control=control)
        said = self._said(request, completion, asked, view)
        logged_question, logged_reply = await self._messages.add_turn(asked, said)
        return Reply(question=logged_question, reply=logged_reply)

    async def retry(
        self,
        *,
        user_id: int,
        chat_id: int,
        thread_id: int | None = None,
        wishes: Wishes = Wishes(),
        update_id: int | None = None,
        sink: TextSink = discard,
        on_place: PlaceSink = discard,
        cancellation: Cancellation | None = None,
    ) -> Reply | None:
        """Answer the last question once more, drawn anew; None when there is nothing to answer again."""
        last = await self._messages.last_reply(user_id=user_id, chat_id=chat_id, thread_id=thread_id)
        if last is None or last.question_id is None or last.generation is None:
            return None  # what no model wrote, such as a page's own sentences, would not come out otherwise
        return await self._answer_again(
            await self._messages.get(last.question_id),
            sampling=_drawn_anew(self._sampling, last.message_id),
            wishes=wishes,
            update_id=update_id,
            sink=sink,
            on_place=on_place,
            cancellation=cancellation,
        )

    async def answer_changed(
        self,
        question: Message,
        *,
        wishes: Wishes = Wishes(),
        update_id: int | None = None,
        sink: TextSink = discard,
        on_place: PlaceSink = discard,
        cancellation: Cancellation | None = None,
    ) -> Reply:
        """Answer a question again that has got new words; what answered the old words answers nothing now."""
        return await self._answer_again(
            question,
            sampling=self._sampling,
            wishes=wishes,
            update_id=update_id,
            sink=sink,
            on_place=on_place,
            cancellation=cancellation,
            changed=True,
        )

    async def _answer_again(
        self,
        question: Message,
        *,
        sampling: SamplingParams,
        wishes: Wishes,
        update_id: int | None,
        sink: TextSink,
        on_place: PlaceSink,
        cancellation: Cancellation | None,
        changed: bool = False,
    ) -> Reply:
        history = await self._messages.history(question.conversation_id, before=question.message_id)
        learnable = wishes.learnable and question.origin is not Origin.PRIVATE
        newest = await self._newest(question, history, wishes, learnable=learnable)
        request = await self._request(
            question.user_id, question.conversation_id, history, newest.text, sampling
        )
        completion = await self._generate(request, sink, on_place, cancellation)
        asked = _as_new(question, update_id)
        if not wishes.learnable:
            asked = replace(asked, origin=Origin.PRIVATE)
        view = _view(request, wishes, newest, completion.text)
        said = replace(self._said(request, completion, asked, view), question_id=question.message_id)
        reply = await self._messages.replace_reply(said, detach=changed)
        return Reply(question=question, reply=reply)

    async def log_correction(self, *, user_id: int, chat_id: int, text: str, update_id: int) -> Message:
        """Log what the user writes in the place of a belief: nobody answers it, and no prompt shows it."""
        now = self._now()
        conversation_id = await self._messages.conversation(
            user_id=user_id, chat_id=chat_id, now=now, silence=SILENCE
        )
        return await self._messages.add(
            NewMessage(
                user_id=user_id,
                chat_id=chat_id,
                conversation_id=conversation_id,
                role=Role.USER,
                text=text,
                created_at=now,
                origin=Origin.CORRECTION,
                update_id=update_id,
            )
        )

    async def start_conversation(self, *, user_id: int, chat_id: int, private: bool = False) -> None:
        """Forget the context: the next question begins an empty conversation, of which a private one
        teaches nothing.
        """
        await self._messages.start_conversation(
            user_id=user_id, chat_id=chat_id, now=self._now(), private=private
        )

    async def start_group_conversation(self, *, chat_id: int, thread_id: int | None) -> None:
        """Forget the context of a group, or of one topic of it."""
        await self._messages.start_conversation(
            user_id=None, chat_id=chat_id, thread_id=thread_id, now=self._now()
        )

    async def is_private(self, *, user_id: int, chat_id: int) -> bool:
        """Whether a private conversation is under way."""
        return await self._messages.is_private(user_id=user_id, chat_id=chat_id)

    @property
    def prompt_tokens(self) -> int:
        """How long a prompt may be, so that the longest reply still fits the context."""
        return self._model.context_tokens - self._sampling.max_new_tokens

    @property
    def under_way(self) -> int:
        """How many replies are being written or wait for their turn."""
        return len(self._under_way)

    def interrupt(self) -> None:
        """End all replies under way at their next token, unlogged, and begin none."""
        self._stopping = True
        for cancellation in self._under_way:
            cancellation.cancel()

    async def _newest(
        self,
        question: Question | Message,
        history: Sequence[HistoryMessage],
        wishes: Wishes,
        *,
        learnable: bool,
    ) -> _Newest:
        recalled = await self._recalled(question, history) if learnable else ()
        asked = with_wish(with_quote(question.text, question.quoted), wishes.length)
        without_card = with_recalled(asked, lines_of(recalled))
        card = await self._card(question, without_card) if learnable else Card()
        return _Newest(without_card=without_card, recalled=len(recalled), card=card)

    async def _recalled(
        self, question: Question | Message, history: Sequence[HistoryMessage]
    ) -> Sequence[Recollection]:
        """What the user has said before this conversation and now asks about.

        Never where others read along, whose chat has another number than the user.
        """
        in_group = question.chat_id != question.user_id
        if self._recall is None or in_group or not asks_about_the_past(question.text):
            return ()
        known = [message.message_id for message in history]
        return await self._recall(question.user_id, question.text, known=known)

    async def _card(self, question: Question | Message, asked: str) -> Card:
        """What of the profile stands before the question; never where others read along.

        It never takes more tokens than the prompt has left beside the question.
        """
        if self._draw_card is None or question.chat_id != question.user_id:
            return Card()
        bare = self._tokens(asked)
        most = bare + min(MOST_TOKENS, self.prompt_tokens - bare)

        def fits(card: Card) -> bool:
            return self._tokens(with_card(asked, wishes=card.wishes, known=card.known)) <= most

        return await self._draw_card(question.user_id, question.text, fits=fits)

    def _tokens(self, text: str) -> int:
        return self._model.count_tokens([ChatMessage(Role.USER, text)])

    async def _request(
        self,
        user_id: int,
        conversation_id: int,
        history: Sequence[HistoryMessage],
        newest: str,
        sampling: SamplingParams,
    ) -> GenerationRequest:
        several = any(message.user_id != user_id for message in history)
        names = await self._messages.speakers(conversation_id, user_id) if several else {}
        prompt = build_prompt(
            system=None,
            history=[
                ChatMessage(
                    message.role, said_by(_name_of(message, names), with_quote(message.text, message.quoted))
                )
                for message in history
            ],
            newest=ChatMessage(Role.USER, said_by(names.get(user_id), newest)),
            count_tokens=self._model.count_tokens,
            budget_tokens=self.prompt_tokens,
        )
        return GenerationRequest(
            user_id=user_id,
            messages=prompt,
            adapter=self._adapters.of(user_id),
            sampling=sampling,
            cache_key=f"conversation {conversation_id}",
        )

    async def _generate(
        self,
        request: GenerationRequest,
        sink: TextSink,
        on_place: PlaceSink,
        cancellation: Cancellation | None,
    ) -> Completion:
        if self._stopping:
            raise Interrupted
        cancellation = cancellation or Cancellation()
        self._under_way.add(cancellation)
        try:
            completion = await self._model.generate(
                request, sink=sink, on_place=on_place, cancellation=cancellation
            )
        finally:
            self._under_way.discard(cancellation)
        if self._stopping:
            raise Interrupted
        text = strip_thoughts(completion.text).strip()
        if not text and completion.finish_reason is not FinishReason.CANCELLED:
            raise EmptyReplyError
        return replace(completion, text=text)

    def _is_control(self, request: GenerationRequest, telegram_id: int | None) -> bool:
        """Whether a reply is left to the base; the same message is always drawn alike.

        Only a first reply is: whoever asks once more wants a better one.
        """
        if request.adapter is None or telegram_id is None:
            return False
        return random.Random(f"{request.user_id} {telegram_id}").random() < self._control_share

    def _said(
        self, request: GenerationRequest, completion: Completion, asked: NewMessage, view: View
    ) -> NewMessage:
        return NewMessage(
            user_id=asked.user_id,
            chat_id=asked.chat_id,
            conversation_id=asked.conversation_id,
            role=Role.ASSISTANT,
            text=completion.text,
            created_at=self._now(),
            origin=Origin.PRIVATE if asked.origin is Origin.PRIVATE else Origin.TYPED,
            update_id=asked.update_id,
            generation=Generation(
                model=self._model.name,
                adapter_version=None if request.adapter is None else request.adapter.version,
                prompt_tokens=completion.prompt_tokens,
                reply_tokens=completion.reply_tokens,
                first_token_seconds=completion.first_token_seconds,
                total_seconds=completion.total_seconds,
                finish_reason=completion.finish_reason,
                view=view,
            ),
        )


def _name_of(message: HistoryMessage, names: dict[int, str]) -> str | None:
    return names.get(message.user_id) if message.role is Role.USER else None


def _view(
    request: GenerationRequest, wishes: Wishes, newest: _Newest, reply: str, *, control: bool = False
) -> View:
    """What stood in the prompt, and how many lines of the card a reply tells that nothing else in it says."""
    otherwise_there = [*(message.content for message in request.messages[:-1]), newest.without_card]
    return View(
        earlier=len(request.messages) - 1,
        length=None if wishes.length is ReplyLength.NORMAL else wishes.length,
        recalled=newest.recalled,
        card=len(newest.card),
        echoed=echoes(newest.card, reply, "\n".join(otherwise_there)),
        control=control,
    )


def _drawn_anew(sampling: SamplingParams, last_reply_id: int) -> SamplingParams:
    """Greedy or seeded decoding would say the same again, so a retry samples, with a seed of its own."""
    seed = None if sampling.seed is None else sampling.seed + last_reply_id
    return replace(sampling, seed=seed, temperature=sampling.temperature or 0.8)


def _as_new(question: Message, update_id: int | None) -> NewMessage:
    return NewMessage(
        user_id=question.user_id,
        chat_id=question.chat_id,
        conversation_id=question.conversation_id,
        role=question.role,
        text=question.text,
        created_at=question.created_at,
        origin=question.origin,
        update_id=update_id,
    )
