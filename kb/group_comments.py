"""What people say of a problem group, each with who said it and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import problem_groups
from kb.tables import GroupComment, ProblemGroup
from models.errors import InputError, NotFoundError


def add(session: Session, group_id: str, content: str, *, by: str, now: datetime) -> GroupComment:
    """Comment a group.

    Raises:
        InputError: the comment is empty.
        NotFoundError: there is no such group.
    """
    if not content.strip():
        raise InputError("the comment is empty", field="text")
    group = problem_groups.get(session, group_id)
    row = GroupComment(group_pk=group.pk, text=content.strip(), by=by.strip()[:120], at=now)
    session.add(row)
    session.flush()
    return row


def listed(session: Session, group_id: str) -> Sequence[GroupComment]:
    """A group's comments and those of the groups merged into it, in the order they were written.

    Raises:
        NotFoundError: there is no such group.
    """
    whole = problem_groups.parts(session, problem_groups.get(session, group_id).pk)
    return session.scalars(
        select(GroupComment).where(GroupComment.group_pk.in_(whole)).order_by(GroupComment.pk)
    ).all()


def by_group(session: Session) -> dict[str, list[GroupComment]]:
    """All comments, by the id of the group; those of merged groups are the whole's."""
    groups = {row.pk: row for row in session.scalars(select(ProblemGroup))}
    held = problem_groups.comments(session, groups)
    return {groups[pk].id: rows for pk, rows in held.items()}


def remove(session: Session, group_id: str, number: int) -> None:
    """Take back a comment that was written by mistake.

    Raises:
        NotFoundError: the group has no such comment.
    """
    row = next((row for row in listed(session, group_id) if row.pk == number), None)
    if row is None:
        raise NotFoundError(f"the group {group_id!r} has no comment {number}", field="number")
    session.delete(row)
    session.flush()
