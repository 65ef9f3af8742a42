"""Surges in a year of real messages, replayed in order of time, and a made-up bilingual one among them.

``python -m benchmarks.surges FILE``: which surges of ``surges_zh_gov.toml`` (found by reading) are raised,
how many hours after their first message and after the fourth, which are raised beside them, and how many
chance raises when the same messages come at shuffled times. Then 15 made-up messages in 6 hours, eight in
Chinese and seven in English, are put into each month in turn. Messages are laid out with the whole file.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from kb import mining, surge
from kb.columns import recognise, to_ticket
from kb.likeness import Texts
from kb.rowfiles import Row, columns, read_rows
from kb.surge import Stream
from kb.ticket_documents import Documents, read
from kb.tickets import whole_text
from models.encoder import Encoder, load_encoder
from triage.movement import alike

ZONE = ZoneInfo("Asia/Shanghai")
LIST = Path(__file__).with_name("surges_zh_gov.toml")
ISSUES = Path(__file__).with_name("recurring_zh_gov.toml")
MADE_UP = (
    "枫叶公寓三栋的电梯突然停了，有人被困在里面",
    "枫叶公寓三号楼电梯坏了，老人下不来",
    "三栋电梯停运，枫叶公寓物业电话打不通",
    "枫叶公寓的电梯卡在七楼，里面还有孩子",
    "电梯又停了，枫叶公寓三栋住户爬楼梯上去的",
    "请尽快修好枫叶公寓三栋的电梯，有人被困",
    "枫叶公寓三栋两部电梯同时停运",
    "我家住枫叶公寓三栋十八层，电梯停了半天没人管",
    "The lift in block 3 of Maple Apartments (枫叶公寓) has stopped with people inside",
    "Maple Apartments block 3: both lifts are out of order, an old man cannot get down",
    "Lift stuck on the seventh floor, Maple Apartments, a child is trapped",
    "Nobody answers at the property office while the lift of Maple Apartments block 3 is down",
    "Elevator not working in Maple Apartments building three, we walk up eighteen floors",
    "Trapped in the elevator at Maple Apartments, please send someone",
    "When will the elevator in block 3 of Maple Apartments run again?",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    rows = _rows(parser.parse_args().file)
    encoder = load_encoder("use")
    ids = [str(row["id"]) for row in rows]
    times = [row["received_at"] for row in rows]
    texts = read_rows_of(rows, encoder)
    stream, order = laid_out(rows, texts)
    calibrated = surge.calibrate(stream)
    found = surge.surges(stream, calibrated.threshold)
    known = tomllib.loads(LIST.read_text(encoding="utf-8"))["surge"]
    issues = {
        issue["key"]: set(issue["ids"])
        for issue in tomllib.loads(ISSUES.read_text(encoding="utf-8"))["issue"]
    }
    print(f"{len(rows)} messages, threshold {calibrated.threshold:.1f}, {len(found)} surges raised")
    matched = set()
    for item in known:
        hits = [
            number
            for number, raised in enumerate(found)
            if len({ids[order[place]] for place in raised.members} & issues[item["issue"]]) >= 2
            and times[order[raised.members[0]]] >= item["start"].replace(tzinfo=ZONE) - timedelta(days=3)
        ]
        matched |= set(hits)
        if hits:
            raised = found[hits[0]]
            at = times[order[raised.members[0]]] + timedelta(hours=raised.known - raised.since)
            late = [
                (at - item[name].replace(tzinfo=ZONE)).total_seconds() / 3600 for name in ("start", "fourth")
            ]
            print(
                f"  {item['issue']}: raised {late[0]:.0f} h after its first, {late[1]:.0f} h after its fourth"
            )
        else:
            print(f"  {item['issue']}: missed")
    print("  raised beside those on the list:")
    for number, raised in enumerate(found):
        if number not in matched:
            first = rows[order[raised.members[0]]]
            print(f"    {first['received_at']:%Y-%m-%d} {len(raised.members)} messages, first {first['id']}")
    a_month = sum(value > calibrated.threshold for value in calibrated.by_chance) / calibrated.months
    print(f"raised by chance alone: {a_month:.2f} a month")
    _made_up(rows, texts, encoder)


def read_rows_of(rows: Sequence[dict[str, Any]], encoder: Encoder) -> tuple[Texts, Texts]:
    """The messages as grouping sees them: whole texts and subjects."""
    whole = [whole_text(str(row.get("subject") or ""), str(row["description"])) for row in rows]
    return read(whole, encoder), read(
        [str(row.get("subject") or row["description"]) for row in rows], encoder
    )


def both(one: Texts, other: Texts) -> Texts:
    """The texts of both."""
    vectors = np.concatenate([one.vectors, other.vectors])
    return Texts([*one.words, *other.words], [*one.pairs, *other.pairs], vectors)


def laid_out(rows: Sequence[dict[str, Any]], texts: tuple[Texts, Texts]) -> tuple[Stream, NDArray[np.intp]]:
    """The messages as a stream, and the places of its entries among the rows."""
    grouping = mining.group(Documents(np.arange(len(rows)), *texts))
    epoch = datetime(2018, 1, 1, tzinfo=UTC)
    hours = np.array(
        [
            (row["received_at"].astimezone(ZONE).replace(tzinfo=UTC) - epoch).total_seconds() / 3600
            for row in rows
        ]
    )
    order = np.argsort(hours, kind="stable")
    names: dict[str, int] = {}
    same = np.array([names.setdefault(str(rows[place]["description"]), place) for place in order.tolist()])
    return surge.stream(hours[order], alike(grouping)[order][:, order].tocsr(), same), order


def _made_up(rows: list[dict[str, Any]], texts: tuple[Texts, Texts], encoder: Encoder) -> None:
    rng = np.random.default_rng(0)
    delays = []
    for month in range(1, 13):
        start = datetime(2019, month, 12, 9, tzinfo=ZONE)
        minutes = np.sort(rng.uniform(0, 360, len(MADE_UP)))
        minutes[0] = 0
        extra = [
            {
                "id": f"made-{number}",
                "description": text,
                "received_at": start + timedelta(minutes=float(minute)),
            }
            for number, (text, minute) in enumerate(
                zip(rng.permutation(MADE_UP).tolist(), minutes, strict=True)
            )
        ]
        whole, subjects = read_rows_of(extra, encoder)
        stream, order = laid_out([*rows, *extra], (both(texts[0], whole), both(texts[1], subjects)))
        calibrated = surge.calibrate(stream)
        hits = [
            item
            for item in surge.surges(stream, calibrated.threshold)
            if sum(int(order[place]) >= len(rows) for place in item.members) >= surge.LEAST
        ]
        delays.append(hits[0].known - hits[0].since if hits else float("inf"))
        inside = sum(int(order[place]) >= len(rows) for place in hits[0].members) if hits else 0
        print(
            f"  made-up surge in month {month}: known after {delays[-1]:.1f} hours, {inside} of 15 in it",
            flush=True,
        )
    print(f"made-up surges known within 3 hours: {sum(delay <= 3 for delay in delays)} of {len(delays)}")


def _rows(file: Path) -> list[dict[str, Any]]:
    mapping = recognise(columns(file), "tickets")
    first, last = datetime(2019, 1, 1, tzinfo=ZONE), datetime(2020, 1, 1, tzinfo=ZONE)
    taken = (
        to_ticket(row.values, mapping, timezone=ZONE, names={})
        for row in read_rows(file)
        if isinstance(row, Row)
    )
    return [row for row in taken if first <= row["received_at"] < last]


if __name__ == "__main__":
    main()
