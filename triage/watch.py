"""The watch for surges: looks at the last weeks' tickets once an hour, and at once where somebody asks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kb import history, mining, problem_groups, ticket_documents
from kb.tables import ProblemGroup
from triage.findings import Period, Surge
from triage.movement import Flow, surges
from triage.retrospective import Setting

EVERY = timedelta(hours=1)
LOOKED_BACK = timedelta(days=75)
"""Two months say what is usual; the rest is the windows of the scan and the past it needs to begin."""
LATELY = timedelta(days=3)
"""A surge is shown as long after its last ticket."""


def look(setting: Setting) -> tuple[Surge, ...]:
    """The surges that go on, by the tickets that are there now. Makes documents that are missing."""
    with setting.database.reading() as session:
        past = history.tickets(session, setting.now - LOOKED_BACK, setting.now + timedelta(seconds=1))
    keys = [ticket.pk for ticket in past]
    ticket_documents.fill(setting.database, setting.encoder, keys)
    with setting.database.reading() as session:
        documents = ticket_documents.load(session, keys, setting.encoder.dimension)
    flow = Flow(Period(setting.now - LOOKED_BACK, setting.now + EVERY), setting.zone, past)
    found = surges(mining.group(documents), {ticket.pk: ticket for ticket in past}, flow, ())
    lately = [surge for surge in found if setting.now - surge.until <= LATELY]
    with setting.database.reading() as session:
        return tuple(_called(surge, problem_groups.called(session, surge.ticket_ids)) for surge in lately)


def _called(surge: Surge, group: ProblemGroup | None) -> Surge:
    """A surge by the name that people gave its problem."""
    return surge if group is None else replace(surge, group_id=group.id, title=group.name)


@dataclass
class Watch:
    """What was last seen, and when."""

    looked_at: datetime | None = None
    found: tuple[Surge, ...] = ()
    told: set[str] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def due(self, now: datetime) -> bool:
        """Whether an hour has passed."""
        return self.looked_at is None or now - self.looked_at >= EVERY

    def forget(self) -> None:
        """What was seen may quote tickets that have changed: look again when next asked."""
        with self._turn:
            self.found, self.looked_at = (), None

    def step(self, setting: Setting) -> tuple[Surge, ...]:
        """Look if it is due; answers the surges that were not told before.

        A surge is known again by its first ticket.
        """
        with self._turn:
            if self.due(setting.now):
                self.found, self.looked_at = look(setting), setting.now
            new = tuple(surge for surge in self.found if surge.ticket_ids[0] not in self.told)
            self.told |= {surge.ticket_ids[0] for surge in new}
        return new
