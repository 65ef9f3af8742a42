"""What a person sees where a page cannot be shown: what happened, in the language of the pages."""

from __future__ import annotations

import json

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from api.console.frame import language_of, show
from triage import refusals


def wants_page(request: Request) -> bool:
    """Whether somebody followed a link or typed an address, rather than a program or a page's script."""
    return (
        request.method in ("GET", "HEAD")
        and not request.url.path.startswith("/api/")
        and "text/html" in request.headers.get("accept", "")
        and "hx-request" not in request.headers
    )


def answered(request: Request, problem: JSONResponse) -> Response:
    """The problem as a page for a person, in the person's language for a page's script, else as it is."""
    page = wants_page(request)
    if not page and "x-csrf-token" not in request.headers:
        return problem
    body = json.loads(bytes(problem.body))
    detail = refusals.told(body["detail"], language_of(request))
    if page:
        return show(request, "failed.html", "failed", status=problem.status_code, detail=detail)
    body["detail"] = detail
    return JSONResponse(body, status_code=problem.status_code, media_type=problem.media_type)
