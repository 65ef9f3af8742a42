"""A period's tickets by day or week as a drawing: bars, the expectation as a line, its interval as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from triage.findings import Span, Surge

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 22, 176
"""The frame that the bars stand in."""
_MOST_DATES = 8
_GAP = 0.2


@dataclass(frozen=True, slots=True)
class Column:
    """One bar: where it stands, its day or week, and whether a surge went on in it."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    span: Span
    surge: bool

    @property
    def number(self) -> int:
        """How many tickets."""
        return len(self.span.ticket_ids)


@dataclass(frozen=True, slots=True)
class Chart:
    """``line`` and ``band`` are points of an SVG, empty where nothing was to be expected; ``dates`` are
    places along the axis with what is written there; ``most`` is the number at the top."""

    columns: tuple[Column, ...]
    line: str
    band: str
    dates: tuple[tuple[float, str], ...]
    most: int
    unit: str

    @property
    def expects(self) -> bool:
        """Whether there was enough past to expect anything."""
        return bool(self.line)


def chart(spans: Sequence[Span], surges: Sequence[Surge], zone: ZoneInfo) -> Chart | None:
    """The drawing; None of nothing. A surge marks the bars between its first and its last ticket."""
    if not spans:
        return None
    most = _round(max(max(len(span.ticket_ids), span.high or 0) for span in spans))
    step = (WIDTH - LEFT - RIGHT) / len(spans)
    went_on = [
        tuple(at.astimezone(zone).date().isoformat() for at in (surge.since, surge.until)) for surge in surges
    ]

    def height(value: float) -> float:
        return round((BOTTOM - TOP) * value / most, 1)

    columns = tuple(
        Column(
            x=round(LEFT + step * (place + _GAP / 2), 1),
            y=round(BOTTOM - height(len(span.ticket_ids)), 1),
            width=round(step * (1 - _GAP), 1),
            height=height(len(span.ticket_ids)),
            middle=round(LEFT + step * (place + 0.5), 1),
            span=span,
            surge=any(first <= span.end and last >= span.start for first, last in went_on),
        )
        for place, span in enumerate(spans)
    )

    def stairs(values: Sequence[float | None]) -> list[str]:
        # By steps and not from middle to middle: what is said of a day holds for the whole of its bar.
        return [
            f"{round(LEFT + step * (place + end), 1)},{round(BOTTOM - height(value or 0), 1)}"
            for place, value in enumerate(values)
            for end in (0, 1)
        ]

    expects = spans[0].expected is not None
    lows, highs = ([getattr(span, name) for span in spans] for name in ("low", "high"))
    every = -(-len(spans) // _MOST_DATES)
    return Chart(
        columns=columns,
        line=" ".join(stairs([span.expected for span in spans])) if expects else "",
        band=" ".join([*stairs(highs), *reversed(stairs(lows))]) if expects else "",
        dates=tuple((column.middle, column.span.start[5:]) for column in columns[::every]),
        most=most,
        unit="week" if any(span.start != span.end for span in spans) else "day",
    )


def _round(value: float) -> int:
    """A number for the top of the axis, not below a value."""
    size = 1
    while True:
        for times in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15):
            if times * size >= value and times * size > 1:
                return times * size
        size *= 10
