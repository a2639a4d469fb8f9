"""The arms of the gate on the tiny model."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from engine.language.loading import load_tokenizer
from engine.language.lora import LoraStack, wrap_linears
from engine.language.model import ChatMessage
from engine.language.tokens import ChatTokenizer
from engine.tuning.evaluate import Measurement
from engine.tuning.examine import Examiner
from engine.tuning.examples import Evidence, Example, Split
from engine.tuning.job import AdapterFiles, Job, Recipe, UserJob
from engine.tuning.measure import Meter
from storage.records import Role
from tests.engine.language.conftest import BASE_NAME, random_weights, save_adapter, save_tiny, tiny_model

SLOT = 1
RECIPE = Recipe(rank=4, example_tokens=200)


def example(number: int, *, reply: str = "", rejected: str | None = None) -> Example:
    return Example(
        message_ids=(2 * number, 2 * number + 1),
        context=(ChatMessage(Role.USER, f"question {number}?"),),
        reply=reply or f"reply {number}",
        evidence=Evidence.CORRECTED,
        conversation_id=number,
        rejected=rejected,
    )


HELD_OUT = tuple(example(number, rejected="something else") for number in range(3))
USER = UserJob(user_id=7, split=Split(train=(), held_out=HELD_OUT))


@dataclass(frozen=True)
class Desk:
    """An examiner over the tiny model, with a candidate in slot 1."""

    examiner: Examiner
    stack: LoraStack
    meter: Meter
    tokenizer: ChatTokenizer
    folder: Path

    def examine(self, user: UserJob, seed: int = 1) -> Measurement:
        weights = random_weights(seed)
        self.stack.write(SLOT, weights)
        return self.examiner.examine(user, SLOT, weights, first_sight=None)

    def files(self, seed: int) -> AdapterFiles:
        folder = self.folder / str(seed)
        if not folder.exists():
            save_adapter(folder, random_weights(seed))
        return AdapterFiles(folder=folder)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / BASE_NAME)


@pytest.fixture
def desk(model_folder: Path, tmp_path: Path) -> Desk:
    return seated(model_folder, tmp_path)


def seated(model_folder: Path, folder: Path, *, controls: bool = True) -> Desk:
    model = tiny_model()
    stack = wrap_linears(model, slots=3, rank=RECIPE.rank)
    tokenizer = load_tokenizer(model_folder, model)
    meter = Meter(model, stack, tokenizer, pad_id=0, most_tokens=512)
    job = Job(
        base_name=BASE_NAME,
        base_folder=model_folder,
        users=(),
        seed=0,
        recipe=RECIPE,
        controls=controls,
    )
    examiner = Examiner(job=job, meter=meter, stack=stack, tokenizer=tokenizer, guest_slot=2)
    return Desk(examiner, stack, meter, tokenizer, folder)


def test_alone_there_are_the_base_and_the_candidate(desk: Desk):
    turns = desk.examine(USER).turns

    assert [turn.conversation_id for turn in turns] == [0, 1, 2]
    assert [turn.reply_bytes for turn in turns] == [len("reply 0")] * 3
    assert all(turn.active is turn.control is turn.pooled is None for turn in turns)
    assert all(turn.base_with_recall is turn.candidate_with_recall is None for turn in turns)


def test_each_set_of_weights_is_scored_under_its_own_name(desk: Desk):
    user = replace(USER, active=desk.files(1), others=(desk.files(2), desk.files(3)))
    turns = desk.examine(user, seed=1).turns
    swapped = desk.examine(replace(user, active=desk.files(2), others=(desk.files(1), desk.files(3))), seed=2)

    for turn, other in zip(turns, swapped.turns, strict=True):
        assert turn.active == pytest.approx(turn.candidate, rel=1e-4)
        assert turn.control == pytest.approx(other.candidate, rel=1e-4)
        assert other.control == pytest.approx(turn.candidate, rel=1e-4)
        assert turn.pooled not in (None, turn.base, turn.candidate, turn.control)


def test_disliked_replies_are_scored_beside_the_wanted_ones(desk: Desk):
    split = replace(USER.split, disliked=(example(7), example(8)))
    measurement = desk.examine(replace(USER, split=split, active=desk.files(1)), seed=1)

    assert [turn.conversation_id for turn in measurement.disliked] == [7, 8]
    for turn in measurement.disliked:
        assert turn.active == pytest.approx(turn.candidate, rel=1e-4)
        assert turn.base != turn.candidate
    assert desk.examine(USER).disliked == ()


def test_the_mean_of_twice_the_same_adapter_is_that_adapter(desk: Desk):
    for turn in desk.examine(replace(USER, others=(desk.files(2), desk.files(2)))).turns:
        assert turn.pooled == pytest.approx(turn.control, rel=1e-3)


def test_whoever_was_finished_before_is_another_for_the_next(desk: Desk):
    first = desk.examine(USER, seed=1)
    second = desk.examine(USER, seed=2)

    assert [turn.control for turn in second.turns] == pytest.approx([turn.candidate for turn in first.turns])


def test_weights_that_are_no_numbers_are_told_and_held_against_nobody(desk: Desk):
    broken = random_weights(5)
    next(iter(broken.b.values()))[0, 0] = float("nan")
    desk.stack.write(SLOT, broken)

    assert not desk.examiner.examine(USER, SLOT, broken, first_sight=None).finite
    assert all(turn.control is None for turn in desk.examine(USER).turns)


def test_an_adapter_that_cannot_be_read_is_left_out(desk: Desk):
    gone = AdapterFiles(folder=desk.folder / "nowhere")

    assert all(turn.active is None for turn in desk.examine(replace(USER, active=gone)).turns)


def test_a_reply_is_preferred_by_how_much_likelier_it_is(desk: Desk):
    measured = desk.examine(replace(USER, active=desk.files(1)))
    turned = replace(USER.split, held_out=tuple(map(turn_about, HELD_OUT)))
    opposite = desk.examine(replace(USER, split=turned))

    assert [pair.active for pair in measured.preferences] == pytest.approx(
        [pair.candidate for pair in measured.preferences], rel=1e-3
    )
    assert [pair.base for pair in opposite.preferences] == pytest.approx(
        [-pair.base for pair in measured.preferences]
    )


def turn_about(one: Example) -> Example:
    assert one.rejected is not None
    return replace(one, reply=one.rejected, rejected=one.reply)


def test_what_was_recalled_changes_the_question_alone(desk: Desk):
    recalled = tuple(
        replace(one, context=(ChatMessage(Role.USER, f"(I live in Oslo.) {one.context[-1].content}"),))
        for one in HELD_OUT
    )
    turns = desk.examine(replace(USER, recalled=recalled)).turns

    assert all(turn.base_with_recall not in (None, turn.base) for turn in turns)
    assert all(turn.candidate_with_recall not in (None, turn.candidate) for turn in turns)


def test_each_reply_is_also_scored_after_another_question(desk: Desk):
    shifted = [
        replace(one, context=other.context)
        for one, other in zip(HELD_OUT, [*HELD_OUT[1:], HELD_OUT[0]], strict=True)
    ]
    turns = desk.examine(USER).turns
    elsewhere = desk.examine(replace(USER, split=Split(train=(), held_out=tuple(shifted)))).turns

    assert [turn.base_elsewhere for turn in turns] == pytest.approx([turn.base for turn in elsewhere])
    assert [turn.candidate_elsewhere for turn in turns] == pytest.approx(
        [turn.candidate for turn in elsewhere]
    )
    [alone] = desk.examine(replace(USER, split=Split(train=(), held_out=HELD_OUT[:1]))).turns
    assert alone.base_elsewhere is None


def test_replies_that_are_too_long_are_not_scored(desk: Desk):
    long = example(9, reply="long " * 100)
    split = Split(train=(), held_out=(long, *HELD_OUT))

    assert [turn.conversation_id for turn in desk.examine(replace(USER, split=split)).turns] == [0, 1, 2]
    assert desk.examine(replace(USER, split=Split(train=(), held_out=(long,)))).turns == ()


def test_new_replies_are_scored_by_what_serves_and_by_the_base(desk: Desk):
    user = replace(USER, fresh=HELD_OUT, active=desk.files(1))
    seen = desk.examiner.first_sight(user)
    turns = desk.examine(replace(USER, active=desk.files(1))).turns
    tokens = sum(turn.tokens for turn in turns)

    assert seen is not None
    assert (seen.turns, seen.tokens) == (3, tokens)
    assert seen.base == pytest.approx(sum(turn.base for turn in turns) / tokens)
    assert seen.active == pytest.approx(sum(turn.active or 0 for turn in turns) / tokens)
    assert desk.examiner.first_sight(USER) is None
    newcomer = desk.examiner.first_sight(replace(USER, fresh=HELD_OUT))
    assert newcomer is not None
    assert newcomer.active is None


@pytest.mark.parametrize("controls", [True, False])
def test_trial_replies_are_written_only_where_they_are_wanted(
    model_folder: Path, tmp_path: Path, controls: bool
):
    measured = seated(model_folder, tmp_path, controls=controls).examine(USER)

    assert measured.generations == (7 if controls else 0)
    assert measured.wanted is not None
    assert measured.wanted.words == 2.0
