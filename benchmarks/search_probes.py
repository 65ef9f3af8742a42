"""Single words that people search by, and sentences that hold them in the ways that tickets do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """A query, the sentence that it should find, and what stands between the two."""

    query: str
    wanted: str
    between: str


_PRINTER = "三楼那台打印机一直卡纸，换了纸盒也没用"
_VPN = "Since this morning the VPN drops every ten minutes"
_VPN_INSIDE = "我在家里用VPN连不上公司内网怎么办"
_VPN_WIDE = "出差时ＶＰＮ客户端提示证书已过期"
_CODE = "The update stops with error 0x80070005 on my laptop"
_CODE_INSIDE = "安装补丁时报错0x80070005，重启也不行"
_SOFTWARE = "新版软件一打开报表就闪退"
_SOFTWARE_TRADITIONAL = "這套軟體啟動後畫面全黑"
_MONITOR = "The monitor flickers whenever the fan starts"
_SIGN_IN = "员工门户登录不了，页面一直转圈"

PROBES = (
    Probe("打印机", _PRINTER, "a word within an unspaced sentence"),
    Probe("VPN", _VPN, "nothing: a word between spaces"),
    Probe("VPN", _VPN_INSIDE, "no space between Latin and Chinese"),
    Probe("VPN", _VPN_WIDE, "full-width letters in the sentence, no spaces"),
    Probe("ＶＰＮ", _VPN, "full-width letters in the query"),
    Probe("ＶＰＮ", _VPN_INSIDE, "full-width letters in the query, no spaces in the sentence"),
    Probe("0x80070005", _CODE, "nothing: a code between spaces"),
    Probe("0x80070005", _CODE_INSIDE, "no space between code and Chinese"),
    Probe("軟體", _SOFTWARE, "traditional query, simplified sentence, other word"),
    Probe("软件", _SOFTWARE_TRADITIONAL, "simplified query, traditional sentence, other word"),
    Probe("登陆", _SIGN_IN, "a usual misspelling of 登录"),
    Probe("printer", _PRINTER, "the other language"),
    Probe("dayinji", _PRINTER, "Chinese written in Latin letters"),
    Probe("flikers", _MONITOR, "a misspelt English word"),
)

_SAME = (
    frozenset({_VPN, _VPN_INSIDE, _VPN_WIDE}),
    frozenset({_CODE, _CODE_INSIDE}),
    frozenset({_SOFTWARE, _SOFTWARE_TRADITIONAL}),
)
"""Sentences that hold the same: for each other's query they are neither right nor wrong."""

_OTHERS = (
    "会议室的投影仪画面发黄",
    "扫描仪扫出来的文件有一条黑线",
    "笔记本电池充不进电",
    "键盘上的空格键按下去弹不起来",
    "安装补丁时报错0x80070643，进度停在一半",
    "无线网络信号满格但是打不开网页",
    "报表导出到表格后金额全部变成零",
    "请问发票抬头写错了可以重开吗",
    "快递显示已签收，可是我没有收到",
    "客服答应三天内回电，一个星期了没人理我",
    "手机号换了，怎么修改账户资料",
    "建议在首页加一个深色模式",
    "My headset is not recognised after the docking station was replaced",
    "Saving a spreadsheet to the shared drive fails with error 1603",
    "The wireless signal is full but no page opens",
    "Can the monthly invoice be sent to two addresses?",
    "Nobody has answered my complaint since last week",
    "How do I change the language of the mobile app?",
    "The parcel was delivered to the wrong floor",
    "A calendar invitation shows the wrong time zone",
)

SENTENCES = tuple(dict.fromkeys([*(probe.wanted for probe in PROBES), *_OTHERS]))
"""The archive that the probes search."""


def rivals(probe: Probe) -> list[int]:
    """The numbers of the sentences that should stand behind the wanted one."""
    same: Iterable[str] = next((group for group in _SAME if probe.wanted in group), {probe.wanted})
    return [number for number, sentence in enumerate(SENTENCES) if sentence not in same]
