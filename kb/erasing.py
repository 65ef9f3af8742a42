"""A customer's data, taken out of everything that is stored; what others can use of it stays.

The customer's own tickets lose their contact fields, and their texts are masked. The customer's name, and the
people and numbers that stood in those contact fields, are replaced wherever else a text holds them.
``PLACES`` names all of these texts; a test compares it with the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import delete, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from kb import cases, masking
from kb.case_tables import CaseEvent, CaseVersion
from kb.erasing_words import Words, spelled_alike
from kb.ledger import Question
from kb.tables import (
    Base,
    Case,
    CaseUse,
    Decision,
    GroupComment,
    Import,
    ImportProblem,
    Measure,
    ProblemGroup,
    Ticket,
    TicketCause,
    TicketDocument,
    Transition,
)
from kb.tickets import whole_text
from models.encoder import Encoder
from models.errors import InputError

CONTACT_FIELDS = ("customer", "contact_person", "contact")
_PAGE = 500

Ask = Callable[[str], Question]
"""A text in, what a use of a solution keeps of it out."""


@dataclass(frozen=True, slots=True)
class Place:
    """The columns of a table that hold what people wrote: texts, or JSON with texts in it.

    ``owner`` is the column with the key of the ticket that a row belongs to, where it belongs to one.
    """

    table: type[Base]
    columns: tuple[str, ...]
    owner: str = ""


PLACES = (
    Place(Ticket, ("subject", "description", "product", *CONTACT_FIELDS, "solution", "remark"), "pk"),
    Place(Transition, ("note",), "ticket_pk"),
    Place(Decision, ("reason",), "ticket_pk"),
    Place(TicketCause, ("cause", "whys"), "ticket_pk"),
    Place(Case, ("problem", "symptoms", "product", "cause", "solution", "resources", "keywords")),
    Place(CaseUse, ("note",)),
    Place(CaseVersion, ("content", "note")),
    Place(CaseEvent, ("note",)),
    Place(Import, ("file_name", "stored_as", "error")),
    Place(ImportProblem, ("message", "cells")),
    Place(ProblemGroup, ("name",)),
    Place(GroupComment, ("text",)),
    Place(Measure, ("what",)),
)
"""All that can hold a customer's name. A new table with texts is one line here."""


@dataclass(slots=True)
class Erased:
    """What was touched: the customer's own tickets, rows by table, and texts in them.

    ``imports_running`` are ids of imports whose files may still bring the customer's data.
    """

    tickets: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    texts: int = 0
    imports_running: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether the customer was found at all."""
        return bool(self.tickets or self.rows)


def words_of(session: Session, customer: str, also: Sequence[str] = ()) -> tuple[Words, list[int]]:
    """All that names a customer, and the keys of the customer's own tickets.

    ``also`` are further spellings, such as a short form of a company's name.

    Raises:
        InputError: there is no name, or one too short to be looked for in texts.
    """
    names = [" ".join(masking.narrow(name).split()) for name in (customer, *also)]
    if any(len(name) < 2 for name in names):
        raise InputError("a customer's name has at least two characters", field="customer")
    stored = session.scalars(select(Ticket.customer).distinct()).all()
    mine = [name for name in stored if any(spelled_alike(name or "", one) for one in names)]
    own = session.execute(
        select(Ticket.pk, Ticket.contact_person, Ticket.contact).where(Ticket.customer.in_(mine))
    ).all()
    people = {row.contact_person for row in own if row.contact_person}
    contacts = {row.contact for row in own if row.contact}
    return Words.of(names, sorted(people), sorted(contacts)), [row.pk for row in own]


def erase(
    session: Session,
    customer: str,
    encoder: Encoder,
    ask: Ask,
    *,
    also: Sequence[str] = (),
    preview: bool = False,
) -> Erased:
    """Take a customer's data out of all ``PLACES``, and make anew what was computed from them.

    With ``preview`` nothing is changed, only counted. Repeated, it finds nothing.

    Raises:
        InputError: the name cannot be looked for.
    """
    words, keys = words_of(session, customer, also)
    own = set(keys)
    done = Erased(tickets=len(own))
    touched: dict[str, list[Any]] = {}
    for place in PLACES:
        changed = _sweep(session, place, words, own, done, preview)
        if changed:
            done.rows[place.table.__tablename__] = len(changed)
            touched[place.table.__tablename__] = changed
    done.imports_running = tuple(session.scalars(select(Import.id).where(Import.state == "running")))
    if not preview:
        session.flush()
        _make_anew(session, touched, encoder, ask)
    return done


def _sweep(
    session: Session, place: Place, words: Words, own: set[int], done: Erased, preview: bool
) -> list[Any]:
    """The rows of one table that hold something of the customer, changed unless it is a preview."""
    key: InstrumentedAttribute[Any] = getattr(
        place.table, "ticket_pk" if place.table is TicketCause else "pk"
    )
    changed = []
    last = 0
    while page := session.scalars(select(place.table).where(key > last).order_by(key).limit(_PAGE)).all():
        last = getattr(page[-1], key.key)
        for row in page:
            news = _news(row, place, words, bool(place.owner) and getattr(row, place.owner) in own)
            if news:
                done.texts += len(news)
                changed.append(row)
            for name, value in news.items() if not preview else ():
                setattr(row, name, value)
    return changed


def _news(row: Any, place: Place, words: Words, mine: bool) -> dict[str, Any]:
    """The columns of a row that change, with what they become."""
    if isinstance(row, ImportProblem) and row.cells and words.is_row_of(row.cells.values()):
        # Who the other cells of such a row speak of, nobody knows: the whole of it goes.
        return {"cells": {}, "message": "a row of a customer whose data were erased"}
    clear = words.clear_own if mine else words.clear
    found = {}
    for name in place.columns:
        if name == "stored_as" and row.state == "running":
            continue  # it could not go on
        old = getattr(row, name)
        if name in CONTACT_FIELDS:
            # In another customer's contact the same person's name is a namesake's.
            new = "" if mine else words.clear_contact(old or "")
        else:
            new = walked(old, clear)
        if new != old and not (old is None and new == ""):
            # A placeholder can be longer than the name was; PostgreSQL refuses what is too long.
            room = getattr(place.table.__table__.columns[name].type, "length", None)
            found[name] = new[:room] if isinstance(new, str) else new
    return found


def walked(value: Any, clear: Callable[[str], str]) -> Any:
    """A value with every text in it cleared, however deep it lies in lists and objects."""
    if isinstance(value, str):
        return clear(value)
    if isinstance(value, list):
        return [walked(item, clear) for item in value]
    if isinstance(value, dict):
        return {key: walked(item, clear) for key, item in value.items()}
    return value


def _make_anew(session: Session, touched: dict[str, list[Any]], encoder: Encoder, ask: Ask) -> None:
    """Documents, vectors and indices of what has other texts now."""
    stale: list[Case] = touched.get("cases", [])
    cases.enter(session, [case for case in stale if case.state == cases.PUBLISHED], encoder)
    if stale and session.get_bind().dialect.name == "sqlite":
        # Else the index would keep the old tokens, marked as deleted, until it merges by itself.
        session.execute(text("INSERT INTO case_terms(case_terms) VALUES ('optimize')"))
    tickets: list[Ticket] = touched.get("tickets", [])
    for page in _pages(tickets):
        session.execute(delete(TicketDocument).where(TicketDocument.ticket_pk.in_([one.pk for one in page])))
        by_id = {ticket.id: ticket for ticket in page}
        uses = select(CaseUse).where(CaseUse.ticket_id.in_(list(by_id)), CaseUse.question.is_not(None))
        for use in session.scalars(uses):
            ticket = by_id[use.ticket_id]
            question = ask(whole_text(ticket.subject or "", ticket.description))
            use.question = question.vector.astype(np.float16).tobytes()
            use.fingerprint = question.fingerprint
    session.flush()


def _pages(rows: Sequence[Ticket]) -> Iterator[Sequence[Ticket]]:
    for start in range(0, len(rows), _PAGE):
        yield rows[start : start + _PAGE]
