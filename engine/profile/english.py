"""English statements about oneself: how a clause is brought into one form, and the patterns over that form."""

import re

from engine.profile.patterns import Pattern, ending, fact, habit, liking, none, passing, wish
from engine.profile.words import (
    CHILDREN,
    NUMBERS,
    PARTNERS,
    PETS,
    PROFESSIONS,
    RELATIVES,
    SIBLINGS,
    THINGS,
    TRAITS,
)

_INTRO = re.compile(
    r"^(?:(?:well|hi|hello|hey|oh|ah|wow|and|but|so|actually|also|yes|yeah|yep|no|nope|ok|okay|sure|cool|nice|great|"
    r"personally|honestly|hmm+|haha|lol|thanks|then|anyway|btw|by the way|to be honest|fun fact|as for me|me too|"
    r"for me|in fact|i guess|i mean|these days|nowadays|now|currently|right now|at the moment|since then)\b[\s,:!.]*)+",
    re.IGNORECASE,
)
_CONTRACTIONS = tuple(
    (re.compile(expression, re.IGNORECASE), full)
    for expression, full in (
        (r"^(i|we)(?:'m| m|m)\s", r"\1 am "),
        (r"^(i|we)'ve\s", r"\1 have "),
        (r"^(i|we)'d\s", r"\1 would "),
        (r"^(i|we)'ll\s", r"\1 will "),
        (r"^(i|we) don'?t\s", r"\1 do not "),
        (r"^(i|we) haven'?t\s", r"\1 have not "),
        (r"^(i|we) wasn'?t\s", r"\1 was not "),
        (r"^(i|we) (?:can'?t|cannot)\s", r"\1 can not "),
        (r"^(i|we) didn'?t\s", r"\1 did not "),
        (r"^(i|we) (?:won'?t|wouldn'?t|couldn'?t|ain'?t)\s", r"\1 would not "),
        (r"^my name's\s", "my name is "),
        (r"^i have got\s", "i have "),
        (r"^i have been (?=[a-z]+ing\b)", "i am "),
        (r"^just (?=(?:graduated|bought|adopted|moved|finished|started|turned|became|retired|quit)\b)", "i "),
    )
)
_ADVERBS = re.compile(
    r"^((?:i|we)(?: am| have| do| was)?)\s+(?:(?:really|also|still|just|now|absolutely|truly|actually|usually|always|often|mostly|"
    r"mainly|definitely|currently|recently|already|even|simply|totally|completely|especially|particularly|generally|"
    r"typically|normally|sometimes|proudly|happily|finally|both|honestly|personally|very much|quite|kind of|kinda|do(?! not\b))\s+)+",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"^(?P<who>i|we)\s+(?:(?P<am>am) (?:not|no longer|never)|(?:do not|no longer|never|did not|would not)(?: (?:really|actually|even))?|"
    r"(?P<have>have)(?= no\s)|was not|was never|have not|have never|never was|never had)\s+(?P<rest>.+)$",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"^(?:i|we)\s+(?:was not|was never|have not|have never|never was|never had|did not|would not)\b",
    re.IGNORECASE,
)


_INITIALS = re.compile(r"\b(?:[A-Z]\.){2,}")
"""A full stop that ends nothing, as in "the U.S."."""

_ROUNDABOUT = tuple(
    (re.compile(expression, re.IGNORECASE), full)
    for expression, full in (
        (
            r"^i am (?:so |very )?(?:proud|happy|glad|lucky|blessed|grateful|honou?red) to be (?=an? )",
            "i am ",
        ),
        (r"^i am (?:more of|a bit of|kind of|sort of|something of) (?=an? )", "i am "),
        (r"^i only have (?=(?:an?|one|two)\b)", "i have "),
    )
)
"""What says no more than a single verb, once the adverbs are gone."""


def in_one_form(clause: str) -> str:
    """A clause whose beginning is brought into one form: "Well, I've been really enjoying" is "i am enjoying"."""
    form = _INITIALS.sub(lambda found: found[0].replace(".", ""), _INTRO.sub("", clause.strip()))
    for expression, full in _CONTRACTIONS:
        form = expression.sub(full, form)
    form = _ADVERBS.sub(r"\1 ", form)
    for expression, full in _ROUNDABOUT:
        form = expression.sub(full, form)
    return form


def affirmed(form: str) -> str | None:
    """What a denial denies, said as if it held; None when the clause denies nothing, "" when it looks back."""
    denial = _NEGATED.match(form)
    if denial is None:
        return None
    if _PAST.match(form):
        return ""
    verb = "am " if denial["am"] else "have " if denial["have"] else ""
    return _ADVERBS.sub(r"\1 ", f"{denial['who']} {verb}{denial['rest']}")


_V = r"(?P<value>[^\n;.!?()]+)"
_ONE = r"(?P<value>[^\n,;.!?()]+)"
_A = r"(?:an?\s+|the\s+)?"


_COMPOUND = (
    r"(?!(?:and|or|but|so|named|called|at|in|on|with|who|that|which|of|too|as|now|already|from|for|since|because|here|"
    r"also|when|whose|myself|though|right)\b)\w"
)
"""A noun that goes on, as in "a cat sticker"."""


def _having(things: str) -> str:
    return (
        rf"(?:i|we) (?:have|own|keep|adopted|have adopted|bought|have bought|got)(?: got)?\s+(?P<value>(?:(?:{NUMBERS})\s+|(?=(?:kids|children|pets|siblings)\b))"
        rf"(?:[\w'-]+\s+){{0,3}}?(?:{things})\b(?!\s+(?:and|of)\s+(?:other|questions?))[^\n;.!?()]*)"
    )


_OTHER = rf"my (?:\w+er )?(?P<subject>{RELATIVES}|{PETS})"
_NAME = r"(?P<value>(?-i:[^\W\d_a-z][\w'-]*(?:\s+[A-Z][\w'-]*){0,2})|[^\W\d_][\w'-]*)"

_NO_NAME = (
    r"(?:Not|The|From|Back|Here|Home|Done|Sorry|Sure|Fine|Good|Great|Okay|Well|Happy|Sad|Glad|Ready|Tired|Bored|Sick|Busy|Hungry|"
    r"Lost|Just|Only|Also|Very|Really|Never|Still|Even|New|Old|Gay|Lesbian|Bi|Trans|Straight|Male|Female|Single|Married|"
    r"Native|Latin|Jewish|Christian|Catholic|Muslim|Hindu|Buddhist|Mormon|Atheist|Vegan|Vegetarian|Black|White|Asian|"
    r"[A-Z][a-z]*(?:ed|ing|ful|ous|ish|ese|ican|adian|alian|ssian|ndian|rman|reek|wiss|utch|rench|ean))\b"
)
"""Capitalized words after "I'm" that name nobody."""

_END_OF_NOUN = r"(?=\s*(?:$|[,;.!?]|(?:and|but|in|at|from|for|who|that|with|on|by|now|too|as|so|because|since|based|working|living)\b))"
_AGENT = (
    r"(?!(?:number|matter|member|sucker|loser|winner|beginner|newcomer|user|other|another|sister|brother|daughter|believer|lover|"
    r"fighter|stranger|order|character|doer|outsider|customer|follower|computer|monster|supporter|helper|keeper|"
    r"\w+ier|older|younger|taller|shorter|bigger|better|larger|smaller|stronger|closer|further|later|over|under|ever|never)\b)"
    r"[a-z]{3,}(?:ist|ian|eer|er|or)"
)
"""Who does something, by the ending of the word: "skater", "environmentalist"."""

_SCHOOL = (
    r"(?:(?:high|middle|law|medical|nursing|art|grad(?:uate)?|elementary|culinary|online|community|beauty|hairdresser|business|"
    r"trade|technical|music|film|design|cooking|dental|veterinary|night|boarding|private|public|summer|state|the|"
    r"(?-i:[A-Z][\w'&.-]*))\s+){0,4}(?:school|college|university(?: of (?-i:[A-Z]\w+(?: (?:at )?[A-Z]\w+)*))?|kindergarten)"
)

_GREAT = (
    r"(?:big(?:gest)?|huge|avid|massive|die[- ]?hard|total|real|true|great(?:est)?|lifelong|long[- ]?time)"
)
_WHERE = r"(?:right |just |close |next )?(?:in|to|near|on|under|by|at|beside|outside(?: of)?)"

_HABITS = (
    r"(?:collect|teach|coach|volunteer|raise|breed|work out|exercise|grow|hunt|surf|knit|paint|sing|dance|garden|cook|bake|sell|"
    r"travel|restore|design|repair|homeschool|binge[- ]?watch|hike|fish|ice fish|ski|snowboard|skate|skateboard|bike|jog|"
    r"lift weights|meditate|smoke|rescue|foster|tutor|mentor|babysit|crochet|sew|quilt|recycle|compete|perform|compose|swim|"
    r"listen to|train for|practi[cs]e|only (?:eat|drink|wear|read|buy|listen to))\b|run (?=an? |to )|go (?=\w+ing\b|to the|to church)|"
    r"write (?!to |about |you|this|that|back|in |down|it)|clean (?!up)|build (?!on|up)|draw (?!the line|inspiration)|"
    r"make (?=my own|music|jewelry|videos|pottery|art|clothes|furniture|quilts)|read (?=books|comics|novels|a lot|every|to|as much)|"
    r"watch (?=\w+ (?:every|all|a lot|on tv)|the news)|"
    r"do (?=yoga|karate|pilates|crossfit|cross stitch|gymnastics|crafts|stand[- ]up|ballet|martial arts)|walk (?=my|dogs)|"
    r"ride (?=my|horses|an? |motorcycles|bikes|bicycles)|(?:eat|drink) (?=[\w ]*(?:every|daily|each|for breakfast|a lot)|(?:anything|any|meat|fish|seafood|pork|beef|dairy|gluten|"
    r"sugar|sweets|alcohol|coffee|soda|beer|wine|fast food|junk food|healthy|organic)\b)|use (?=[\w' ]+ (?:for|to) \w)|"
    r"work (?=(?:days|nights|weekends|from home|remotely|part[- ]time|full[- ]time|(?:the )?night shifts?|long hours|two jobs)\b)|"
    r"take (?=(?:\w+ )?(?:classes|lessons|pictures|photos|walks|naps)\b)|spend (?=(?:most|a lot|all) of (?:my|the) (?!time|free|spare))"
)
"""What people say in the present tense when they do it again and again."""

PATTERNS: tuple[Pattern, ...] = (
    fact("name", rf"(?:my (?:full |first |real )?name is|i am called|i go by)\s+{_NAME}"),
    fact(
        "name",
        r"(?:you can |please |just |everyone |everybody |people |my friends )?calls? me\s+(?P<value>(?-i:[A-Z][\w'-]*))",
    ),
    fact("name", rf"i am (?P<value>(?-i:(?!{_NO_NAME})[A-Z][a-z]{{2,12}}))[.!]*$"),
    fact("birthday", r"my birthday is\s+(?:on\s+)?(?:the\s+)?(?P<value>[^\n,;.!?]*\d[^\n,;.!?]*)"),
    fact("birthday", r"i was born on\s+(?:the\s+)?(?P<value>[^\n;.!?]*\d[^\n,;.!?]*)"),
    fact(
        "age",
        r"i (?:am|just turned|turned|am turning)\s+(?P<value>\d{1,2})(?:\s+(?:years?\b|now|and|this|today|last)|\s*[,;.!]|\s*$)",
    ),
    fact("age", r"i am an?\s+(?P<value>\d{1,2})[- ]year[- ]old\b"),
    fact(
        "origin",
        rf"i (?:am (?:originally )?from|come from|originate from|was born in|was born and raised in)\s+{_ONE}",
    ),
    fact("grew up in", rf"i (?:grew up|was raised|was brought up) (?:in|on)\s+{_ONE}"),
    ending(
        "city",
        rf"i (?:have left|left|moved away from|have moved away from|moved out of|am moving away from)\s+{_ONE}",
    ),
    ending(
        "employer",
        rf"i (?:quit|left|have left|resigned from|got fired from)\s+(?:(?:my|the) job (?:at|with)\s+)?{_ONE}",
    ),
    fact(
        "home",
        rf"(?:i|we) (?:live|am living|reside|moved|have moved|stay)\s+{_WHERE}\s+(?P<value>(?:an?(?! (?:few|couple|while|year|month|week)\b)|my|our|the(?! neighbou?rhood| (?-i:[A-Z])))\s[^\n,;.!?()]+)",
    ),
    fact(
        "city",
        rf"i (?:live|am living|reside|am based|am located|have lived|am settled|moved|have moved|relocated|have relocated)\s+(?!at\b){_WHERE}\s+(?:some\s+)?{_ONE}",
    ),
    fact(
        "diet",
        r"i (?:am|became|have become|went|turned) (?:an?\s+)?(?:strict |lifelong )?(?P<value>vegan|vegetarian|pescatarian)\b",
    ),
    fact(
        "marital status",
        r"i (?:am|got|just got|have been) (?:happily |recently |not yet )?(?P<value>married|single|divorced|engaged|widowed|separated|getting married|in an? (?:\w+ )?relationship)\b",
    ),
    fact(
        "job",
        rf"i (?:am|became|have become|have been|will be|am training to be|trained as)\s+(?:now\s+)?(?:an?|the)\s+(?P<value>(?:(?!than\b)[\w'-]+\s+){{0,3}}?(?:{PROFESSIONS}))\b(?!'|\s+(?:of|for a day|at heart))",
    ),
    fact(
        "job",
        rf"i (?:work|worked|am working|am employed|started|started working|have started|began working|got a job|have a job|have worked)(?: full-?time| part-?time| online| remotely| nights| days)? as\s+(?!(?:hard|much|well|fast|long|best|good|many|often)\b){_A}{_ONE}",
    ),
    fact("job", rf"my (?:job|occupation|profession|career) is\s+(?:being\s+)?(?:as\s+)?{_A}{_ONE}"),
    fact("job", r"i (?:do|make a living|earn my living)\s+(?:by\s+)?(?P<value>[\w ]+) for (?:a living|work)"),
    fact(
        "employer",
        rf"i (?:work|am working|am employed|started working|have started working|got a job|have got a job|have a job|took a job|have worked)\s+(?:at|for|by)\s+(?!\d|years|many|several|over|about|the (?:last|past)|a (?:few|long)){_ONE}",
    ),
    fact(
        "works in",
        rf"i (?:work|am working|got a job|have a job|have worked)\s+(?:in|with)\s+(?!shifts|my own){_ONE}",
    ),
    fact(
        "studies",
        rf"i (?:study(?! at\b)|am studying(?! at\b)|major in|am majoring in|majored in|studied|have a degree in|am getting a degree in|am getting my (?:degree|phd|masters?) in)\s+{_ONE}",
    ),
    fact(
        "studies",
        rf"i (?:am in|go to|attend|started|am attending|am going to|will be (?:attending|going to)|study at|am studying at|am a student at)\s+(?P<value>{_SCHOOL})\b",
    ),
    fact(
        "education",
        r"i (?:have )?(?P<value>(?:graduated (?:from|with)|dropped out of|(?:finished|completed) (?:my )?(?:education|degree|training|studies|\w+ school|college))\b[^\n,;.!?()]*)",
    ),
    fact(
        "stationed in",
        r"i am (?:stationed|deployed|serving)\s+(?:in|at)\s+(?P<value>(?-i:[A-Z])[^\n,;.!?()]*)",
    ),
    fact("close to", r"i am (?:very |so |pretty )?close (?:to|with)\s+(?P<value>my\s[^\n,;.!?()]+)"),
    fact("believes in", rf"i believe in\s+{_ONE}"),
    fact("raised by", rf"i was (?:raised|brought up) by\s+{_ONE}"),
    fact("lives with", r"i (?:live|am living) with\s+(?P<value>(?:my|an?|two|three|four|\d)\s[^\n,;.!?()]+)"),
    fact(
        "works in",
        r"i (?:am|serve|am serving|am enlisted) in\s+(?:the\s+)?(?P<value>(?:us |u\.s\. )?(?:army|navy|air force|marines?|military|coast guard|national guard))\b",
    ),
    fact(
        "has been to",
        r"i have (?:been to|visited|travell?ed to)\s+(?P<value>(?:\w+ (?:different )?(?:countries|states|continents)|(?-i:[A-Z]\w+))[^\n;.!?()]*)",
    ),
    fact("pet", _having(rf"(?:{PETS})(?!\s+{_COMPOUND})"), lists=True),
    fact("children", _having(CHILDREN)),
    fact(
        "children",
        r"i (?:am|became|have become) (?:an?|the)\s+(?P<value>(?:(?:single|married|divorced|widowed|proud|new|young|first[- ]time|stay[- ]at[- ]home|working|homeschooling|busy|loving)\s+)*(?:mother|mom|mum|father|dad|parent|grandmother|grandma|grandfather|grandpa)(?: (?:of|to) [\w ]+)?)",
    ),
    fact("siblings", _having(SIBLINGS)),
    fact("partner", _having(PARTNERS)),
    fact("has", _having(THINGS)),
    fact("has", rf"i (?:drive|ride|own|collect)\s+(?P<value>(?:{NUMBERS}|my own|my)\s+[^\n,;.!?]+)"),
    fact("name", rf"{_OTHER}(?:'s name is| is called| is named)\s+{_NAME}"),
    fact(
        "job",
        rf"{_OTHER} (?:is|was|works as|worked as)\s+{_A}(?P<value>(?:[\w'-]+\s+){{0,3}}?(?:{PROFESSIONS}))\b",
    ),
    fact("employer", rf"{_OTHER} (?:works|worked) (?:at|for|in)\s+{_ONE}"),
    fact("city", rf"{_OTHER} (?:lives?|is living|are living|moved|resides?) (?:in|to|near|on|down)\s+{_ONE}"),
    fact(
        "is",
        rf"{_OTHER} (?:(?:is|are|was|were|has|have|got|just|recently|both|all|now|been)\s+)+(?P<value>married|engaged|divorced|separated|retired|deceased|dead|unemployed|single|vegan|vegetarian)\b",
    ),
    fact("is", rf"{_OTHER} (?:both |just |recently |have |has )*(?P<value>passed away|died)\b"),
    fact(
        "is",
        rf"{_OTHER} is\s+(?P<value>an?\s+(?!bit|little|lot|good|great|huge|big|handful|pain|blast|joy|real|so\b)[^\n,;.!?()]+)",
    ),
    fact(
        "does",
        rf"{_OTHER} (?P<value>(?:teaches|runs|owns|plays|writes|makes|sells|drives|collects|coaches|paints|sings|speaks|studies|raises|breeds|loves|hates|enjoys|likes)\s+[^\n,;.!?()]+)",
    ),
    liking(
        r"(?P<value>[\w' -]{2,40}?) (?:is|are) (?:definitely |probably )?(?:one|some) of my (?:all[- ]time )?favou?rites?\b",
        1,
    ),
    liking(
        rf"one of my (?:all[- ]time )?favou?rite[\w ]{{0,25}}? is\s+(?:probably |definitely |called |named )?{_V}",
        1,
        lists=False,
    ),
    liking(rf"some of my (?:all[- ]time )?favou?rite[\w ]{{0,25}}? are\s+(?:probably |definitely )?{_V}", 1),
    fact(
        "favourite {thing}",
        rf"my (?:all[- ]time )?favou?rite (?P<thing>[\w ]{{2,25}}?)(?: of all time| right now| to \w+)? (?:is|are|would be|has to be)\s+(?:probably |definitely |the\s+|my\s+|always\s+)*{_ONE}",
    ),
    fact(
        "favourite {thing}",
        r"(?P<value>[\w' -]{2,40}?) (?:is|are) my (?:all[- ]time )?favou?rite (?P<thing>[\w ]{2,25})",
    ),
    liking(
        r"i (?:can not (?:stand|bear)|hate|dislike|detest|despise|loathe|am tired of|am sick of|have gone off|went off)\s+"
        + _V,
        -1,
    ),
    liking(
        r"i (?:love|like|enjoy|adore|prefer|am enjoying|am loving|have come to (?:love|like)|have grown to (?:love|like)|am obsessed with|am passionate about|am interested in|am addicted to)\s+(?:to\s+)?"
        + _V,
        1,
    ),
    liking(
        r"i am (?:an?\s+)?(?:(?:big|huge|avid|massive|die-?hard|great|lifelong)\s+)?(?:fan of|lover of|fond of|into|crazy about|mad about|keen on|enthusiastic about)\s+"
        + _V,
        1,
    ),
    liking(
        rf"i am (?:an?|the)\s+(?:(?:very |really |super |pretty )?{_GREAT}\s+)*"
        rf"(?P<value>(?!(?:very|really|super|pretty|bit|little|fan|{_GREAT})\b)(?![^.,]* than\b)[\w' -]+?) "
        r"(?:fan|lover|enthusiast|buff|junkie|fanatic)\b(?! of)",
        1,
    ),
    liking(
        rf"my (?:main |biggest |favou?rite )?(?:hobby|hobbies|passion|passions|interests?|pastimes?)(?: is| are| include)\s+{_V}",
        1,
    ),
    liking(
        r"i (?:spend|am spending) (?:most of |a lot of |all )?(?:my|of my)?\s*(?:free |spare )?time\s+" + _V,
        1,
    ),
    habit(
        "plays",
        r"i (?:can )?(?:play|am playing|played|learned to play|am learning to play)\s+(?:the\s+)?(?P<value>[^\n;.!?()]+)",
        lists=True,
    ),
    habit(
        "does",
        r"i am (?P<value>(?:homeschooling|raising|coaching|fostering|mentoring|breeding|caring for|taking care of|training for|"
        r"saving (?:up )?for)\s+[^\n,;.!?()]+)",
    ),
    habit(
        "does",
        r"i am (?P<value>(?!(?:being|working|living|having|going|thinking|looking|trying|feeling|getting|waiting|wondering|doing|meaning|wanting|planning|"
        r"(?:playing|practi[cs]ing|collecting|using|making) (?:since|for))\b)"
        r"[a-z]+ing\b[^\n,;.!?()]*?) (?:since|for (?:\w+ ){0,3}(?:years|decades|ages))\b",
    ),
    habit(
        "is learning",
        r"i am learning\s+(?:how (?=to ))?(?P<value>(?!(?:a lot|lots|new|more|so much|about|things|every|as)\b)(?-i:[a-z])[^\n,;.!?()]+)",
    ),
    habit(
        "is learning",
        r"i am taking\s+(?P<value>(?:an?\s+)?(?!some|any|the|my)[\w-]+ (?:[\w-]+ )?(?:classes|lessons|class|course))\b",
    ),
    wish(
        "is working on",
        r"i am (?:working on|writing|building|restoring|developing|designing)\s+"
        r"(?P<value>(?:an?|my (?:\w+ ){0,2}?(?:book|novel|thesis|degree|project|album|cookbook|screenplay|game|app|blog|website))\b[^\n,;.!?()]*)",
    ),
    passing(
        "worried about",
        rf"i am (?:an? (?:bit|little) |\w+ )?(?:worried|concerned|nervous|anxious) about\s+{_ONE}",
    ),
    habit(
        "speaks",
        r"i (?:can )?(?:speak|am fluent in|am learning|know how to speak)\s+(?:fluent |some |a little |a bit of )?(?P<value>(?-i:[A-Z][a-z]+)(?:(?:,| and|, and) (?-i:[A-Z][a-z]+))*)",
        lists=True,
    ),
    habit("good at", r"i am (?:very |really |pretty )?(?:good|great|skilled|talented) (?:at|with)\s+" + _ONE),
    habit(
        "does",
        rf"i (?P<value>(?:{_HABITS})[^\n,;.!?()]*)",
    ),
    fact(
        "fears",
        rf"i am (?:so |too |very |really |deathly |extremely )?(?:afraid|scared|terrified|frightened) of\s+{_ONE}",
    ),
    fact("allergy", rf"i am (?:very |severely )?allergic to\s+{_ONE}"),
    fact(
        "was",
        rf"i (?:was|used to be|used to work as|went)\s+(?:an?|the|in the|into the)\s+(?P<value>(?:[\w'-]+\s+){{0,3}}?(?:{PROFESSIONS}|army|navy|military|marines?|air force|veteran|athlete|champion))\b",
    ),
    fact(
        "used to",
        r"i used to\s+(?P<value>(?!\w+ more\b|(?:before|when|be|live|stay|work as|own|have|like|love|enjoy|think|want|know|say|hate|feel|get)\b)[^\n,;.!?()]+)",
    ),
    fact(
        "is",
        rf"i am (?:very |quite |a bit |pretty |so |now |proudly |half |legally |of (?:the )?)?(?:an?\s+)?(?P<value>{TRAITS})\b(?=\s*(?:$|[,;.!?]|(?:and|but|faith|person|man|woman|by|from|because|since|now|too|so|who|or)\b))",
    ),
    fact(
        "is",
        r"i am (?:an?)\s+(?P<value>(?!type\b|kind\b|sort\b|bit\b|little\b|lot\b|few\b|tad\b|huge fan|big fan|fan\b|sucker\b|human\b|person\b)(?:[\w'-]+\s+){0,3}(?:person|man|woman|male|female|teen|teenager|adult|senior citizen|volunteer|furry|mermaid|hippie|guy|girl|boy|kid|twin|veteran|believer|dreamer|introvert|extrovert|vegetarian|christian|catholic|muslim|jew|atheist|republican|democrat|feminist|gamer|runner|swimmer|surfer|skier|hiker|biker|cyclist|athlete|player|bookworm|foodie|collector|hunter|homebody|night owl|early bird|early riser|perfectionist|workaholic|hypochondriac|freshman|sophomore|junior|senior|graduate|orphan|only child|triplet|virgin|smoker|drinker|gardener|traveler|traveller|geek|nerd|fanatic|champion|millionaire|immigrant|widow|widower|bachelor|survivor|minimalist|hoarder|picky eater|pacifist|libra|leo|virgo|aries|taurus|gemini|cancer|scorpio|sagittarius|capricorn|aquarius|pisces))\b",
    ),
    fact(
        "is",
        rf"i am an?\s+(?P<value>(?:(?!(?:bit|little|lot|few|tad|huge|big|good|better)\b)[\w'-]+\s+){{0,4}}?{_AGENT}){_END_OF_NOUN}",
    ),
    fact("studies", rf"i am (?:studying|training|going to school|in school) to (?:be|become)\s+{_A}{_ONE}"),
    wish(
        "wants",
        r"i (?:want|hope|plan|am planning|am about|am hoping|dream|would love|would like|wish|am going|am training|am saving up|aspire|have wanted)\s+(?:to|of|for)\s+(?P<value>(?:be(?! \w+ing)|become|becoming|being|own|owning|move to|retire|learn (?!more|about (?:it|this|that))|travel|visit(?= \w)|get married|have (?:kids|children|a family)|start (?:a|my)|open (?:a|my)|publish|write (?:a|my|books|novels|\w+ books)|run a|adopt|quit|live in|go to (?:college|university|law school|medical school))\b[^\n,;.!?()]*)",
    ),
    wish(
        "wants",
        r"i am (?:considering|thinking (?:about|of)|looking forward to|planning on|excited about)\s+(?P<value>(?:going (?:back )?to (?:college|school|university|\w+ school)|becoming|moving (?:to|back)|retiring|retirement|starting (?:an?|my)|opening (?:an?|my)|getting married|adopting|learning (?:to|how)|graduating|buying (?:an?|my)|quitting|traveling|studying)\b[^\n,;.!?()]*)",
    ),
    wish(
        "wants",
        r"i can not wait to\s+(?P<value>(?:retire|graduate|move|become|get (?:married|my)|start (?:an?|my)|have kids|be an?|go (?:back )?to college)\b[^\n,;.!?()]*)",
    ),
    wish("wants", r"i (?:will be|am) (?P<value>moving to\s+[^\n,;.!?()]+)"),
    wish("wants", r"i (?:want|have wanted)\s+(?P<value>(?:(?:an?|my own) (?:\w+ )?family|kids|children)\b)"),
    wish(
        "wants",
        rf"(?:my (?:\w+ )?(?:dream|goal|ambition)(?: job| in life)? is|i have a dream of)\s+(?:to\s+|being\s+|(?=becoming\b)){_ONE}",
    ),
    fact("cares about", rf"i care (?:deeply |a lot |very much |so much )?about\s+{_ONE}"),
)

_NOT_ANY = r"(?:i|we) (?:have no|do not have(?: any)?)\s+"

AS_SAID: tuple[Pattern, ...] = (
    none("children", rf"{_NOT_ANY}(?P<value>kids|children)\b(?! (?:book|movie)s?)"),
    none("siblings", rf"{_NOT_ANY}(?P<value>siblings|brothers (?:and|or) sisters|brothers|sisters)\b"),
    none("pet", rf"{_NOT_ANY}(?P<value>pets)\b"),
    none(
        "has been to",
        r"i have (?:not|never) (?:been to|visited|travell?ed to)\s+(?P<value>(?-i:[A-Z])[^\n,;.!?()]*)",
    ),
    fact(
        "education",
        r"i (?P<value>(?:never|did not) (?:finish(?:ed)?|graduate(?:d)?(?: from)?|go to|went to|attend(?:ed)?)\s+"
        r"(?:high school|middle school|college|university|school)\b[^\n,;.!?()]*)",
    ),
    habit(
        "can not",
        r"i can not\s+(?P<value>(?:swim|drive|cook|sing|dance|draw|ski|skate|whistle|ride an? \w+|play \w+)\b[^\n,;.!?()]*)",
    ),
)
"""What denies something and says something by itself; any other denial ends what it denies."""
