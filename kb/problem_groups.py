"""Problem groups as people know them: the same id from run to run, a name, merged and split once for all."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from kb.database import listed
from kb.tables import ProblemGroup, ProblemMember, Ticket
from models.errors import ConflictError, InputError, NotFoundError

_LEAST_SHARED = 0.25
"""A group lives on in a cluster that holds this share of the smaller of the two."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Known:
    """A group with its members' keys of one run."""

    pk: int
    id: str
    name: str
    comment: str
    members: tuple[int, ...]


def settle(
    session: Session, clusters: Sequence[Sequence[int]], looked_at: Sequence[int], now: datetime
) -> list[Known]:
    """Give clusters of ticket keys their groups: the ones that held most of their tickets before, else new.

    Tickets that a person put into a group are there whatever the clusters say; merged groups are one.
    Remembers who is where; of tickets not looked at nothing changes. Answers the groups, in the order of
    the clusters, those made of pinned tickets alone last.
    """
    before, pinned = _before(session)
    groups = {row.pk: row for row in session.scalars(select(ProblemGroup))}
    free = [[key for key in cluster if key not in pinned] for cluster in clusters]
    chosen = identities(free, {key: pk for key, pk in before.items() if key not in pinned})
    members: dict[int, list[int]] = {}
    placed: dict[int, int] = {}
    for cluster, pk in zip(free, chosen, strict=True):
        if pk is None and len(cluster) > 1:
            pk = _new(session, groups, cluster, now)
        if pk is not None:
            # Remembered as what it was before any merge, so that each part is known again next time.
            placed |= dict.fromkeys(cluster, pk)
            members.setdefault(top(groups, pk), []).extend(cluster)
    seen = set(looked_at)
    for key, pk in pinned.items():
        if key in seen:
            members.setdefault(top(groups, pk), []).append(key)
    _remember(session, placed, seen - pinned.keys())
    return [
        Known(pk, groups[pk].id, groups[pk].name, groups[pk].comment, tuple(keys))
        for pk, keys in members.items()
        if keys
    ]


def identities(clusters: Sequence[Sequence[int]], before: Mapping[int, int]) -> list[int | None]:
    """Which group each cluster is, by where its tickets were; no group twice, None for a new one.

    The largest overlaps are settled first.
    """
    sizes = Counter(before.values())
    offers = []
    for number, cluster in enumerate(clusters):
        for pk, shared in Counter(before[key] for key in cluster if key in before).items():
            if shared >= _LEAST_SHARED * min(len(cluster), sizes[pk]):
                offers.append((-shared, pk, number))
    chosen: list[int | None] = [None] * len(clusters)
    taken: set[int] = set()
    for _, pk, number in sorted(offers):
        if chosen[number] is None and pk not in taken:
            chosen[number] = pk
            taken.add(pk)
    return chosen


def top(groups: Mapping[int, ProblemGroup], pk: int) -> int:
    """The group that a group was merged into, at last, or itself."""
    seen = {pk}
    while (into := groups[pk].into_pk) is not None and into in groups and into not in seen:
        seen.add(into)
        pk = into
    return pk


def get(session: Session, group_id: str) -> ProblemGroup:
    """One group.

    Raises:
        NotFoundError: there is no such group.
    """
    row = session.scalar(select(ProblemGroup).where(ProblemGroup.id == group_id))
    if row is None:
        raise NotFoundError(f"there is no group {group_id!r}", field="group_id")
    return row


def describe(session: Session, group_id: str, *, name: str | None, comment: str | None) -> ProblemGroup:
    """Name or comment a group; None leaves what is there."""
    row = get(session, group_id)
    if name is not None:
        row.name = name.strip()
    if comment is not None:
        row.comment = comment.strip()
    session.flush()
    return row


def merge(session: Session, group_id: str, into_id: str) -> ProblemGroup:
    """Make one group of two, from now on; answers the one that stays.

    Raises:
        ConflictError: they are one already.
    """
    groups = {row.pk: row for row in session.scalars(select(ProblemGroup))}
    one, other = top(groups, get(session, group_id).pk), top(groups, get(session, into_id).pk)
    if one == other:
        raise ConflictError(f"{group_id} and {into_id} are one group already", field="into")
    groups[one].into_pk = other
    session.flush()
    return groups[other]


def split(
    session: Session, group_id: str, ticket_ids: Sequence[str], *, name: str, now: datetime
) -> ProblemGroup:
    """Take tickets out of a group into a new one, for good.

    Raises:
        InputError: no ticket is named, or one of them is not in the group.
    """
    row = get(session, group_id)
    wanted = list(dict.fromkeys(ticket_ids))
    if not wanted:
        raise InputError("name the tickets of the new group", field="ticket_ids")
    groups = {known.pk: known for known in session.scalars(select(ProblemGroup))}
    whole = [pk for pk in groups if top(groups, pk) == top(groups, row.pk)]
    held = {
        found.id: found.pk
        for found in session.execute(
            select(Ticket.id, Ticket.pk)
            .join(ProblemMember, ProblemMember.ticket_pk == Ticket.pk)
            .where(ProblemMember.group_pk.in_(whole), Ticket.id.in_(wanted))
        )
    }
    missing = [ticket_id for ticket_id in wanted if ticket_id not in held]
    if missing:
        raise InputError(f"not in the group {group_id}: {', '.join(missing[:5])}", field="ticket_ids")
    made = groups[_new(session, groups, list(held.values()), now)]
    made.name, made.from_pk = name.strip(), row.pk
    session.execute(
        update(ProblemMember)
        .where(ProblemMember.ticket_pk.in_(list(held.values())))
        .values(group_pk=made.pk, pinned=True)
    )
    session.flush()
    return made


def _before(session: Session) -> tuple[dict[int, int], dict[int, int]]:
    """Which group each ticket was in, and which of them a person put there."""
    before, pinned = {}, {}
    for row in session.execute(select(ProblemMember.ticket_pk, ProblemMember.group_pk, ProblemMember.pinned)):
        before[row.ticket_pk] = row.group_pk
        if row.pinned:
            pinned[row.ticket_pk] = row.group_pk
    return before, pinned


def _new(session: Session, groups: dict[int, ProblemGroup], cluster: Sequence[int], now: datetime) -> int:
    """A new group, its id made from its first ticket, so that the same tickets give the same id anywhere."""
    first = (
        session.execute(
            select(Ticket.id)
            .where(Ticket.pk.in_(list(cluster)[:_AT_ONCE]))
            .order_by(Ticket.received_at, Ticket.id)
        )
        .scalars()
        .first()
    )
    digest = hashlib.sha256(str(first).encode()).hexdigest()
    taken = {row.id for row in groups.values()}
    group_id = next(name for size in range(8, 40) if (name := f"g-{digest[:size]}") not in taken)
    row = ProblemGroup(id=group_id, name="", comment="", created_at=now)
    session.add(row)
    session.flush()
    groups[row.pk] = row
    return row.pk


def _remember(session: Session, placed: Mapping[int, int], free: set[int]) -> None:
    keys = sorted(free)
    for start in range(0, len(keys), _AT_ONCE):
        part = listed(keys[start : start + _AT_ONCE])
        session.connection().exec_driver_sql(f"DELETE FROM problem_members WHERE ticket_pk IN ({part})")
    rows = [{"ticket_pk": key, "group_pk": pk, "pinned": False} for key, pk in placed.items() if key in free]
    if rows:
        session.execute(ProblemMember.__table__.insert(), rows)  # type: ignore[attr-defined]


def forget_empty(session: Session) -> None:
    """Remove groups that nobody named or changed and that hold no ticket any more."""
    held = select(ProblemMember.group_pk)
    absorbing = select(ProblemGroup.into_pk).where(ProblemGroup.into_pk.is_not(None))
    session.execute(
        delete(ProblemGroup).where(
            ProblemGroup.pk.not_in(held),
            ProblemGroup.pk.not_in(absorbing),
            ProblemGroup.name == "",
            ProblemGroup.comment == "",
            ProblemGroup.into_pk.is_(None),
            ProblemGroup.from_pk.is_(None),
        )
    )
