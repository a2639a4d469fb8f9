"""What people type beside a link, and how a reader's opinions shape the next summary."""

from datetime import UTC, datetime

import pytest

from engine.articles.interests import interests_of
from engine.articles.taste import Opinion, preferred_form
from engine.articles.wish import NOTHING_WANTED, Length, Wanted, read_leading_wishes, read_wishes
from engine.profile.profile import Profile, observe
from storage.records import Message, Origin, Role
from tests.fake_embedder import FakeEmbedder

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SHORT, NORMAL, LONG = Length.SHORT, Length.NORMAL, Length.LONG


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", NOTHING_WANTED),
        ("short", Wanted(length=SHORT)),
        ("bullets, please", Wanted(bullets=True)),
        ("auf Deutsch", Wanted(language="de")),
        ("in Spanish as a list long", Wanted(length=LONG, bullets=True, language="es")),
        ("long as bullet points in Spanish", Wanted(length=LONG, bullets=True, language="es")),
        ("用中文", Wanted(language="zh")),
        ("请用中文简短总结一下", Wanted(length=SHORT, language="zh")),
        ("по-русски", Wanted(language="ru")),
        ("shorter please", Wanted(steps=-1)),
        ("再短一点", Wanted(steps=-1)),
        ("more detail", Wanted(steps=1)),
        ("short in Klingon", Wanted(length=SHORT, rest="in Klingon")),
        ("for my boss", Wanted(audience="my boss")),
        ("short for my boss in German, please", Wanted(length=SHORT, language="de", audience="my boss")),
        ("for a ten-year-old as a list", Wanted(bullets=True, audience="a ten-year-old")),
        ("for a long-distance runner", Wanted(audience="a long-distance runner")),
        ("for my Spanish teacher", Wanted(audience="my Spanish teacher")),
        ("for busy engineers", Wanted(audience="busy engineers")),
        ("给我老板看", Wanted(audience="我老板")),
        ("给老板用中文总结一下", Wanted(language="zh", audience="老板")),
        ("写给校长", Wanted(audience="校长")),
        ("给我总结一下", NOTHING_WANTED),
        ("for me", NOTHING_WANTED),
        ("for now", Wanted(rest="for now")),
        ("they voted for a bridge", Wanted(rest="they voted for a bridge")),
        ("for example", Wanted(rest="for example")),
        ("for my boss <<< x", Wanted(audience="my boss", rest="<<< x")),
        ("shorthand", Wanted(rest="shorthand")),
    ],
)
def test_wishes_are_read_in_any_order_and_what_is_left_is_told(typed: str, wanted: Wanted):
    assert read_wishes(typed) == wanted


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("short in German The council met.", Wanted(length=SHORT, language="de", rest="The council met.")),
        ("bullets\nThe council met.", Wanted(bullets=True, rest="The council met.")),
        ("用中文 The council met.", Wanted(language="zh", rest="The council met.")),
        ("for my boss\nThe council met.", Wanted(audience="my boss", rest="The council met.")),
        ("给我老板看：The council met.", Wanted(audience="我老板", rest="The council met.")),
        ("for my boss the council met.", Wanted(rest="for my boss the council met.")),
        ("For my boss:\nThe council met.", Wanted(rest="For my boss:\nThe council met.")),
        ("Short selling is a trade.", Wanted(rest="Short selling is a trade.")),
        ("German cars are built here.", Wanted(rest="German cars are built here.")),
    ],
)
def test_only_what_stands_before_a_pasted_text_is_a_wish(typed: str, wanted: Wanted):
    assert read_leading_wishes(typed) == wanted


def opinion(length: Length, *, bullets: bool = True, value: int = 0, steps: int = 0) -> Opinion:
    return Opinion(form=(length, bullets), value=value, steps=steps)


@pytest.mark.parametrize(
    ("opinions", "form"),
    [
        ([], (NORMAL, True)),
        ([opinion(LONG, value=1)], (LONG, True)),
        ([opinion(NORMAL, bullets=False, value=1)], (NORMAL, False)),
        ([opinion(NORMAL, steps=-1)], (SHORT, True)),
        ([opinion(NORMAL, steps=1)], (LONG, True)),
        ([opinion(NORMAL, value=-1)], (NORMAL, False)),
        ([opinion(NORMAL, value=-1), opinion(NORMAL, bullets=False, value=-1)], (SHORT, True)),
        ([opinion(NORMAL, value=1), opinion(NORMAL, steps=-1)], (NORMAL, True)),
    ],
)
def test_the_next_form_is_the_one_that_was_liked_last(opinions: list[Opinion], form: tuple[Length, bool]):
    assert preferred_form(opinions, (NORMAL, True)) == form


async def said(profile: Profile, number: int, text: str) -> Profile:
    message = Message(
        message_id=number,
        user_id=1,
        chat_id=1,
        conversation_id=1,
        role=Role.USER,
        text=text,
        created_at=NOW,
        origin=Origin.TYPED,
        telegram_id=None,
        question_id=None,
        current=True,
        generation=None,
    )
    return observe(profile, message, await FakeEmbedder().embed(text)).profile


async def test_interests_are_what_is_liked_and_what_is_talked_of_more_than_once():
    profile = await said(Profile(), 1, "I love herons.")
    profile = await said(profile, 2, "I hate motorboats.")
    for number in (3, 4):
        profile = await said(profile, number, "The council of Lindau debates the bridge")

    assert interests_of(profile, NOW) == ("herons", "council debates lindau")
