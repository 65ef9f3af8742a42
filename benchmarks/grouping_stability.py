"""Do groups stay what they are: under shuffles, with 5 % more tickets, and from month to month?

``python -m benchmarks.grouping_stability FILE`` (id, received_at, subject, description): the adjusted Rand
index (Hubert and Arabie 1985) between runs on the same tickets; and of the groups with ten tickets or more
in two months running, how many have the same id when each month is looked at as it ends.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from kb import mining, tickets
from kb.columns import recognise, to_ticket
from kb.database import Database
from kb.rowfiles import Row, columns, read_rows
from kb.ticket_documents import Documents, read
from kb.tickets import whole_text
from models.encoder import load_encoder
from triage import rules
from triage.findings import Period
from triage.retrospective import Setting, retrospect
from triage.settings import load_settings

RUNS = 5
LARGE = 10
ZONE = ZoneInfo("Asia/Shanghai")


def main() -> None:
    from sklearn.metrics import adjusted_rand_score

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    mapping = recognise(columns(file), "tickets")
    rows = [
        to_ticket(row.values, mapping, timezone=ZONE, names={})
        for row in read_rows(file)
        if isinstance(row, Row)
    ]
    encoder = load_encoder("use")
    subjects = [str(row.get("subject") or row["description"]) for row in rows]
    whole = [whole_text(str(row.get("subject") or ""), str(row["description"])) for row in rows]
    documents = Documents(np.arange(len(rows)), read(whole, encoder), read(subjects, encoder))
    rng = np.random.default_rng(0)
    referee = labels(documents)
    shuffled, more = [], []
    for _ in range(RUNS):
        order = rng.permutation(len(rows))
        again = np.empty_like(referee)
        again[order] = labels(documents.part(order))
        shuffled.append(adjusted_rand_score(referee, again))
        kept = np.sort(rng.permutation(len(rows))[: round(len(rows) / 1.05)])
        more.append(adjusted_rand_score(labels(documents.part(kept)), referee[kept]))
    print(f"{len(rows)} tickets, {RUNS} runs each")
    print(
        f"shuffled: adjusted Rand index {min(shuffled):.3f} at the least, {np.mean(shuffled):.3f} on average"
    )
    print(f"5 % more: {min(more):.3f} at the least, {np.mean(more):.3f} on average")
    kept_ids, compared = identity(rows, referee)
    print(f"groups of {LARGE} or more in two months running that kept their id: {kept_ids} of {compared}")


def labels(documents: Documents) -> NDArray[np.intp]:
    """The group of each ticket; one alone is its own."""
    found = np.arange(len(documents.keys))
    for cluster in mining.group(documents).clusters:
        found[cluster.places] = cluster.places.min()
    return found


def identity(rows: list[dict[str, Any]], referee: NDArray[np.intp]) -> tuple[int, int]:
    """Look at each month as it ends, in a database of its own.

    Of the groups that the ``referee``, a grouping of everything at once, finds with ten tickets or more in
    two months running: how many have one id in both months, and how many there are.
    """
    encoder = load_encoder("use")
    clocks = rules.load(load_settings().data_folder).clocks
    group_of = {str(row["id"]): int(group) for row, group in zip(rows, referee, strict=True)}
    times = [row["received_at"].astimezone(ZONE) for row in rows]
    month, last = min(times).replace(day=1, hour=0, minute=0, second=0, microsecond=0), max(times)
    kept = compared = 0
    before: dict[int, str] = {}
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/triage.db")
        database.upgrade()
        with database.transaction() as session:
            tickets.write(session, rows, datetime.now(UTC))
        setting = Setting(database, encoder, clocks, ZONE, lambda _: (), datetime.now(UTC))
        while month <= last:
            after = (month + timedelta(days=32)).replace(day=1)
            found = retrospect(setting, Period(month, after))
            ids: dict[int, Counter[str]] = defaultdict(Counter)
            for group in found.groups:
                for ticket_id in group.ticket_ids:
                    ids[group_of[ticket_id]][group.id] += 1
            sizes = Counter(group_of[ticket_id] for ticket_id in found.ticket_ids)
            now = {group: names.most_common(1)[0][0] for group, names in ids.items() if sizes[group] >= LARGE}
            compared += len(now.keys() & before.keys())
            kept += sum(now[group] == before[group] for group in now.keys() & before.keys())
            before, month = now, after
        database.close()
    return kept, compared


if __name__ == "__main__":
    main()
