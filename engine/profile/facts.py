"""First-person statements, English and Chinese, to claims (pure). What no pattern knows is not learnt."""

import re
from collections.abc import Iterator
from dataclasses import replace

from engine.profile import chinese, english
from engine.profile.claims import Claim, Stance
from engine.profile.instructions import instructions_in
from engine.profile.matters import matters_in
from engine.profile.patterns import Pattern
from engine.profile.plain import plain_statements
from engine.profile.sentences import stated_clauses
from engine.profile.words import CHINESE_PETS, CHINESE_RELATIVES, NUMBERS, PETS, RELATIVES
from storage.beliefs import SELF, BeliefKind

_MOST_VALUE_CHARACTERS = 60

_CHINESE = re.compile("[\u4e00-\u9fff]")

_PLACES = frozenset({"city", "origin", "employer", "job", "grew up in", "works in", "studies", "home"})

_WHEN = r"(?:(?:this|last|next) (?:\w+)|yesterday|today|recently|in \d{4}|(?:an?|two|three|several|\d+|a few|some) (?:years?|months?|weeks?|days?) ago|a while (?:ago|back))"

_AFTER_A_PLACE = re.compile(
    r"\s+(?:here|with|near|since|for|because|but|where|who|that|which|now|right now|currently|at the moment|these days|nowadays|"
    r"again|too|as well|and|at university|at college|at school|at the university|part[- ]time|full[- ]time|until|before|after|by the way|so|though|"
    + _WHEN
    + r")\b.*$",
    re.IGNORECASE,
)
"""What follows the name of a place, a firm or a profession, and is no part of it."""

_NAMELESS = re.compile(r"an?\b.*?\b(?:that|which|where)\b", re.IGNORECASE)
"""A place without a name, of which only what follows says something: "a company that rents houses"."""

_AFTER_A_JOB = re.compile(r"\s+(?:in|at|on|from|during)\b.*$", re.IGNORECASE)

_AFTER_A_DOING = re.compile(
    r"\s+(?:in|at|with|for|since|every|on|named|called|that|who|which|from|of mine)\b.*$", re.IGNORECASE
)

_OWNED = frozenset({"has", "pet", "children", "siblings", "partner"})
_OF_WHAT_IS_OWNED = re.compile(r"\s+(?:that|which|who|whom|where)\b.*$", re.IGNORECASE)

_TAIL = re.compile(
    r"\s+(?:anyway|before|yet|a (?:whole )?lot|very much|so much|(?:(?:as|too|so+|that|quite|a little too) )?much|either|lol|haha|too|as well|lately|(?:right |just )?now|these days|nowadays|at all|though|at the moment|"
    r"currently|also|by the way|you know|the most|the best|so far|i guess|i think|for fun|as a hobby|"
    r"in (?:my|the) (?:free|spare) time|on the side|always|myself|" + _WHEN + r")$"
    r"|\s+(?:because|since|when(?:ever)?|while|if|so that|which|where|who|but|although|even though|especially|as long as)\b.*$",
    re.IGNORECASE,
)
_NO_MORE = re.compile(r"\s+(?:any ?more|no more|any longer)$", re.IGNORECASE)
_CHINESE_TAIL = re.compile(r"[了吧啊呢哦啦呀嘛]+$|的时候$")

_POINTING = re.compile(
    r"^(?:(?:to )?(?:it|its|it's|that|that's|this|these|those|them|they|you|your|yours|you're|him|his|her|hers|he|she|their|us|everything|"
    r"everyone|everybody|something|anything|nothing|myself|how|what|when|where|who|why|one|ones|both|all(?: of)?|there|here|so|"
    r"not|but|because|the (?:idea|way|sound|look|fact|same|thought|one|ones)|know|hear|hearing|see if|think|say|believe|thank|ask|"
    r"agree|be honest|be able|do (?:it|that|this|so)|some|any|each other|since|every|for|like|such as|including|especially|or|as|to$|too|even|a lot of (?:different )?things)\b|\[|[你您它他她这那哪谁几]|什么|怎么)",
    re.IGNORECASE,
)
"""Values whose meaning is elsewhere, and turns of speech: they say nothing."""

_POINTING_WITHIN = re.compile(
    r"\b(?:it|them|that|those|these|this|there|you|your|he|she|(?:his|her|their)(?! own)|him|they)\b"
    r"|^(?:to )?(?:\w+ )?(?:both|things|stuff)$|\bones?$|\b(?:i|i'll|i'm|is|are|was|were)\b",
    re.IGNORECASE,
)
_BROKEN_OFF = re.compile(r"\b(?:the|an?|to|of|and|or|for|with|my)$", re.IGNORECASE)
"""Where a value was cut within a phrase."""

_THE_ONE_AT_HAND = re.compile(
    r"^the (?!(?:band|movie|film|show|series|book|game|song|musical) (?-i:[A-Z])|(?:beach|ocean|sea|outdoors?|mountains?|snow|rain|sun|sunshine|cold|heat|summer|winter|fall|autumn|spring|colou?rs?|gym|"
    r"theat(?:er|re)|opera|movies|cinema|library|park|city|countryside|country|woods|forest|lake|water|internet|guitar|piano|violin|"
    r"drums|arts?|rain|weather|night|morning|holidays|zoo|desert|wilderness|circus|environment|simple|great|good|old|taste|smell|"
    r"feeling of|color|wind|stars|moon|sky|army|military|navy|law)\b)(?-i:[a-z])",
    re.IGNORECASE,
)
"""A thing that was spoken of just before: "the story", but not "the sea" or "The Lord of the Rings"."""

_COUNTED = re.compile(rf"^(?:{NUMBERS})\s+", re.IGNORECASE)
_AND = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s*(?:、|，|和|与|以及)\s*", re.IGNORECASE)
_COMMA = re.compile(r"\s*[,，]")
_ABOUT_SEVERAL = re.compile(r"[^,，]*?\babout\b[^,，]*\band\b", re.IGNORECASE)
"""Several matters of one doing: "learning about plants and animals"."""

_FIXED_PAIR = re.compile(
    r"\b(?:rock|mac|macaroni|arts|fish|bed|dungeons|salt|peanut butter|ham|track|drum|black|r|law|friends) (?:and|&) "
    r"(?:roll|cheese|crafts|chips|breakfast|dragons|vinegar|jelly|eggs|field|bass|white|b|order|family)\b",
    re.IGNORECASE,
)

_OF_ONESELF = re.compile(r"\b(?:i|my|me|mine|myself)\b|我(?!们)", re.IGNORECASE)
_OF_ANOTHER = re.compile(
    rf"\b(?:my|our)\s+(?:\w+\s+)?(?:{RELATIVES}|{PETS}|friends?|boss|neighbou?rs?|colleagues?)\b"
    rf"|我(?:们)?(?:的|家的?)?(?:{CHINESE_RELATIVES}|{CHINESE_PETS}|朋友|同事|老板|邻居)",
    re.IGNORECASE,
)

_REVERSIBLE = frozenset({"likes", "does", "wants", "is"})
"""What is worth knowing when it is denied, too."""

_SAME_PERSON = {
    "mom": "mother",
    "mum": "mother",
    "mommy": "mother",
    "dad": "father",
    "daddy": "father",
    "grandma": "grandmother",
    "grandpa": "grandfather",
    "妈妈": "母亲",
    "爸爸": "父亲",
}

_FORGET = re.compile(
    r"^\W*(?:please\s+|can you\s+|could you\s+)?(?:forget|don't remember|do not remember)\s+(?:that\s+|about\s+)?"
    r"|^\W*(?:请|麻烦)?(?:你)?(?:忘掉|忘了|忘记|别记住?|不要记住?)",
    re.IGNORECASE,
)
ANSWER_LENGTH = "answer length"

_WISHES = (
    (
        ANSWER_LENGTH,
        "short",
        r"\b(?:short(?:er)?|brief(?:er|ly)?|concise(?:ly)?|too long|less text)\b|短一?点|简短|太长",
    ),
    (
        ANSWER_LENGTH,
        "long",
        r"\b(?:(?<!no )(?<!any )longer|more detail(?:ed|s)?|in detail|too short)\b|详细|长一?点|太短",
    ),
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
    request = _FORGET.match(text.replace("’", "'"))
    if request:
        yield from _forgotten(text[request.end() :], text.strip())
        return
    instructions = list(instructions_in(text))
    yield from instructions
    instructing = {claim.quote for claim in instructions}
    for clause in stated_clauses(text):
        if clause.sentence in instructing:
            continue
        is_chinese = _CHINESE.search(clause.text)
        plain = chinese.plain_statements(clause.text) if is_chinese else plain_statements(clause)
        for statement in plain:
            yield from _claims(statement, clause.sentence)
    if _ABOUT_ANSWERS.search(text):
        # Only a length is worth a guess: whatever else is wished in passing may be for once.
        yield from (wish for wish in wishes_in(text) if wish.slot == ANSWER_LENGTH)


def is_wish_to_forget(text: str) -> bool:
    """Whether a message asks that something be forgotten."""
    return _FORGET.match(text.replace("’", "'")) is not None


def is_of_its_author(clause: str) -> bool:
    """Whether a clause speaks of its author and of nobody near to them, and denies nothing."""
    language = chinese if _CHINESE.search(clause) else english
    is_denied = language.affirmed(language.in_one_form(clause)) is not None
    return bool(_OF_ONESELF.search(clause)) and not _OF_ANOTHER.search(clause) and not is_denied


def wishes_in(note: str) -> Iterator[Claim]:
    """What a remark about a reply says of how answers should be."""
    for slot, value, expression in _WISHES:
        if re.search(expression, note, re.IGNORECASE):
            yield Claim(kind=BeliefKind.PREFERENCE, slot=slot, value=value, quote=note.strip())


def _forgotten(text: str, quote: str) -> Iterator[Claim]:
    """The statements that a wish to forget repeats; a matter that it only names, with an empty value."""
    named = [claim for clause in stated_clauses(text) for claim in _claims(clause.text, quote) if claim.value]
    if named:
        yield from (replace(claim, stance=Stance.FORGET) for claim in named)
        return
    for slot in matters_in(text):
        yield Claim(kind=BeliefKind.FACT, slot=slot, value="", quote=quote, stance=Stance.FORGET)


def _claims(clause: str, quote: str) -> Iterator[Claim]:
    language = chinese if _CHINESE.search(clause) else english
    form = language.in_one_form(clause)
    telling = list(_stated(form, quote, language.AS_SAID))
    if telling:
        yield from telling
        return
    denied = language.affirmed(form)
    if denied is None:
        yield from _stated(form, quote, language.PATTERNS)
    elif denied:
        for claim in _stated(denied, quote, language.PATTERNS):
            yield from _denied(claim)


def _denied(claim: Claim) -> Iterator[Claim]:
    """The opposite of a claim: a liking turns into its reverse, anything else ends."""
    if claim.slot in _REVERSIBLE:
        if claim.polarity > 0:
            yield replace(claim, polarity=-1, stance=Stance.HOLDS)
    else:
        yield replace(claim, stance=Stance.ENDS)


def _stated(form: str, quote: str, patterns: tuple[Pattern, ...]) -> Iterator[Claim]:
    """What the first pattern that fits finds; of those that end something, all that fit."""
    for pattern in patterns:
        match = pattern.expression.search(form)
        if match is None:
            continue
        found = list(_found(pattern, match, quote))
        yield from found
        if found and pattern.stance is Stance.HOLDS:
            return


def _found(pattern: Pattern, match: re.Match[str], quote: str) -> Iterator[Claim]:
    groups = match.groupdict()
    slot = pattern.slot.format(thing=groups.get("thing", "").strip().lower())
    subject = _subject(groups.get("subject"))
    said = match["value"]
    stance = pattern.stance
    if _NO_MORE.search(said) and pattern.polarity > 0:
        stance = Stance.ENDS
    for value in _values(said, slot, lists=pattern.lists):
        yield Claim(
            kind=pattern.kind if subject == SELF else BeliefKind.RELATION,
            slot=slot,
            value=value,
            quote=quote,
            subject=subject,
            polarity=pattern.polarity,
            stance=stance,
        )


def _subject(said: str | None) -> str:
    if said is None:
        return SELF
    return _SAME_PERSON.get(said.lower(), said.lower())


def _values(said: str, slot: str, *, lists: bool) -> Iterator[str]:
    """The values in the words that a pattern has caught; none at all when the first says nothing."""
    pairs = [match[0] for match in _FIXED_PAIR.finditer(said)]
    for number, pair in enumerate(pairs):
        said = said.replace(pair, f"\0{number}")
    parts = _AND.split(said) if lists and not _ABOUT_SEVERAL.match(said) else [_COMMA.split(said)[0]]
    for place, part in enumerate(parts):
        value = re.sub(r"\0(\d+)", lambda found: pairs[int(found[1])], _trimmed(part, slot))
        if not value or len(value) > _MOST_VALUE_CHARACTERS or not says_something(value, slot):
            if place == 0:
                return
            continue
        yield _COUNTED.sub("", value) if slot == "pet" else value


def says_something(value: str, slot: str) -> bool:
    """Whether a value means something by itself, unlike "it" or "the other one"."""
    within = value
    if slot in _PLACES and (nameless := _NAMELESS.match(value)):
        within = value[nameless.end() :]
    if value == "IT" and slot in _PLACES:
        return True
    if slot in _OWNED:
        value = within = value.removeprefix("one ")  # it points to something unless it counts
    if _POINTING.match(value) or _POINTING_WITHIN.search(within) or _BROKEN_OFF.search(value):
        return False
    return slot != "likes" or not _THE_ONE_AT_HAND.match(value)


def _trimmed(value: str, slot: str) -> str:
    """A value without what surrounds it in its clause."""
    value = _NO_MORE.sub("", value.strip(" \"'"))
    if slot in _PLACES and not _NAMELESS.match(value):
        value = _AFTER_A_PLACE.sub("", value)
    if slot == "job":
        value = _AFTER_A_JOB.sub("", value)
    if slot in _OWNED:
        value = _OF_WHAT_IS_OWNED.sub("", value)
    if slot in ("plays", "pet"):
        value = _AFTER_A_DOING.sub("", value)
    while (shorter := _CHINESE_TAIL.sub("", _TAIL.sub("", value))) != value:
        value = shorter
    return value.strip(" \"'")
