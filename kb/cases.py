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
from kb.documents import CaseText, Document, documents, fingerprint, lead
from kb.tables import Case, CaseDocument, IndexTask
from models import text
from models.encoder import Encoder
from models.errors import InputError, NotFoundError

FIELDS = (
    "problem",
    "symptoms",
    "product",
    "version",
    "category",
    "cause_code",
    "cause_kind",
    "cause",
    "solution",
    "resources",
    "team",
    "hours",
    "satisfaction",
    "reopened",
    "keywords",
    "closed_on",
)


@dataclass(frozen=True, slots=True)
class Written:
    """How many cases a write added, changed, and found as they were; the ids of all of them; and how many
    places of personal data were masked in those it added or changed."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ids: tuple[str, ...] = ()
    masked: int = 0


def write(session: Session, rows: Sequence[Mapping[str, Any]], encoder: Encoder, now: datetime) -> Written:
    """Add cases, or change those whose id exists; the same content again changes nothing.

    Personal data is masked before anything else is made of a row: neither texts nor vectors nor hashes hold
    it. Each row has fields of the ``Case`` table; ``problem`` is needed, an ``id`` is made from the content
    where there is none. Analysing and encoding are done in one batch.

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
    stored = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(list(wanted))))}
    added, changed = [], []
    for case_id, (row, digest) in wanted.items():
        case = stored.get(case_id)
        if case is None:
            case = Case(id=case_id, created_at=now)
            added.append(case)
            session.add(case)
        elif case.content_hash != digest:
            changed.append(case)
        else:
            continue
        for name in FIELDS:
            if row.get(name) is not None:
                setattr(case, name, row[name])
        case.language = text.language(searched_text(case).whole)
        case.content_hash = digest
    session.flush()
    touched = [*added, *changed]
    _index(session, touched, encoder)
    masked = sum(places[case.id] for case in touched)
    return Written(len(added), len(changed), len(wanted) - len(touched), tuple(wanted), masked)


def get(session: Session, case_id: str) -> Case:
    """One case.

    Raises:
        NotFoundError: there is no such case.
    """
    case = session.scalar(select(Case).where(Case.id == case_id))
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
        .where((CaseDocument.fingerprint.is_(None)) | (CaseDocument.fingerprint != made))
        .limit(most)
    ).all()
    _index(session, stale, encoder)
    return len(stale)


def renew(session: Session, cases: Sequence[Case], encoder: Encoder) -> None:
    """Make new documents for cases whose texts were changed, and have the index look at them."""
    _index(session, cases, encoder)


def _index(session: Session, cases: Sequence[Case], encoder: Encoder) -> None:
    if not cases:
        return
    made = documents([searched_text(case) for case in cases], encoder)
    old = {
        row.case_pk: row
        for row in session.scalars(
            select(CaseDocument).where(CaseDocument.case_pk.in_([case.pk for case in cases]))
        )
    }
    for case, document in zip(cases, made, strict=True):
        row = old.get(case.pk)
        if row is None:
            row = CaseDocument(case_pk=case.pk)
            session.add(row)
        else:
            lexical_index.remove(session, case.pk, _document(row))
        row.words, row.pairs = document.words.tobytes(), document.pairs.tobytes()
        row.vectors, row.fingerprint = document.vectors.tobytes(), fingerprint(encoder)
        lexical_index.add(session, case.pk, document)
        session.add(IndexTask(case_pk=case.pk))
    session.flush()


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
