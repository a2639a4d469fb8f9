"""The batcher: requests join and leave one running batch between its steps (continuous batching).

The idea is that of Yu et al., "Orca" (OSDI 2022). Nothing here knows of threads or of the event loop.
"""

import logging
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from engine.errors import EngineError, ModelError
from engine.language.adapters import AdapterBank
from engine.language.cache import PrefixCache, RowBlock
from engine.language.fairness import FairQueue
from engine.language.forward import Forward
from engine.language.governor import ThreadGovernor
from engine.language.job import Job
from engine.language.lora import NO_ADAPTER
from engine.language.model import AdapterRef, Priority
from engine.language.sampling import draw

_log = logging.getLogger(__name__)

_ALONE_SECONDS = 0.4
_SHARED_SECONDS = 0.1
"""A long prompt is computed in parts that take about this long, short ones when others wait for each."""

_PART_TOKENS = (16, 2048)
"""The least and the most tokens of a part."""


class Batcher:
    """One batch over one model. `step` is called again and again by one thread."""

    def __init__(
        self,
        *,
        forward: Forward,
        bank: AdapterBank,
        prefixes: PrefixCache,
        end_ids: frozenset[int],
        rows: int,
        queue_limit: int,
        governor: ThreadGovernor,
    ) -> None:
        self._forward = forward
        self._bank = bank
        self._prefixes = prefixes
        self._end_ids = end_ids
        self._governor = governor
        self._most_rows = self._rows_allowed = rows
        self._block = RowBlock(forward.shape, rows=rows)
        self._queue: FairQueue[Job] = FairQueue(limit=queue_limit)
        self._decoding: list[Job] = []
        self._prefilling: Job | None = None
        self._prefill_rate = 500.0

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._queue and not self._decoding and self._prefilling is None

    def submit(self, job: Job) -> None:
        """Accept a request; it may fail at once, which its listener is told."""
        try:
            self._bank.hold(job.adapter)
        except EngineError as error:
            job.listener.on_end(error)
            return
        try:
            self._queue.push(job)
        except EngineError as error:
            self._bank.release(job.adapter)
            job.listener.on_end(error)

    def forget_adapter(self, adapter: AdapterRef) -> None:
        """Serve an adapter to no new request, and drop what was computed with it."""
        self._bank.remove(adapter)
        self._prefixes.drop(adapter)

    def drop_prefixes(self) -> None:
        """Forget what is kept of chats between turns."""
        self._prefixes.clear()

    def step(self) -> None:
        """Drop the cancelled, admit one request, compute a part of its prompt, then one token of each row."""
        self._drop_cancelled()
        self._admit()
        for place, job in enumerate(self._queue.ranked(), start=1):
            job.wait_at(place)
        if self._prefilling is not None:
            self._guarded(self._prefill, [self._prefilling])
        if self._decoding:
            self._guarded(self._decode, self._decoding)
        if self.idle:
            self._rows_allowed = self._most_rows
            self._queue.forget_absent()

    def abandon(self, error: EngineError | None = None) -> None:
        """Tell all who wait that no more will come: their replies end as cancelled, or with an error."""
        for job in self._all_jobs():
            job.listener.on_end(job.completion() if error is None else error)

    def _all_jobs(self) -> list[Job]:
        prefilling = [] if self._prefilling is None else [self._prefilling]
        return [*self._queue.ranked(), *prefilling, *self._decoding]

    def _drop_cancelled(self) -> None:
        for job in self._all_jobs():
            if job.cancelled:
                self._end(job)

    def _admit(self) -> None:
        if self._prefilling is not None or not self._queue:
            return
        ranked = self._queue.ranked()
        if len(self._decoding) >= self._rows_allowed and not self._make_way(ranked[0]):
            return
        for job in ranked:
            try:
                slot = self._bank.pin(job.adapter)
            except EngineError as error:
                self._end(job, error)
                continue
            if slot is not None:
                self._begin(job, slot)
                return

    def _begin(self, job: Job, slot: int) -> None:
        self._queue.remove(job)
        self._queue.begin(job.user_id)
        job.slot = slot
        if job.strip is None:
            job.strip = self._prefixes.take(job.request.cache_key, job.adapter, job.prompt_ids)
        self._prefilling = job

    def _make_way(self, job: Job) -> bool:
        """Suspend a background reply for a chat; whether there is a free row now."""
        background = [row for row in self._decoding if row.priority is Priority.BACKGROUND]
        if job.priority is not Priority.CHAT or not background:
            return False
        self._suspend(background[-1])
        return True

    def _prefill(self) -> None:
        job = self._prefilling
        assert job is not None
        assert job.strip is not None
        tokens = job.uncomputed
        part = tokens[: self._part_tokens()]
        if job.sampler.said:
            part = part[: len(tokens) - 1]
        if part:
            start = time.perf_counter()
            logits = self._forward.prefill(job.strip, part, job.slot)
            if len(part) >= _PART_TOKENS[0]:
                self._prefill_rate = len(part) / (time.perf_counter() - start)
            self._queue.charge(job.user_id, len(part))
            if not job.uncomputed:
                self._say(logits[None], [job])
        if job is not self._prefilling:
            return
        if job.finish_reason is not None:
            self._end(job)
        elif len(job.uncomputed) == 1 and job.sampler.said:
            self._block.join(job.strip)
            self._decoding.append(job)
            self._prefilling = None

    def _part_tokens(self) -> int:
        seconds = _SHARED_SECONDS if self._decoding else _ALONE_SECONDS
        least, most = _PART_TOKENS
        return max(least, min(most, int(seconds * self._prefill_rate)))

    def _decode(self) -> None:
        jobs = list(self._decoding)
        start = time.perf_counter()
        logits = self._forward.decode(
            self._block, [job.sampler.said[-1] for job in jobs], [job.slot for job in jobs]
        )
        self._governor.observe(len(jobs), time.perf_counter() - start)
        self._say(logits, jobs)
        for job in jobs:
            if job.finish_reason is not None:
                self._end(job)

    def _say(self, logits: Tensor, jobs: Sequence[Job]) -> None:
        """Draw and say the next token of each job, but end those whose numbers are broken."""
        broken = logits.isnan().any(dim=-1)
        for job, token_id, is_broken in zip(
            jobs, draw(logits, [job.sampler for job in jobs]), broken, strict=True
        ):
            if bool(is_broken):
                if job in self._decoding:
                    self._block.wipe(self._decoding.index(job))
                self._end(job, ModelError("The model's numbers broke on this request."))
            else:
                job.say(token_id, self._end_ids)
                self._queue.charge(job.user_id, 1)

    def _guarded(self, work: Callable[[], None], jobs: Sequence[Job]) -> None:
        """Let a failure of the numbers touch no request but those that were being computed."""
        try:
            work()
        except torch.OutOfMemoryError:
            self._shrink(list(jobs))
        except RuntimeError as error:
            _log.exception("a step of the model failed")
            for job in list(jobs):
                self._end(job, ModelError(f"The model failed: {type(error).__name__}."))

    def _shrink(self, jobs: list[Job]) -> None:
        """After running out of memory: drop kept prefixes, and go on with one row less."""
        _log.warning("out of memory with %d rows", len(self._decoding))
        self._prefixes.clear()
        if len(self._decoding) + (self._prefilling is not None) > 1:
            self._suspend(jobs[-1])
            self._rows_allowed = max(1, len(self._decoding))
        else:
            self._end(jobs[-1], ModelError("The model has too little memory for this request."))
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _suspend(self, job: Job) -> None:
        """Put a begun reply back into the queue with all that was computed for it."""
        self._withdraw(job, keep=True)
        self._queue.push_back(job)

    def _withdraw(self, job: Job, *, keep: bool) -> None:
        """Take a job out of wherever it is; `keep` what was computed for it in its strip."""
        if job is self._prefilling:
            self._prefilling = None
        elif job in self._decoding:
            row = self._decoding.index(job)
            if keep and job.strip is not None:
                self._block.store(row, job.strip, job.uncomputed)
            self._block.remove(row)
            self._decoding[row] = self._decoding[-1]
            self._decoding.pop()
        else:
            self._queue.remove(job)
            return
        self._queue.end(job.user_id)
        self._bank.unpin(job.slot)
        job.slot = NO_ADAPTER

    def _end(self, job: Job, error: EngineError | None = None) -> None:
        keep = error is None and job.request.cache_key is not None and self._bank.knows(job.adapter)
        self._withdraw(job, keep=keep)
        if keep and job.strip is not None:
            self._prefixes.put(job.request.cache_key, job.adapter, job.strip)
        self._bank.release(job.adapter)
        job.listener.on_end(job.completion() if error is None else error)
