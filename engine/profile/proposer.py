"""The nightly question to a large base model: what do these messages tell of their author?"""

from collections.abc import Sequence

from engine.language.model import (
    ChatMessage,
    GenerationRequest,
    LanguageModel,
    Priority,
    SamplingParams,
)
from engine.language.thoughts import strip_thoughts
from engine.profile.engine import ProfileEngine
from engine.profile.proposals import MOST_READ, task_over, worth_reading
from storage.beliefs import Belief
from storage.messages import MessageStore
from storage.preferences import PreferenceStore
from storage.records import FinishReason, Message

_SAMPLING = SamplingParams(max_new_tokens=600, temperature=0.0, repetition_penalty=1.0)
"""Greedy, and without a penalty on repetition, since an answer repeats what it quotes."""


class Proposer:
    """Asks the base model once a night and user. What it answers is only believed with a quotation."""

    def __init__(
        self,
        *,
        model: LanguageModel,
        messages: MessageStore,
        profiles: ProfileEngine,
        preferences: PreferenceStore,
    ) -> None:
        self._model = model
        self._messages = messages
        self._profiles = profiles
        self._preferences = preferences

    async def run(self, user_id: int) -> list[Belief]:
        """Read what a user has written since the last time; returns the beliefs that came of it.

        Of more than fits into one question the newest is read. Nothing is asked while the user has paused
        learning. Raises ModelError.
        """
        if not (await self._preferences.get(user_id)).learning:
            return []
        read_up_to = (await self._profiles.get(user_id)).proposed_up_to
        said = await self._messages.learnable(user_id, after=read_up_to, limit=MOST_READ)
        telling = worth_reading(said)
        if not telling:
            return []
        completion = await self._model.generate(
            GenerationRequest(
                user_id=user_id,
                messages=self._fitting(telling),
                sampling=_SAMPLING,
                priority=Priority.BACKGROUND,
            )
        )
        if completion.finish_reason is FinishReason.CANCELLED:
            return []
        answer = strip_thoughts(completion.text)
        return await self._profiles.propose(user_id, answer, after=read_up_to, up_to=said[-1].message_id)

    def _fitting(self, messages: Sequence[Message]) -> tuple[ChatMessage, ...]:
        """The task over as many of the newest messages as leave room for the answer, by halves."""
        room = self._model.context_tokens - _SAMPLING.max_new_tokens
        prompt = task_over(messages)
        while len(messages) > 1 and self._model.count_tokens(prompt) > room:
            messages = messages[(len(messages) + 1) // 2 :]
            prompt = task_over(messages)
        return prompt
