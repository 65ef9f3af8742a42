"""The ticket's way on one page: what a text is, how urgent, who takes it, by when, and what helped before."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, tzinfo

from kb.search import Hit, Wording
from kb.tickets import whole_text
from models import text
from models.classifier import Reading
from models.encoder import Encoder, Vectors
from models.errors import InputError, TooLargeError
from models.store import StoredModel
from triage import clocks, priority, routing
from triage.assessment import Assessment, Finding, Option, RouteTaken, degraded
from triage.rules import Rules

LookUp = Callable[[text.Analysis, int], Future[Wording]]
"""Begins to look up an analysed text's words; how many cases are wanted in the end is said already."""
LookNear = Callable[[Vectors, int], Future[list[int]]]
"""Begins to look up the cases nearest to a vector; how many are wanted in the end is said already."""
FindCases = Callable[[text.Analysis, Vectors, int, Future[Wording], Future[list[int]]], list[Hit]]
"""An analysed text, its vector, how many, and what the two look-ups found in; the best cases out."""


@dataclass(frozen=True, slots=True)
class TicketText:
    """What is known of a ticket when it is assessed."""

    subject: str = ""
    description: str = ""
    language: str | None = None
    product: str | None = None
    customer_tier: str | None = None
    channel: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Triager:
    """Assesses tickets; it changes nothing and may be used from several threads."""

    encoder: Encoder
    model: StoredModel
    rules: Rules
    look_up: LookUp
    look_near: LookNear
    find_cases: FindCases
    timezone: tzinfo
    max_text: int

    def assess(self, ticket: TicketText, *, now: datetime, top_k: int = 5) -> Assessment:
        """Assess one ticket.

        Raises:
            InputError: there is no text, or it is too long.
        """
        began = time.perf_counter()
        content = self._content(ticket)
        analysis = text.analyse(content)
        language = ticket.language or analysis.language
        # Words are looked up while the encoder works, neighbours while the classifier does: side by side
        # they take as long as the longer one.
        wording = self.look_up(analysis, top_k)
        vector = self.encoder.encode([content])[0]
        near = self.look_near(vector, top_k)

        category = self._category(analysis, vector, language)
        level = self._priority(content, analysis, vector, language, ticket.customer_tier)
        # A text that says nothing the model knows goes to the first line, whatever the model guesses.
        sure = category.label if category.band != "ask" else None
        route = self._route(ticket, sure, level.label, language, now)
        cases = self.find_cases(analysis, vector, top_k, wording, near)

        return Assessment(
            language=language,
            category=category,
            priority=level,
            route=route,
            similar_cases=tuple(cases),
            model_version=self.model.card.version,
            encoder=self.encoder.identity,
            degraded=tuple(degraded(cases)),
            elapsed_ms=round(1000 * (time.perf_counter() - began), 2),
        )

    def _content(self, ticket: TicketText) -> str:
        content = text.clean(whole_text(ticket.subject, ticket.description)).strip()
        if not content:
            raise InputError("there is no text to assess", field="text")
        if len(content) > self.max_text:
            raise TooLargeError(
                f"the text has {len(content)} characters, at most {self.max_text} are read", field="text"
            )
        return content

    def _category(self, analysis: text.Analysis, vector: Vectors, language: str) -> Finding:
        reading = self.model.classifiers["category"].read(analysis, vector)
        chances = reading.chances
        label = max(chances, key=chances.__getitem__)
        return self._finding("category", label, chances, reading, vector, language)

    def _priority(
        self, content: str, analysis: text.Analysis, vector: Vectors, language: str, tier: str | None
    ) -> Finding:
        signals = priority.find_signals(content, self.rules.priority, customer_tier=tier)
        classifier = self.model.classifiers.get("priority")
        reading = classifier.read(analysis, vector) if classifier else None
        if reading is None:  # a model trained without priorities leaves them to the signals
            levels = self.rules.taxonomy.priority_codes()
            learned = {level: 1 / len(levels) for level in levels}
        else:
            learned = reading.chances
        decided = priority.decide_priority(learned, signals, self.rules.priority)
        chances = dict(decided.probabilities)
        return self._finding("priority", decided.label, chances, reading, vector, language, signals)

    def _finding(
        self,
        target: str,
        label: str,
        chances: dict[str, float],
        reading: Reading | None,
        vector: Vectors,
        language: str,
        signals: tuple[priority.Signal, ...] = (),
    ) -> Finding:
        confidence = chances[label]
        learned = reading if reading is not None and reading.knows(label) else None
        others = sorted(
            ((name, chance) for name, chance in chances.items() if name != label), key=lambda x: -x[1]
        )
        return Finding(
            label=label,
            confidence=round(confidence, 4),
            band=reading.band(confidence, language, label) if reading else "ask",
            alternatives=tuple(Option(name, round(chance, 4)) for name, chance in others[:4]),
            reasons=tuple(learned.reasons(label)) if learned else (),
            examples=tuple(self.model.examples.nearest(vector, target)),
            signals=signals,
            score=learned.score(label) if learned else 0.0,
        )

    def _route(
        self, ticket: TicketText, category: str | None, level: str, language: str, now: datetime
    ) -> RouteTaken:
        taken = routing.route(
            self.rules.routing,
            category=category,
            priority=level,
            product=ticket.product,
            customer_tier=ticket.customer_tier,
            language=language,
            channel=ticket.channel,
        )
        due = clocks.due_times(
            self.rules.clocks,
            received_at=ticket.received_at or now,
            category=category,
            priority=level,
            timezone=self.timezone,
        )
        return RouteTaken(taken.team, taken.role, taken.rule, due, taken.helpers, taken.notify)
