"""Problem groups as people know them: the same id from run to run, a name, merged and split once for all."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from kb.database import listed
from kb.tables import GroupComment, Measure, ProblemGroup, ProblemMember, Ticket
from models.errors import ConflictError, InputError, NotFoundError

_LEAST_SHARED = 0.25
"""A group lives on in a cluster that holds this share of the smaller of the two."""
_AT_ONCE = 500


Nearest = Callable[[Sequence[int], Sequence[Sequence[int]]], Sequence[int]]
"""Keys of tickets, and of the tickets of some sides; which side each ticket is nearest to."""


@dataclass(frozen=True, slots=True)
class Known:
    """A group with its members' keys of one run; ``split_from`` is the id of the group that people took it
    out of, as long as it stands apart."""

    pk: int
    id: str
    name: str
    members: tuple[int, ...]
    split_from: str = ""
    comments: tuple[GroupComment, ...] = ()


def _first(keys: Sequence[int], _sides: Sequence[Sequence[int]]) -> Sequence[int]:
    return [0] * len(keys)


def settle(
    session: Session,
    clusters: Sequence[Sequence[int]],
    looked_at: Sequence[int],
    now: datetime,
    nearest: Nearest = _first,
) -> list[Known]:
    """Give clusters of ticket keys their groups: the ones that held most of their tickets before, else new.

    Tickets that a person put into a group are there whatever the clusters say; merged groups are one. Where
    a cluster holds tickets of several groups that a split made of one, each keeps its own, and a ticket that
    was in none of them goes to the ``nearest`` (the oldest, where nothing is said).
    Remembers who is where; of tickets not looked at nothing changes. Answers the groups, in the order of
    the clusters, those made of pinned tickets alone last.
    """
    before, pinned = _before(session)
    groups = {row.pk: row for row in session.scalars(select(ProblemGroup))}
    chosen = identities(clusters, before)
    members: dict[int, list[int]] = {}
    placed: dict[int, int] = {}
    for cluster, pk in zip(clusters, chosen, strict=True):
        free = [key for key in cluster if key not in pinned]
        if pk is None and len(free) > 1:
            pk = _new(session, groups, free, now)
        if pk is not None:
            # Remembered as what it was before any merge, so that each part is known again next time.
            placed |= _sides(groups, free, cluster, before, pk, nearest)
        for key in cluster:
            at = pinned.get(key, placed.get(key))
            if at is not None:
                members.setdefault(top(groups, at), []).append(key)
    seen, clustered = set(looked_at), {key for cluster in clusters for key in cluster}
    for key, pk in pinned.items():
        if key in seen and key not in clustered:
            members.setdefault(top(groups, pk), []).append(key)
    _remember(session, placed, seen - pinned.keys())
    said = comments(session, groups)
    return [
        Known(
            pk, groups[pk].id, groups[pk].name, tuple(keys), _split_from(groups, pk), tuple(said.get(pk, ()))
        )
        for pk, keys in members.items()
    ]


def _sides(
    groups: Mapping[int, ProblemGroup],
    free: Sequence[int],
    cluster: Sequence[int],
    before: Mapping[int, int],
    chosen: int,
    nearest: Nearest,
) -> dict[int, int]:
    """The group of each free ticket of a cluster that is ``chosen``, or several that were split."""
    own = _root(groups, chosen)
    sides: dict[int, list[int]] = {}
    for key in cluster:
        if key in before and before[key] in groups and _root(groups, before[key]) == own:
            sides.setdefault(before[key], []).append(key)
    if len({top(groups, pk) for pk in sides}) < 2:
        return dict.fromkeys(free, chosen)
    order = sorted(sides)
    held = {key: pk for pk, keys in sides.items() for key in keys}
    late = [key for key in free if key not in held]
    near = nearest(late, [sides[pk] for pk in order]) if late else []
    return {key: held[key] for key in free if key in held} | {
        key: order[side] for key, side in zip(late, near, strict=True)
    }


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


def standing(session: Session) -> dict[str, str]:
    """Which group each group is part of now, by their ids."""
    groups = {row.pk: row for row in session.scalars(select(ProblemGroup))}
    return {row.id: groups[top(groups, row.pk)].id for row in groups.values()}


def _root(groups: Mapping[int, ProblemGroup], pk: int) -> int:
    """The group that a group was split from, at last, or itself: what was split is of one origin."""
    seen: set[int] = set()
    at: int | None = top(groups, pk)
    while at is not None and at not in seen:
        seen.add(at)
        pk = at
        source = groups[pk].from_pk
        at = top(groups, source) if source in groups and source is not None else None
    return pk


def _split_from(groups: Mapping[int, ProblemGroup], pk: int) -> str:
    source = groups[pk].from_pk
    above = top(groups, source) if source in groups and source is not None else pk
    return groups[above].id if above != pk else ""


def parts(session: Session, pk: int) -> list[int]:
    """The keys of the groups that are one with this one."""
    groups = {row.pk: row for row in session.scalars(select(ProblemGroup))}
    return [key for key in groups if top(groups, key) == top(groups, pk)]


def comments(session: Session, groups: Mapping[int, ProblemGroup]) -> dict[int, list[GroupComment]]:
    """What was said, by the key of the group that each one is in now."""
    found: dict[int, list[GroupComment]] = {}
    for row in session.scalars(select(GroupComment).order_by(GroupComment.pk)):
        found.setdefault(top(groups, row.group_pk), []).append(row)
    return found


def get(session: Session, group_id: str) -> ProblemGroup:
    """One group.

    Raises:
        NotFoundError: there is no such group.
    """
    row = session.scalar(select(ProblemGroup).where(ProblemGroup.id == group_id))
    if row is None:
        raise NotFoundError(f"there is no group {group_id!r}", field="group_id")
    return row


def rename(session: Session, group_id: str, name: str) -> ProblemGroup:
    """Name a group; an empty name takes the name away."""
    row = get(session, group_id)
    row.name = name.strip()
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
        InputError: no ticket is named, one of them is not in the group, or none would stay.
    """
    row = get(session, group_id)
    wanted = list(dict.fromkeys(ticket_ids))
    if not wanted:
        raise InputError("name the tickets of the new group", field="ticket_ids")
    groups = {known.pk: known for known in session.scalars(select(ProblemGroup))}
    members = {
        found.id: found.pk
        for found in session.execute(
            select(Ticket.id, Ticket.pk)
            .join(ProblemMember, ProblemMember.ticket_pk == Ticket.pk)
            .where(ProblemMember.group_pk.in_(parts(session, row.pk)))
        )
    }
    missing = [ticket_id for ticket_id in wanted if ticket_id not in members]
    if missing:
        raise InputError(f"not in the group {group_id}: {', '.join(missing[:5])}", field="ticket_ids")
    if len(wanted) == len(members):
        raise InputError("at least one ticket stays in the group", field="ticket_ids")
    held = {ticket_id: members[ticket_id] for ticket_id in wanted}
    made = groups[_new(session, groups, list(held.values()), now)]
    made.name, made.from_pk = name.strip(), row.pk
    session.execute(
        update(ProblemMember)
        .where(ProblemMember.ticket_pk.in_(list(held.values())))
        .values(group_pk=made.pk, pinned=True)
    )
    session.flush()
    return made


def rejoin(session: Session, group_id: str) -> ProblemGroup:
    """Put what was split off back to what it was taken from; answers the group that is whole again.

    Its tickets are no longer held apart, and its id leads to the whole.

    Raises:
        ConflictError: it was not split off, or is one with that group already.
    """
    groups = {row.pk: row for row in session.scalars(select(ProblemGroup))}
    pk = top(groups, get(session, group_id).pk)
    source = groups[pk].from_pk
    if source is None or source not in groups or top(groups, source) == pk:
        raise ConflictError(f"{group_id} was not split off from another group", field="group_id")
    above = top(groups, source)
    groups[pk].into_pk = above
    session.execute(
        update(ProblemMember).where(ProblemMember.group_pk == pk).values(group_pk=above, pinned=False)
    )
    session.flush()
    return groups[above]


def called(session: Session, ticket_ids: Sequence[str]) -> ProblemGroup | None:
    """The named group that most of some tickets were last found in; None where most are in none that is."""
    groups = {row.pk: row for row in session.scalars(select(ProblemGroup))}
    held = session.scalars(
        select(ProblemMember.group_pk)
        .join(Ticket, Ticket.pk == ProblemMember.ticket_pk)
        .where(Ticket.id.in_(list(ticket_ids)[:_AT_ONCE]))
    )
    most = Counter(top(groups, pk) for pk in held if pk in groups).most_common(1)
    return groups[most[0][0]] if most and groups[most[0][0]].name else None


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
    row = ProblemGroup(id=group_id, name="", created_at=now)
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
        # To mypy ``__table__`` is any selectable, which has no ``insert``.
        session.execute(ProblemMember.__table__.insert(), rows)  # type: ignore[attr-defined]


def forget_empty(session: Session) -> None:
    """Remove groups that nobody named, changed or acted against and that hold no ticket any more."""
    held = select(ProblemMember.group_pk)
    absorbing = select(ProblemGroup.into_pk).where(ProblemGroup.into_pk.is_not(None))
    session.execute(
        delete(ProblemGroup).where(
            ProblemGroup.pk.not_in(held),
            ProblemGroup.pk.not_in(absorbing),
            ProblemGroup.pk.not_in(select(GroupComment.group_pk)),
            ProblemGroup.id.not_in(select(Measure.target)),
            ProblemGroup.name == "",
            ProblemGroup.into_pk.is_(None),
            ProblemGroup.from_pk.is_(None),
        )
    )
