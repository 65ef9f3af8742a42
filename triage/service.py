"""The running service as other commands see it: its address and a token, in the state directory.

Embedded, the search index belongs to the service alone. A command beside it works on SQL and asks the
service for what needs the index.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from models.errors import IndexUnavailableError, TriageError

TOKEN_HEADER = "X-Triage-Token"
_FILE = "service.json"


@dataclass(frozen=True, slots=True)
class Service:
    """Where the service is and what opens its internal calls."""

    url: str
    token: str
    pid: int


def announce(home: Path, url: str) -> Service:
    """Write down where this process serves, readable by its own user alone."""
    service = Service(url, secrets.token_urlsafe(32), os.getpid())
    path = home / _FILE
    with suppress(FileNotFoundError):
        path.unlink()
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123  # opened with its mode
        json.dump(asdict(service), file)
    return service


def withdraw(home: Path, service: Service) -> None:
    """Remove what ``announce`` wrote, unless another process has written its own since."""
    if _read(home) == service:
        (home / _FILE).unlink(missing_ok=True)


def running(home: Path) -> Service | None:
    """The service of this state directory, if one answers."""
    service = _read(home)
    if service is None:
        return None
    try:
        # With the token: after a crash another service may have come to the same address.
        answer = httpx.get(
            f"{service.url}/internal/ping",
            headers={TOKEN_HEADER: service.token},
            timeout=5.0,
            trust_env=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return service if answer.status_code == httpx.codes.OK else None


def call(
    service: Service,
    method: str,
    path: str,
    *,
    body: dict[str, Any] | None = None,
    query: dict[str, str | int] | None = None,
) -> Any:
    """Ask the running service; answers its JSON.

    Raises:
        TriageError: the service refused; the message is its own.
        IndexUnavailableError: it no longer answers.
    """
    try:
        answer = httpx.request(
            method,
            f"{service.url}{path}",
            json=body,
            params=query,
            headers={TOKEN_HEADER: service.token},
            timeout=600.0,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise IndexUnavailableError(f"the running service does not answer: {error}") from error
    if answer.is_success:
        return answer.json()
    try:
        problem = answer.json()
        refused = TriageError(str(problem["detail"]), field=problem.get("field"))
        refused.code = str(problem["code"])
    except (ValueError, KeyError, TypeError):
        refused = TriageError(f"the running service answered with status {answer.status_code}")
    raise refused


def _read(home: Path) -> Service | None:
    try:
        return Service(**json.loads((home / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
