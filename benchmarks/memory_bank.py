"""MemoryBank: made-up users with ten days of chat each, questions about it, and where their answers stand.

The answers of five users were looked up by hand: for each of their questions, in order, the exchanges that
answer it, as day and place within the day. Both languages tell the same days in the same order.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_ANSWERED_BY = {
    "Emily": ("0430#3", "0501#0", "0503#2 0503#1", "0428#1", "0430#2 0430#1", "0502#1", "0504#1 0504#0"),
    "Frank": ("0427#2", "0428#8", "0429#1", "0505#1 0505#2", "0506#1", "0430#1", "0428#2 0428#3"),
    "Lucy": ("0427#3", "0429#1 0429#2", "0428#1", "0430#1", "0503#0 0430#2", "0502#1", "0428#1"),
    "Jason": ("0428#2", "0429#3", "0428#2", "0427#4", "0501#1", "0502#3", "0504#1 0504#0"),
    "Linda": ("0506#1", "0506#3 0506#1", "0427#1 0427#2", "0428#2", "0502#1", "0501#1", "0504#1"),
}

UNANSWERED = {
    "en": (
        "What is my blood type?",
        "What is my shoe size?",
        "What is the licence plate of my car?",
        "When is my wedding anniversary?",
        "What did I say about my dentist?",
        "Which university did I study at in Germany?",
        "What is the name of my cat's vet?",
        "How much did I pay for my laptop?",
        "What is my sister's phone number?",
        "Which bank do I use?",
        "What was the name of my first teacher?",
        "What is the password of my router?",
        "Did I tell you how tall I am?",
        "Which airline lost my suitcase?",
        "What colour is my car?",
        "When did I have my appendix removed?",
    ),
    "zh": (
        "我的血型是什么？",
        "我的鞋码是多少？",
        "我的车牌号是多少？",
        "我的结婚纪念日是哪天？",
        "我说过我的牙医什么？",
        "我在德国读的是哪所大学？",
        "我家猫的兽医叫什么？",
        "我的笔记本电脑花了多少钱？",
        "我姐姐的电话号码是多少？",
        "我用的是哪家银行？",
        "我的第一位老师叫什么？",
        "我的路由器密码是什么？",
        "我说过我有多高吗？",
        "哪家航空公司弄丢了我的行李？",
        "我的车是什么颜色？",
        "我什么时候做的阑尾手术？",
    ),
}
"""Questions of our own that none of these users has answered."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a user said and what they were answered."""

    at: datetime
    said: str
    answered: str


@dataclass(frozen=True, slots=True)
class BankUser:
    """A user's exchanges, oldest first, and questions with the places of the exchanges that answer them."""

    exchanges: tuple[Exchange, ...]
    questions: tuple[tuple[str, frozenset[int]], ...]


def bank_users(folder: Path, language: str) -> list[BankUser]:
    """The users with looked-up answers. Raises FileNotFoundError when the files are not in the folder."""
    users = _json(folder / f"memorybank_{language}.json")
    lines = (folder / f"memorybank_probe_{language}.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [questions for line in lines for questions in json.loads(line).values()]
    place = {name.strip(): number for number, name in enumerate(_json(folder / "memorybank_en.json"))}
    histories = [user["history"] for user in users.values()]
    return [
        _user(histories[place[name]], asked[place[name]], answers) for name, answers in _ANSWERED_BY.items()
    ]


def _json(path: Path) -> dict[str, dict[str, dict[str, list[dict[str, str]]]]]:
    return json.loads(path.read_text(encoding="utf-8"))


def _user(
    history: dict[str, list[dict[str, str]]], questions: list[str], answers: tuple[str, ...]
) -> BankUser:
    exchanges: list[Exchange] = []
    places: dict[str, int] = {}
    for day, said in history.items():
        for number, one in enumerate(said):
            places[f"{day[5:7]}{day[8:]}#{number}"] = len(exchanges)
            at = datetime.fromisoformat(day).replace(hour=9, minute=number, tzinfo=UTC)
            exchanges.append(Exchange(at, one["query"], one["response"]))
    answered = [frozenset(places[place] for place in answer.split()) for answer in answers]
    asked = [question.strip('"') for question in questions]
    return BankUser(tuple(exchanges), tuple(zip(asked, answered, strict=True)))
