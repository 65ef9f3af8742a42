"""Health, readiness, metrics; and what commands beside the service may ask of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.deps import KeeperDep, PartsDep, internal_only
from models.errors import TriageError
from triage.cli_index import difference
from triage.index_keeper import state as index_state

router = APIRouter(tags=["system"])
internal = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[Depends(internal_only)])


@router.get("/healthz")
def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(parts: PartsDep) -> JSONResponse:
    """Whether database, model and index can be used, one by one. Without the index, words are searched."""
    checks: dict[str, str] = {}
    good = True
    for name, check in (
        ("database", lambda: parts.database.ping()),
        ("model", lambda: parts.model and None),
        ("index", lambda: index_state(parts)),
    ):
        try:
            checks[name] = check() or "ok"
        except TriageError as error:
            good, checks[name] = False, error.message
    return JSONResponse({"ready": good, "checks": checks}, status_code=200 if good else 503)


@router.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@internal.get("/ping")
def ping() -> dict[str, str]:
    """This is the service that the state directory names."""
    return {"status": "ok"}


@internal.post("/index/apply")
def apply_index(parts: PartsDep) -> dict[str, int]:
    """Do the index writes that SQL says are outstanding."""
    return {"applied": parts.index().apply(parts.database)}


@internal.post("/index/verify")
def verify_index(parts: PartsDep) -> dict[str, Any]:
    """Compare the index with the database."""
    return difference(parts)


@internal.post("/index/rebuild", status_code=202)
def rebuild_index(keeper: KeeperDep) -> dict[str, Any]:
    """Have the index built anew while searches go on."""
    return keeper.ask_rebuild().as_json()


@internal.get("/index/rebuild")
def rebuild_progress(keeper: KeeperDep) -> dict[str, Any]:
    """How far that is."""
    return keeper.rebuild.as_json()
