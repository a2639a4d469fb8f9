"""Chinese statements about oneself: how a clause is brought into one form, and the patterns over that form."""

import re

from engine.profile.patterns import Pattern, ending, fact, habit, liking, wish
from engine.profile.words import CHINESE_PETS, CHINESE_PROFESSIONS, CHINESE_RELATIVES

_INTRO = re.compile(
    r"^(?:(?:你好|您好|嗨|哈喽|嗯+|哦|啊|其实|另外|而且|但是?|不过|对了|顺便说一?下?|说实话|老实说|是的|对|没错|因为|所以|然后|现在|目前|最近)[，,！!。\s]*)+"
)
_ADVERBS = re.compile(
    r"^(我(?:们)?)(?:(?:现在|目前|一直|真的?|已经|也|还|都|已经|最近|平时|其实|本人|就|刚刚?|刚才|终于|从小(?=就|都|喜欢|爱)|特别|非常|很|超级?|十分|挺|蛮|比较|有点|更|可|又)(?!人))+"
)
_NEGATED = re.compile(
    r"^我(?:们)?(?:从来|从|再也|并|早就|已经)?(?:不再|不太|不怎么|不大|不是|没有|没|不)(?P<rest>.+)$"
)
_PAST = re.compile(r"过(?!敏|年|节|生日)[\u4e00-\u9fff]{0,8}$|^我(?:以前|曾经|小时候|从来没|从没)")


def in_one_form(clause: str) -> str:
    """A clause without the words before and after its subject that change nothing."""
    return _ADVERBS.sub(r"\1", _INTRO.sub("", clause.strip()))


def affirmed(form: str) -> str | None:
    """What a denial denies, said as if it held; None when the clause denies nothing, "" when it looks back."""
    if _PAST.search(form):
        return ""
    denial = _NEGATED.match(form)
    if denial is None:
        return None
    rest = denial["rest"]
    is_noun = re.match(rf"一?[名位个只条]|(?:{CHINESE_PROFESSIONS})|[\u4e00-\u9fff]{{2,3}}人[。！!]?$", rest)
    verb = "是" if "不是" in form[: len(form) - len(rest)] and is_noun else ""
    if not verb and re.match(rf"(?:一?[只条匹])?(?:{CHINESE_PETS})", rest):
        verb = "有"
    return _ADVERBS.sub(r"\1", f"我{verb}{rest}")


_V = r"(?P<value>[^\n；;。.！!？?]+)"
_ONE = r"(?P<value>[^\n，,；;。.！!？?]+)"
_SOME = r"(?:[一两二三四五六七八九十几0-9]+[只条匹个名位])?"
_OTHER = rf"我(?:的|家的?)?(?P<subject>{CHINESE_RELATIVES}|{CHINESE_PETS})"

PATTERNS: tuple[Pattern, ...] = (
    fact(
        "name",
        r"(?:我叫|我的?名字(?:是|叫)|(?:你可以|请|大家都?|朋友们?都?)叫我)(?P<value>(?!做|你|我|它)[\u4e00-\u9fffA-Za-z·]{1,12})",
    ),
    fact(
        "birthday",
        r"我(?:的)?生日(?:是|在)(?P<value>[^\n，,。！!？?]*[0-9一二三四五六七八九十][^\n，,。！!？?]*)",
    ),
    fact("age", r"我(?:今年|马上|快)?(?P<value>\d{1,2}|[一二三四五六七八九十]{1,3})岁"),
    fact("origin", r"我(?:来自|老家在|的?老家是|的?家乡(?:是|在)|出生在|出生于)" + _ONE),
    fact(
        "origin",
        r"我是(?P<value>(?!(?:好|坏|病|男|女|大|老|年轻|中年|成年|普通|一个?|个|独居|本地|外地|什么|哪里)人)[\u4e00-\u9fff]{2,5})人[。！!]?$",
    ),
    ending("employer", r"我(?:从)(?P<value>[^\n，,。！!？?]+?)(?:辞职|离职)"),
    ending("employer", r"我(?:离开|辞掉)(?:了)?(?P<value>[^\n，,。！!？?]+)"),
    fact("employer", r"我(?:在)(?P<value>[^\n，,。！!？?]+?)(?:工作|上班|任职)"),
    fact("employer", r"我(?:跳槽到|入职|加入)了?(?P<value>[^\n，,。！!？?]+)"),
    fact("city", r"我(?:住在?|搬[到去回]了?|定居在?)" + _ONE),
    fact("city", r"我(?:在)(?P<value>[^\n，,。！!？?]{2,8}?)(?:生活|定居|住)"),
    fact("city", r"我家(?:住)?在" + _ONE),
    fact("diet", r"我(?:是|吃)(?:一?[名个])?(?P<value>素食者|素食主义者|纯素|素)"),
    fact("marital status", r"我(?P<value>结婚|已婚|离婚|未婚|单身|订婚)"),
    fact("marital status", r"我是(?P<value>单身|已婚|未婚)"),
    fact(
        "job",
        rf"我(?:是|当|做|改行当|改行做|成为|成了|当上)了?(?:一?[名位个])?(?P<value>[\u4e00-\u9fff]{{0,6}}?(?:{CHINESE_PROFESSIONS}))(?=$|[，,了的。])",
    ),
    fact("job", r"我(?:的)?(?:职业|工作)是(?:一?[名位个])?" + _ONE),
    fact("studies", r"我(?:的)?专业是" + _ONE),
    fact(
        "studies",
        r"我(?:学的是|在(?:大学|学校)?(?:学|读|念)(?:的是)?|主修)(?P<value>(?!校|习方法|生)[^\n，,。！!？?]+)",
    ),
    fact(
        "pet", rf"我(?:家)?(?:里)?(?:养了?|有)(?:{_SOME})(?P<value>[\u4e00-\u9fff]{{0,3}}?(?:{CHINESE_PETS}))"
    ),
    fact("children", r"我(?:家)?有(?P<value>(?:[一两二三四五0-9]+个)(?:孩子|儿子|女儿|小孩|娃|宝宝))"),
    fact("siblings", r"我有(?P<value>(?:[一两二三四五0-9]+个)(?:哥哥|弟弟|姐姐|妹妹))"),
    fact("name", rf"{_OTHER}(?:的?名字是|的?名字叫|叫做?)(?P<value>[\u4e00-\u9fffA-Za-z·]{{1,8}})"),
    fact("job", rf"{_OTHER}是(?:一?[名位个])?(?P<value>[\u4e00-\u9fff]{{0,4}}?(?:{CHINESE_PROFESSIONS}))"),
    fact("city", rf"{_OTHER}(?:住在?|搬到了?)" + _ONE),
    fact("favourite {thing}", r"我最(?:喜欢|爱)的(?P<thing>[\u4e00-\u9fff]{1,8}?)是" + _ONE),
    liking(r"我(?:讨厌|厌恶|受不了|反感|厌倦了?|最讨厌)" + _V, -1),
    liking(
        r"我(?:喜欢上?|热爱|最?爱上?|酷爱|迷上|偏爱|钟爱|享受|最喜欢)了?(?P<value>(?!的)[^\n；;。.！!？?]+)",
        1,
    ),
    liking(r"我对(?P<value>[^\n，,；;。.！!？?]+?)(?:很|非常|特别|十分|超)?(?:感兴趣|有兴趣|着迷)", 1),
    liking(r"我的?(?:爱好|兴趣|业余爱好)(?:是|包括|有)" + _V, 1),
    habit(
        "plays",
        r"我(?:会|在学|学过|每天都?|经常)(?:弹|拉|吹|打|演奏|敲)(?P<value>[^\n，,；;。.！!？?]*?(?:琴|吉他|号|笛|鼓|筝|琵琶|二胡|箫|萨克斯|贝斯|口琴))",
    ),
    habit("speaks", r"我(?:会说?|能说|在学|懂)(?:一点|流利的?)?(?P<value>[\u4e00-\u9fff]{1,6}(?:语|文|话))"),
    habit("speaks", r"我的?(?P<value>[\u4e00-\u9fff]{1,5}语)(?:说得)?(?:很|挺|非常)?(?:流利|好|不错)"),
    fact("allergy", r"我对(?P<value>[^\n，,；;。.！!？?]+?)过敏"),
    fact("fears", r"我(?:害怕|怕|恐惧)(?P<value>(?!你|他|她|它|的)[^\n，,；;。.！!？?]+)"),
    wish(
        "wants",
        r"我(?:想|希望|打算|梦想)(?P<value>(?:成为|当一|当上|学会|去[\u4e00-\u9fff]{2,4}旅|开一|考上|环游)[^\n，,；;。.！!？?]*)",
    ),
)
