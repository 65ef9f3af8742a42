"""Health, readiness, metrics; and what commands beside the service may ask of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.deps import PartsDep, internal_only
from models.errors import TriageError
from triage.cli_index import difference

router = APIRouter(tags=["system"])
internal = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[Depends(internal_only)])


@router.get("/healthz")
def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(parts: PartsDep) -> JSONResponse:
    """Whether database, model and index can be used, one by one."""
    checks: dict[str, str] = {}
    for name, check in (
        ("database", lambda: parts.database.ping()),
        ("model", lambda: parts.model),
        ("index", lambda: parts.index(wait=0)),
    ):
        try:
            check()
            checks[name] = "ok"
        except TriageError as error:
            checks[name] = error.message
    good = all(value == "ok" for value in checks.values())
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
