"""What people call the matters of a profile when they ask about one, or want it forgotten."""

import re

from engine.profile.keys import query_words
from storage.beliefs import SELF, Belief

_MATTERS = tuple(
    (slots, re.compile(expression, re.IGNORECASE))
    for slots, expression in (
        (
            ("name", "form of address"),
            r"\bmy name\b|\b(?:call me|am i called|i am called|is my \w+ called|'s my \w+ called)\b|名字|叫什么|怎么称呼",
        ),
        (("age",), r"\bmy age\b|\bhow old\b|年龄|多大|几岁"),
        (("birthday",), r"\bbirthday\b|\bwhen (?:was i|i was) born\b|生日"),
        (
            ("city", "home"),
            r"\bmy (?:city|address|home|town)\b|\bwhere (?:do |am )?i (?:live|living)\b|\b(?:city|town|place) (?:do|am) i liv"
            r"|住址|住处|住(?:在)?(?:哪|什么)|我的(?:城市|地址)|哪个城市",
        ),
        (
            ("origin",),
            r"\bmy (?:origin|home ?town)\b|\bwhere (?:do |am )?i(?:'m| am)? (?:come )?from\b|\bwhere was i born\b"
            r"|老家|家乡|哪里人|来自哪",
        ),
        (
            ("job", "employer", "works in"),
            r"\bmy (?:job|work|profession|occupation|employer|company)\b|\bdo (?:for (?:work|a living)|for a job)\b"
            r"|\bwhere (?:do )?i work\b|\b(?:company|firm) do i work\b|\bwhat (?:do )?i do for\b|\bwork for\b"
            r"|工作|职业|公司|单位|上班",
        ),
        (("diet",), r"\bmy diet\b|\bvegan\b|\bvegetarian\b|饮食|吃素"),
        (
            ("marital status", "partner"),
            r"\bmy (?:marital status|relationship)\b|\bmarried\b|\bsingle\b|婚|单身",
        ),
        (("pet",), r"\bpets?\b|宠物"),
        (("children",), r"\b(?:children|kids|sons?|daughters?) do i\b|几个孩子"),
        (("siblings",), r"\b(?:siblings|brothers?|sisters?) do i\b|兄弟姐妹"),
        (("plays",), r"\binstruments?\b|\bdo i play\b|乐器"),
        (("speaks",), r"\blanguages?\b|外语|语言|哪门"),
        (("studies",), r"\b(?:i stud(?:y|ying)|my (?:major|studies|degree))\b|专业|学什么"),
        (("allergy",), r"\ballerg\w+\b|过敏"),
        (("fears",), r"\bafraid\b|\bscared\b|怕什么"),
    )
)


def matters_in(text: str) -> list[str]:
    """The slots that a text names, as in "where I live"."""
    return [slot for slots, expression in _MATTERS if expression.search(text) for slot in slots]


def bears_on(belief: Belief, question: str) -> bool:
    """Whether a question asks for the value of a belief, or whether it holds."""
    if belief.subject != SELF and belief.subject not in question.casefold():
        return False
    if belief.slot.startswith("favourite "):
        thing = belief.slot.removeprefix("favourite ")
        return thing in question.casefold() and bool(re.search("favou?rite|最", question, re.IGNORECASE))
    if belief.slot in matters_in(question):
        return True
    if belief.subject != SELF:
        return True
    asked = question.casefold() if not belief.key.isascii() else query_words(question)
    parts = [belief.key] if not belief.key.isascii() else query_words(belief.value)
    return bool(parts) and all(part in asked for part in parts)
