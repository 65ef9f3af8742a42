"""The retrospective: what recurs in a period; groups named, merged and split; measures; causes of tickets."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from api.deps import IdentityDep, PartsDep, acting
from api.schemas import PROBLEMS
from api.schemas_retrospective import (
    CauseAnswer,
    CauseRequest,
    GroupChange,
    GroupCommentAnswer,
    GroupMerge,
    GroupRemark,
    GroupSplit,
    GroupState,
    MeasureAnswer,
    MeasureRequest,
    RetrospectiveAnswer,
    SurgeAnswer,
)
from kb import causes, group_comments, measures, problem_groups
from kb.tables import GroupComment, ProblemGroup
from models.errors import InputError
from triage import report, reporting, retrospective
from triage.cli_retrospect import days

router = APIRouter(tags=["retrospective"], responses=PROBLEMS)

_OFFICE = "application/vnd.openxmlformats-officedocument"
_MEDIA = {
    "html": "text/html; charset=utf-8",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "docx": f"{_OFFICE}.wordprocessingml.document",
}

FirstDay = Annotated[str, Query(alias="from", description="First day, such as 2026-03-01.")]
LastDay = Annotated[str, Query(alias="to", description="Last day, included.")]


@router.get("/retrospective")
def read(parts: PartsDep, first: FirstDay, last: LastDay) -> RetrospectiveAnswer:
    """What recurred among the tickets received in a period, what it cost, and what changed."""
    found = retrospective.retrospect(parts.retrospect_setting(), days(first, last, parts))
    return RetrospectiveAnswer.model_validate(retrospective.as_json(found))


@router.get("/retrospective/report.{form}", response_class=Response)
def report_file(
    form: Literal["html", "xlsx", "docx"],
    parts: PartsDep,
    first: FirstDay,
    last: LastDay,
    language: Literal["zh", "en"] = "zh",
) -> Response:
    """The report of a period as one HTML page, a workbook, or a document for the minutes."""
    period = days(first, last, parts)
    found = retrospective.retrospect(parts.retrospect_setting(), period)
    with parts.database.reading() as session:
        texts = reporting.texts(session, reporting.named(found))
    names = report.names_of(parts.rules, language)
    content = report.render(found, f".{form}", language=language, names=names, texts=texts)
    name = f"retrospective-{first}-{last}-{language}.{form}"
    return Response(
        content,
        media_type=_MEDIA[form],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


@router.get("/surges")
def surges(parts: PartsDep) -> list[SurgeAnswer]:
    """The surges that go on: many more alike tickets within days than the past explains."""
    parts.watch.step(parts.retrospect_setting())
    return [SurgeAnswer.model_validate(surge) for surge in parts.watch.found]


@router.patch("/problem-groups/{group_id}")
def describe(group_id: str, sent: GroupChange, parts: PartsDep, who: IdentityDep) -> GroupState:
    """Name a group, once for all months; a comment joins those that are there."""
    with parts.database.transaction() as session:
        row = problem_groups.get(session, group_id)
        if sent.name is not None:
            row = problem_groups.rename(session, group_id, sent.name)
        if sent.comment:
            group_comments.add(session, group_id, sent.comment, by=who.name, now=parts.now())
        answer = _state(session, row)
    parts.retrospects.forget()
    return answer


@router.post("/problem-groups/{group_id}/merge")
def merge(group_id: str, sent: GroupMerge, parts: PartsDep) -> GroupState:
    """Make two groups one, from now on; answers the one that stays."""
    with parts.database.transaction() as session:
        answer = _state(session, problem_groups.merge(session, group_id, sent.into))
    parts.retrospects.forget()
    return answer


@router.post("/problem-groups/{group_id}/split", status_code=201)
def split(group_id: str, sent: GroupSplit, parts: PartsDep) -> GroupState:
    """Take tickets out of a group into one of their own."""
    with parts.database.transaction() as session:
        row = problem_groups.split(session, group_id, sent.ticket_ids, name=sent.name, now=parts.now())
        answer = _state(session, row)
    parts.retrospects.forget()
    return answer


@router.post("/problem-groups/{group_id}/rejoin")
def rejoin(group_id: str, parts: PartsDep) -> GroupState:
    """Put what was split off back to what it was taken from; answers the group that is whole again."""
    with parts.database.transaction() as session:
        answer = _state(session, problem_groups.rejoin(session, group_id))
    parts.retrospects.forget()
    return answer


@router.post("/problem-groups/{group_id}/comments", status_code=201)
def add_comment(group_id: str, sent: GroupRemark, parts: PartsDep, who: IdentityDep) -> GroupCommentAnswer:
    """Comment a group."""
    with parts.database.transaction() as session:
        row = group_comments.add(session, group_id, sent.text, by=acting(who, sent.by), now=parts.now())
        answer = _comment(row)
    parts.retrospects.forget()
    return answer


@router.get("/problem-groups/{group_id}/comments")
def list_comments(group_id: str, parts: PartsDep) -> list[GroupCommentAnswer]:
    """What people said of a group, in the order they said it."""
    with parts.database.reading() as session:
        return [_comment(row) for row in group_comments.listed(session, group_id)]


@router.delete("/problem-groups/{group_id}/comments/{number}", status_code=204)
def remove_comment(group_id: str, number: int, parts: PartsDep) -> None:
    """Take back a comment that was written by mistake."""
    with parts.database.transaction() as session:
        group_comments.remove(session, group_id, number)
    parts.retrospects.forget()


@router.post("/measures", status_code=201)
def note(sent: MeasureRequest, parts: PartsDep) -> MeasureAnswer:
    """Note a measure against a group or a root cause; the retrospective checks whether it worked."""
    _check_cause(parts, sent.target if sent.target_kind == "cause" else None, "target")
    with parts.database.transaction() as session:
        row = measures.note(session, **sent.model_dump(), now=parts.now())
        return MeasureAnswer.model_validate(row)


@router.get("/measures")
def noted(parts: PartsDep) -> list[MeasureAnswer]:
    """All measures."""
    with parts.database.reading() as session:
        return [MeasureAnswer.model_validate(row) for row in measures.listed(session)]


@router.delete("/measures/{measure_id}", status_code=204)
def remove(measure_id: str, parts: PartsDep) -> None:
    """Forget a measure that was noted by mistake."""
    with parts.database.transaction() as session:
        measures.remove(session, measure_id)


@router.put("/tickets/{ticket_id}/cause")
def record_cause(ticket_id: str, sent: CauseRequest, parts: PartsDep) -> CauseAnswer:
    """Record the root cause of a ticket, with its 5-Why."""
    _check_cause(parts, sent.code, "code")
    with parts.database.transaction() as session:
        row = causes.record(session, ticket_id, **sent.model_dump(), now=parts.now())
        return CauseAnswer.model_validate(row)


@router.get("/tickets/{ticket_id}/cause")
def read_cause(ticket_id: str, parts: PartsDep) -> CauseAnswer:
    """The root cause that was recorded for a ticket."""
    with parts.database.reading() as session:
        return CauseAnswer.model_validate(causes.of(session, ticket_id))


def _check_cause(parts: PartsDep, code: str | None, field: str) -> None:
    known = [term.code for term in parts.rules.taxonomy.root_causes]
    if code is not None and code not in known:
        raise InputError(f"{field} is one of {', '.join(known)}, not {code!r}", field=field)


def _state(session: Session, row: ProblemGroup) -> GroupState:
    said = group_comments.listed(session, row.id)
    return GroupState(id=row.id, name=row.name, comment=said[-1].text if said else "")


def _comment(row: GroupComment) -> GroupCommentAnswer:
    return GroupCommentAnswer(number=row.pk, text=row.text, by=row.by, at=row.at)
