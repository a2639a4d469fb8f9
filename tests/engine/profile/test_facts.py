"""What single sentences say of their author; a new case is a line."""

import pytest

from engine.profile.claims import Stance
from engine.profile.facts import claims_in
from storage.beliefs import SELF

HOLDS = [
    ("My name is Anna nice to meet you.", "name", "Anna"),
    ("my name is anna", "name", "anna"),
    ("Hi, I'm called Mary Ann Smith.", "name", "Mary Ann Smith"),
    ("Call me Ishmael.", "form of address", "Call me Ishmael"),
    ("我叫小明。", "name", "小明"),
    ("I live in Berlin with my sister.", "city", "Berlin"),
    ("I live in New York City now, and I like it.", "city", "New York City"),
    ("I've just moved to Oslo because of work.", "city", "Oslo"),
    ("我现在住在上海。", "city", "上海"),
    ("我搬到了广州。", "city", "广州"),
    ("I'm originally from Peru.", "origin", "Peru"),
    ("我来自四川。", "origin", "四川"),
    ("I'm a vegetarian.", "diet", "vegetarian"),
    ("I am vegan.", "diet", "vegan"),
    ("我吃素。", "diet", "素"),
    ("I'm a primary school teacher.", "job", "primary school teacher"),
    ("I am a nurse and I work at night.", "job", "nurse"),
    ("I work as a data analyst at the moment.", "job", "data analyst"),
    ("我是一名护士。", "job", "护士"),
    ("I work for Siemens.", "employer", "Siemens"),
    ("我在银行工作。", "employer", "银行"),
    ("I have two cats.", "pet", "cats"),
    ("I've got two dogs and a parrot", "pet", "parrot"),
    ("I'm a mother.", "children", "mother"),
    ("I have two kids, by the way.", "children", "two kids"),
    ("I live in a small town.", "home", "a small town"),
    ("I'm 30 and work at Nokia.", "employer", "Nokia"),
    ("I'm a big tennis fan.", "likes", "tennis"),
    ("I love rock and roll.", "likes", "rock and roll"),
    ("I like films, chess, and jazz.", "likes", "chess"),
    ("My favorite band is Queen.", "favourite band", "Queen"),
    ("I'm really shy.", "is", "shy"),
    ("I want to become a pilot someday.", "wants", "become a pilot someday"),
    ("我最喜欢的颜色是蓝色。", "favourite 颜色", "蓝色"),
    ("我会说法语。", "speaks", "法语"),
    ("Hi, I'm Lucy.", "name", "Lucy"),
    ("I'm a professional skater from Ohio.", "is", "professional skater"),
    ("I'm a cook who loves cats.", "likes", "cats"),
    ("I'm a nurse who used to be in the army.", "was", "army"),
    ("I live with my sister.", "lives with", "my sister"),
    ("I just graduated from college.", "education", "graduated from college"),
    ("Just adopted a golden retriever!", "pet", "golden retriever"),
    ("I've been to Italy a few times.", "has been to", "Italy a few times"),
    ("I've always wanted to learn how to knit.", "wants", "learn how to knit"),
    ("I'm thinking about going back to college.", "wants", "going back to college"),
    ("I work for a company that rents houses.", "employer", "a company that rents houses"),
    ("One of my favorite books is Pride and Prejudice.", "likes", "Pride and Prejudice"),
    ("I used to play soccer in high school.", "used to", "play soccer in high school"),
    ("I only drink water.", "does", "only drink water"),
    ("I really love hiking.", "likes", "hiking"),
    ("I'm a 40 year old man, if you must know.", "age", "40"),
    ("I'm a 40 year old man.", "is", "man"),
    ("I'm a baker who has two sons and hates winter.", "children", "two sons"),
    ("I'm a baker from Peru.", "origin", "Peru"),
    ("I'm a mother with two cats.", "pet", "cats"),
    ("I'm a student hoping to become a judge.", "wants", "become a judge"),
    ("I'm a nurse at a local hospital.", "employer", "a local hospital"),
    ("I'm a nurse and a mother of two.", "children", "mother of two"),
    ("I'm a nurse's aide.", "job", "nurse's aide"),
    ("I'm more of a homebody.", "is", "homebody"),
    ("I'm so proud to be a nurse.", "job", "nurse"),
    ("I work in IT.", "works in", "IT"),
    ("I have one brother.", "siblings", "one brother"),
    ("I have a garden that I love.", "has", "a garden"),
    ("I live with my sister and my dog.", "lives with", "my sister and my dog"),
    ("I live right by the sea.", "home", "the sea"),
    ("I moved to the U.S. last year.", "city", "the US"),
    ("I like ice and now I hunt for a living.", "does", "hunt for a living"),
    ("I've been painting since I was a kid.", "does", "painting"),
    ("I'm learning how to weld.", "is learning", "to weld"),
    ("I'm writing a novel.", "is working on", "a novel"),
    ("I never finished high school.", "education", "never finished high school"),
    ("I can't swim.", "can not", "swim"),
    ("我是来自四川的护士。", "origin", "四川"),
    ("我是一名30岁的程序员。", "job", "程序员"),
    ("我在医院当护士。", "employer", "医院"),
    ("我和父母一起住。", "lives with", "父母"),
    ("我练太极五年了。", "does", "练太极"),
    ("我每天跑步。", "does", "每天跑步"),
    ("我毕业于北京大学。", "education", "毕业于北京大学"),
    ("我去过日本。", "has been to", "日本"),
    ("我以前是老师。", "was", "老师"),
    ("我不会游泳。", "can not", "游泳"),
    ("Well, I enjoy old films.", "likes", "old films"),
    ("我最喜欢篮球。", "likes", "篮球"),
]

NOTHING = [
    "I'm a bit tired.",
    "I'm Sorry!",
    "I'm a bit older.",
    "I'm a member.",
    "I LOVE IT.",
    "I'm a big fan.",
    "I'm learning a lot.",
    "I've been playing for years.",
    "I'm working as hard as I can.",
    "I wouldn't go to college.",
    "我经常感觉很累。",
    "我打算明年去。",
    "我在学习如何做饭。",
    "I used to live in Rome.",
    "My goal is twice a month.",
    "I'm a little confused.",
    "I have a question.",
    "I have a cold.",
    "I have a cat sticker.",
    "I'm going to be working this weekend.",
    "I like walking it, too.",
    "Call me later.",
    "I like your idea and the way you said it.",
    "I'd like to eat in Rome and work at a bank.",
    "What do you think of this letter?\n\nDear Sir, I live in Rome.",
    "Ann: I live in Rome.\nBen: I am a nurse.",
    "He wrote 'I live in Rome. I love it here.'",
    "I love it.",
    "I hate them",
    "我喜欢你。",
    "我是一个喜欢安静的人。",
    "My sister lives in Rome.",
    "Do I live in Rome?",
    "If I live in Rome, what should I see?",
    'She said: "I live in Rome."',
    "> I live in Rome",
    "Translate this: I live in Rome",
    "What is the capital of Italy?",
    "他住在北京。",
    "如果我住在北京呢？",
    "翻译：我住在北京",
    "",
]


def told(text: str) -> list[tuple[str, str, int, Stance]]:
    return [
        (claim.slot, claim.value, claim.polarity, claim.stance)
        for claim in claims_in(text)
        if claim.subject == SELF
    ]


@pytest.mark.parametrize(("text", "slot", "value"), HOLDS)
def test_a_statement_in_the_first_person_is_a_claim(text: str, slot: str, value: str):
    assert (slot, value, 1, Stance.HOLDS) in told(text)


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_learnt_from_others_questions_and_empty_words(text: str):
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("I hate coriander.", "coriander"),
        ("I don't like rain", "rain"),
        ("I no longer like jazz.", "jazz"),
        ("我不喜欢香菜。", "香菜"),
    ],
)
def test_a_dislike_has_the_other_polarity(text: str, value: str):
    assert told(text) == [("likes", value, -1, Stance.HOLDS)]


def test_a_habit_and_a_wish_that_are_denied_have_it_too():
    assert told("I don't smoke.") == [("does", "smoke", -1, Stance.HOLDS)]
    assert told("I don't want kids.") == [("wants", "kids", -1, Stance.HOLDS)]
    assert told("我不抽烟。") == [("does", "抽烟", -1, Stance.HOLDS)]
    assert told("I'm not religious.") == [("is", "religious", -1, Stance.HOLDS)]


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        ("I don't have any kids.", "children", "kids"),
        ("I have no siblings.", "siblings", "siblings"),
        ("I've never been to Peru.", "has been to", "Peru"),
        ("我没有孩子。", "children", "孩子"),
        ("我没有兄弟姐妹。", "siblings", "兄弟姐妹"),
    ],
)
def test_that_there_is_none_is_a_claim_of_its_own(text: str, slot: str, value: str):
    assert told(text) == [(slot, value, -1, Stance.HOLDS)]


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("I no longer live in Paris.", Stance.ENDS),
        ("I don't live in Paris anymore.", Stance.ENDS),
        ("I live in Paris no more.", Stance.ENDS),
        ("Please forget that I live in Paris.", Stance.FORGET),
    ],
)
def test_an_ending_and_a_wish_to_forget_name_what_they_end(text: str, stance: Stance):
    assert told(text) == [("city", "Paris", 1, stance)]


@pytest.mark.parametrize(
    ("text", "stance"), [("我不再住在北京。", Stance.ENDS), ("忘掉我住在北京。", Stance.FORGET)]
)
def test_they_do_so_in_chinese(text: str, stance: Stance):
    assert told(text) == [("city", "北京", 1, stance)]
