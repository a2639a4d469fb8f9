"""What goes on beside the chats while the bot is killed: weights that change, and a night that is due."""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import AdapterError
from engine.language.lora import wrap_linears
from engine.language.peft_format import read_adapter
from storage.database import Database
from storage.feedback import FeedbackStore
from storage.messages import MessageStore
from storage.records import AdapterStatus, NewMessage, Role
from storage.runs import RunStore
from storage.users import UserStore
from tests.engine.language.conftest import random_weights, save_adapter, tiny_model

CORRECTIONS = 12
_MOST_RANK = 8


class Restless:
    """Changes one user's weights in a data folder from outside the bot, as `mynah rollback` does."""

    def __init__(self, database: Database, data: Path, user_id: int, *, base_name: str) -> None:
        self._database, self._data, self._user_id, self._base_name = database, data, user_id, base_name
        self._runs = RunStore(database)
        self.swaps = 0

    async def prepare(self) -> None:
        """Give the user two versions of weights, and enough corrections for a night."""
        now = datetime.now(UTC)
        await UserStore(self._database).add(self._user_id, name="Person 0", is_owner=True, now=now)
        await self._correct(now)
        for seed in (1, 2):
            adapter = await self._runs.add_candidate(
                self._user_id, base_model=self._base_name, run_id=None, now=now
            )
            folder = self._data / adapter.folder
            folder.parent.mkdir(parents=True, exist_ok=True)
            save_adapter(folder, random_weights(seed), base_model=self._base_name)
            await self._runs.activate(self._user_id, adapter.version)

    async def swap(self, chance: random.Random) -> None:
        """Go back to the older weights and forward again at random moments, for ever."""
        while True:
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            if await self._runs.rollforward(self._user_id) is None:
                await self._runs.rollback(self._user_id)
            self.swaps += 1

    async def broken_adapters(self) -> int:
        """How many versions that may serve cannot be read."""
        shapes = wrap_linears(tiny_model(), slots=1, rank=1).shapes
        broken = 0
        for adapter in await self._runs.adapters_of(self._user_id):
            if adapter.status not in (AdapterStatus.ACTIVE, AdapterStatus.RETIRED):
                continue
            try:
                read_adapter(
                    self._data / adapter.folder,
                    base_model=self._base_name,
                    shapes=shapes,
                    max_rank=_MOST_RANK,
                )
            except AdapterError:
                broken += 1
        return broken

    async def _correct(self, now: datetime) -> None:
        messages, ratings = MessageStore(self._database), FeedbackStore(self._database)
        conversation_id = await messages.start_conversation(
            user_id=self._user_id, chat_id=self._user_id, now=now
        )
        for number in range(CORRECTIONS):
            question, reply = (
                NewMessage(
                    user_id=self._user_id,
                    chat_id=self._user_id,
                    conversation_id=conversation_id,
                    role=role,
                    text=f"{role} {number}",
                    created_at=now,
                )
                for role in (Role.USER, Role.ASSISTANT)
            )
            _, logged = await messages.add_turn(question, reply)
            await ratings.rate(logged.message_id, user_id=self._user_id, correction=f"so {number}", now=now)
