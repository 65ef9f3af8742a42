"""Errors on the wire: problem details (RFC 9457) with a stable code. The one place that knows statuses."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.console.failed import answered
from models.errors import TriageError
from triage.worker import place

STATUSES = {
    "invalid_input": 422,
    "too_large": 413,
    "bad_file": 422,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "forbidden": 403,
    "not_signed_in": 401,
    "password_change_needed": 403,
    "bad_data_file": 500,
    "bad_setting": 500,
    "model_unusable": 503,
    "index_unavailable": 503,
    "storage_failed": 503,
    "internal": 500,
    "error": 500,
}
TITLES = {
    413: "Too large",
    422: "Cannot be used",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    401: "Not signed in",
    403: "Forbidden",
    500: "Internal error",
    503: "Not available now",
}

log = structlog.get_logger(__name__)


def problem(code: str, detail: str, *, field: str | None = None, status: int | None = None) -> JSONResponse:
    """A problem document."""
    number = status or STATUSES.get(code, 500)
    body = {
        "type": "about:blank",
        "title": TITLES.get(number, "Error"),
        "status": number,
        "code": code,
        "detail": detail,
    }
    if field:
        body["field"] = field
    return JSONResponse(body, status_code=number, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem document."""

    @app.exception_handler(TriageError)
    def explained(request: Request, error: TriageError) -> Response:
        return answered(request, problem(error.code, error.message, field=error.field))

    @app.exception_handler(RequestValidationError)
    def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return problem("invalid_input", f"the body is no valid JSON: {first['ctx']['error']}")
        where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
        said = first["msg"].removeprefix("Value error, ")
        return problem("invalid_input", f"{where or 'the body'}: {said}", field=where or None)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
        code = codes.get(error.status_code, "error")
        said = f"{request.method} {request.url.path}: {error.detail}"
        return answered(request, problem(code, said, status=error.status_code))


class Unexpected:
    """Answers what nobody foresaw, and lets it go no further: the server would log the error's own text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:
            if scope["type"] != "http":
                raise
            # The log names the kind of error and the place, never what the customer wrote.
            log.error("unexpected error", kind=type(error).__name__, place=place(error))
            if not begun:
                answer = problem("internal", "something went wrong inside the service; its log says more")
                await answer(scope, receive, send)
