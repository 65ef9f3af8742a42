"""The application: routes, errors, limits, and the parts behind them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from api import (
    accounts,
    assessments,
    case_drafts,
    case_life,
    cases,
    errors,
    exports,
    imports,
    models,
    privacy,
    retrospective,
    system,
    taxonomy,
    tickets,
)
from api.console import (
    account_pages,
    case_pages,
    desk,
    frame,
    import_pages,
    model_pages,
    queue_pages,
    retrospective_pages,
    retrospective_tickets,
    settings_pages,
    sign_in,
    surge_pages,
    ticket_pages,
)
from api.guard import Guard
from triage.index_keeper import Keeper
from triage.service import Service
from triage.wiring import Parts
from triage.worker import Worker

REQUESTS = Counter("triage_requests_total", "Requests by route and status", ["route", "status"])
SECONDS = Histogram("triage_request_seconds", "Time to answer by route", ["route"])
_PREFIX = "/api/v1"
_UPLOADS = (f"{_PREFIX}/imports", f"{_PREFIX}/imports/preview", "/imports/file")


def create_app(parts: Parts, service: Service | None = None, *, work: bool = True) -> FastAPI:
    """Build the application on these parts; ``work`` says whether worker and keeper run beside it."""
    worker, keeper = Worker(parts), Keeper(parts)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        if work:
            worker.start()
            keeper.start()
        yield
        if work:
            keeper.stop()
            worker.stop()

    app = FastAPI(
        title="Triage",
        summary="Ticket triage and case knowledge base for Chinese and English",
        version="0.1.0",
        lifespan=running,
        docs_url=None,
        redoc_url=None,
    )
    app.state.parts, app.state.worker, app.state.service = parts, worker, service
    app.state.keeper = keeper
    errors.install(app)
    for module in (
        assessments,
        tickets,
        cases,
        case_life,
        case_drafts,
        imports,
        retrospective,
        taxonomy,
        exports,
        accounts,
        privacy,
        models,
    ):
        app.include_router(module.router, prefix=_PREFIX)
    app.include_router(system.router)
    app.include_router(system.internal)
    for pages in (
        frame,
        desk,
        queue_pages,
        case_pages,
        retrospective_pages,
        retrospective_tickets,
        surge_pages,
        ticket_pages,
        import_pages,
        model_pages,
        settings_pages,
        sign_in,
        account_pages,
    ):
        app.include_router(pages.router)
    app.add_middleware(errors.Unexpected)
    app.add_middleware(Guard, parts=parts, service=service)
    app.add_middleware(BodyLimit, most=parts.settings.max_body, upload=parts.settings.max_upload)
    app.add_middleware(Measured)
    return app


class BodyLimit:
    """Refuses a body over the limit before it is read into memory."""

    def __init__(self, app: Any, most: int, upload: int) -> None:
        self.app, self.most, self.upload = app, most, upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.upload + 100_000 if scope["path"] in _UPLOADS else self.most
        stated = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if stated.isdigit() and int(stated) > most:
            too_large = errors.problem("too_large", f"the body is larger than {most} bytes")
            await too_large(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413, f"the body is larger than {most} bytes")
            return message

        await self.app(scope, counted, send)


class Measured:
    """Counts requests and their times by route, without a request's content."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            if scope["path"].startswith(_PREFIX) and route.startswith("/") and not route.startswith(_PREFIX):
                route = _PREFIX + route  # since 0.165 fastapi names the route within its router
            REQUESTS.labels(route, status).inc()
            SECONDS.labels(route).observe(time.perf_counter() - began)
