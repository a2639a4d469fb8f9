"""The slots that take one value at a time, how fast each kind of belief fades, and what is sensitive."""

import re
from datetime import timedelta

from storage.beliefs import Belief, BeliefKind, Sensitivity

SINGLE_VALUED = frozenset(
    (
        "name",
        "age",
        "birthday",
        "city",
        "origin",
        "job",
        "employer",
        "works in",
        "home",
        "grew up in",
        "diet",
        "marital status",
        "timezone",
        "mood",
        "form of address",
    )
)
"""A new value closes the old one."""

ALL_OR_NONE = frozenset({"children", "siblings", "pet"})
"""Who says that there are none contradicts whatever was said of them before, and the other way round."""

_DENIED = {
    "likes": "dislikes",
    "does": "does not",
    "wants": "does not want",
    "is": "is not",
    "has been to": "has never been to",
    "children": "has no",
    "siblings": "has no",
    "pet": "has no",
}
"""What a slot is called when its value is denied."""

_HALF_LIVES: dict[BeliefKind, timedelta | None] = {
    BeliefKind.FACT: None,
    BeliefKind.RELATION: None,
    BeliefKind.INSTRUCTION: None,
    BeliefKind.PREFERENCE: timedelta(days=180),
    BeliefKind.BEHAVIOUR: timedelta(days=180),
    BeliefKind.INTEREST: timedelta(days=45),
    BeliefKind.PASSING: timedelta(days=2),
}

_SENSITIVE: tuple[tuple[Sensitivity, re.Pattern[str]], ...] = tuple(
    (sensitivity, re.compile(words, re.IGNORECASE))
    for sensitivity, words in (
        (
            Sensitivity.HEALTH,
            r"\b(?:allerg\w*|diabet\w*|cancer|hiv|depress\w*|anxiety|adhd|autis\w*|asthma\w*|pregnan\w*|ill(?:ness)?|"
            r"disease|disorder|disabled|disability|wheelchair|surgery|therap(?:y|ist)|medication|antidepressants?|"
            r"alcoholic|rehab|epilep\w*|migraines?|bipolar|insomnia|miscarriage|blind|deaf|overweight|obese)\b|"
            r"过敏|糖尿病|癌|抑郁|焦虑症|哮喘|怀孕|残疾|手术|服药|吃药|心理医生|失眠|艾滋|高血压|心脏病",
        ),
        (
            Sensitivity.RELIGION,
            r"\b(?:church|god|jesus|christians?|catholics?|muslims?|islam|jew(?:ish|s)?|judaism|buddhis[tm]s?|hindus?|"
            r"mormons?|atheis[tm]s?|agnostic|religio(?:n|us)|pray(?:er|ing)?|bible|quran|koran|mosque|synagogue)\b|"
            r"基督|天主教|佛教|信佛|穆斯林|伊斯兰|清真寺|教堂|道教|信教|无神论|祷告",
        ),
        (
            Sensitivity.POLITICS,
            r"\b(?:republicans?|democrats?|conservatives?|liberals?|socialis[tm]s?|communis[tm]s?|libertarians?|left-wing|"
            r"right-wing|vot(?:e|ed|ing) for|feminists?|trump|politic(?:s|al|ally))\b|共产党员|党员|左派|右派|民主党|共和党",
        ),
        (
            Sensitivity.SEXUALITY,
            r"\b(?:gay|lesbian|bisexual|asexual|pansexual|transgender|trans|queer|homosexual|heterosexual|lgbt\w*|nonbinary|"
            r"non-binary)\b|同性恋|双性恋|跨性别|变性",
        ),
        (
            Sensitivity.FINANCES,
            r"\b(?:salary|income|debts?|mortgage|bankrupt\w*|loans?|net worth|earn(?:ing)?|credit score|savings|"
            r"unemployment benefits?)\b|工资|月薪|年薪|收入|负债|欠债|贷款|房贷|存款|破产",
        ),
    )
)


def is_single_valued(slot: str) -> bool:
    """Whether a slot holds one value at a time: a name, the favourite of one thing, one matter of the answers."""
    return slot in SINGLE_VALUED or slot.startswith(("favourite ", "answer "))


def slot_as_said(belief: Belief) -> str:
    """What the value of a belief is to its subject: a wish about answers goes by one name in any matter."""
    if belief.kind is BeliefKind.INSTRUCTION:
        return "instruction"
    return _DENIED.get(belief.slot, belief.slot) if belief.polarity < 0 else belief.slot


def half_life(kind: BeliefKind) -> timedelta | None:
    """The time in which a statement loses half of its weight; None when it never fades."""
    return _HALF_LIVES[kind]


def sensitivity_of(text: str) -> Sensitivity:
    """The first sensitive matter that a text touches."""
    for sensitivity, words in _SENSITIVE:
        if words.search(text):
            return sensitivity
    return Sensitivity.NONE
