"""Archived cases: stored together with what search needs of them, in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import lexical_index, masking
from kb.case_versions import FIELDS, advance, content, record
from kb.documents import CaseText, Document, documents, fingerprint, lead
from kb.tables import Case, CaseDocument, IndexTask
from models import text
from models.encoder import Encoder
from models.errors import InputError, NotFoundError

PUBLISHED = "published"
"""The state of the cases that search finds; the others are in ``kb.case_life``."""
_MAY_BE_NONE = ("hours", "satisfaction", "closed_on", "expires_on")


@dataclass(frozen=True, slots=True)
class Written:
    """How many cases a write added, changed, and found as they were; the ids of all of them; and how many
    places of personal data were masked in those it added or changed."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ids: tuple[str, ...] = ()
    masked: int = 0


def write(
    session: Session,
    rows: Sequence[Mapping[str, Any]],
    encoder: Encoder,
    now: datetime,
    *,
    state: str = "published",
    by: str = "",
    note: str = "",
    whole: bool = False,
) -> Written:
    """Add cases in a state, or change those whose id exists; the same content again changes nothing.

    Personal data is masked before anything else is made of a row: neither texts nor vectors nor hashes hold
    it. Each row has fields of the ``Case`` table; ``problem`` is needed, an ``id`` is made from the content
    where there is none. Analysing and encoding are done in one batch. A case that exists stays in the state
    it is in, and gets a new version. ``whole`` empties what a row leaves out instead of keeping it.

    Raises:
        InputError: a row has no problem.
    """
    wanted: dict[str, tuple[Mapping[str, Any], str]] = {}
    places: dict[str, int] = {}
    for row in rows:
        if not str(row.get("problem", "")).strip():
            raise InputError("a case needs a problem", field="problem")
        row, found = masking.mask_case(row)
        digest = _digest(row)
        case_id = str(row.get("id") or f"case-{digest[:16]}")
        wanted[case_id], places[case_id] = (row, digest), found.total()
    # Locked in one order: who writes the same cases beside this must not read the same version number.
    there = select(Case).where(Case.id.in_(list(wanted))).order_by(Case.id).with_for_update()
    stored = {case.id: case for case in session.scalars(there)}
    added: list[Case] = []
    changed: list[tuple[Case, dict[str, Any]]] = []
    for case_id, (row, digest) in wanted.items():
        case = stored.get(case_id)
        if case is None:
            case = Case(id=case_id, created_at=now, state=state, version_number=1)
            case.from_ticket = str(row.get("from_ticket") or "")
            _fill(case, row, digest, whole=whole)
            added.append(case)
            session.add(case)
        elif case.content_hash != digest:
            before = content(case)
            _fill(case, row, digest, whole=whole)
            if content(case) != before:
                changed.append((case, before))
    session.flush()
    record(session, added, "state", now, after=state, by=by, note=note)
    for case, before in changed:
        advance(session, case, before, now, by=by, note=note)
    touched = [*added, *(case for case, _ in changed)]
    enter(session, [case for case in touched if case.state == PUBLISHED], encoder)
    masked = sum(places[case.id] for case in touched)
    return Written(len(added), len(changed), len(wanted) - len(touched), tuple(wanted), masked)


def get(session: Session, case_id: str, *, lock: bool = False) -> Case:
    """One case; ``lock`` keeps others from changing it until the transaction ends.

    Raises:
        NotFoundError: there is no such case.
    """
    query = select(Case).where(Case.id == case_id)
    case = session.scalar(query.with_for_update() if lock else query)
    if case is None:
        raise NotFoundError(f"there is no case {case_id!r}", field="case_id")
    return case


def searched_text(case: Case) -> CaseText:
    """The texts that a case is found by."""
    whole = (
        case.problem,
        case.symptoms,
        case.product,
        case.cause,
        case.solution,
        " ".join(case.keywords or ()),
    )
    problem = f"{case.problem}\n{case.symptoms}" if case.symptoms else lead(case.problem)
    return CaseText(problem, "\n".join(part for part in whole if part))


def reindex(session: Session, encoder: Encoder, most: int) -> int:
    """Make new documents for cases whose documents another encoder or analyser made; answers how many."""
    made = fingerprint(encoder)
    stale = session.scalars(
        select(Case)
        .outerjoin(CaseDocument, CaseDocument.case_pk == Case.pk)
        .where(
            Case.state == PUBLISHED,
            (CaseDocument.fingerprint.is_(None)) | (CaseDocument.fingerprint != made),
        )
        .limit(most)
    ).all()
    enter(session, stale, encoder)
    return len(stale)


def enter(session: Session, cases: Sequence[Case], encoder: Encoder) -> None:
    """Have search find these cases by what they say now; the vector index follows."""
    if not cases:
        return
    made = documents([searched_text(case) for case in cases], encoder)
    old = {
        row.case_pk: row
        for row in session.scalars(
            select(CaseDocument).where(CaseDocument.case_pk.in_([case.pk for case in cases]))
        )
    }
    lexical_index.remove(session, {key: _document(row) for key, row in old.items()})
    for case, document in zip(cases, made, strict=True):
        row = old.get(case.pk)
        if row is None:
            row = CaseDocument(case_pk=case.pk)
            session.add(row)
        row.words, row.pairs = document.words.tobytes(), document.pairs.tobytes()
        row.vectors, row.fingerprint = document.vectors.tobytes(), fingerprint(encoder)
        session.add(IndexTask(case_pk=case.pk))
    session.flush()
    lexical_index.add(session, {case.pk: document for case, document in zip(cases, made, strict=True)})


def leave(session: Session, cases: Sequence[Case]) -> None:
    """Have search find these cases no more; the vector index follows."""
    keys = [case.pk for case in cases]
    rows = session.scalars(select(CaseDocument).where(CaseDocument.case_pk.in_(keys))).all()
    lexical_index.remove(session, {row.case_pk: _document(row) for row in rows})
    for row in rows:
        session.delete(row)
        session.add(IndexTask(case_pk=row.case_pk))
    session.flush()


def _fill(case: Case, row: Mapping[str, Any], digest: str, *, whole: bool) -> None:
    for name in FIELDS:
        if row.get(name) is not None or (whole and name in _MAY_BE_NONE):
            setattr(case, name, row.get(name))
    case.language = text.language(searched_text(case).whole)
    case.content_hash = digest


def _document(row: CaseDocument) -> Document:
    return Document(
        np.frombuffer(row.words, np.uint32),
        np.frombuffer(row.pairs, np.uint32),
        np.frombuffer(row.vectors, np.float16),
    )


def _digest(row: Mapping[str, Any]) -> str:
    content = {name: row[name] for name in FIELDS if row.get(name) is not None}
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=False, default=str).encode()
    ).hexdigest()[:32]
