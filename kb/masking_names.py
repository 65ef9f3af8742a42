"""Names of people where something marks them as such: a title, a label, a greeting, a signature.

Only the name is found; "先生" or "Mr." stays, so that the sentence reads on. Without a mark a Chinese name
cannot be told from other words, and is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.masking_numbers import Found

_CLEAR = frozenset(
    "王李张刘陈杨赵黄吴徐孙胡朱林郭罗梁宋郑韩唐冯董萧曹袁邓傅沈彭吕苏卢蒋蔡贾丁魏薛叶阎潘杜戴钟汪田姜范廖邹熊孟秦邱"
    "侯顾邵龙陶黎贺赖龚庞樊兰殷洪翟倪汤葛俞柯耿牟肖谭崔閻岳聂柳尹鲁莫涂裘路詹欧戚阮纪蒲游瞿祁褚娄窦岑柏"
    "張劉陳楊趙黃吳孫羅鄭韓馮蕭鄧許呂蘇盧蔣賈葉閻鍾範鄒龐賀龔紀譚聶魯塗歐"
)
_UNCLEAR = frozenset(
    "周何高马馬谢謝程曾余于方石夏金任江史白段雷文武万萬申许易常康温严牛尚安单單毛米古车車包平祝应應章管甘解成项項左季宁盛关關冷喻辛党乔喬吉"
    "施毕向齐伍阳陽凌霍卓全明邢仇时尤房"
)
"""Surnames that also begin everyday words."""
_DOUBLE = re.compile("欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木|司徒|南宫")
_NOT_GIVEN = frozenset(
    "的了是在有和与及或这那哪此位名个些各每某我你您他她它们就都也还又再已未没不很太更最把被让给对向从到去来说问找请叫要会能可将并但而且之"
    "为以于因所其何什么怎吗呢吧啊两几多少上下里外前后左右中年月日号路街市区县省村户方面系部客售副汇由装委"
)
_POLITE_RE = re.compile(r"先生|女士|小姐|太太|阿姨|大爷|大妈")
_OFFICE_RE = re.compile(
    r"经理|經理|主任|师傅|師傅|老师|老師|工程师|工程師|总监|總監|主管(?!部)|科长|處長|处长|局长|部长|队长|律师|医生|教授|博士|店长|"
    r"老板|老闆|秘书|书记|[总總](?![部数量是共和计裁线结体监会公工成有算台站价额经理])|工(?![作程具单厂业资会人序时艺商期地况装装位程龄伤农])"
)
_LEADS = frozenset(
    "的和是请找向给跟与对让由叫问谢为被但而及到了说称转派名系户后售导管门司好知馈询复告报把同方位员属人师问"
)
_HAN_NAME = r"[\u4e00-\u9fff]"
_LABELS = (
    "联系人|聯繫人|收件人|收货人|报修人|报案人|经办人|申请人|投诉人|反映人|签收人|持卡人|开户人|负责人|车主|机主|"
    "户主|户名|对接人|联络人|提交人|发件人|寄件人"
)
_LABEL_RE = re.compile(
    rf"(?:(?:{_LABELS})(?:姓名)?|(?:客户|用户|本人|真实)?姓名)\s?(?:[:：]|是|为|叫)?\s?"
    r"(?:(?P<han>[\u4e00-\u9fff]{2,4})|(?P<latin>[A-Z][a-z]{1,20}(?: [A-Z][a-z]{1,20}){0,2}))"
)
_CALLED_RE = re.compile(r"(?:我叫|我的名字[是叫]|本人叫|名叫|叫做)(?P<han>[\u4e00-\u9fff]{2,4})")
_PERHAPS_RE = re.compile(
    r"(?:我是|这里是|(?:客户|用户)\s?[:：]\s?)(?P<han>[\u4e00-\u9fff]{2,3})(?![\u4e00-\u9fff])"
)
"""Words that lead to a name, or to something else: only a plain surname and a sign after it make it one."""
_AFTER_NAME_RE = re.compile(
    r"[^\u4e00-\u9fff]|$|先生|女士|小姐|电话|手机|联系|[的是在有已于和与说来去不未没]"
)
_WORD = r"[A-Z](?:[a-z]+|'[A-Z][a-z]+)(?:['-][A-Z]?[a-z]+)?"
_FULL = rf"{_WORD}(?: (?:[A-Z]\. )?{_WORD}){{0,2}}"
_TITLE_EN_RE = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Mister)\.? (?P<name>{_FULL})")
_SAID_RE = re.compile(
    r"(?:\b[Mm]y name(?: is|'s)|\bI am called|\b(?:[Cc]ontact|CONTACT)(?: [Pp]erson| [Nn]ame)?:|"
    r"\b(?:[Cc]ustomer|[Ff]ull|[Cc]aller|[Rr]equester|[Cc]ontact) [Nn]ame(?: is|:)|"
    rf"\b(?:[Cc]aller|[Rr]equester):|\b[Aa]ttn\.?:?|^[ \t]*[Nn]ame:) ?(?P<name>{_FULL})",
    re.MULTILINE,
)
_FROM_RE = re.compile(rf"\b[Tt]his is (?P<name>{_FULL}) (?:from|with|at) ")
_DEAR_RE = re.compile(rf"\b(?:Dear|Hi|Hello) (?P<name>{_FULL})(?= ?[,!:])")
_SIGNED_RE = re.compile(
    r"(?:[Rr]egards|[Ss]incerely|[Tt]hanks|[Tt]hank you|[Cc]heers|[Bb]est)[,.!]?[ \t]*\n\s*"
    rf"(?P<name>{_FULL})[ \t]*(?=$|\n)"
)
_ENGLISH = (_TITLE_EN_RE, _SAID_RE, _FROM_RE, _DEAR_RE, _SIGNED_RE)
_CUE_RE = re.compile(
    r"\b(?:M[rsi]|Dr|Prof|Dear |Hi |Hello )|[Nn]ame|[Rr]egards|[Ss]incerely|[Tt]hank|[Cc]heers|Best|[Bb]est,|"
    r"[Cc]ontact|CONTACT|[Cc]aller|[Rr]equester|[Tt]his is|I am called|[Aa]ttn"
)
_NO_PERSON = re.compile(
    r"(?:Sir|Madam|Sirs|Team|Support|All|Customers?|Colleagues?|Helpdesk|Services?|Everyone|There|Friend|World|Word|"
    r"Office|Excel|Access|Teams|Outlook|Windows|Project|It|Admin|Administrator|Details|Information|Number|Please|"
    r"The|This|We|You|Our|Your|Desk|Manager|Department|Users?|Server|Phone|Email|Address|Us)\b"
)


def find(content: str) -> Iterator[Found]:
    """Names in a text of half-width signs."""
    if not content.isascii():
        yield from _titled(content)
        for pattern in (_LABEL_RE, _CALLED_RE, _PERHAPS_RE):
            yield from _labelled(content, pattern)
    if _CUE_RE.search(content):
        for pattern in _ENGLISH:
            for match in pattern.finditer(content):
                if not _NO_PERSON.match(match["name"]):
                    yield (*match.span("name"), "name")


def is_name(content: str) -> bool:
    """Whether a text is likely one person's name: two to four Chinese characters from a surname on, or two
    to four Latin words."""
    words = content.split()
    if len(words) == 1 and 2 <= len(content) <= 4 and not content.isascii():
        return _is_chinese(content)
    return 2 <= len(words) <= 4 and all(word.replace(".", "").replace("-", "").isalpha() for word in words)


def _titled(content: str) -> Iterator[Found]:
    for match in _POLITE_RE.finditer(content):
        size = next((n for n in (4, 3, 2, 1) if _is_chinese(_before(content, match.start(), n), n)), 0)
        if size:
            yield match.start() - size, match.start(), "name"
    for match in _OFFICE_RE.finditer(content):
        for size in (3, 2, 1):
            name = _before(content, match.start(), size)
            # A short title makes a name of less: 施工, 包工.
            plain = size == 1 and match[0] != "工"
            clear = _is_chinese(name, size) and "施" not in name and (plain or name[0] in _CLEAR)
            if clear and _may_lead(content, match.start() - size):
                yield match.start() - size, match.start(), "name"
                break


def _before(content: str, place: int, size: int) -> str:
    return content[place - size : place] if place >= size else ""


def _is_chinese(name: str, size: int | None = None) -> bool:
    """Whether these characters can be a Chinese name: a surname and up to two more that names have."""
    if not name or (size is not None and len(name) != size):
        return False
    if _DOUBLE.match(name) and len(name) <= 4:
        given = name[2:]
    elif (name[0] in _CLEAR or name[0] in _UNCLEAR) and len(name) <= 3:
        given = name[1:]
    else:
        return False
    return all("\u4e00" <= sign <= "\u9fff" and sign not in _NOT_GIVEN for sign in given)


def _may_lead(content: str, place: int) -> bool:
    """Whether a name can begin here: after a sign, or after one of the words that come before names."""
    before = content[place - 1 : place]
    if content[place] in "于向" and "\u4e00" <= before <= "\u9fff":
        return False
    return not ("\u4e00" <= before <= "\u9fff") or before in _LEADS


def _labelled(content: str, pattern: re.Pattern[str]) -> Iterator[Found]:
    for match in pattern.finditer(content):
        if pattern is _LABEL_RE and match["latin"]:
            yield (*match.span("latin"), "name")
            continue
        start, name = match.start("han"), match["han"]
        if pattern is _PERHAPS_RE and name[0] not in _CLEAR:
            continue
        for size in (4, 3, 2):
            fits = len(name) >= size and _is_chinese(name[:size])
            if fits and _AFTER_NAME_RE.match(content, start + size):
                yield start, start + size, "name"
                break
