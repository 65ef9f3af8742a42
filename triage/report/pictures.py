"""The charts as pictures for documents, drawn by matplotlib without a screen."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from triage.report import fonts
from triage.report.charts import Bars, Days

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 6.69
"""Inches: what fits between the margins of an A4 page."""
_DOTS = 160
_INK, _SOFT, _LINE = "#1b2330", "#566173", "#d9dee6"
_BAR, _REST, _CURVE = "#3d7fc4", "#b8c6d8", "#c2571a"
_CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


def needs_chinese(*texts: str) -> bool:
    """Whether a text has characters that only a Chinese font draws."""
    return any(_CHINESE.search(text) for text in texts)


def pareto(bars: Bars) -> bytes:
    """Bars in falling order with the cumulative share and the line at 80 %, as PNG.

    Without a Chinese font, what would need one is left out and the bars have their numbers only.
    """
    figure, axes = _figure(1.1 + 0.27 * len(bars.values))
    places = range(len(bars.values))
    colours = [_BAR if not bars.vital or place < bars.vital else _REST for place in places]
    axes.barh(places, bars.values, color=colours, height=0.68)
    numbered = [label.split(" ", 1)[0] for label in bars.labels]
    labels = [
        fonts.drawable(label) if _can_draw(label) else number
        for label, number in zip(bars.labels, numbered, strict=True)
    ]
    axes.set_yticks(list(places), labels)
    axes.set_ylim(len(bars.values) - 0.4, -0.6)
    axes.set_xlim(0, max(bars.values) * 1.12)
    _label(axes.set_xlabel, bars.axis)
    for place, value in zip(places, bars.values, strict=True):
        axes.annotate(
            f"{value:,.4g}",
            (value, place),
            (3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=_INK,
        )
    above = axes.twiny()
    _plain(above)
    above.plot(bars.cumulative, list(places), color=_CURVE, marker="o", markersize=3.5, linewidth=1.5)
    above.axvline(80, color=_CURVE, linestyle="--", linewidth=1)
    above.set_xlim(0, 112)
    above.set_xticks([0, 20, 40, 60, 80, 100], [f"{tick} %" for tick in (0, 20, 40, 60, 80, 100)])
    return _png(figure)


def days(chart: Days) -> bytes:
    """Stacked bars of the tickets by day and category, as PNG."""
    from matplotlib.ticker import MaxNLocator

    figure, axes = _figure(3.1)
    places = range(len(chart.dates))
    below = [0] * len(chart.dates)
    for stack in chart.stacks:
        label = fonts.drawable(stack.label) if _can_draw(stack.label) else None
        axes.bar(places, stack.counts, bottom=below, color=stack.colour, width=0.85, label=label)
        below = [low + count for low, count in zip(below, stack.counts, strict=True)]
    every = -(-len(chart.dates) // 10)
    shown = list(places)[::every]
    axes.set_xticks(shown, [chart.dates[place][5:] for place in shown])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    if any(_can_draw(stack.label) for stack in chart.stacks):
        axes.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.1),
            ncols=min(len(chart.stacks), 4),
            frameon=False,
            fontsize=8,
        )
    return _png(figure)


def _can_draw(text: str) -> bool:
    return fonts.chinese() is not None or not needs_chinese(text)


def _figure(height: float) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A figure of its own, never pyplot, which keeps figures for the whole process.
    figure = Figure(figsize=(WIDTH, height), dpi=_DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _plain(axes)
    return figure, axes


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.tick_params(length=0, labelsize=8, colors=_INK)
    axes.xaxis.label.set(size=8, color=_SOFT)


def _label(put: object, text: str) -> None:
    if callable(put) and _can_draw(text):
        put(text)


def _png(figure: Figure) -> bytes:
    from matplotlib import text

    for axes in figure.axes:
        # Labels of ticks are made anew when the figure is drawn.
        axes.tick_params(labelfontfamily=fonts.families())
    for part in figure.findobj(text.Text):
        part.set_fontfamily(fonts.families())
        # Titles are people's: "$" opens no formula.
        part.set_parse_math(False)
    held = io.BytesIO()
    figure.savefig(held, format="png")
    return held.getvalue()
