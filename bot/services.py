"""The one composition root: opens storage, model and engine in order, closes them in reverse."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.access import Access, new_code
from bot.settings import Settings
from engine.articles.ability import words_its_own
from engine.articles.answer import Answerer
from engine.articles.fetch import Fetcher
from engine.articles.library import Library
from engine.articles.reading import PageReader
from engine.articles.sources import SourceReader
from engine.articles.summarize import Summarizer
from engine.assistant import Assistant
from engine.erasure import ErasureFollower, Forgetter
from engine.export import Exporter
from engine.feedback import Feedback
from engine.forgetting import PartForgetter
from engine.language.bundled import Progress, ResolvedModel, resolve_model
from engine.language.local import LocalModel
from engine.language.model import LanguageModel, SamplingParams
from engine.language.remote import RemoteModel
from engine.profile.ability import proposes, uses_card, uses_recall
from engine.profile.embedding import Embedder, NanoEmbedder
from engine.profile.engine import ProfileEngine
from engine.profile.proposer import Proposer
from engine.serving import ServedAdapters
from engine.sight import Viewer, VisionModel, find_viewer
from engine.speech import Transcriber, find_transcriber
from engine.tuning.child import ChildTrainer, Trainer
from engine.tuning.nightly import TuningRunner
from engine.tuning.search import Searcher
from engine.tuning.workshop import Workshop
from storage.articles import ArticleStore
from storage.awaited import AwaitedValueStore
from storage.backup import DATABASE_NAME, BackupWriter
from storage.database import Database
from storage.erasure import ErasureStore
from storage.feedback import FeedbackStore
from storage.groups import GroupStore
from storage.messages import MessageStore
from storage.outbox import OutboxStore
from storage.preferences import PreferenceStore
from storage.readings import ReadingStore
from storage.runs import RunStore
from storage.shelf import Shelf
from storage.updates import UpdateStore
from storage.users import UserStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What every command needs: the store, and tuning over it. No model is loaded."""

    settings: Settings
    now: Clock
    base: ResolvedModel
    database: Database
    users: UserStore
    messages: MessageStore
    runs: RunStore
    runner: TuningRunner
    searcher: Searcher
    embedder: Embedder
    profiles: ProfileEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything behind the handlers."""

    core: Core
    access: Access
    groups: GroupStore
    preferences: PreferenceStore
    awaited: AwaitedValueStore
    updates: UpdateStore
    outbox: OutboxStore
    model: LanguageModel
    adapters: ServedAdapters
    exporter: Exporter
    forgetter: Forgetter
    part_forgetter: PartForgetter
    erasures: ErasureFollower
    shelf: Shelf
    assistant: Assistant
    profiles: ProfileEngine
    proposer: Proposer | None
    ratings: FeedbackStore
    feedback: Feedback
    sources: SourceReader
    summarizer: Summarizer
    answerer: Answerer
    library: Library
    readings: ReadingStore
    transcriber: Transcriber | None
    viewer: Viewer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that tests replace; None takes the real one."""

    model: LanguageModel | None = None
    embedder: Embedder | None = None
    trainer: Trainer | None = None
    base: ResolvedModel | None = None
    transcriber: Transcriber | None = None
    viewer: Viewer | None = None


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncGenerator[Database]:
    """Open the store alone. Raises StorageError."""
    database = await Database.open(settings.data / DATABASE_NAME, key=settings.database_key)
    try:
        yield database
    finally:
        await database.close()


def backup_writer(settings: Settings, now: Clock = utc_now) -> BackupWriter:
    """What backs up the data folder of these settings."""
    return BackupWriter(
        data_folder=settings.data,
        key=settings.database_key,
        settings=settings.as_env(),
        model=settings.model,
        now=now,
    )


def shelf(settings: Settings) -> Shelf:
    """The nightly backups of these settings."""
    return Shelf(data_folder=settings.data, keep_days=settings.backups)


@asynccontextmanager
async def open_core(
    settings: Settings, *, progress: Progress, now: Clock = utc_now, parts: Parts | None = None
) -> AsyncGenerator[Core]:
    """Open the store and find the base model. Raises StorageError, ModelUnavailableError."""
    parts = parts or Parts()
    base = parts.base or await asyncio.to_thread(
        resolve_model, settings.model, settings.data / "models", progress
    )
    async with open_database(settings) as database:
        embedder, trainer = parts.embedder or NanoEmbedder(), parts.trainer or ChildTrainer()
        profiles = ProfileEngine.over(database, embedder=embedder, now=now, timezone=settings.timezone)
        workshop = Workshop.over(database, trainer=trainer, data_folder=settings.data, base=base, now=now)
        yield Core(
            settings=settings,
            now=now,
            base=base,
            database=database,
            users=UserStore(database),
            messages=workshop.messages,
            runs=workshop.runs,
            runner=TuningRunner(
                workshop,
                budget=settings.night_budget,
                recall=profiles.memory.recall if uses_recall(base.folder) else None,
            ),
            searcher=Searcher(workshop),
            embedder=embedder,
            profiles=profiles,
        )


@asynccontextmanager
async def open_services(core: Core, parts: Parts | None = None) -> AsyncGenerator[Services]:
    """Load the model and put the engine together. Raises ModelUnavailableError, DeviceUnavailableError."""
    parts = parts or Parts()
    model = parts.model or await _open_model(core)
    fetcher = Fetcher(allow_private=core.settings.allow_private_links)
    try:
        transcriber = parts.transcriber or find_transcriber()
        viewer = parts.viewer or await asyncio.to_thread(_load_viewer, core.settings)
        yield await _assemble(core, model, fetcher, transcriber, viewer)
    finally:
        await fetcher.close()
        await model.close()


async def _open_model(core: Core) -> LanguageModel:
    settings, base = core.settings, core.base
    if settings.remote_url is not None:
        return await RemoteModel.connect(settings.remote_url, folder=base.folder, name=base.name)
    return await asyncio.to_thread(
        LocalModel.load,
        folder=base.folder,
        name=base.name,
        device=settings.device,
        choices=settings.data / "models" / "measured.json",
    )


async def _assemble(
    core: Core,
    model: LanguageModel,
    fetcher: Fetcher,
    transcriber: Transcriber | None,
    viewer: Viewer | None,
) -> Services:
    settings, database = core.settings, core.database
    adapters = ServedAdapters(runs=core.runs, model=model, data_folder=settings.data)
    groups = GroupStore(database)
    profiles = core.profiles
    access = Access(
        users=core.users,
        groups=groups,
        allowed=settings.allowed_users,
        owner=settings.owner,
        code=new_code(),
        now=core.now,
    )
    await access.load()
    erasures, readings = ErasureStore(database), ReadingStore(database)
    ratings, preferences = FeedbackStore(database), PreferenceStore(database)
    writer = model if words_its_own(core.base.folder) else None
    return Services(
        core=core,
        access=access,
        groups=groups,
        preferences=preferences,
        awaited=AwaitedValueStore(database),
        updates=UpdateStore(database),
        outbox=OutboxStore(database),
        model=model,
        adapters=adapters,
        exporter=Exporter(database=database, data_folder=settings.data),
        forgetter=Forgetter(store=erasures, data_folder=settings.data, now=core.now),
        part_forgetter=PartForgetter(
            store=erasures,
            messages=core.messages,
            profiles=profiles,
            data_folder=settings.data,
            now=core.now,
        ),
        erasures=ErasureFollower(store=erasures, model=model, adapters=adapters, profiles=profiles),
        shelf=shelf(settings),
        assistant=Assistant(
            messages=core.messages,
            model=model,
            adapters=adapters,
            recall=profiles.memory.recall if uses_recall(core.base.folder) else None,
            card=profiles.card if uses_card(core.base.folder) else None,
            sampling=_sampling(settings),
            control_share=settings.control / 100,
            now=core.now,
        ),
        profiles=profiles,
        proposer=_proposer(core, model, preferences),
        ratings=ratings,
        feedback=Feedback(messages=core.messages, ratings=ratings, profiles=profiles, now=core.now),
        sources=SourceReader(fetcher=fetcher, pages=PageReader()),
        summarizer=Summarizer(writer=writer, store=ArticleStore(database), now=core.now),
        answerer=Answerer(writer=writer, embedder=core.embedder),
        library=Library(readings=readings, messages=core.messages, profiles=profiles, now=core.now),
        readings=readings,
        transcriber=transcriber,
        viewer=viewer,
    )


def _proposer(core: Core, model: LanguageModel, preferences: PreferenceStore) -> Proposer | None:
    """Who reads at night what users said; None unless it is wished for and the model is large enough."""
    if not core.settings.proposals:
        return None
    if not proposes(core.base.folder):
        logger.warning("%s is too small a model to be asked: MYNAH_PROPOSALS=on does nothing", core.base.name)
        return None
    return Proposer(model=model, messages=core.messages, profiles=core.profiles, preferences=preferences)


def _load_viewer(settings: Settings) -> Viewer | None:
    """The vision model of the settings, if there is one. Raises ModelUnavailableError."""
    if settings.vision_model is None:
        return None
    folder = find_viewer(settings.vision_model, settings.data / "models")
    return VisionModel.load(folder=folder, device=settings.device)


def _sampling(settings: Settings) -> SamplingParams:
    if settings.seed is None:
        return SamplingParams(max_new_tokens=settings.max_new_tokens)
    return SamplingParams(max_new_tokens=settings.max_new_tokens, temperature=0.0, seed=settings.seed)
