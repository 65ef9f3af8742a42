"""The page of models: versions and their scorecards, training, comparing, promises, labels to settle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import log2
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from api.console.frame import go, identity_of, language_of, refusal, show
from api.console.names import Clock, names
from api.deps import PartsDep
from kb import masking
from models.calibration import Bands
from models.card import Card
from models.errors import InputError, TriageError
from models.learning_curve import LearningCurve
from triage import label_conflicts, model_comparison, model_desk
from triage.catalogue import words
from triage.learning import Progress
from triage.wiring import Parts

router = APIRouter(prefix="/models", include_in_schema=False)
_SHOWN = 50
_CONFLICTS = 20
_WIDE, _HIGH, _EDGE = 560, 220, 36
"""Size of the learning curve's drawing, and the room for its axes."""
Word = Annotated[str, Form(max_length=80)]
_kept: dict[tuple[str, str, str], dict[str, Any] | None] = {}
Percent = Annotated[float, Query(ge=0, le=100)]


@router.get("")
def read(request: Request, parts: PartsDep) -> HTMLResponse:
    """All versions, what is going on, the learning curve, and labels to settle."""
    return _page(request, parts)


@router.get("/job")
def follow(request: Request, parts: PartsDep) -> Response:
    """How far the work is; once it has ended, the whole page is shown anew."""
    return _page(request, parts) if parts.jobs.going_on() else go("/models")


@router.get("/comparison")
def read_comparison(request: Request, parts: PartsDep) -> HTMLResponse:
    """What the version compared last would change."""
    job = parts.jobs.last("compare")
    found = job.found if job else None
    return _shown(request, parts, "model_comparison.html", job=job, found=found, shown=_SHOWN)


@router.post("/train")
def train(
    request: Request, parts: PartsDep, name: Word = "own", imported: Annotated[bool, Form()] = False
) -> Response:
    """Begin to learn a new version beside the requests."""

    def begin(by: str) -> None:
        parts.store.next_version(name)  # a name that cannot be used is told at once
        parts.jobs.begin(
            "train",
            lambda progress: model_desk.train(parts, name, by, progress, imported=imported).version,
            by=by,
            subject=name,
        )

    return _begun(request, parts, begin, name=name)


@router.post("/compare")
def compare(request: Request, parts: PartsDep, before: Word = "", after: Word = "") -> Response:
    """Begin to compare two versions over the newest tickets."""

    def begin(by: str) -> None:
        for version in (before, after):
            parts.store.card(version)

        def work(progress: Progress) -> model_comparison.Comparison:
            with parts.database.reading() as session:
                asked = model_comparison.newest(session)
            old, new = parts.store.load(before), parts.store.load(after)
            return model_comparison.compare(old, new, asked, parts.encoder, parts.rules, progress)

        parts.jobs.begin("compare", work, by=by, subject=f"{before} – {after}")

    return _begun(request, parts, begin, to="/models/comparison")


@router.post("/curve")
def draw_curve(request: Request, parts: PartsDep) -> Response:
    """Begin to draw the learning curve."""
    return _begun(
        request,
        parts,
        lambda by: parts.jobs.begin("curve", lambda progress: model_desk.draw(parts, progress), by=by),
    )


@router.post("/rollback")
def roll_back(request: Request, parts: PartsDep) -> Response:
    """Use the version again that was in use before."""
    return _changed(request, parts, lambda session, by: model_desk.roll_back(session, parts, by=by))


@router.post("/labels")
def settle(
    request: Request, parts: PartsDep, ticket: Word = "", target: Word = "", label: Word = ""
) -> Response:
    """Say which label a doubted ticket has."""

    def change(session: Session, by: str) -> None:
        label_conflicts.settle(session, ticket, target, label, parts.rules.taxonomy, by=by, now=parts.now())

    return _changed(request, parts, change)


@router.get("/{version}")
def read_version(request: Request, parts: PartsDep, version: str) -> HTMLResponse:
    """One version: its card and its scorecards on texts held out while it learned."""
    card = parts.store.card(version)
    held = parts.store.held_out(version)
    return _shown(
        request,
        parts,
        "model.html",
        card=card,
        current=parts.store.current(),
        fits=parts.fits(version),
        scorecards={target: own.scorecard(_bands(card, target)) for target, own in held.items()},
        promises={target: _promises(card, target) for target in held},
        said="",
    )


@router.get("/{version}/promise")
def try_promise(
    request: Request,
    parts: PartsDep,
    version: str,
    target: str = "category",
    suggest: Percent = 60,
    auto: Percent = 95,
) -> HTMLResponse:
    """How many texts each band would hold with these promises, and how right it would be."""
    held = parts.store.held_out(version).get(target)
    if held is None:
        raise InputError(f"the model {version} keeps no held-out answers for {target!r}", field="target")
    suggest = min(suggest, auto)
    card = held.scorecard(held.bands(suggest / 100, auto / 100))
    return _shown(
        request,
        parts,
        "model_promise.html",
        bands=card["bands"],
        target=target,
        suggest=suggest,
        auto=auto,
    )


@router.post("/{version}/promise")
def keep_promise(
    request: Request,
    parts: PartsDep,
    version: str,
    target: Word = "category",
    suggest: Annotated[float, Form()] = 60,
    auto: Annotated[float, Form()] = 95,
) -> Response:
    """Store a version with the thresholds of these promises; it is not promoted."""
    made: list[Card] = []

    def change(session: Session, by: str) -> None:
        made.append(
            model_desk.promise(session, parts, version, target, min(suggest, auto) / 100, auto / 100, by=by)
        )

    return _changed(request, parts, change, to=lambda: f"/models/{made[0].version}")


@router.post("/{version}/promote")
def promote(request: Request, parts: PartsDep, version: str) -> Response:
    """Use a version from now on."""
    return _changed(request, parts, lambda session, by: model_desk.promote(session, parts, version, by=by))


def percent(share: float) -> str:
    """A share as a person reads it."""
    return f"{100 * share:.1f} %"


def plotted(found: LearningCurve) -> dict[str, Any]:
    """Places of the learning curve in its drawing: measured points, the forecast with its interval, ticks."""
    points, forecast = found.points, found.forecast
    sizes = [point.texts for point in points] + [forecast.texts]
    low = max(min(min(point.accuracy for point in points), forecast.interval[0]) - 0.05, 0.0)
    first, span = log2(sizes[0]), max(log2(sizes[-1]) - log2(sizes[0]), 1e-9)

    def across(texts: float) -> float:
        return round(_EDGE + (_WIDE - 2 * _EDGE) * (log2(texts) - first) / span, 1)

    def down(accuracy: float) -> float:
        return round(_HIGH - _EDGE - (_HIGH - 2 * _EDGE) * (accuracy - low) / (1 - low), 1)

    return {
        "wide": _WIDE,
        "high": _HIGH,
        "edge": _EDGE,
        "line": " ".join(f"{across(point.texts)},{down(point.accuracy)}" for point in points),
        "points": [(across(p.texts), down(p.accuracy), p.texts, percent(p.accuracy)) for p in points],
        "last": (across(points[-1].texts), down(points[-1].accuracy)),
        "forecast": (across(forecast.texts), down(forecast.accuracy), forecast.texts),
        "interval": tuple(down(end) for end in forecast.interval),
    }


def _bands(card: Card, target: str) -> Bands:
    return Bands({key: (pair[0], pair[1]) for key, pair in card.bands[target].items()})


def _promises(card: Card, target: str) -> tuple[float, float]:
    suggest, auto = card.promises.get(target, [0.6, 0.95])
    return 100 * suggest, 100 * auto


def _begun(
    request: Request, parts: Parts, begin: Callable[[str], Any], *, to: str = "/models", **typed: str
) -> Response:
    who = identity_of(request)
    try:
        begin(who.name if who else "")
    except TriageError as error:
        return _page(request, parts, said=_refusal(request, error), typed=typed)
    return go(to)


def _changed(
    request: Request,
    parts: Parts,
    change: Callable[[Session, str], Any],
    *,
    to: Callable[[], str] = lambda: "/models",
) -> Response:
    who = identity_of(request)
    try:
        with parts.database.transaction() as session:
            change(session, who.name if who else "")
    except TriageError as error:
        return _page(request, parts, said=_refusal(request, error))
    return go(to())


def _refusal(request: Request, error: TriageError) -> str:
    return words("models", language_of(request))["refused"].format(detail=refusal(request, error))


def _page(
    request: Request, parts: Parts, *, said: str = "", typed: Mapping[str, str] | None = None
) -> HTMLResponse:
    store = parts.store
    newest = parts.jobs.newest()
    job = replace(newest) if newest else None  # what ends while the page is made is shown the next time
    cards, current = store.versions()[::-1], store.current()
    figures = {card.version: _figures(parts, card) for card in cards}
    drawn = model_desk.drawn(store)
    used = next((card for card in cards if card.version == current), None)
    with parts.database.reading() as session:
        doubted = (
            label_conflicts.conflicts(
                session, store.held_out(used.version), model_desk.made_at(used), parts.rules.taxonomy
            )
            if used
            else []
        )
    return _shown(
        request,
        parts,
        "models.html",
        cards=cards,
        current=current,
        figures=figures,
        fits={card.version: parts.fits(card.version) for card in cards},
        job=job,
        curve=plotted(drawn[1]) if drawn else None,
        drawn=drawn,
        doubted=doubted[:_CONFLICTS],
        doubts=len(doubted),
        said=said,
        typed={"name": "own", **(typed or {})},
    )


def _figures(parts: Parts, card: Card) -> dict[str, Any] | None:
    """A version's scorecard of categories: computed once, as a version never changes."""
    name = (str(parts.store.folder), card.version, card.created_at)
    if name not in _kept:
        held = parts.store.held_out(card.version).get("category")
        _kept[name] = held.scorecard(_bands(card, "category")) if held else None
    return _kept[name]


def _shown(request: Request, parts: Parts, template: str, **values: Any) -> HTMLResponse:
    language = language_of(request)
    spoken = words("models", language)
    return show(
        request,
        template,
        "models",
        names=names(parts.rules, language),
        clock=Clock(parts.settings.zone, language, parts.now()),
        at=model_desk.made_at,
        percent=percent,
        source=lambda card: spoken.get(f"source_{model_desk.SOURCES.get(card.source, '')}", card.source),
        masked=lambda text: masking.mask(text).text,
        **values,
    )
