"""The words of this project as frozen records: what crosses from storage to engine to bot."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Role(StrEnum):
    """Who speaks, in the words of a chat template."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Origin(StrEnum):
    """Where a message's words come from; only `TYPED` and `SPOKEN` are the user's own.

    `PRIVATE` are the user's, too, but said where nothing may be learnt: no profile and no tuning reads them.
    `OUTDATED` is a reply to words that their author has changed since; nothing is learnt from it either.
    `CORRECTION` is what the user wrote in the place of a belief: it is in the profile as it stands, so nobody
    answers it or reads it again.
    """

    TYPED = "typed"
    SPOKEN = "spoken"
    FORWARDED = "forwarded"
    ARTICLE = "article"
    COMMAND = "command"
    PRIVATE = "private"
    OUTDATED = "outdated"
    CORRECTION = "correction"


class UpdateState(StrEnum):
    """What became of an update: waiting, handled, given up after failures, or never readable."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    UNREADABLE = "unreadable"


class SendState(StrEnum):
    """What is known of the delivery of one part of a reply."""

    PENDING = "pending"
    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class AdapterStatus(StrEnum):
    """The life of one adapter version."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    REJECTED = "rejected"
    RETIRED = "retired"


class RunStatus(StrEnum):
    """What became of one tuning run for one user."""

    RUNNING = "running"
    PROMOTED = "promoted"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person by Telegram's numeric id. Who is not `let_in` is answered in groups only."""

    user_id: int
    name: str
    is_owner: bool
    since: datetime
    reachable: bool = True
    let_in: bool = True


@dataclass(frozen=True, slots=True)
class InboxUpdate:
    """One raw Telegram update as it waits in the inbox; `payload` is JSON, None for a stranger's."""

    update_id: int
    payload: str | None
    state: UpdateState = UpdateState.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What stands of a half-written reply; of one that `may_be_lost` nobody knows if it has arrived."""

    telegram_id: int | None
    may_be_lost: bool


class FinishReason(StrEnum):
    """Why a reply ended: the end token or a stop string, the token limit, or a stop by the user."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What stood in the prompt of a reply beside the question: `earlier` messages, a wish for the length,
    `recalled` lines that the user had said before, `card` lines of their profile, of which the reply tells
    `echoed` ones.

    A reply of the base that was drawn to be compared with those of the user's own weights is a `control`.
    """

    earlier: int = 0
    length: str | None = None
    recalled: int = 0
    card: int = 0
    echoed: int = 0
    control: bool = False


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """A message of a conversation, as far as a prompt needs it."""

    message_id: int
    user_id: int
    role: Role
    text: str
    quoted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """How a reply came about. Times in seconds; `adapter_version` None means the bare base model."""

    model: str
    adapter_version: int | None
    prompt_tokens: int
    reply_tokens: int
    first_token_seconds: float
    total_seconds: float
    finish_reason: FinishReason = FinishReason.STOP
    view: View = View()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message about to be logged; `question_id` names the user message that a reply answers.

    `quoted` is what it refers to, such as a forwarded text: part of the prompt, never of the user's words.
    `joined` are further updates that brought parts of it: they are done once it is logged.
    """

    user_id: int
    chat_id: int
    conversation_id: int
    role: Role
    text: str
    created_at: datetime
    origin: Origin = Origin.TYPED
    quoted: str | None = None
    telegram_id: int | None = None
    update_id: int | None = None
    joined: tuple[int, ...] = ()
    question_id: int | None = None
    generation: Generation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One logged message. Of several replies to one question only the latest is `current`."""

    message_id: int
    user_id: int
    chat_id: int
    conversation_id: int
    role: Role
    text: str
    created_at: datetime
    origin: Origin
    telegram_id: int | None
    question_id: int | None
    current: bool
    generation: Generation | None
    quoted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxPart:
    """One Telegram message of a reply: its text, its entities as JSON, and what is known of its delivery."""

    part_id: int
    message_id: int
    update_id: int | None
    chat_id: int
    part: int
    text: str
    entities: str
    state: SendState
    telegram_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What a user said of one reply; each field keeps the last thing said. `value` is +1, -1 or None."""

    message_id: int
    user_id: int
    value: int | None
    note: str | None
    correction: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTally:
    """What a user said of the replies of one adapter version; None is the bare base model.

    Those of the base as a `control` stand apart. `with_recall` replies were shown what was said before.
    """

    adapter_version: int | None
    replies: int
    liked: int
    disliked: int
    corrected: int
    with_recall: int = 0
    control: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedTurn:
    """A question with its reply and rating: the raw material of tuning, oldest first.

    `refused` is the last of the other replies to it that the user disliked.
    """

    question: Message
    reply: Message
    rating: Rating | None
    refused: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One version of a user's LoRA weights; `folder` is relative to the data folder.

    `secret` decrypts its files, None when they are plain.
    """

    user_id: int
    version: int
    status: AdapterStatus
    folder: str
    base_model: str
    created_at: datetime
    run_id: int | None = None
    secret: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningRun:
    """One tuning run for one user. `local_date` is None when the run was asked for by hand."""

    run_id: int
    user_id: int
    local_date: date | None
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    reason: str
    report: str
    adapter_version: int | None
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That a person was forgotten: as a whole, or a part of what they said. Ids grow."""

    erasure_id: int
    user_id: int
    at: datetime
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """How much is held of one person."""

    messages: int
    ratings: int
    beliefs: int
    adapters: int
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSummary:
    """The finished summary of one text in one style, as kept in the cache; a point is (text, passage)."""

    content_sha256: str
    style: str
    title: str
    points: tuple[tuple[str, str], ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReading:
    """An article that a user has had read, about to be kept; `language` is ISO 639-1.

    `etag` and `last_modified` are what its server gave to ask later whether it has changed.
    """

    user_id: int
    url: str
    site: str
    title: str
    published: date | None
    language: str | None
    text: str
    words: int
    partial: bool
    read_at: datetime
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(NewReading):
    """A kept article of one user."""

    reading_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingReply:
    """What a reply about a reading rests on; a point is (text, passage).

    A summary has a `length` and a form, an answer to a question has neither. `part` counts the summaries
    of one update from 0. `wished` says that the user asked for this form after they had seen another;
    `language` and `audience` are what they wished for with the article.
    """

    reading_id: int
    points: tuple[tuple[str, str], ...]
    part: int = 0
    length: str | None = None
    bullets: bool = False
    wished: bool = False
    language: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryOpinion:
    """What a user said of one summary: a thumb, a remark, or the wish for it in another form."""

    length: str
    bullets: bool
    wished: bool
    value: int | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadArticle:
    """That a user has read of something, and the thumb on its last summary."""

    title: str
    site: str
    read_at: datetime
    value: int | None
