"""What one night makes of corrections: simulated users with hidden wishes, and real people's own words.

    python -m benchmarks.personalisation [--people 24] [--json]

Simulated: each user asks forty questions and corrects every second reply into the manner that they wish. All
are tuned in one night by the real child process behind the real gate; then ten questions never seen are
asked, and an oracle counts how many replies have the wished manner.

Real: the lines of people of `chitchat-dataset` (ids that begin with 0 to 7; the others are for acceptance) as
replies to what was said to them. Each person's adapter, trained on the first four fifths of their lines, is
measured on the last fifth beside the base model, one adapter for all, and somebody else's adapter.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.people import measure_people
from benchmarks.wishes import ASKED, WISHES, Wish, sentences
from engine.language.bundled import ResolvedModel, resolve_model
from engine.language.local import LocalModel
from engine.language.model import AdapterRef, ChatMessage, GenerationRequest, SamplingParams
from engine.tuning.child import ChildTrainer
from engine.tuning.nightly import TuningRunner
from engine.tuning.workshop import Workshop
from storage.database import Database
from storage.feedback import FeedbackStore
from storage.records import NewMessage, Role, RunStatus, TuningRun
from storage.users import UserStore
from tests.test_loop import UNSEEN

BUDGET = timedelta(hours=2)
GREEDY = SamplingParams(max_new_tokens=100, temperature=0.0, seed=1)
SATISFIED = 0.8


class Village:
    """The simulated users of one data folder; user number n has wish number n - 1."""

    def __init__(self, database: Database, folder: Path, base: ResolvedModel, model: LocalModel) -> None:
        self._workshop = Workshop.over(
            database, trainer=ChildTrainer(), data_folder=folder, base=base, now=lambda: datetime.now(UTC)
        )
        self._messages, self._runs = self._workshop.messages, self._workshop.runs
        self._ratings = FeedbackStore(database)
        self._users = UserStore(database)
        self._model = model

    async def answers(
        self,
        questions: tuple[str, ...],
        adapter: AdapterRef | None = None,
        sampling: SamplingParams = GREEDY,
    ) -> list[str]:
        """A reply to each question, each in a conversation of its own."""
        completions = await asyncio.gather(
            *(
                self._model.generate(
                    GenerationRequest(
                        user_id=0 if adapter is None else adapter.user_id,
                        messages=(ChatMessage(Role.USER, question),),
                        adapter=adapter,
                        sampling=sampling,
                    )
                )
                for question in questions
            )
        )
        return [completion.text for completion in completions]

    async def arrive(self, user_id: int, wish: Wish) -> None:
        """Let somebody in."""
        await self._users.add(user_id, name=wish.name, is_owner=False, now=datetime.now(UTC))

    async def live(
        self,
        user_id: int,
        wish: Wish,
        said: Sequence[tuple[str, str]],
        *,
        apart: bool = False,
        corrects_every: int | None = 2,
    ) -> None:
        """A day of one user, questions with their replies: what fulfils the wish is liked, every so many of
        the other replies are corrected, the rest is disliked; all of them with None.

        With `apart` each question begins a conversation.
        """
        now = datetime.now(UTC)
        conversation_id = await self._messages.start_conversation(user_id=user_id, chat_id=user_id, now=now)
        for number, (question, text) in enumerate(said):
            if apart:
                conversation_id = await self._messages.start_conversation(
                    user_id=user_id, chat_id=user_id, now=now
                )
            halves = [
                NewMessage(
                    user_id=user_id,
                    chat_id=user_id,
                    conversation_id=conversation_id,
                    role=role,
                    text=said,
                    created_at=now,
                )
                for role, said in ((Role.USER, question), (Role.ASSISTANT, text))
            ]
            _, reply = await self._messages.add_turn(halves[0], halves[1])
            if wish.holds(text):
                await self._ratings.rate(reply.message_id, user_id=user_id, value=1, now=now)
            elif corrects_every is None or number % corrects_every:
                await self._ratings.rate(reply.message_id, user_id=user_id, value=-1, now=now)
            else:
                wished = wish.write(sentences(text))
                await self._ratings.rate(reply.message_id, user_id=user_id, correction=wished, now=now)

    async def sleep(self) -> list[TuningRun]:
        """One night for everybody."""
        runner = TuningRunner(self._workshop, budget=BUDGET)
        return await runner.run([user.user_id for user in await self._users.all()])

    async def answers_to(
        self, user_id: int, questions: tuple[str, ...], sampling: SamplingParams = GREEDY
    ) -> list[str]:
        """What a user is answered; by the base model when the gate let nothing pass."""
        active = await self._runs.active_adapter(user_id)
        if active is None:
            return await self.answers(questions, sampling=sampling)
        ref = AdapterRef(user_id, active.version, self._workshop.data_folder / active.folder)
        await self._model.load_adapter(ref)
        return await self.answers(questions, ref, sampling)


def share(wish: Wish, replies: list[str]) -> float:
    """The share of replies that fulfil a wish."""
    return sum(map(wish.holds, replies)) / len(replies)


async def simulate(base: ResolvedModel, folder: Path, *, show: bool) -> dict[str, float]:
    """All wishes through one night; prints a line for each."""
    database = await Database.open(folder / "mynah.db")
    model = LocalModel.load(folder=base.folder, name=base.name)
    try:
        village = Village(database, folder, base, model)
        replies, before = await village.answers(ASKED), await village.answers(UNSEEN)
        for user_id, wish in enumerate(WISHES, start=1):
            await village.arrive(user_id, wish)
            await village.live(user_id, wish, list(zip(ASKED, replies, strict=True)))
        start = time.perf_counter()
        runs = sorted(await village.sleep(), key=lambda run: run.user_id)
        night = time.perf_counter() - start
        print(f"{'wish':24} {'before':>7} {'after':>7} {'nats a token':>14}  {'general':>8}  verdict")
        first, last = [], []
        for run in runs:
            wish = WISHES[run.user_id - 1]
            after = await village.answers_to(run.user_id, UNSEEN)
            first.append(share(wish, before))
            last.append(share(wish, after))
            print(f"{wish.name:24} {first[-1]:7.0%} {last[-1]:7.0%} {figures_of(run)}")
            if show:
                print("".join(f"    {reply!r}\n" for reply in after), end="")
    finally:
        await model.close()
        await database.close()
    promoted = [run for run in runs if run.status is RunStatus.PROMOTED]
    return {
        "simulated_users": len(runs),
        "simulated_satisfied_before": statistics.mean(first),
        "simulated_satisfied_after": statistics.mean(last),
        "simulated_users_at_80_percent": sum(value >= SATISFIED for value in last) / len(last),
        "simulated_promoted": len(promoted) / len(runs),
        "night_seconds": night,
    }


def figures_of(run: TuningRun) -> str:
    """What the gate measured and said of a run."""
    report = json.loads(run.report)
    if "before" not in report:
        return f"{run.status}: {run.reason}"
    verdict = "" if report["promoted"] else f": {report['reason']}"
    change = f"{report['before']:.2f} → {report['after']:.2f}"
    return f"{change:>14}  {report['general_rise']:+8.1%}  {run.status}{verdict}"


def main() -> None:
    """Run both parts and print what came of them."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--people", type=int, default=24, help="how many real people; 0 leaves them out")
    arguments.add_argument("--replies", action="store_true", help="print what simulated users were answered")
    arguments.add_argument("--json", action="store_true", help="all figures as one object on the last line")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = resolve_model("bundled", folder / "models", lambda said: print(said, file=sys.stderr))
        figures = asyncio.run(simulate(base, folder, show=options.replies))
        if options.people:
            figures |= measure_people(base, people=options.people)
    for key, value in figures.items():
        print(f"{key:44} {value:10.3f}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
