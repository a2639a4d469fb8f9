"""Standing wishes about how to answer, English and Chinese, to claims in the user's own words (pure).

What is asked for once ("answer in one word: …") is none, nor is a wish for the length of replies, which
`wishes_in` reads. Without a word such as "always" or "from now on" a wish counts only when the message says
nothing else: beside a task it is about that task.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.profile.claims import Claim, Stance
from engine.profile.keys import canonical_key
from engine.profile.sentences import own_sentences
from storage.beliefs import BeliefKind

MOST_CHARACTERS = 120
"""A longer sentence is no rule, and a part of one could say something else."""

_MATTERS = (
    (
        "answer emoji",
        r"(?:any )?(?:emojis?|emoticons?|smileys?|smiley faces)|(?:任何)?(?:表情符号|表情包?|颜文字|emoji)",
    ),
    (
        "answer lists",
        r"(?:any )?(?:(?:bullet(?:ed)?|numbered) (?:points?|lists?)|bullets|lists)|(?:项目符号|列表|分点)",
    ),
    (
        "answer markdown",
        r"(?:any )?(?:markdown|bold(?: text| face)?|headings|headers|tables)|(?:标题|加粗|表格|markdown)",
    ),
    ("answer exclamation marks", r"(?:any )?exclamation (?:marks|points)|(?:感叹号)"),
    (
        "answer slang",
        r"(?:any )?(?:slang|jargon|swear ?words|abbreviations)|(?:网络用语|俚语|脏话|术语|缩写)",
    ),
)
_THING = "|".join(expression for _, expression in _MATTERS)
_LANGUAGE = (
    r"(?:simple |plain |british |american |brazilian )?(?:english|french|german|spanish|italian|portuguese|chinese|mandarin|"
    r"cantonese|japanese|korean|russian|polish|dutch|swedish|norwegian|danish|finnish|greek|turkish|arabic|hebrew|hindi|"
    r"vietnamese|thai|ukrainian|czech|hungarian|romanian|latin|catalan|indonesian)"
)
_CHINESE_LANGUAGE = r"(?:简体|繁体)?(?:中文|英文|汉语|[英法德俄日韩泰]语|日文|韩文|法文|德文|西班牙语|粤语|普通话|葡萄牙语|意大利语|阿拉伯语)"

_STANDING = r"(?:from now on|from here on(?: out)?|from this point on|in (?:the )?future|going forward)"
_INTRO = (
    r"(?:(?:ok(?:ay)?|hi|hello|hey|well|so|and|but|also|oh|btw|by the way|thanks|thank you|sorry)[\s,!.:]+)*"
)
_POLITE = (
    r"(?:(?:please|pls|just|can you|could you|would you|will you|you should|you must|i want you to|i need you to|"
    r"i(?:'d| would) (?:like|prefer) (?:you to|it if you)|remember to|make sure (?:you|to))\s+)*"
)
_NOT = r"(?:don'?t|do not|stop|quit|never|no longer|avoid)(?: ever)?(?: again)?"
_VERB = r"(?:answer|reply|respond|explain)(?: to me| to my (?:questions|messages)| me| my (?:questions|messages)| everything| things)?"
_TALK = r"(?:talk|speak|write|chat)(?: (?:to|with) me)?"
_MANNER = (
    rf"(?:{_VERB}|{_TALK}) (?:only )?in {_LANGUAGE}(?: only)?"
    rf"|{_VERB} (?:like|as if|as though|without|with|using|in) [\w' -]{{2,50}}"
    r"|(?:talk|speak|write) to me (?:like|as if|as though|without|with|in) [\w' -]{2,50}"
    rf"|(?:use|include|add|avoid) (?:more |some )?(?:{_THING}|(?:an? )?(?:short )?(?:examples?|sources|references|links)|metric units|"
    r"celsius|fahrenheit|kilomet(?:er|re)s|simple words|(?:simple|plain|formal|informal|gender-neutral) language|"
    r"(?:british|american) spelling)"
    r"|be (?:more |very |brutally )?(?:formal|informal|casual|direct|blunt|honest|polite|sarcastic|critical)"
    r"(?: with me| to me| in your (?:answers|replies))"
    rf"|(?:not |never |stop |don'?t |do not |no )(?:us(?:e|ing) )?(?:{_THING})"
)
_SHUN = rf"(?:us(?:e|ing)|send(?:ing)?(?: me)?|put(?:ting)?|writ(?:e|ing)(?: in)?|answer(?:ing)? (?:in|with)|repl(?:y|ying) (?:in|with)) (?:so many |the )?(?:{_THING})"
_WHERE = r"(?: (?:in|with) (?:your|the|any|all)(?: of)?(?: your)? (?:answers?|repl(?:y|ies)|messages|responses)| with me| to me| when (?:you )?(?:answer|reply|talk)(?:ing)?(?: to me)?)?"
_STANDING_TAIL = rf"(?:,? (?:any ?more|ever again|{_STANDING}))"
_END = r"(?=\s*(?:[.!?]|$|,?\s*(?:please|thanks|thank you|ok(?:ay)?)\b|,?\s*(?:because|since)\b|,\s*(?:they|it|i)\b))"
_NAME = (
    r"(?-i:(?:(?:Mr|Mrs|Ms|Dr|Prof|Doctor|Professor|Captain) )?"
    r"(?!(?:Later|Tomorrow|Back|When|If|At|On|Maybe|Now|Crazy|Old|Tonight|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b)"
    r"[A-Z][a-z'][\w'-]*(?: [A-Z][\w'-]*)?)"
)
_FORM = r"(?:boss|captain|sir|ma'am|madam|chief|doc|doctor|professor|buddy|dude|bro|mate|honey|dear|sweetheart|user|mister)"

_C_POLITE = r"(?:(?:好的?|你好|那|对了|请你?|麻烦你?|拜托你?|希望你|我希望你|我想让?你|能不能|可以|你(?=以后|今后|从)|能)[，,\s]*)*"
_C_STANDING = r"(?:(?:以后|今后|往后|从现在(?:起|开始)|从今(?:以后|往后|天起)|每次|始终|一律|永远|一直)(?:请|你|都|就|要|只)*[，,\s]*)"
_C_MANNER = (
    rf"用{_CHINESE_LANGUAGE}(?:来|跟我|和我|给我)?(?:回答|回复|回|说话?|写|聊天?|交流|对话)(?:我|问题)?"
    rf"|(?:跟我|和我)?(?:说|讲){_CHINESE_LANGUAGE}"
    rf"|(?:多)?用(?:{_THING})"
    r"|(?:回答|回复)(?:我|时|的时候|问题)*(?:都|要|请)*(?:带上?|附上?|加上?|用|举)[\u4e00-\u9fffA-Za-z]{1,12}"
)
_C_NOT = rf"(?:不要|别|不准|不许|请勿|少)(?:再)?(?:使用|用|发|加|带)(?:{_THING})"
_C_END = r"(?=(?:了|啦|吧|哦|啊|呀)*(?:[，,]?(?:谢谢|谢了|好吗|行吗|可以吗|好不好)?[。.！!？?～~]*$|[，,]))"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One way to state a wish. With `alone` the message must say nothing else; `ends` takes a wish back."""

    expression: re.Pattern[str]
    slot: str | None = None
    alone: bool = False
    ends: bool = False


def _rule(
    expression: str, *, slot: str | None = None, alone: bool = False, ends: bool = False, end: str = _END
) -> _Rule:
    return _Rule(re.compile(f"{expression}{end}", re.IGNORECASE), slot, alone, ends)


def _english(core: str, *, slot: str | None = None, alone: bool = False, ends: bool = False) -> _Rule:
    return _rule(rf"^\W*{_INTRO}{core}", slot=slot, alone=alone, ends=ends)


def _chinese(core: str, *, slot: str | None = None, alone: bool = False, ends: bool = False) -> _Rule:
    return _rule(rf"^{_C_POLITE}{core}", slot=slot, alone=alone, ends=ends, end=_C_END)


_RULES = (
    _english(
        rf"(?:you (?:may|can|could|are allowed to|'re allowed to|are free to) (?:now )?(?:use|send(?: me)?) (?:{_THING})"
        rf"|(?:emojis?|emoticons|lists|bullet points|bullets|tables|markdown) are (?:ok|okay|fine|allowed|welcome))"
        r"(?: again| now| after all| if you (?:like|want))*",
        ends=True,
    ),
    _english(
        rf"(?:you )?(?:no longer (?:need|have) to|(?:don'?t|do not) (?:need|have) to|need not|may stop|can stop) "
        rf"(?P<undone>(?:always )?(?:{_VERB}|{_TALK}|use|avoid)\b[\w' -]{{2,50}}?)(?: any ?more| any longer| now)*",
        ends=True,
    ),
    _english(
        rf"(?:{_STANDING},? )?{_POLITE}(?:stop) (?P<undone>(?:answering|replying|speaking|talking|writing)(?: to me)? in {_LANGUAGE})",
        slot="answer language",
        ends=True,
    ),
    _english(
        rf"(?:{_STANDING},? )?{_POLITE}(?:{_STANDING},? )?(?:always )?(?P<value>(?:call|address) me (?:as )?"
        rf"(?:{_NAME}|{_FORM}(?=\W*$)))(?:,? {_STANDING})?",
        slot="form of address",
    ),
    _english(
        rf"(?P<value>(?:{_STANDING},? )?{_POLITE}{_NOT} call(?:ing)? me (?P<not>{_NAME}|{_FORM}){_STANDING_TAIL}?)",
    ),
    _english(
        rf"(?P<value>{_STANDING},? {_POLITE}(?:always |only )?(?:{_MANNER}|{_NOT} {_SHUN}){_WHERE})",
    ),
    _english(rf"(?P<value>{_POLITE}(?:always|only ever) (?:{_MANNER}){_WHERE})"),
    _english(rf"(?P<value>{_POLITE}never (?:ever )?(?:{_SHUN}|(?:{_VERB}|{_TALK}) in {_LANGUAGE}){_WHERE})"),
    _english(rf"(?P<value>{_POLITE}(?:always |only )?(?:{_MANNER}|{_NOT} {_SHUN}){_WHERE}{_STANDING_TAIL})"),
    _english(
        rf"(?P<value>(?:i (?:want|prefer|would like|would prefer)|i'd (?:like|prefer)) (?:all )?(?:of )?"
        rf"(?:your |my )?(?:answers|replies|responses) (?:to be )?(?:always )?in {_LANGUAGE})",
    ),
    _english(
        r"(?P<value>(?:please )?(?:start|begin|end|finish|sign) (?:all (?:of )?your|every(?: one of your)?|each(?: of your)?) "
        r"(?:answers?|repl(?:y|ies)|messages?|responses?) with [\w' -]{1,50})",
    ),
    _english(rf"(?P<value>{_POLITE}(?:{_NOT} {_SHUN}|no (?:more )?(?:{_THING})){_WHERE})", alone=True),
    _chinese(
        rf"(?:可以|能|又可以|允许你?)(?:再|重新|继续)?(?:用|发|使用)(?:{_THING})了?|(?:不用|不必|不需要)再?(?:一直|都|总是)?用{_CHINESE_LANGUAGE}(?:回答|回复|说话)(?:我)?",
        ends=True,
    ),
    _chinese(
        rf"(?P<value>(?:{_C_STANDING})(?:{_C_POLITE})(?:都|要|请|只)*(?:{_C_MANNER}|{_C_NOT}))",
    ),
    _chinese(rf"(?P<value>(?:都|只|就)(?:{_C_MANNER}))"),
    _chinese(rf"(?P<value>(?:别|不要|不许|不准)再(?:使用|用|发|加|带)(?:{_THING}))"),
    _chinese(rf"(?P<value>(?:请)?{_C_NOT})", alone=True),
    _chinese(
        r"(?P<value>(?:(?:以后|今后|从现在起|从现在开始)(?:请|都|就|你)*|(?<=请)|就)叫我(?!做|起|去|来|吃|回|怎|什|一|不|别|过|到|出|再|干|写|说|看|学|买|等|早|在|明天|先)"
        r"[\u4e00-\u9fffA-Za-z·]{1,8}?(?=吧|就行|就好|了|$|[，,。！!]))(?:吧|就行|就好)?",
        slot="form of address",
    ),
)

_ONCE = re.compile(
    r"\b(?:this (?:time|once|question|one|answer|reply|story|poem|text|task|chat|conversation)|just once|for now|today|tonight)\b"
    r"|这一?次|今天(?!起)|暂时|本次|这个问题|这篇|这首",
    re.IGNORECASE,
)
_SMALL_TALK = re.compile(
    r"^\W*(?:(?:thanks?|thank you|please|ok(?:ay)?|hi|hello|hey|sorry|good (?:morning|evening)|谢谢|你好|好的?|拜托)\W*)+$|^\W*$",
    re.IGNORECASE,
)
_LENGTH = re.compile(
    r"\b(?:short(?:er)?|brief(?:ly)?|concise(?:ly)?|longer|in detail|more detail(?:ed|s)?)\b|短一?点|简短|详细|长一?点",
    re.IGNORECASE,
)
_SLOTS = tuple(
    (slot, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)) for slot, words in _MATTERS
)
_IN_A_LANGUAGE = re.compile(rf"\bin {_LANGUAGE}\b|{_CHINESE_LANGUAGE}", re.IGNORECASE)
_MARKS = re.compile(rf"\b(?:always|please|only|{_STANDING})\b", re.IGNORECASE)


def instructions_in(text: str) -> Iterator[Claim]:
    """The standing wishes of a message, each in the user's own words, and those that it takes back."""
    said = own_sentences(text)
    found = [(sentence, _read(sentence)) for sentence in said]
    says_nothing_else = all(rule or _SMALL_TALK.match(sentence) for sentence, rule in found)
    for sentence, read in found:
        if read is not None and (says_nothing_else or not read[0].alone):
            yield from _claims(*read, sentence)


def _read(sentence: str) -> tuple[_Rule, re.Match[str]] | None:
    """The first rule that a sentence follows, if it is none for once."""
    if len(sentence) > MOST_CHARACTERS or _ONCE.search(sentence):
        return None
    for rule in _RULES:
        match = rule.expression.search(sentence)
        if match is not None:
            return rule, match
    return None


def _claims(rule: _Rule, match: re.Match[str], sentence: str) -> Iterator[Claim]:
    groups = match.groupdict()
    if rule.ends:
        slot = rule.slot or _slot_of(groups.get("undone") or match[0])
        yield Claim(kind=BeliefKind.INSTRUCTION, slot=slot, value="", quote=sentence, stance=Stance.ENDS)
        return
    value = match["value"].strip(" ,，")
    slot = rule.slot or _slot_of(value)
    if _LENGTH.search(value) and slot not in _KNOWN:
        return
    if unwanted := groups.get("not"):
        yield Claim(
            kind=BeliefKind.INSTRUCTION,
            slot="form of address",
            value=f"call me {unwanted}",
            quote=sentence,
            stance=Stance.ENDS,
        )
    yield Claim(kind=BeliefKind.INSTRUCTION, slot=slot, value=value, quote=sentence)


_KNOWN = frozenset({*(slot for slot, _ in _MATTERS), "answer language", "form of address"})


def _slot_of(words: str) -> str:
    """The matter of a wish, in which a later one takes its place; else its own words: many can stand."""
    for slot, expression in _SLOTS:
        if expression.search(words):
            return slot
    if _IN_A_LANGUAGE.search(words):
        return "answer language"
    return f"answer {canonical_key(_MARKS.sub(' ', words))}"
