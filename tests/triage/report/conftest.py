"""A rich retrospective made by hand in either language, and one of a period in which nothing came."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from triage.findings import (
    Bar,
    Cause,
    Comment,
    Day,
    Gap,
    Group,
    MeasureCheck,
    Pareto,
    Period,
    Retrospective,
    Share,
    StepTime,
    Surge,
    Trend,
)
from triage.report import Names, TicketLine, names_of
from triage.report.material import Material
from triage.rules import Rules

ZONE = ZoneInfo("Asia/Shanghai")
PERIOD = Period(datetime(2026, 10, 1, tzinfo=ZONE), datetime(2026, 11, 1, tzinfo=ZONE))
MADE = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
NOTHING = Share(0, 0, 0.0, 1.0)

TITLES = {
    "zh": (
        "升级到 5.2.1 版本之后，使用企业微信扫码登录门户系统总是提示“会话已过期，请重新登录”，换浏览器也不行",
        "打印机按电源键没有反应",
        "VPN 连接报错 619",
        "发票抬头开错，重开之后还是错的",
        "客服承诺回电三次都没有人回",
        "导出报表时 Excel 文件打不开",
        "扫描枪识别不了二维码",
        "包裹显示签收但是客户没有收到货物，物流公司也联系不上",
        "手机端闪退",
        "怎么批量导入客户资料",
        "HX-300 型号设备运行半小时后过热停机",
        "希望增加夜间模式",
    ),
    "en": (
        "After the update to 5.2.1 signing in with single sign-on always ends in “session expired”",
        "Printer does not react to the power button",
        "VPN stops with error 619",
        "Invoice made out to the wrong company, and wrong again after it was reissued",
        "Nobody called back although it was promised three times",
        "Exported reports cannot be opened in Excel",
        "Scanner does not read QR codes",
        "Parcel marked as delivered but never arrived, and the carrier cannot be reached",
        "Mobile app crashes",
        "How do I import customers in bulk",
        "HX-300 overheats and stops after half an hour",
        "Wish: a dark theme",
    ),
}
EXCERPTS = {
    "zh": "今天早上开始就这样，前台有四十多人等着，麻烦尽快处理。",
    "en": "It has been like this since this morning; forty people are waiting.",
}
CATEGORIES = ("software", "hardware", "software", "other", "complaint", "software", "hardware", "other",
              "software", "consult", "hardware", "consult")  # fmt: skip
TEAMS = {
    "software": "engineering", "hardware": "technical_support", "complaint": "customer_service",
    "consult": "product", "other": "first_line",
}  # fmt: skip
CAUSES = ("software_bug", "part_failure", "environment", "process_gap", "process_gap", "software_bug",
          "design_flaw", "third_party", "", "unknown", "design_flaw", "")  # fmt: skip
SIZES = (42, 31, 26, 19, 15, 12, 9, 8, 6, 5, 3, 1)


def share(hits: int, n: int, ids: tuple[str, ...]) -> Share:
    rate = hits / n
    return Share(hits, n, max(rate - 0.12, 0.0), min(rate + 0.12, 1.0), ids[:hits])


def ticket_lines(language: str) -> dict[str, TicketLine]:
    """The tickets of twelve groups and 23 in none, spread over the period; the same at every call."""
    chance = random.Random(5)
    found: dict[str, TicketLine] = {}
    for place, size in enumerate((*SIZES, 23)):
        alone = place == len(SIZES)
        for number in range(size):
            category = chance.choice(tuple(TEAMS)) if alone else CATEGORIES[place]
            received = PERIOD.start + timedelta(minutes=chance.randrange(31 * 24 * 60))
            subject = TITLES[language][chance.randrange(len(SIZES)) if alone else place]
            found[f"T-{place + 1:02}-{number + 1:03}"] = TicketLine(
                id=f"T-{place + 1:02}-{number + 1:03}",
                received_at=received,
                subject=f"{subject} #{number + 1}",
                excerpt=EXCERPTS[language],
                category=category,
                priority=("urgent", "important", "normal")[number % 3],
                team=TEAMS[category],
                status=("closed", "in_progress")[number % 2],
            )
    return found


def trend(place: int, size: int) -> Trend:
    if place in (0, 4):
        return Trend(size, size / 2.5, size / 4, size / 1.6, "rose")
    if place == 3:
        return Trend(size, size * 2.0, size * 1.4, size * 2.7, "fell")
    if place >= 9:
        return Trend(size, 0.0, 0.0, 0.0, "too_little")
    return Trend(size, size * 0.9, size * 0.5, size * 1.4, "steady")


def make_group(place: int, ids: tuple[str, ...], language: str) -> Group:
    size, category = len(ids), CATEGORIES[place]
    small = place >= 9
    return Group(
        id=f"P-{place + 1:03}",
        title=TITLES[language][place],
        named=place % 4 == 0,
        terms=("登录", "会话过期", "5.2.1") if language == "zh" else ("login", "session", "5.2.1"),
        central=ids[0],
        ticket_ids=ids,
        case_ids=("C-0011", "C-0207") if place % 2 else (),
        languages=(("zh", size - size // 4), ("en", size // 4)) if size > 3 else (("zh", size),),
        categories=((category, size - size // 5), ("other", size // 5)) if size > 4 else ((category, size),),
        teams=((TEAMS[category], size),),
        products=(("Portal", size),) if place == 0 else (),
        versions=(("5.2.1", size),) if place == 0 else (),
        customers=max(1, size * 2 // 3),
        urgent=size // 3,
        median_hours=None if small else 3.5 + 7 * place,
        satisfied=NOTHING if small else share(size // 2, size * 3 // 4, ids),
        reopened=NOTHING if small else share(size // 10, size, ids),
        first_seen=PERIOD.start - timedelta(days=40),
        last_seen=PERIOD.end - timedelta(hours=5),
        trend=trend(place, size),
        cause=CAUSES[place],
        cause_guessed=place % 3 == 1,
        proven_case="C-0207" if place % 2 else None,
        comments=(Comment(1, "交给产品部跟进", "王敏", MADE),) if place == 0 and language == "zh" else (),
    )


def make_causes(groups: tuple[Group, ...]) -> tuple[Cause, ...]:
    found = []
    for code in dict.fromkeys(group.cause for group in groups if group.cause):
        held = [group for group in groups if group.cause == code]
        ids = tuple(item for group in held for item in group.ticket_ids)
        guessed = sum(group.size for group in held if group.cause_guessed)
        own = tuple(group.id for group in held)
        found.append(Cause(code, len(ids) // 2, guessed, 7.5 * len(ids), len(ids) // 6, own, ids))
    return tuple(sorted(found, key=lambda cause: -cause.size))


def make_paretos(groups: tuple[Group, ...], causes: tuple[Cause, ...], whole: int) -> tuple[Pareto, ...]:
    sides = {
        "group": [(group.id, group.title, group.ticket_ids) for group in groups],
        "cause": [(cause.code, cause.code, cause.ticket_ids) for cause in causes],
    }
    factors = {"count": 1.0, "hours": 7.25, "dissatisfied": 0.2}
    found = []
    for side, entries in sides.items():
        for by, factor in factors.items():
            bars, summed, vital = [], 0.0, 0
            for key, title, ids in entries:
                vital += summed < 0.8 * whole
                summed += len(ids)
                bars.append(Bar(key, title, round(factor * len(ids), 2), summed / whole, ids))
            found.append(Pareto(side, by, tuple(bars), vital if summed >= 0.8 * whole else 0))
    return tuple(found)


def make_steps(lines: dict[str, TicketLine]) -> tuple[StepTime, ...]:
    found = []
    for step, goal in (("dispatch", 0.7), ("owner_confirm", 1.4), ("result_told", 2.6)):
        for category, team in TEAMS.items():
            ids = tuple(line.id for line in lines.values() if line.category == category)
            cut = len(ids) * 4 // 5
            in_time = Share(cut, len(ids), cut / len(ids) - 0.1, min(cut / len(ids) + 0.1, 1.0), ids[:cut])
            few = category == "consult"
            median, late = (None, None) if few else (goal, 3 * goal)
            found.append(StepTime(step, category, team, len(ids), median, late, in_time, ids[cut:]))
    return tuple(found)


def make_sample(language: str) -> Retrospective:
    """October with twelve groups: some rose, one fell, some have guessed causes, some too little data."""
    lines = ticket_lines(language)
    groups = tuple(
        make_group(place, tuple(key for key in lines if key.startswith(f"T-{place + 1:02}-")), language)
        for place in range(len(SIZES))
    )
    outside = tuple(key for key in lines if key.startswith(f"T-{len(SIZES) + 1:02}-"))
    causes = make_causes(groups)
    by_day: dict[str, Counter[str]] = {}
    for line in lines.values():
        day = line.received_at.astimezone(ZONE).date().isoformat()
        by_day.setdefault(day, Counter())[line.category] += 1
    complaints = groups[4].ticket_ids
    what = (
        ("更换电源适配器批次", "更新 VPN 证书", "培训客服回电流程", "发布登录修复补丁")
        if language == "zh"
        else (
            "Replace the power adapters",
            "Renew the VPN certificate",
            "Train call-backs",
            "Ship the fix for login",
        )
    )
    who = ("王敏", "李强", "", "赵磊") if language == "zh" else ("Anna", "Ben", "", "Chen")
    verdicts = (("worked", 3), ("did_not_work", 27), ("did_not_work", 15), ("too_early", 2))
    measures = tuple(
        MeasureCheck(
            f"M-{n + 1}", what[n], who[n], PERIOD.start + timedelta(days=3 * n),
            groups[n + 1].id, groups[n + 1].title, 12.4, actual, 8.0, 17.2, verdict,
            groups[n + 1].ticket_ids[:actual],
        )
        for n, (verdict, actual) in enumerate(verdicts)
    )  # fmt: skip
    gaps = (
        *(
            Gap("no_proven_case", group.id, group.title, group.size, group.ticket_ids)
            for group in groups[:6:2]
        ),
        Gap("failing_case", "C-0033", "C-0033", 3, groups[1].ticket_ids[:3], ("C-0033",)),
        Gap(
            "mixed_class", "software", f"{groups[0].title} / {groups[2].title}", 68,
            groups[0].ticket_ids + groups[2].ticket_ids,
        ),
        Gap("label_conflict", groups[5].id, groups[5].title, 2, groups[5].ticket_ids[:2]),
    )  # fmt: skip
    start = PERIOD.start + timedelta(days=11, hours=9)
    surges = (
        Surge(
            "P-001",
            groups[0].title,
            start,
            start + timedelta(hours=6),
            17,
            0.8,
            0.99,
            groups[0].ticket_ids[:17],
        ),
        Surge(None, TITLES[language][7], start, start + timedelta(days=1), 6, 1.1, 0.93, outside[:6]),
    )
    return Retrospective(
        period=PERIOD,
        made_at=MADE,
        timezone="Asia/Shanghai",
        ticket_ids=tuple(lines),
        groups=groups,
        outside=outside,
        days=tuple(Day(day, tuple(by_day[day].most_common())) for day in sorted(by_day)),
        causes=causes,
        paretos=make_paretos(groups, causes, len(lines)),
        surges=surges,
        measures=measures,
        steps=make_steps(lines),
        complaints_in_time=share(11, 15, complaints),
        satisfied=share(80, 120, tuple(lines)),
        reopened=share(12, 177, tuple(lines)),
        gaps=gaps,
        too_little=("short_history",),
    )


def make_empty() -> Retrospective:
    """The same month, in which nothing came."""
    full = make_sample("en")
    paretos = tuple(
        Pareto(of, by, (), 0) for of in ("group", "cause") for by in ("count", "hours", "dissatisfied")
    )
    return replace(
        full, ticket_ids=(), groups=(), outside=(), days=(), causes=(), paretos=paretos, surges=(),
        measures=(), steps=(), complaints_in_time=NOTHING, satisfied=NOTHING, reopened=NOTHING, gaps=(),
        too_little=("no_tickets",),
    )  # fmt: skip


@pytest.fixture(scope="session")
def names(shipped_rules: Rules) -> Callable[[str], Names]:
    return lambda language: names_of(shipped_rules, language)


@pytest.fixture
def sample() -> Callable[[str], Retrospective]:
    return make_sample


@pytest.fixture
def lines() -> Callable[[str], dict[str, TicketLine]]:
    return ticket_lines


@pytest.fixture
def empty() -> Retrospective:
    return make_empty()


@pytest.fixture
def material(names: Callable[[str], Names]) -> Callable[..., Material]:
    """The sample in a language, or another retrospective, with its names and texts."""

    def made(language: str, found: Retrospective | None = None) -> Material:
        return Material(found or make_sample(language), language, names(language), ticket_lines(language))

    return made
