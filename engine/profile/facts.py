"""First-person statements, English and Chinese, to claims (pure). What no pattern knows is not learnt."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.profile.claims import Claim, Stance
from engine.profile.sentences import stated_clauses
from storage.beliefs import BeliefKind

_MOST_VALUE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The group `value` of the expression fills the slot."""

    kind: BeliefKind
    slot: str
    expression: re.Pattern[str]
    polarity: int = 1
    stance: Stance = Stance.HOLDS


def _pattern(
    kind: BeliefKind, slot: str, expression: str, polarity: int = 1, stance: Stance = Stance.HOLDS
) -> _Pattern:
    return _Pattern(kind, slot, re.compile(expression, re.IGNORECASE), polarity, stance)


_CHINESE = re.compile("[\u4e00-\u9fff]")
_INTRO = r"^(?:(?:well|hi|hello|hey|oh|and|but|so|actually|also)[\s,]+)*"
_I = _INTRO + r"i(?:\s+(?:really|also|still|just|do|now|absolutely|truly))*\s+"
_AM = _INTRO + r"(?:i'm|i am)\s+(?:now\s+)?"
_V = r"(?P<value>[^\n,;.!?]+)"
_ZH = r"^(?:你好|嗨|其实|另外|而且|但是?)?[，, ]*我(?:现在|一直|真的|也|还)*"
_ZV = r"(?P<value>[^\n，,；;。.！!？?]+)"

_PROFESSIONS = (
    r"accountant|actor|actress|architect|artist|baker|barber|barista|bartender|bus driver|butcher|carpenter|"
    r"cashier|chef|cleaner|coach|comedian|consultant|cook|dancer|dentist|designer|developer|doctor|driver|"
    r"economist|editor|electrician|engineer|farmer|firefighter|fisherman|gardener|hairdresser|journalist|judge|"
    r"lawyer|lecturer|librarian|manager|mechanic|midwife|musician|nurse|optician|painter|paramedic|pharmacist|"
    r"photographer|physicist|physiotherapist|pianist|pilot|plumber|police officer|professor|programmer|"
    r"psychologist|receptionist|reporter|researcher|sailor|scientist|secretary|singer|soldier|student|surgeon|"
    r"tailor|teacher|therapist|translator|trucker|tutor|vet|veterinarian|waiter|waitress|writer"
)
"""Listed, since "I'm a mother" and "I'm a believer" are formed like "I'm a teacher"."""

_PATTERNS = (
    _pattern(
        BeliefKind.FACT,
        "name",
        _INTRO
        + r"(?:my name is|my name's|i am called|i'm called)\s+"
        + r"(?P<value>(?-i:[^\W\d_a-z][\w'-]*(?:\s+[A-Z][\w'-]*){0,2})|[^\W\d_][\w'-]*)",
    ),
    _pattern(BeliefKind.FACT, "name", _INTRO + r"(?:you can )?call me\s+(?P<value>(?-i:[A-Z][\w'-]*))"),
    _pattern(BeliefKind.FACT, "name", r"^(?:你好[，, ]*)?(?:我叫|我的名字(?:是|叫)|叫我)" + _ZV),
    _pattern(
        BeliefKind.FACT,
        "city",
        _INTRO
        + r"i(?:\s+no longer\s+live|(?:\s+don't|\s+do not)\s+live|'ve left|\s+have left|\s+moved away from)"
        + r"(?:\s+in)?\s+"
        + _V,
        stance=Stance.ENDS,
    ),
    _pattern(BeliefKind.FACT, "city", _ZH + r"(?:不再|不)住在" + _ZV, stance=Stance.ENDS),
    _pattern(
        BeliefKind.FACT,
        "city",
        _INTRO
        + r"(?:i(?:\s+now)?\s+live|i'm living|i am living|i(?:'ve| have)?\s+(?:just\s+)?moved)\s+(?:in|to)\s+"
        + _V,
    ),
    _pattern(BeliefKind.FACT, "city", _ZH + r"(?:住在|搬到了?|定居在?)" + _ZV),
    _pattern(BeliefKind.FACT, "origin", _AM + r"(?:originally\s+)?from\s+" + _V),
    _pattern(BeliefKind.FACT, "origin", _ZH + r"来自" + _ZV),
    _pattern(BeliefKind.FACT, "diet", _AM + r"(?:an?\s+)?(?P<value>vegan|vegetarian|pescatarian)\b"),
    _pattern(BeliefKind.FACT, "diet", _ZH + r"(?:是|吃)(?P<value>素食者|素|纯素)"),
    _pattern(BeliefKind.FACT, "job", _I + r"work as\s+(?:an?\s+)?" + _V),
    _pattern(BeliefKind.FACT, "job", _AM + rf"an?\s+(?P<value>(?:[\w-]+\s+){{0,2}}?(?:{_PROFESSIONS}))\b"),
    _pattern(
        BeliefKind.FACT,
        "job",
        _ZH
        + r"(?:是一?[名位个]|的职业是)(?P<value>[^\n，,；;。.！!？?]*(?:师|员|生|医生|护士|教授|司机|家|工|警察|律师|经理|农民))",
    ),
    _pattern(BeliefKind.FACT, "employer", _I + r"work (?:at|for)\s+" + _V),
    _pattern(BeliefKind.FACT, "employer", _ZH + r"在" + _ZV[:-1] + r"?)(?:工作|上班)"),
    _pattern(
        BeliefKind.FACT,
        "pet",
        _I + r"have\s+(?:an?|two|three)\s+(?P<value>dogs?|cats?|parrots?|rabbits?|horses?)\b",
    ),
    _pattern(
        BeliefKind.PREFERENCE,
        "likes",
        _I + r"(?:can't stand|cannot stand|hate|dislike|don't like|do not like|don't enjoy|detest)\s+" + _V,
        -1,
    ),
    _pattern(BeliefKind.PREFERENCE, "likes", _ZH + r"(?:不再喜欢|不喜欢|讨厌|不爱|受不了)" + _ZV, -1),
    _pattern(BeliefKind.PREFERENCE, "likes", _INTRO + r"i no longer (?:love|like|enjoy)\s+" + _V, -1),
    _pattern(BeliefKind.PREFERENCE, "likes", _I + r"(?:love|like|enjoy|adore|prefer)\s+" + _V),
    _pattern(BeliefKind.PREFERENCE, "likes", _AM + r"(?:a fan of|fond of|into|crazy about)\s+" + _V),
    _pattern(BeliefKind.PREFERENCE, "likes", _ZH + r"(?:最?喜欢|热爱|最?爱)" + _ZV),
)

_PLACES = frozenset({"city", "origin", "employer", "job"})

_AFTER_A_PLACE = re.compile(
    r"\s+(?:with|near|since|for|because|but|where|who|now|right now|currently|at the moment|these days|nowadays|"
    r"again|too|as well|and)\b.*$",
    re.IGNORECASE,
)
"""What follows the name of a place, a firm or a profession, and is no part of it."""

_NO_MORE = re.compile(r"\s+(?:any ?more|no more|any longer)$|了$", re.IGNORECASE)

_POINTING = frozenset(
    """it that this them these those you him her me us everything something anything nothing
    你 您 它 他 她 你们 他们 她们 这 那 这个 那个""".split()  # noqa: SIM905
)
"""Words whose meaning is elsewhere: as values they say nothing."""

_FORGET = re.compile(
    r"^\W*(?:please\s+)?(?:forget|don't remember|do not remember)\s+(?:that\s+|about\s+)?|^\W*(?:请)?(?:忘掉|忘了|忘记|别记)",
    re.IGNORECASE,
)

_WISHES = (
    (
        "answer length",
        "short",
        r"\b(?:short(?:er)?|brief(?:er|ly)?|concise(?:ly)?|too long|less text)\b|短一?点|简短|太长",
    ),
    ("answer length", "long", r"\b(?:longer|more detail(?:ed|s)?|in detail|too short)\b|详细|长一?点|太短"),
    ("answer emoji", "none", r"\b(?:no|without|fewer|less)\s+emojis?\b|不要(?:用)?表情"),
    ("answer tone", "formal", r"\b(?:more formal(?:ly)?|be formal)\b|正式一?点"),
    ("answer tone", "casual", r"\b(?:more casual(?:ly)?|less formal(?:ly)?)\b|随意一?点|口语一?点"),
    ("answer language", "English", r"\bin english\b|用英[语文]"),
    ("answer language", "中文", r"\bin chinese\b|用中文"),
)
_ABOUT_ANSWERS = re.compile(
    r"\b(?:answers?|repl(?:y|ies)|responses?|respond|answer me|write to me|talk to me)\b|回答|回复",
    re.IGNORECASE,
)


def claims_in(text: str) -> Iterator[Claim]:
    """What the author says of themselves in one message, or wants forgotten."""
    request = _FORGET.match(text)
    stated = text[request.end() :] if request else text
    for clause in stated_clauses(stated):
        claim = _claim(clause.text, clause.sentence)
        if claim is not None:
            yield replace(claim, stance=Stance.FORGET) if request else claim
    if request is None and _ABOUT_ANSWERS.search(text):
        yield from wishes_in(text)


def wishes_in(note: str) -> Iterator[Claim]:
    """What a remark about a reply says of how answers should be."""
    for slot, value, expression in _WISHES:
        if re.search(expression, note, re.IGNORECASE):
            yield Claim(kind=BeliefKind.PREFERENCE, slot=slot, value=value, quote=note.strip())


def _claim(clause: str, quote: str) -> Claim | None:
    for pattern in _PATTERNS:
        match = pattern.expression.search(clause)
        if match is None:
            continue
        said, stance = match["value"], pattern.stance
        if _NO_MORE.search(said) and stance is Stance.HOLDS and not _CHINESE.search(said):
            stance = Stance.ENDS
        value = _trimmed(said, pattern.slot)
        if value and len(value) <= _MOST_VALUE_CHARACTERS and value.lower() not in _POINTING:
            return Claim(
                kind=pattern.kind,
                slot=pattern.slot,
                value=value,
                quote=quote,
                polarity=pattern.polarity,
                stance=stance,
            )
    return None


def _trimmed(value: str, slot: str) -> str:
    """A value without what follows it in its clause."""
    value = _NO_MORE.sub("", value.strip(" \"'"))
    if slot in _PLACES:
        value = _AFTER_A_PLACE.sub("", value)
    return value.strip(" \"'了")
