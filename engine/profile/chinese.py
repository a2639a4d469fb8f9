"""Chinese statements about oneself: how a clause is brought into one form, and the patterns over that form."""

import re

from engine.profile.patterns import Pattern, ending, fact, habit, liking, none, passing, wish
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
        r"我(?:学的是|在(?:大学|学校)?(?:学习?|读|念)(?:的是)?|主修)(?P<value>(?!习|校|方法|生|如何|怎|做|着|会|到)[^\n，,。！!？?]+)",
    ),
    fact(
        "pet", rf"我(?:家)?(?:里)?(?:养了?|有)(?:{_SOME})(?P<value>[\u4e00-\u9fff]{{0,3}}?(?:{CHINESE_PETS}))"
    ),
    fact(
        "education", r"我(?:是|从|在)?(?P<value>[\u4e00-\u9fffA-Za-z]{2,12}(?:大学|学院|高中|中学|专业)毕业)"
    ),
    fact("education", r"我(?P<value>毕业于[^\n，,；;。.！!？?]+)"),
    fact("lives with", r"我(?:和|跟|同)(?P<value>[^\n，,；;。.！!？?]{2,10}?)(?:一起|一块儿?)?住"),
    fact("believes in", r"我(?:信|信仰|信奉)(?P<value>[\u4e00-\u9fff]{0,4}(?:教|佛|主))(?=$|[，,。的])"),
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
    habit(
        "does",
        r"我(?P<value>(?:练|学(?!会|到)|弹|教|跳|画|打(?=[^，,。]{0,3}(?:球|拳|鼓|太极|麻将|牌)))[\u4e00-\u9fff]{1,8}?)(?:已经|有|快|都)*了?[一两二三四五六七八九十几多\d]+(?:年|个月)",
    ),
    habit(
        "does",
        r"我(?P<value>(?:每天|每晚|每周(?!末)|每个?(?:星期|月|周末|礼拜)|经常|常常)(?!都?会?(?:很|感|觉|想|在想|忙|在忙|睡))[^\n，,；;。.！!？?你他她它]{2,20})(?=$|[，,。])",
    ),
    habit(
        "does",
        r"我(?P<value>(?:抽烟|吸烟|喝酒|吃辣|吃肉|吃海鲜|吃甜食|喝咖啡|喝茶|熬夜|健身|化妆|做饭|写日记|写博客|写诗|收集|集(?!合|中))[^\n，,；;。.！!？?的]{0,8})(?=$|[，,。的])",
    ),
    passing("worried about", r"我(?:担心|发愁)(?P<value>(?!你|他|她|它|的)[^\n，,；;。.！!？?]+)"),
    wish("is working on", r"我(?:在|正在)(?P<value>(?:写|做|准备)一?[本篇个部][^\n，,；;。.！!？?]+)"),
    fact("allergy", r"我对(?P<value>[^\n，,；;。.！!？?]+?)过敏"),
    fact("fears", r"我(?:害怕|怕|恐惧)(?P<value>(?!你|他|她|它|的)[^\n，,；;。.！!？?]+)"),
    wish(
        "wants",
        r"我(?:想|希望|打算|梦想)(?P<value>(?:成为|当一|当上|学会|去[\u4e00-\u9fff]{2,4}旅|开一|考上|环游)[^\n，,；;。.！!？?]*)",
    ),
)

AS_SAID: tuple[Pattern, ...] = (
    none("children", r"我(?:们)?(?:没有?|无)(?P<value>孩子|小孩|子女|儿女)(?=$|[，,。])"),
    none("siblings", r"我没有?(?P<value>兄弟姐妹|兄弟|姐妹)(?=$|[，,。])"),
    none("pet", r"我(?:家)?(?:里)?(?:没有?养?|不养)(?P<value>宠物)(?=$|[，,。])"),
    none(
        "has been to",
        r"我(?:从来|从)?没有?(?:去过|到过)(?P<value>(?!很多|许多|什么|别的)[\u4e00-\u9fff]{2,8})(?=$|[，,。])",
    ),
    fact(
        "has been to",
        r"我(?:去过|到过)(?P<value>(?![一二两几三四五好多很]|许多|哪|那|这)[\u4e00-\u9fff、]{2,12}?)(?=$|[，,。旅玩])",
    ),
    fact(
        "was",
        rf"我(?:以前|曾经|之前|原来|过去)(?:是|当过?|做过?)(?:一?[名位个])?(?P<value>[\u4e00-\u9fff]{{0,6}}?(?:{CHINESE_PROFESSIONS}))",
    ),
    fact(
        "education",
        r"我(?P<value>没(?:上过|读过|念过)(?:大学|高中|初中)|(?:大学|高中)没(?:毕业|读完|念完|上完))",
    ),
    habit(
        "can not",
        r"我(?:不会|不太会)(?P<value>游泳|开车|做饭|唱歌|跳舞|画画|骑车|骑自行车|滑雪|喝酒|打麻将)(?=$|[，,。])",
    ),
)
"""What denies something or looks back and says something by itself; any other denial ends what it denies."""

_FROM = re.compile(
    r"^(?P<main>我是(?:一?[名位个])?)来自(?P<place>[\u4e00-\u9fff]{2,8}?)的(?P<noun>[\u4e00-\u9fff]{2,10})"
)
_AGED = re.compile(
    r"^(?P<main>我是(?:一?[名位个])?)(?P<age>\d{1,2}|[一二三四五六七八九十]{1,3})岁的(?P<noun>[\u4e00-\u9fff]{2,12})"
)
_AT_WORK = re.compile(
    rf"^我在(?P<place>[\u4e00-\u9fffA-Za-z]{{2,10}}?)(?:当|做|担任)(?P<noun>(?:一?[名位个])?[\u4e00-\u9fff]{{0,6}}?(?:{CHINESE_PROFESSIONS}))$"
)


def plain_statements(clause: str) -> list[str]:
    """A clause as statements of one verb each: "我是来自四川的护士" as where from and what."""
    form = in_one_form(clause).rstrip("。！!~")
    if found := _AGED.match(form):
        return [f"我{found['age']}岁", *plain_statements(f"{found['main']}{found['noun']}")]
    if found := _FROM.match(form):
        return [f"我来自{found['place']}", f"{found['main']}{found['noun']}"]
    if found := _AT_WORK.match(form):
        return [f"我在{found['place']}工作", f"我当{found['noun']}"]
    return [clause]
