"""The batcher: exact tokens in any company, fair turns, chat before background, and failures kept apart."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.errors import EngineError, ModelError, QueueFullError
from engine.language.adapters import AdapterBank
from engine.language.cache import CacheShape, PrefixCache, RowBlock, Strip
from engine.language.forward import Forward, TransformersForward
from engine.language.generation import Batcher
from engine.language.governor import ThreadGovernor
from engine.language.job import Job
from engine.language.lean import LeanForward
from engine.language.lora import LoraStack, wrap_linears
from engine.language.model import (
    AdapterRef,
    Cancellation,
    Completion,
    GenerationRequest,
    Priority,
)
from engine.language.reply_text import ReplyText
from engine.language.tokens import ChatTokenizer
from storage.records import FinishReason
from tests.engine.language.conftest import adapter_ref, ask, random_tokens, tiny_model, tiny_tokenizer

CHAT = ChatTokenizer(tiny_tokenizer(), place="tiny")
VOCABULARY = 259


class Watcher:
    """Keeps what a job tells."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.places: list[int] = []
        self.outcome: Completion | EngineError | None = None

    def on_place(self, place: int) -> None:
        self.places.append(place)

    def on_text(self, text: str) -> None:
        self.texts.append(text)

    def on_end(self, outcome: Completion | EngineError) -> None:
        assert self.outcome is None, "a job ends once"
        self.outcome = outcome


class CountingForward:
    """Keeps each token as its own key; the next token is a sum over the row's keys, so mixed-up rows show."""

    def __init__(self) -> None:
        self.shape = CacheShape(
            layers=1, heads=1, head_dim=1, dtype=torch.float32, device=torch.device("cpu")
        )
        self.faults: list[Exception] = []
        self.broken_token: int | None = None
        self.batches: list[int] = []
        self.prefilled = 0

    def prefill(self, strip: Strip, token_ids: Sequence[int], slot: int) -> Tensor:
        self._fail()
        start, end = len(strip.token_ids), len(strip.token_ids) + len(token_ids)
        strip.reserve(end)
        strip.kv[0, 0, 0, start:end, 0] = torch.tensor(token_ids, dtype=torch.float32)
        strip.token_ids += token_ids
        self.prefilled += len(token_ids)
        return self._logits(strip.kv[0, 0, 0, :end, 0], slot)

    def decode(self, block: RowBlock, token_ids: Sequence[int], slots: Sequence[int]) -> Tensor:
        block.reserve(max(block.lengths) + 1)
        self._fail()
        self.batches.append(len(token_ids))
        rows: list[Tensor] = []
        for row, (token_id, slot) in enumerate(zip(token_ids, slots, strict=True)):
            block.kv[0, 0, row, 0, block.lengths[row], 0] = token_id
            block.lengths[row] += 1
            rows.append(self._logits(block.kv[0, 0, row, 0, : block.lengths[row], 0], slot))
        return torch.stack(rows)

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop()

    def _logits(self, keys: Tensor, slot: int) -> Tensor:
        weights = torch.arange(1, len(keys) + 1)
        next_token = 3 + int((keys.long() * weights).sum() + 7 * slot) % (VOCABULARY - 3)
        logits = torch.zeros(VOCABULARY)
        logits[next_token] = torch.nan if self.broken_token in keys.tolist() else 1.0
        return logits


def batcher_of(
    forward: Forward, stack: LoraStack, *, rows: int = 3, queue_limit: int = 100, prefix_bytes: int = 1 << 24
) -> tuple[Batcher, AdapterBank]:
    probe = random_tokens(4, seed=1)
    bank = AdapterBank(
        stack,
        base_model="tiny-llama",
        max_rank=8,
        budget_bytes=1 << 30,
        probe=lambda slot: forward.prefill(Strip(forward.shape), probe, slot),
    )
    batcher = Batcher(
        forward=forward,
        bank=bank,
        prefixes=PrefixCache(forward.shape, budget_bytes=prefix_bytes),
        end_ids=frozenset({2}),
        rows=rows,
        queue_limit=queue_limit,
        governor=ThreadGovernor(1, most=1, set_threads=lambda _: None, now=lambda: 0.0),
    )
    return batcher, bank


def job_of(
    prompt_ids: Sequence[int], request: GenerationRequest, *, stop: Cancellation | None = None
) -> tuple[Job, Watcher]:
    watcher = Watcher()
    job = Job(
        request=request,
        prompt_ids=prompt_ids,
        limit=request.sampling.max_new_tokens,
        text=ReplyText(CHAT),
        listener=watcher,
        cancellations=[stop or Cancellation()],
    )
    return job, watcher


@pytest.fixture
def forward() -> CountingForward:
    return CountingForward()


@pytest.fixture
def batcher(forward: CountingForward) -> Batcher:
    return batcher_of(forward, wrap_linears(tiny_model(), slots=2, rank=1))[0]


def solo(prompt_ids: Sequence[int], count: int) -> list[int]:
    """The tokens that CountingForward gives a request alone."""
    forward, said = CountingForward(), list[int]()
    for _ in range(count):
        logits = forward.prefill(Strip(forward.shape), [*prompt_ids, *said], 0)
        said.append(int(logits.argmax()))
    return said


def finish(batcher: Batcher) -> None:
    for _ in range(5000):
        if batcher.idle:
            return
        batcher.step()
    pytest.fail("the batcher never became idle")


def submit(
    batcher: Batcher, prompt_ids: Sequence[int], *, stop: Cancellation | None = None, **options: object
) -> tuple[Job, Watcher]:
    job, watcher = job_of(prompt_ids, ask("", **options), stop=stop)
    batcher.submit(job)
    return job, watcher


def test_every_row_says_what_it_would_alone(batcher: Batcher, forward: CountingForward) -> None:
    prompts = [random_tokens(3 + 50 * (i % 9), seed=i) for i in range(20)]
    jobs = [
        submit(batcher, prompt, user_id=i, max_new_tokens=3 + i % 7)[0] for i, prompt in enumerate(prompts)
    ]
    finish(batcher)
    for i, (job, prompt) in enumerate(zip(jobs, prompts, strict=True)):
        assert job.sampler.said == solo(prompt, 3 + i % 7)
    assert max(forward.batches) == 3


def test_a_failed_step_ends_only_those_in_it(batcher: Batcher, forward: CountingForward) -> None:
    _, first = submit(batcher, [5, 6], max_new_tokens=5)
    batcher.step()
    waiting, second = submit(batcher, [7, 8], user_id=2, max_new_tokens=5)
    forward.faults = [RuntimeError("boom")]
    batcher.step()
    finish(batcher)
    failed = [watcher for watcher in (first, second) if isinstance(watcher.outcome, ModelError)]
    assert failed == [second]
    assert isinstance(first.outcome, Completion)
    assert waiting.sampler.said == []


def test_a_failed_joint_step_leaves_the_batcher_usable(batcher: Batcher, forward: CountingForward) -> None:
    watchers = [submit(batcher, [5 + i], user_id=i, max_new_tokens=9)[1] for i in range(3)]
    for _ in range(4):
        batcher.step()
    forward.faults = [RuntimeError("boom")]
    batcher.step()
    assert all(isinstance(watcher.outcome, ModelError) for watcher in watchers)
    job, _ = submit(batcher, [9, 9])
    finish(batcher)
    assert job.sampler.said == solo([9, 9], 12)


def test_broken_numbers_spoil_nobody_else(batcher: Batcher, forward: CountingForward) -> None:
    healthy = [submit(batcher, [5 + i, 6], user_id=i, max_new_tokens=20)[0] for i in range(2)]
    forward.broken_token = solo([40, 41], 4)[3]
    _, broken = submit(batcher, [40, 41], user_id=9, max_new_tokens=20)
    expected = [solo([5 + i, 6], 20) for i in range(2)]
    assert all(forward.broken_token not in tokens for tokens in expected)
    finish(batcher)
    assert isinstance(broken.outcome, ModelError)
    assert [job.sampler.said for job in healthy] == expected


def test_without_memory_the_batch_shrinks_and_goes_on(batcher: Batcher, forward: CountingForward) -> None:
    jobs = [submit(batcher, [5 + i], user_id=i, max_new_tokens=30)[0] for i in range(3)]
    for _ in range(5):
        batcher.step()
    assert forward.batches[-1] == 3
    forward.faults = [torch.OutOfMemoryError("no room")]
    batcher.step()
    batcher.step()
    assert forward.batches[-1] == 2
    finish(batcher)
    assert [job.sampler.said for job in jobs] == [solo([5 + i], 30) for i in range(3)]
    for i in range(3):
        submit(batcher, [5 + i], user_id=i, max_new_tokens=30)
    finish(batcher)
    assert max(forward.batches[-30:]) == 3


def test_one_request_beyond_memory_fails_plainly(batcher: Batcher, forward: CountingForward) -> None:
    forward.faults = [torch.OutOfMemoryError("no room")]
    _, watcher = submit(batcher, [5, 6])
    finish(batcher)
    assert isinstance(watcher.outcome, ModelError)
    assert "memory" in str(watcher.outcome)


def test_a_user_with_many_requests_starves_nobody(batcher: Batcher) -> None:
    greedy = [submit(batcher, [5, i], user_id=1, max_new_tokens=10)[1] for i in range(3, 13)]
    for _ in range(4):
        batcher.step()
    modest = [submit(batcher, [6, i], user_id=i, max_new_tokens=10)[1] for i in range(3, 6)]
    while any(watcher.outcome is None for watcher in modest):
        batcher.step()
    assert sum(watcher.outcome is not None for watcher in greedy) <= 5
    finish(batcher)


def test_who_waits_is_told_each_new_place_once(batcher: Batcher) -> None:
    begun = [submit(batcher, [5], user_id=i, max_new_tokens=30)[1] for i in range(3)]
    for _ in range(6):
        batcher.step()
    waiting = [submit(batcher, [5], user_id=10 + i, max_new_tokens=30)[1] for i in range(3)]
    finish(batcher)
    assert [watcher.places for watcher in waiting] == [[1], [2, 1], [3, 2, 1]]
    assert begun[0].places == []


def test_all_users_are_served_about_the_same(batcher: Batcher) -> None:
    jobs: dict[int, list[Job]] = {user_id: [] for user_id in range(16)}
    for turn in range(4):
        for user_id, mine in jobs.items():
            mine.append(submit(batcher, [5 + turn, 6], user_id=user_id, max_new_tokens=8)[0])
    for _ in range(90):
        batcher.step()
    served = [sum(len(job.sampler.said) for job in mine) for mine in jobs.values()]
    assert not batcher.idle
    assert max(served) <= 1.5 * min(served) + 8


def test_chat_suspends_background_work_which_then_goes_on(batcher: Batcher) -> None:
    background = [
        submit(batcher, [5, i], user_id=i, max_new_tokens=40, priority=Priority.BACKGROUND)
        for i in range(3, 7)
    ]
    for _ in range(6):
        batcher.step()
    chat, watcher = submit(batcher, [90], user_id=9, max_new_tokens=5)
    for _ in range(6):
        batcher.step()
    assert watcher.outcome is not None
    assert chat.sampler.said == solo([90], 5)
    finish(batcher)
    assert [job.sampler.said for job, _ in background] == [solo([5, i], 40) for i in range(3, 7)]


def test_the_next_turn_computes_only_what_is_new(batcher: Batcher, forward: CountingForward) -> None:
    prompt = random_tokens(700, seed=1)
    first, _ = submit(batcher, prompt, cache_key="chat", max_new_tokens=6)
    finish(batcher)
    before = forward.prefilled
    longer = [*prompt, *first.sampler.said, *random_tokens(10, seed=2)]
    second, _ = submit(batcher, longer, cache_key="chat", max_new_tokens=6)
    finish(batcher)
    assert forward.prefilled - before == 11
    assert second.sampler.said == solo(longer, 6)
    third, _ = submit(batcher, [*longer[:300], 9, 9], cache_key="chat", max_new_tokens=6)
    finish(batcher)
    assert forward.prefilled - before == 13
    assert third.sampler.said == solo([*longer[:300], 9, 9], 6)


def test_a_prompt_seen_before_still_computes_its_last_token(
    batcher: Batcher, forward: CountingForward
) -> None:
    for _ in range(2):
        job, _ = submit(batcher, [5, 6, 7], cache_key="chat", max_new_tokens=4)
        finish(batcher)
        assert job.sampler.said == solo([5, 6, 7], 4)
    assert forward.prefilled == 4


def test_prefixes_stay_within_their_budget(forward: CountingForward) -> None:
    batcher, _ = batcher_of(forward, wrap_linears(tiny_model(), slots=2, rank=1), prefix_bytes=2 * 256 * 8)
    for chat in "abcab":
        submit(batcher, random_tokens(200, seed=1), cache_key=chat, max_new_tokens=2)
        finish(batcher)
    assert forward.prefilled == 5 * 200
    submit(batcher, random_tokens(200, seed=1), cache_key="b", max_new_tokens=2)
    finish(batcher)
    assert forward.prefilled == 5 * 200 + 1


def test_a_full_queue_refuses_with_its_length(forward: CountingForward) -> None:
    batcher, _ = batcher_of(forward, wrap_linears(tiny_model(), slots=2, rank=1), queue_limit=2)
    watchers = [submit(batcher, [5, 6], user_id=i)[1] for i in range(3)]
    assert isinstance(watchers[2].outcome, QueueFullError)
    assert watchers[2].outcome.waiting == 2
    finish(batcher)


@pytest.mark.parametrize("after_steps", [0, 1, 2, 5])
def test_a_cancelled_request_ends_wherever_it_is(batcher: Batcher, after_steps: int) -> None:
    others = [submit(batcher, [5, i], user_id=i, max_new_tokens=12)[0] for i in range(3, 5)]
    stop = Cancellation()
    job, watcher = submit(batcher, random_tokens(100, seed=4), user_id=8, max_new_tokens=50, stop=stop)
    for _ in range(after_steps):
        batcher.step()
    stop.cancel()
    batcher.step()
    assert isinstance(watcher.outcome, Completion)
    assert watcher.outcome.finish_reason is FinishReason.CANCELLED
    assert watcher.outcome.reply_tokens == len(job.sampler.said) <= after_steps
    finish(batcher)
    assert [other.sampler.said for other in others] == [solo([5, i], 12) for i in range(3, 5)]


class Exact:
    """The tiny model behind a batcher, and the same model run from scratch for each token."""

    def __init__(self, folder: Path) -> None:
        model = tiny_model()
        stack = wrap_linears(model, slots=4, rank=2)
        self.reference = TransformersForward(model, stack.rows, place="tiny")
        self.forward = LeanForward(model, stack, shape=self.reference.shape)
        self.stack = stack
        self.adapters = [None, *(adapter_ref(folder, user_id=user_id) for user_id in range(1, 6))]
        self.known: dict[tuple[object, ...], list[int]] = {}

    def batcher(self) -> Batcher:
        batcher, bank = batcher_of(self.forward, self.stack, rows=2)
        for adapter in self.adapters[1:]:
            assert adapter is not None
            bank.add(adapter, bank.read(adapter))
        return batcher

    def expected(self, prompt_ids: list[int], adapter: AdapterRef | None, count: int) -> list[int]:
        """The greedy tokens of a request alone, by transformers, without any cache."""
        key = (tuple(prompt_ids), adapter, count)
        if key not in self.known:
            bank = batcher_of(self.forward, self.stack)[1]
            if adapter is not None:
                bank.add(adapter, bank.read(adapter))
                bank.hold(adapter)
            slot = bank.pin(adapter)
            assert slot is not None
            said: list[int] = []
            while len(said) < count:
                logits = self.reference.prefill(Strip(self.reference.shape), prompt_ids + said, slot)
                token_id = int(logits.argmax())
                if token_id == 2:
                    break
                said.append(token_id)
            self.known[key] = said
        return self.known[key]


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Exact:
    return Exact(tmp_path_factory.mktemp("adapters"))


REQUESTS = st.lists(
    st.fixed_dictionaries(
        {
            "steps_before": st.integers(0, 4),
            "prompt": st.integers(1, 6),
            "adapter": st.integers(0, 5),
            "length": st.integers(1, 6),
            "user": st.integers(1, 3),
            "chat": st.sampled_from([None, "a", "b"]),
            "background": st.booleans(),
            "cancel_after": st.one_of(st.none(), st.integers(0, 6)),
        }
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=REQUESTS)
def test_whatever_joins_and_leaves_each_says_its_own_tokens(
    exact: Exact, requests: list[dict[str, int]]
) -> None:
    batcher = exact.batcher()
    running: list[tuple[Job, Watcher, Cancellation, dict[str, int], list[int]]] = []
    for plan in requests:
        prompt_ids = random_tokens(plan["prompt"] * 5, seed=plan["prompt"] % 2)
        stop = Cancellation()
        request = ask(
            "",
            user_id=plan["user"],
            adapter=exact.adapters[plan["adapter"]],
            max_new_tokens=plan["length"],
            cache_key=plan["chat"],
            priority=Priority.BACKGROUND if plan["background"] else Priority.CHAT,
        )
        job, watcher = job_of(prompt_ids, request, stop=stop)
        batcher.submit(job)
        running.append((job, watcher, stop, plan, prompt_ids))
        for _ in range(plan["steps_before"]):
            batcher.step()
            for other, _, other_stop, other_plan, _ in running:
                if (
                    other_plan["cancel_after"] is not None
                    and len(other.sampler.said) >= other_plan["cancel_after"]
                ):
                    other_stop.cancel()
    finish(batcher)
    for job, watcher, _, plan, prompt_ids in running:
        expected = exact.expected(prompt_ids, job.adapter, plan["length"])
        assert isinstance(watcher.outcome, Completion)
        if watcher.outcome.finish_reason is FinishReason.CANCELLED:
            assert job.sampler.said == expected[: len(job.sampler.said)]
        else:
            assert job.sampler.said == expected
