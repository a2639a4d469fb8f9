"""Seeded conversations, English and Chinese, of which it is known what they tell of their author.

A case is what a person says in one matter and what must be believed afterwards. A session mixes the lines of
many cases with small talk, over days. To add a kind of case takes a function of about five lines.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from engine.profile.keys import canonical_key
from engine.profile.profile import Profile
from storage.beliefs import SELF, Belief
from storage.records import Message, Origin, Role

BEGIN = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


class Kind(StrEnum):
    """What a case puts to the test."""

    FACT = "fact"
    UPDATE = "update"
    REVERSAL = "reversal"
    NEGATION = "negation"
    FORGET = "forget"
    TRAP = "trap"
    UNKNOWN = "unknown"
    EPISODE = "episode"


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a session, by default the user's own typed words."""

    text: str
    role: Role = Role.USER
    origin: Origin = Origin.TYPED
    quoted: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What must be believed at the end, of the user unless another subject is named."""

    slot: str
    value: str
    polarity: int = 1
    subject: str = SELF


@dataclass(frozen=True, slots=True)
class Case:
    """Lines in their order; `about` names the slots that no other case of the session may touch.

    `holds` must be believed at the end. `gone` are values that must not be held, and `refused` ones that must
    never have been believed of the user at all. `question` is answered by the line `answered_by`, if any.
    """

    lines: Sequence[str | Line]
    about: tuple[str, ...] = ()
    holds: tuple[Held, ...] = ()
    gone: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    question: str | None = None
    answered_by: int | None = -1


@dataclass
class Draw:
    """Random choices of one session; no value is drawn twice, so that cases cannot help or hurt each other."""

    random: random.Random
    used: set[str] = field(default_factory=set[str])

    def new(self, values: Sequence[str]) -> str:
        """A value that this session has not seen."""
        value = self.random.choice([value for value in values if value not in self.used])
        self.used.add(value)
        return value

    def way(self, *phrasings: str) -> str:
        """One of several ways to say it."""
        return self.random.choice(phrasings)


@dataclass(frozen=True, slots=True)
class Probe:
    """A question about the past; `answered_by` is the id of the message with the answer, None if there is none."""

    text: str
    kind: Kind
    answered_by: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """A user's messages in order and what must come of them; each case with its kind and its name."""

    language: str
    messages: tuple[Message, ...]
    cases: tuple[tuple[Kind, str, Case], ...]
    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the profile is right in the matter of one case; `learnt` are refused values that it believes."""

    kind: Kind
    name: str
    right: bool
    learnt: tuple[str, ...]
    lines: tuple[str, ...]


Make = Callable[[Draw], Case]
_CASES: dict[str, list[tuple[Kind, str, Make]]] = {"en": [], "zh": []}


def case(language: str, kind: Kind) -> Callable[[Make], Make]:
    """Register a kind of case."""

    def register(make: Make) -> Make:
        _CASES[language].append((kind, make.__name__, make))
        return make

    return register


def sessions(language: str, count: int, *, seed: int = 0, cases: int = 24) -> Iterator[Session]:
    """Sessions of one language, the same ones for the same seed."""
    for number in range(count):
        yield _session(language, random.Random(f"{language} {seed} {number}"), cases)


def judge(session: Session, profile: Profile) -> list[Verdict]:
    """What a profile that has seen the whole session makes of each case."""
    return [_verdict(kind, name, made, profile) for kind, name, made in session.cases if made.lines]


def message_of(line: Line, *, message_id: int, at: datetime, user_id: int = 1) -> Message:
    """A line as a logged message."""
    return Message(
        message_id=message_id,
        user_id=user_id,
        chat_id=user_id,
        conversation_id=1,
        role=line.role,
        text=line.text,
        created_at=at,
        origin=line.origin,
        telegram_id=None,
        question_id=None,
        current=True,
        generation=None,
        quoted=line.quoted,
    )


def _session(language: str, chance: random.Random, count: int) -> Session:
    draw = Draw(chance)
    makers = list(_CASES[language])
    chance.shuffle(makers)
    made: list[tuple[Kind, str, Case]] = []
    taken: set[str] = set()
    for kind, name, make in makers:
        one = make(draw)
        if len(made) < count and not taken & set(one.about):
            taken |= set(one.about)
            made.append((kind, name, one))
    messages, probes = _mixed(made, chance, _SMALL_TALK[language])
    return Session(language, messages, tuple(made), probes)


def _mixed(
    made: list[tuple[Kind, str, Case]], chance: random.Random, talk: Sequence[str]
) -> tuple[tuple[Message, ...], tuple[Probe, ...]]:
    """The lines of all cases in one stream, each case's in their own order, with small talk in between."""
    turns = [number for number, (_, _, one) in enumerate(made) for _ in one.lines]
    chance.shuffle(turns)
    waiting = {number: list(one.lines) for number, (_, _, one) in enumerate(made)}
    ids: dict[int, list[int]] = {number: [] for number in waiting}
    messages: list[Message] = []
    at = BEGIN

    def say(line: str | Line) -> int:
        nonlocal at
        # The pause differs, and now and then a day or more goes by.
        at += timedelta(minutes=chance.randint(1, 90), days=chance.choice((0, 0, 0, 0, 1, 2)))
        as_line = Line(line) if isinstance(line, str) else line
        messages.append(message_of(as_line, message_id=len(messages) + 1, at=at))
        return len(messages)

    for number in turns:
        ids[number].append(say(waiting[number].pop(0)))
        for _ in range(chance.randint(0, 2)):
            say(chance.choice(talk))
    probes = tuple(
        Probe(one.question, kind, None if one.answered_by is None else ids[number][one.answered_by])
        for number, (kind, _, one) in enumerate(made)
        if one.question is not None
    )
    return tuple(messages), probes


def _verdict(kind: Kind, name: str, made: Case, profile: Profile) -> Verdict:
    open_beliefs = (*profile.held, *profile.pending)
    holds = all(any(_is(belief, held) for belief in open_beliefs) for held in made.holds)
    gone = not any(_says(belief, value) for belief in open_beliefs for value in made.gone)
    own = [belief for belief in profile.beliefs if belief.subject == SELF]
    learnt = tuple(value for value in made.refused if any(_says(belief, value) for belief in own))
    lines = tuple(line if isinstance(line, str) else line.text for line in made.lines)
    return Verdict(kind, name, holds and gone and not learnt, learnt, lines)


def _is(belief: Belief, held: Held) -> bool:
    return (belief.subject, belief.slot, belief.polarity) == (held.subject, held.slot, held.polarity) and (
        belief.key == canonical_key(held.value)
    )


def _says(belief: Belief, value: str) -> bool:
    """Whether a value stands in a belief, alone or as a part; Chinese has no spaces between words."""
    key = canonical_key(value)
    return key in belief.key if not key.isascii() else f" {key} " in f" {belief.key} "


def _told_by_bot(text: str) -> Line:
    return Line(text, role=Role.ASSISTANT)


def _forwarded(text: str) -> Line:
    return Line(text, origin=Origin.FORWARDED)


def _article(text: str) -> Line:
    return Line(text, origin=Origin.ARTICLE)


def _list(text: str) -> list[str]:
    return text.split(", ")


# Values. None of them is delicate, and none is a word that small talk uses.

CITIES = _list(
    "Berlin, Oslo, Lisbon, Kyoto, Toronto, Nairobi, Dublin, Warsaw, Porto, Seville, Austin, Denver, Leipzig, Utrecht"
)
NAMES = _list(
    "Anna, Marek, Ingrid, Tomas, Leila, Yusuf, Clara, Bruno, Esther, Pavel, Nadia, Hugo, Mina, Oscar"
)
JOBS = _list(
    "nurse, carpenter, pharmacist, bus driver, translator, violin teacher, software engineer, baker, architect, welder"
)
FIRMS = _list("Siemens, Spotify, Ikea, Nokia, Bosch, Lego, Philips, Volvo, Adidas, Airbus")
THINGS = _list(
    "coriander, jazz, hiking, black coffee, chess, opera, olives, camping, horror films, knitting, sushi, marathons, board games, gardening, karaoke, sailing, techno, rye bread"
)
ANIMALS = _list("dog, cat, parrot, rabbit, hamster, tortoise, horse, goldfish")
INSTRUMENTS = _list("piano, cello, guitar, trumpet, flute, drums")
LANGUAGES = _list("French, Polish, Swahili, Japanese, Dutch, Arabic")
SUBJECTS = _list("physics, law, marine biology, history, statistics, philosophy")
AGES = [str(age) for age in range(19, 78)]
FOODS = _list("lasagna, ramen, pierogi, tacos, paella, goulash")
FILMS = _list("Casablanca, Alien, Amelie, Vertigo, Solaris, Rashomon, Parasite, Metropolis")
PLACES = _list(
    "the harbour, the botanical garden, the flea market, the planetarium, the old castle, the rose valley"
)
DATES = _list("14 March, 2 June, 30 August, 9 November, 21 January, 5 May")

城市 = _list("北京, 上海, 成都, 杭州, 西安, 厦门, 青岛, 昆明, 南京, 武汉, 大连, 苏州, 长沙, 贵阳")
名字 = _list("小明, 李娜, 王芳, 张伟, 陈静, 刘洋, 赵敏, 孙丽, 周杰, 吴迪")
职业 = _list("护士, 木匠, 药剂师, 公交司机, 翻译, 小学老师, 软件工程师, 面包师, 建筑师, 会计")
公司 = _list("华为, 小米, 腾讯, 美团, 京东, 海尔, 联想, 格力")
事物 = _list(
    "香菜, 爵士乐, 爬山, 黑咖啡, 象棋, 京剧, 榴莲, 露营, 恐怖片, 织毛衣, 寿司, 马拉松, 桌游, 园艺, 帆船, 篮球, 游泳, 摄影"
)
动物 = _list("狗, 猫, 鹦鹉, 兔子, 仓鼠, 乌龟")
乐器 = _list("钢琴, 大提琴, 吉他, 小号, 长笛, 古筝")
语言 = _list("法语, 德语, 日语, 阿拉伯语, 西班牙语, 俄语")
专业 = _list("物理, 法律, 海洋生物学, 历史, 统计学, 哲学")
食物 = _list("火锅, 拉面, 饺子, 烤鸭, 麻婆豆腐, 小笼包")
电影 = _list("《霸王别姬》, 《卧虎藏龙》, 《流浪地球》, 《英雄》, 《活着》, 《花样年华》")
地方 = _list("植物园, 海洋馆, 天文馆, 旧城墙, 茶园, 湿地公园")
日期 = _list("3月14日, 6月2日, 8月30日, 11月9日, 1月21日, 5月5日")

_SMALL_TALK = {
    "en": (
        "Good morning!",
        "Thanks, that helps a lot.",
        "What is the capital of Peru?",
        "Can you explain how vaccines work?",
        "ok",
        "haha nice",
        "How do I boil an egg?",
        "Write a haiku about the sea.",
        "That's not quite what I meant.",
        "Why is the sky blue?",
        "I don't know yet.",
        "I'm not sure about that.",
        "Let me think about it.",
        "I have a question about Excel.",
        "I think you are right.",
        "I like it.",
        "It's raining again.",
        "I'm a bit confused now.",
        "I need a synonym for happy.",
        "Tell me a joke.",
    ),
    "zh": (
        "早上好！",
        "谢谢，很有帮助。",
        "秘鲁的首都是哪里？",
        "你能解释一下疫苗的原理吗？",
        "好的",
        "哈哈",
        "怎么煮鸡蛋？",
        "写一首关于大海的诗。",
        "我不是这个意思。",
        "天空为什么是蓝色的？",
        "我还不知道。",
        "我不太确定。",
        "让我想想。",
        "我有一个问题。",
        "我觉得你说得对。",
        "我喜欢这个。",
        "又下雨了。",
        "我有点糊涂了。",
        "给我讲个笑话。",
    ),
}


# English


@case("en", Kind.FACT)
def name(draw: Draw) -> Case:
    value = draw.new(NAMES)
    said = draw.way(
        f"My name is {value}.",
        f"Hi, I'm called {value}!",
        f"You can call me {value}.",
        f"hey, my name's {value}",
    )
    return Case([said], ("name",), (Held("name", value),), question="What's my name?")


@case("en", Kind.FACT)
def city(draw: Draw) -> Case:
    value = draw.new(CITIES)
    said = draw.way(
        f"I live in {value}.",
        f"i live in {value} with two flatmates",
        f"I'm living in {value} at the moment.",
        f"I'm based in {value}.",
    )
    return Case([said], ("city",), (Held("city", value),), question="Where do I live?")


@case("en", Kind.FACT)
def origin(draw: Draw) -> Case:
    value = draw.new(CITIES)
    said = draw.way(
        f"I'm originally from {value}.", f"I come from {value}, by the way.", f"I was born in {value}."
    )
    return Case([said], ("origin",), (Held("origin", value),), question="Where do I come from?")


@case("en", Kind.FACT)
def job(draw: Draw) -> Case:
    value = draw.new(JOBS)
    said = draw.way(
        f"I'm a {value}.",
        f"I work as a {value}.",
        f"I am a {value} and my shifts are long.",
        f"I've been working as a {value} for years.",
    )
    return Case([said], ("job",), (Held("job", value),), question="What is my job?")


@case("en", Kind.FACT)
def employer(draw: Draw) -> Case:
    value = draw.new(FIRMS)
    said = draw.way(f"I work at {value}.", f"I work for {value} these days.", f"I'm working for {value} now.")
    return Case([said], ("employer",), (Held("employer", value),), question="Which company do I work for?")


@case("en", Kind.FACT)
def pet(draw: Draw) -> Case:
    value = draw.new(ANIMALS)
    said = draw.way(
        f"I have a {value}.",
        f"I've got a {value} at home.",
        f"I just adopted a {value}!",
        f"We have a {value}.",
    )
    return Case([said], ("pet",), (Held("pet", value),), question="Which pet do I have?")


@case("en", Kind.FACT)
def pets_name(draw: Draw) -> Case:
    animal, value = draw.new(ANIMALS), draw.new(NAMES)
    said = draw.way(f"My {animal} is called {value}.", f"My {animal}'s name is {value}.")
    return Case(
        [said], (animal,), (Held("name", value, subject=animal),), question=f"What is my {animal} called?"
    )


@case("en", Kind.FACT)
def relatives_job(draw: Draw) -> Case:
    value = draw.new(JOBS)
    said = draw.way(f"My brother works as a {value}.", f"My brother is a {value}.")
    return Case(
        [said],
        ("brother",),
        (Held("job", value, subject="brother"),),
        refused=(value,),
        question="What does my brother do?",
    )


@case("en", Kind.FACT)
def likes(draw: Draw) -> Case:
    value = draw.new(THINGS)
    said = draw.way(
        f"I love {value}.",
        f"I really like {value}!",
        f"I'm a big fan of {value}.",
        f"I'm really into {value} lately",
        f"I enjoy {value} a lot.",
    )
    return Case([said], (), (Held("likes", value),), question=f"Do I like {value}?")


@case("en", Kind.FACT)
def likes_two(draw: Draw) -> Case:
    one, two = draw.new(THINGS), draw.new(THINGS)
    said = draw.way(f"I love {one} and {two}.", f"I like {one}, {two} and long walks.")
    return Case([said], (), (Held("likes", one), Held("likes", two)), question=f"What do I think of {two}?")


@case("en", Kind.FACT)
def dislikes(draw: Draw) -> Case:
    value = draw.new(THINGS)
    said = draw.way(
        f"I hate {value}.",
        f"I can't stand {value}.",
        f"I don't like {value} at all.",
        f"I'm not a fan of {value}.",
    )
    return Case([said], (), (Held("likes", value, -1),), question=f"How do I feel about {value}?")


@case("en", Kind.FACT)
def favourite(draw: Draw) -> Case:
    value = draw.new(FOODS)
    said = draw.way(f"My favourite food is {value}.", f"my favorite food is {value}, always was")
    return Case([said], ("food",), (Held("favourite food", value),), question="What's my favourite food?")


@case("en", Kind.FACT)
def instrument(draw: Draw) -> Case:
    value = draw.new(INSTRUMENTS)
    said = draw.way(
        f"I play the {value}.", f"I've been playing the {value} since school.", f"I play {value} in a band."
    )
    return Case([said], ("plays",), (Held("plays", value),), question="Which instrument do I play?")


@case("en", Kind.FACT)
def speaks(draw: Draw) -> Case:
    value = draw.new(LANGUAGES)
    said = draw.way(f"I speak {value}.", f"I'm fluent in {value}.", f"I also speak {value} quite well.")
    return Case([said], ("speaks",), (Held("speaks", value),), question="Which foreign language do I speak?")


@case("en", Kind.FACT)
def studies(draw: Draw) -> Case:
    value = draw.new(SUBJECTS)
    said = draw.way(f"I'm studying {value}.", f"I study {value} at university.", f"I'm majoring in {value}.")
    return Case([said], ("studies",), (Held("studies", value),), question="What am I studying?")


@case("en", Kind.FACT)
def age(draw: Draw) -> Case:
    value = draw.new(AGES)
    said = draw.way(f"I'm {value} years old.", f"I am {value}.", f"I'm {value} and my sister is younger.")
    return Case([said], ("age",), (Held("age", value),), question="How old am I?")


@case("en", Kind.FACT)
def birthday(draw: Draw) -> Case:
    value = draw.new(DATES)
    said = draw.way(f"My birthday is {value}.", f"My birthday is on {value}.")
    return Case([said], ("birthday",), (Held("birthday", value),), question="When is my birthday?")


@case("en", Kind.FACT)
def married(draw: Draw) -> Case:
    value = draw.way("married", "single", "divorced")
    return Case(
        [f"I'm {value}."], ("marital status",), (Held("marital status", value),), question="Am I married?"
    )


@case("en", Kind.UPDATE)
def moves(draw: Draw) -> Case:
    old, new = draw.new(CITIES), draw.new(CITIES)
    said = draw.way(
        f"I've moved to {new}.",
        f"I just moved to {new}, it's great.",
        f"I now live in {new}.",
        f"I'm living in {new} now",
    )
    return Case(
        [f"I live in {old}.", said],
        ("city",),
        (Held("city", new),),
        gone=(old,),
        question="Which city do I live in now?",
    )


@case("en", Kind.UPDATE)
def new_job(draw: Draw) -> Case:
    old, new = draw.new(JOBS), draw.new(JOBS)
    said = draw.way(
        f"I'm a {new} now.", f"I now work as a {new}.", f"I started working as a {new}.", f"I became a {new}."
    )
    return Case(
        [f"I'm a {old}.", said],
        ("job",),
        (Held("job", new),),
        gone=(old,),
        question="What do I do for a living these days?",
    )


@case("en", Kind.UPDATE)
def new_employer(draw: Draw) -> Case:
    old, new = draw.new(FIRMS), draw.new(FIRMS)
    said = draw.way(
        f"I work for {new} now.",
        f"I got a job at {new}!",
        f"I've switched from {old} to {new}, so I work at {new}.",
    )
    return Case(
        [f"I work at {old}.", said],
        ("employer",),
        (Held("employer", new),),
        gone=(old,),
        question="Who is my employer now?",
    )


@case("en", Kind.UPDATE)
def renames(draw: Draw) -> Case:
    old, new = draw.new(NAMES), draw.new(NAMES)
    return Case(
        [f"My name is {old}.", f"Actually, my name is {new}."],
        ("name",),
        (Held("name", new),),
        gone=(old,),
        question="What should you call me?",
    )


@case("en", Kind.UPDATE)
def new_favourite(draw: Draw) -> Case:
    old, new = draw.new(FOODS), draw.new(FOODS)
    return Case(
        [f"My favourite food is {old}.", f"My favourite food is {new} now."],
        ("food",),
        (Held("favourite food", new),),
        gone=(old,),
        question="Which food is my favourite now?",
    )


@case("en", Kind.REVERSAL)
def turns_against(draw: Draw) -> Case:
    value = draw.new(THINGS)
    said = draw.way(
        f"I hate {value} now.",
        f"I no longer like {value}.",
        f"I don't like {value} anymore.",
        f"I've gone off {value}.",
        f"I can't stand {value} any more.",
    )
    return Case(
        [f"I love {value}.", said], (), (Held("likes", value, -1),), question=f"Do I still like {value}?"
    )


@case("en", Kind.REVERSAL)
def comes_round(draw: Draw) -> Case:
    value = draw.new(THINGS)
    said = draw.way(f"I love {value} now.", f"I've come to like {value}.", f"Actually I enjoy {value} now.")
    return Case(
        [f"I hate {value}.", said], (), (Held("likes", value),), question=f"Have I come to like {value}?"
    )


@case("en", Kind.REVERSAL)
def leaves_the_diet(draw: Draw) -> Case:
    said = draw.way("I'm no longer vegan.", "I'm not vegan anymore.", "I am not vegan any more.")
    return Case(["I'm vegan.", said], ("diet",), gone=("vegan",), question="Am I vegan?")


@case("en", Kind.REVERSAL)
def leaves_the_firm(draw: Draw) -> Case:
    value = draw.new(FIRMS)
    said = draw.way(
        f"I no longer work at {value}.",
        f"I don't work at {value} anymore.",
        f"I quit my job at {value}.",
        f"I left {value} last month.",
    )
    return Case(
        [f"I work at {value}.", said], ("employer",), gone=(value,), question=f"Do I still work at {value}?"
    )


@case("en", Kind.NEGATION)
def not_a(draw: Draw) -> Case:
    value = draw.new(JOBS)
    said = draw.way(
        f"I'm not a {value}.",
        f"I am not a {value}, you know.",
        f"I don't work as a {value}.",
        f"I never was a {value}.",
    )
    return Case([said], refused=(value,))


@case("en", Kind.NEGATION)
def not_there(draw: Draw) -> Case:
    value = draw.new(CITIES)
    said = draw.way(
        f"I don't live in {value}.",
        f"I've never lived in {value}.",
        f"I am not from {value}.",
        f"I'm not living in {value}.",
    )
    return Case([said], refused=(value,))


@case("en", Kind.NEGATION)
def has_none(draw: Draw) -> Case:
    value = draw.new(ANIMALS)
    return Case(
        [draw.way(f"I don't have a {value}.", f"I have no {value}.", f"I never had a {value}.")],
        refused=(value,),
    )


@case("en", Kind.TRAP)
def somebody_else(draw: Draw) -> Case:
    value = draw.new(CITIES)
    said = draw.way(
        f"My sister lives in {value}.",
        f"Christophe lives in {value}. Who is Christophe?",
        f"My boss is from {value}.",
        f"He moved to {value} and he loves it there.",
    )
    return Case([said], refused=(value, "Christophe"))


@case("en", Kind.TRAP)
def others_words(draw: Draw) -> Case:
    value = draw.new(JOBS)
    said = draw.way(
        f'She said: "I am a {value}."',
        f"He told me: I'm a {value}.",
        f"My neighbour says I am a {value}.",
        f"Anna wrote 'I work as a {value}. I love it here.'",
    )
    return Case([said], refused=(value,))


@case("en", Kind.TRAP)
def a_question(draw: Draw) -> Case:
    value = draw.new(CITIES)
    said = draw.way(
        f"Do I live in {value}?",
        f"What if I lived in {value}?",
        f"Should I move to {value}?",
        f"If I live in {value}, what should I see?",
    )
    return Case([said], refused=(value,))


@case("en", Kind.TRAP)
def a_task(draw: Draw) -> Case:
    value = draw.new(JOBS)
    said = draw.way(
        f"Translate to German: I am a {value} and I love it.",
        f"What do you think of this letter?\n\nDear Sir, I am a {value}. I live by the sea.",
        f"Fix the grammar of this text:\n\nI work as a {value}. I am very diligent.",
        f"Pretend that I'm a {value}.",
        f"Here is my story:\n\nI am a {value}. I have a secret.",
    )
    return Case([said], refused=(value,))


@case("en", Kind.TRAP)
def a_transcript(draw: Draw) -> Case:
    value, other = draw.new(JOBS), draw.new(CITIES)
    return Case(
        [f"Mina: Hi there. I'm a {value}.\nHugo: Cool. I live in {other}.\nwho of them is friendlier?"],
        refused=(value, other),
    )


@case("en", Kind.TRAP)
def a_quoted_line(draw: Draw) -> Case:
    value = draw.new(CITIES)
    return Case(
        [
            Line(f"> I live in {value}.\nWhat does this mean?"),
            Line("And this?", quoted=f"I live in {value}."),
        ],
        refused=(value,),
    )


@case("en", Kind.TRAP)
def a_forward(draw: Draw) -> Case:
    value = draw.new(FIRMS)
    return Case([_forwarded(f"I work at {value}. My name is Clara.")], refused=(value,))


@case("en", Kind.TRAP)
def an_article(draw: Draw) -> Case:
    value = draw.new(CITIES)
    return Case([_article(f"I live in {value}, she says. I love the sea.")], refused=(value,))


@case("en", Kind.TRAP)
def an_echo(draw: Draw) -> Case:
    value = draw.new(CITIES)
    return Case([_told_by_bot(f"I live in {value}. You live in {value}, too.")], refused=(value,))


@case("en", Kind.TRAP)
def in_the_past(draw: Draw) -> Case:
    value = draw.new(CITIES)
    return Case(
        [
            draw.way(
                f"I used to live in {value}.",
                f"I lived in {value} for two years.",
                f"When I was young, I lived in {value}.",
            )
        ],
        refused=(value,),
    )


@case("en", Kind.FORGET)
def forgets_a_city(draw: Draw) -> Case:
    value = draw.new(CITIES)
    said = draw.way(
        f"Please forget that I live in {value}.",
        "Forget where I live.",
        f"Don't remember that I live in {value}.",
        "forget my city please",
    )
    return Case(
        [f"I live in {value}.", said],
        ("city",),
        gone=(value,),
        question="Do you know where I live?",
        answered_by=None,
    )


@case("en", Kind.FORGET)
def forgets_a_job(draw: Draw) -> Case:
    value = draw.new(JOBS)
    said = draw.way(f"Forget that I'm a {value}.", "Please forget my job.", "Forget what I do for work.")
    return Case(
        [f"I'm a {value}.", said],
        ("job", "employer"),
        gone=(value,),
        question="Do you know my job?",
        answered_by=None,
    )


@case("en", Kind.UNKNOWN)
def never_said(draw: Draw) -> Case:
    return Case(
        [],
        ("blood type",),
        question=draw.way(
            "What is my blood type?", "What is my shoe size?", "What is the licence plate of my car?"
        ),
        answered_by=None,
    )


@case("en", Kind.EPISODE)
def saw_a_film(draw: Draw) -> Case:
    film = draw.new(FILMS)
    said = draw.way(
        f"We watched {film} at the cinema, and the ending made me cry.",
        f"Went to the cinema with Leila, we saw {film}.",
    )
    return Case([said], question="Which film did I see at the cinema?")


@case("en", Kind.EPISODE)
def went_out(draw: Draw) -> Case:
    place = draw.new(PLACES)
    said = draw.way(
        f"On Sunday I took my kids to {place}.", f"I spent the whole Sunday at {place} with my kids."
    )
    return Case([said], question="Where did I go with my kids on Sunday?")


@case("en", Kind.EPISODE)
def lost_something(draw: Draw) -> Case:
    thing = draw.new(["umbrella", "wallet", "left glove", "house key", "blue scarf"])
    return Case(
        [
            draw.way(
                f"I lost my {thing} on the train this morning.",
                f"I can't find my {thing}, it must be on the train.",
            )
        ],
        question="What did I lose on the train?",
    )


@case("en", Kind.EPISODE)
def plans_a_trip(draw: Draw) -> Case:
    value = draw.new(CITIES)
    return Case(
        [
            draw.way(
                f"We're planning a trip to {value} in the autumn.",
                f"In autumn we want to travel to {value} by train.",
            )
        ],
        question="Where do we want to travel in the autumn?",
    )


# Chinese


@case("zh", Kind.FACT)
def 姓名(draw: Draw) -> Case:
    value = draw.new(名字)
    return Case(
        [
            draw.way(
                f"我叫{value}。", f"你好，我的名字是{value}。", f"大家都叫我{value}。", f"你可以叫我{value}"
            )
        ],
        ("name",),
        (Held("name", value),),
        question="我叫什么名字？",
    )


@case("zh", Kind.FACT)
def 住处(draw: Draw) -> Case:
    value = draw.new(城市)
    return Case(
        [
            draw.way(
                f"我住在{value}。", f"我现在住在{value}，挺方便的。", f"我在{value}生活。", f"我家在{value}。"
            )
        ],
        ("city",),
        (Held("city", value),),
        question="我住在哪里？",
    )


@case("zh", Kind.FACT)
def 来历(draw: Draw) -> Case:
    value = draw.new(城市)
    return Case(
        [draw.way(f"我来自{value}。", f"我是{value}人。", f"我老家在{value}。", f"我出生在{value}。")],
        ("origin",),
        (Held("origin", value),),
        question="我是哪里人？",
    )


@case("zh", Kind.FACT)
def 工作(draw: Draw) -> Case:
    value = draw.new(职业)
    return Case(
        [
            draw.way(
                f"我是一名{value}。", f"我是{value}。", f"我的职业是{value}。", f"我是个{value}，经常加班。"
            )
        ],
        ("job",),
        (Held("job", value),),
        question="我是做什么工作的？",
    )


@case("zh", Kind.FACT)
def 单位(draw: Draw) -> Case:
    value = draw.new(公司)
    return Case(
        [draw.way(f"我在{value}工作。", f"我在{value}上班。", f"我目前在{value}上班。")],
        ("employer",),
        (Held("employer", value),),
        question="我在哪家公司上班？",
    )


@case("zh", Kind.FACT)
def 宠物(draw: Draw) -> Case:
    value = draw.new(动物)
    return Case(
        [draw.way(f"我养了一只{value}。", f"我有一只{value}。", f"我家有两只{value}。")],
        ("pet",),
        (Held("pet", value),),
        question="我养了什么宠物？",
    )


@case("zh", Kind.FACT)
def 宠物名(draw: Draw) -> Case:
    animal, value = draw.new(动物), draw.new(名字)
    return Case(
        [draw.way(f"我的{animal}叫{value}。", f"我家的{animal}叫{value}。")],
        (animal,),
        (Held("name", value, subject=animal),),
        question=f"我的{animal}叫什么？",
    )


@case("zh", Kind.FACT)
def 喜欢(draw: Draw) -> Case:
    value = draw.new(事物)
    return Case(
        [
            draw.way(
                f"我喜欢{value}。",
                f"我很喜欢{value}！",
                f"我特别爱{value}。",
                f"我超喜欢{value}",
                f"我对{value}很感兴趣。",
            )
        ],
        (),
        (Held("likes", value),),
        question=f"我喜欢{value}吗？",
    )


@case("zh", Kind.FACT)
def 讨厌(draw: Draw) -> Case:
    value = draw.new(事物)
    return Case(
        [
            draw.way(
                f"我讨厌{value}。",
                f"我不喜欢{value}。",
                f"我受不了{value}。",
                f"我很讨厌{value}。",
                f"我不太喜欢{value}",
            )
        ],
        (),
        (Held("likes", value, -1),),
        question=f"我讨厌{value}吗？",
    )


@case("zh", Kind.FACT)
def 两样都喜欢(draw: Draw) -> Case:
    one, two = draw.new(事物), draw.new(事物)
    return Case(
        [draw.way(f"我喜欢{one}和{two}。", f"我喜欢{one}、{two}。")],
        (),
        (Held("likes", one), Held("likes", two)),
        question=f"我对{two}怎么看？",
    )


@case("zh", Kind.FACT)
def 最爱(draw: Draw) -> Case:
    value = draw.new(食物)
    return Case(
        [draw.way(f"我最喜欢的食物是{value}。", f"我最爱的食物是{value}。")],
        ("food",),
        (Held("favourite 食物", value),),
        question="我最喜欢的食物是什么？",
    )


@case("zh", Kind.FACT)
def 会乐器(draw: Draw) -> Case:
    value = draw.new(乐器)
    return Case(
        [draw.way(f"我会弹{value}。", f"我会演奏{value}。")],
        ("plays",),
        (Held("plays", value),),
        question="我会什么乐器？",
    )


@case("zh", Kind.FACT)
def 会语言(draw: Draw) -> Case:
    value = draw.new(语言)
    return Case(
        [draw.way(f"我会说{value}。", f"我会{value}。", f"我的{value}很流利。")],
        ("speaks",),
        (Held("speaks", value),),
        question="我会说哪门外语？",
    )


@case("zh", Kind.FACT)
def 学业(draw: Draw) -> Case:
    value = draw.new(专业)
    return Case(
        [draw.way(f"我学的是{value}。", f"我的专业是{value}。", f"我在大学学{value}。")],
        ("studies",),
        (Held("studies", value),),
        question="我学什么专业？",
    )


@case("zh", Kind.FACT)
def 年龄(draw: Draw) -> Case:
    value = draw.new(AGES)
    return Case(
        [draw.way(f"我今年{value}岁。", f"我{value}岁了。", f"我{value}岁，单身。")],
        ("age", "marital status"),
        (Held("age", value),),
        question="我多大了？",
    )


@case("zh", Kind.FACT)
def 生日(draw: Draw) -> Case:
    value = draw.new(日期)
    return Case(
        [draw.way(f"我的生日是{value}。", f"我生日是{value}。")],
        ("birthday",),
        (Held("birthday", value),),
        question="我的生日是哪天？",
    )


@case("zh", Kind.FACT)
def 婚姻(draw: Draw) -> Case:
    said, value = draw.random.choice(
        (("我已经结婚了。", "结婚"), ("我是单身。", "单身"), ("我离婚了。", "离婚"))
    )
    return Case([said], ("marital status",), (Held("marital status", value),), question="我结婚了吗？")


@case("zh", Kind.UPDATE)
def 搬家(draw: Draw) -> Case:
    old, new = draw.new(城市), draw.new(城市)
    said = draw.way(f"我搬到{new}了。", f"我搬去{new}了。", f"我现在住在{new}。", f"我刚搬到{new}，还不熟。")
    return Case(
        [f"我住在{old}。", said],
        ("city",),
        (Held("city", new),),
        gone=(old,),
        question="我现在住在哪个城市？",
    )


@case("zh", Kind.UPDATE)
def 换工作(draw: Draw) -> Case:
    old, new = draw.new(职业), draw.new(职业)
    said = draw.way(f"我现在是{new}。", f"我改行当{new}了。", f"我现在是一名{new}。")
    return Case(
        [f"我是一名{old}。", said],
        ("job",),
        (Held("job", new),),
        gone=(old,),
        question="我现在的职业是什么？",
    )


@case("zh", Kind.UPDATE)
def 换公司(draw: Draw) -> Case:
    old, new = draw.new(公司), draw.new(公司)
    return Case(
        [f"我在{old}工作。", draw.way(f"我现在在{new}工作。", f"我跳槽到{new}了。")],
        ("employer",),
        (Held("employer", new),),
        gone=(old,),
        question="我现在在哪家公司？",
    )


@case("zh", Kind.REVERSAL)
def 不再喜欢(draw: Draw) -> Case:
    value = draw.new(事物)
    said = draw.way(f"我现在讨厌{value}。", f"我不再喜欢{value}了。", f"我不喜欢{value}了。")
    return Case([f"我喜欢{value}。", said], (), (Held("likes", value, -1),), question=f"我还喜欢{value}吗？")


@case("zh", Kind.REVERSAL)
def 又喜欢了(draw: Draw) -> Case:
    value = draw.new(事物)
    return Case(
        [f"我讨厌{value}。", draw.way(f"我现在喜欢{value}了。", f"我喜欢上{value}了。")],
        (),
        (Held("likes", value),),
        question=f"我现在喜欢{value}了吗？",
    )


@case("zh", Kind.REVERSAL)
def 不吃素了(draw: Draw) -> Case:
    return Case(
        ["我吃素。", draw.way("我不再吃素了。", "我不吃素了。", "我已经不吃素了。")],
        ("diet",),
        gone=("素",),
        question="我吃素吗？",
    )


@case("zh", Kind.REVERSAL)
def 离职(draw: Draw) -> Case:
    value = draw.new(公司)
    said = draw.way(f"我不在{value}工作了。", f"我从{value}辞职了。", f"我离开{value}了。")
    return Case([f"我在{value}工作。", said], ("employer",), gone=(value,), question=f"我还在{value}上班吗？")


@case("zh", Kind.NEGATION)
def 不是(draw: Draw) -> Case:
    value = draw.new(职业)
    return Case(
        [draw.way(f"我不是{value}。", f"我不是一名{value}。", f"我从来没当过{value}。")], refused=(value,)
    )


@case("zh", Kind.NEGATION)
def 不住(draw: Draw) -> Case:
    value = draw.new(城市)
    return Case(
        [draw.way(f"我不住在{value}。", f"我没住过{value}。", f"我不是{value}人。")], refused=(value,)
    )


@case("zh", Kind.NEGATION)
def 没有(draw: Draw) -> Case:
    value = draw.new(动物)
    return Case([draw.way(f"我没有{value}。", f"我没养{value}。", f"我从没养过{value}。")], refused=(value,))


@case("zh", Kind.TRAP)
def 别人(draw: Draw) -> Case:
    value = draw.new(城市)
    return Case(
        [
            draw.way(
                f"我姐姐住在{value}。",
                f"他住在{value}，很喜欢那里。",
                f"我同事来自{value}。",
                f"我的老板是{value}人。",
            )
        ],
        refused=(value,),
    )


@case("zh", Kind.TRAP)
def 别人的话(draw: Draw) -> Case:
    value = draw.new(职业)
    return Case(
        [
            draw.way(
                f"她说：“我是一名{value}。”",
                f"他告诉我：我是{value}。",
                f"朋友写道‘我是{value}。我很开心。’",
                f"他说我是{value}。",
            )
        ],
        refused=(value,),
    )


@case("zh", Kind.TRAP)
def 问句(draw: Draw) -> Case:
    value = draw.new(城市)
    return Case(
        [
            draw.way(
                f"我住在{value}吗？",
                f"如果我住在{value}呢？",
                f"我要不要搬到{value}？",
                f"我是不是{value}人？",
            )
        ],
        refused=(value,),
    )


@case("zh", Kind.TRAP)
def 任务(draw: Draw) -> Case:
    value = draw.new(职业)
    said = draw.way(
        f"翻译成英文：我是一名{value}，我很喜欢。",
        f"你觉得这封信怎么样？\n\n尊敬的先生：我是一名{value}。我住在海边。",
        f"帮我改一下这段话：\n\n我是一名{value}。我很勤奋。",
        f"假装我是一名{value}。",
    )
    return Case([said], refused=(value,))


@case("zh", Kind.TRAP)
def 转发(draw: Draw) -> Case:
    value = draw.new(公司)
    return Case(
        [
            _forwarded(f"我在{value}工作。"),
            _article(f"我在{value}上班。"),
            _told_by_bot(f"我在{value}工作。"),
        ],
        refused=(value,),
    )


@case("zh", Kind.TRAP)
def 引用(draw: Draw) -> Case:
    value = draw.new(城市)
    return Case(
        [Line(f"> 我住在{value}。\n这是什么意思？"), Line("这句呢？", quoted=f"我住在{value}。")],
        refused=(value,),
    )


@case("zh", Kind.FORGET)
def 忘掉住处(draw: Draw) -> Case:
    value = draw.new(城市)
    said = draw.way(f"请忘掉我住在{value}。", "忘掉我住在哪里。", f"别记我住在{value}。", "请忘记我的住址。")
    return Case(
        [f"我住在{value}。", said], ("city",), gone=(value,), question="你知道我住在哪吗？", answered_by=None
    )


@case("zh", Kind.FORGET)
def 忘掉工作(draw: Draw) -> Case:
    value = draw.new(职业)
    return Case(
        [f"我是一名{value}。", draw.way(f"忘掉我是{value}。", "请忘记我的工作。", "忘了我的职业吧。")],
        ("job", "employer"),
        gone=(value,),
        question="你知道我的职业吗？",
        answered_by=None,
    )


@case("zh", Kind.UNKNOWN)
def 没说过(draw: Draw) -> Case:
    return Case(
        [],
        ("血型",),
        question=draw.way("我的血型是什么？", "我的鞋码是多少？", "我的车牌号是多少？"),
        answered_by=None,
    )


@case("zh", Kind.EPISODE)
def 看电影(draw: Draw) -> Case:
    film = draw.new(电影)
    return Case(
        [draw.way(f"昨晚在电影院看了{film}，结尾让我哭了。", f"跟丽丽去电影院，我们看了{film}。")],
        question="我在电影院看了什么电影？",
    )


@case("zh", Kind.EPISODE)
def 出游(draw: Draw) -> Case:
    place = draw.new(地方)
    return Case(
        [draw.way(f"周日我带孩子去了{place}。", f"整个周日我都和孩子在{place}。")],
        question="周日我带孩子去了哪里？",
    )


@case("zh", Kind.EPISODE)
def 丢东西(draw: Draw) -> Case:
    thing = draw.new(["雨伞", "钱包", "左手套", "家门钥匙", "蓝围巾"])
    return Case(
        [draw.way(f"今天早上我把{thing}丢在地铁上了。", f"我找不到{thing}了，可能落在地铁上了。")],
        question="我在地铁上丢了什么？",
    )


@case("zh", Kind.EPISODE)
def 计划旅行(draw: Draw) -> Case:
    value = draw.new(城市)
    return Case(
        [draw.way(f"秋天我们打算去{value}旅行。", f"我们计划秋天坐火车去{value}玩。")],
        question="秋天我们打算去哪里旅行？",
    )
