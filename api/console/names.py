"""What people call the codes that are stored, in one language; and how times are written."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from triage.catalogue import words
from triage.rules import Rules
from triage.taxonomy import Category, Level, Term

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def names(rules: Rules, language: str) -> dict[str, dict[str, str]]:
    """Kind of code -> code -> name."""
    taxonomy = rules.taxonomy
    kinds: dict[str, tuple[Category | Level | Term, ...]] = {
        "category": taxonomy.categories,
        "priority": taxonomy.priorities,
        "team": taxonomy.teams,
        "status": taxonomy.statuses,
        "channel": taxonomy.channels,
        "tier": taxonomy.tiers,
        "cause": taxonomy.root_causes,
    }
    found = {kind: {term.code: term.names[language] for term in terms} for kind, terms in kinds.items()}
    found["step"] = {step.code: rules.clocks.step_name(step.code, language) for step in rules.clocks.steps}
    found["role"] = {role: rules.routing.role_name(role, language) for role in rules.routing.roles}
    found["signal"] = {rule.code: rule.names[language] for rule in rules.priority.signals}
    return found


class Clock:
    """Writes times for one reader: in the zone of the settings, in the words of a language."""

    def __init__(self, zone: tzinfo, language: str, now: datetime) -> None:
        self.zone, self.now, self._words = zone, now, words("frame", language)

    def moment(self, at: datetime | None) -> str:
        """Day and time; empty without one. This year's year goes without saying."""
        if at is None:
            return ""
        local, today = at.astimezone(self.zone), self.now.astimezone(self.zone)
        return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"

    def due(self, at: datetime | None) -> str:
        """How long there is, or by how much it is late."""
        if at is None:
            return ""
        left = at - self.now
        return self._words["due_in" if left >= timedelta() else "late_by"].format(span=self._span(abs(left)))

    def late(self, at: datetime | None) -> bool:
        """Whether the time has passed."""
        return at is not None and at < self.now

    def _span(self, span: timedelta) -> str:
        if span < _HOUR:
            return self._words["minutes"].format(number=int(span.total_seconds() // 60))
        if span < 2 * _DAY:
            return self._words["hours"].format(number=int(span / _HOUR))
        return self._words["days"].format(number=span.days)
