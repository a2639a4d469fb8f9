"""English clauses taken apart into plain statements about their author (pure).

"I'm a 30 year old nurse from Peru who loves cats" says four things, each with the subject "I" and one verb.
"""

import re
from collections.abc import Iterator

from engine.profile.sentences import Clause
from engine.profile.words import PROFESSIONS

_NEXT_VERBS = (
    r"(?:(?:also|really|now|currently|just)\s+)?"
    r"(?:am|live|work|love|like|enjoy|hate|have|own|play|speak|study|collect|drive|teach|volunteer|moved|grew|"
    r"want|do not|don't|can not|can't|never|used to|read|write|watch|sing|listen|bake|sew|knit|graduated|"
    r"worked|served|strive|hope|care|make|take|attend|prefer|dislike)\b"
)
_NEXT_VERB = re.compile(rf"\s*,?\s+and\s+(?={_NEXT_VERBS})|\s*,\s*(?={_NEXT_VERBS})", re.IGNORECASE)
"""Where a second verb goes on with the subject of the first: "I'm thirty and work at night"."""

_NEXT_VERB_OF_OTHER = re.compile(
    r"(?:\s*,?\s+and\s+|\s*,\s*(?:and\s+)?)"
    r"(?=(?:is|was|has|does|lives|works|loves|likes|enjoys|hates|owns|plays|speaks|studies|collects|drives|"
    r"teaches|wants|hopes|used to|reads|writes|watches|makes|runs)\b)",
    re.IGNORECASE,
)
"""The same within "who": "a man who is divorced, has two sons and hates winter"."""

_FIRST_PERSON = re.compile(r"\W*(?:[a-z]+,? ){0,2}(?:i|i'm|i've)\b", re.IGNORECASE)
_OPEN_ENDED = re.compile(
    r"\b(?:to|would|want|hope|wish|could|can|will|should|might|may|plan|going|if|used|never|not|n't|like|love|"
    r"enjoy)\b|n't\b",
    re.IGNORECASE,
)
"""After such a word a second verb is governed by it: "I want to live by the sea and own a boat"."""

_I_AM = r"\W*(?:[a-z]+,? ){0,2}(?:i am|i'm)(?: (?:also|just|currently|actually|now))?"
_WHO = re.compile(
    rf"(?P<main>{_I_AM} an?\b[^,;]*?)\s+who\s+(?:(?:also|just|really|currently|always|now)\s+)*"
    r"(?P<rest>[a-z]+\b.*)",
    re.IGNORECASE,
)
_AGED = re.compile(
    rf"{_I_AM} an?\s+(?P<age>\d{{1,2}})[- ]years?[- ]old\s+(?P<noun>(?!and\b|now\b)\w.*)", re.IGNORECASE
)
_PLAIN_WORD = r"(?!(?:of|for|in|on|with|at|to|that|who|which|and|but|as|from|like|than)\b)[\w'-]+"
_REDUCED = re.compile(
    rf"(?P<main>{_I_AM} (?:an?|the)(?: {_PLAIN_WORD}){{1,6}}?),?\s+(?P<how>from|with|studying|working|living|"
    r"majoring|hoping|training|learning)\b(?P<rest>\s+.+)",
    re.IGNORECASE,
)
"""A noun with what is said of it, less the verb: "a nurse from Peru", "a mother with two sons"."""

_AND_A = re.compile(
    rf"(?P<main>{_I_AM} (?:an?|the)(?: {_PLAIN_WORD}){{1,4}}?) and (?:also )?(?P<rest>an? .+)", re.IGNORECASE
)
"""Two nouns for one person: "a nurse and a mother"."""

_JOB = re.compile(rf"\b(?:{PROFESSIONS})\b", re.IGNORECASE)
"""Of two professions the second would take the place of the first."""

_AT_WORK = re.compile(
    rf"(?P<main>{_I_AM} (?:an?|the)(?: {_PLAIN_WORD}){{0,4}}? (?P<job>{PROFESSIONS}))\s+"
    r"(?:at|for(?= (?-i:[A-Z])))(?P<rest>\s+.+)",
    re.IGNORECASE,
)
_FIRST_PERSON_OF = {"is": "am", "was": "was", "has": "have", "does": "do", "used": "used"}


def plain_statements(clause: Clause) -> Iterator[str]:
    """The clause as statements of one verb each; one that is plain already comes back as it is."""
    for aged in _aged(_with_subject(clause)):
        for main in _relative(aged):
            for reduced in _reduced(main):
                yield from _coordinated(reduced)


def _with_subject(clause: Clause) -> str:
    """The clause; where it goes on after "but" with a verb alone, with the subject of the one before it."""
    goes_on = re.match(_NEXT_VERBS, clause.text, re.IGNORECASE) and _FIRST_PERSON.match(clause.follows)
    return f"i {clause.text}" if goes_on else clause.text


def _aged(clause: str) -> list[str]:
    """ "I'm a 30 year old nurse" as the age and the nurse."""
    found = _AGED.match(clause)
    if found is None:
        return [clause]
    noun = found["noun"]
    return [f"i am {found['age']}", f"i am {'an' if noun[0] in 'aeiou' else 'a'} {noun}"]


def _relative(clause: str) -> list[str]:
    """A clause, and what "who" says of its subject."""
    found = _WHO.match(clause)
    if found is None:
        return [clause]
    said = _NEXT_VERB_OF_OTHER.split(found["rest"])
    return [found["main"], *(f"i {_in_first_person(part)}" for part in said if part)]


def _reduced(clause: str) -> list[str]:
    """A clause, and what a noun in it is said to be without a verb, or where its profession is practised."""
    nouns = _AND_A.match(clause)
    if nouns is not None and not (_JOB.search(nouns["main"]) and _JOB.search(nouns["rest"])):
        return [nouns["main"], *_reduced(f"i am {nouns['rest']}")]
    at_work = _AT_WORK.match(clause)
    if at_work is not None:
        verb = "study" if at_work["job"].lower() == "student" else "work"
        return [at_work["main"], f"i {verb} at{at_work['rest']}"]
    found = _REDUCED.match(clause)
    if found is None:
        return [clause]
    how = found["how"].lower()
    verb = "have" if how == "with" else f"am {how}"
    return [found["main"], f"i {verb}{found['rest']}"]


def _in_first_person(said: str) -> str:
    verb, space, rest = said.partition(" ")
    return f"{_FIRST_PERSON_OF.get(verb.lower()) or _without_s(verb)}{space}{rest}"


def _without_s(verb: str) -> str:
    """A verb in the third person as one says it of oneself; in the past it is the same."""
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    return verb[:-2] if verb.endswith(("ches", "shes", "oes", "xes")) else verb.removesuffix("s")


def _coordinated(clause: str) -> list[str]:
    """A clause, and what goes on in it with the same subject, as clauses of their own."""
    if not _FIRST_PERSON.match(clause):
        return [clause]
    next_verb = _NEXT_VERB.search(clause)
    if next_verb is None or _OPEN_ENDED.search(clause[: next_verb.start()]):
        return [clause]
    return [clause[: next_verb.start()], *_coordinated(f"i {clause[next_verb.end() :]}")]
