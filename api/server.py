"""The serving process: takes the index, makes ready what is missing, then answers requests."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from typing import NoReturn

import structlog
import uvicorn

from api.app import create_app
from models.errors import ConflictError, IndexUnavailableError, SettingsError
from triage import accounts, service
from triage.progress import bars, note
from triage.setup import prepare
from triage.wiring import Parts


def serve(parts: Parts, host: str, port: int) -> None:
    """Serve until stopped.

    Raises:
        ConflictError: another service owns this state directory.
        SettingsError: the address cannot be used.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)  # uvicorn hands the signal on: it must not cut off the tidying up
    settings = parts.settings
    settings.home.mkdir(parents=True, exist_ok=True)
    _set_up_logging(settings.log_level)
    other = service.running(settings.home) if not settings.chroma_url else None
    if other is not None:
        raise ConflictError(f"a service already runs on {settings.home.resolve()}, at {other.url}")
    listening = _listen(host, port)
    with listening:
        _ = parts.rules
        try:
            index = parts.index(wait=0)
        except IndexUnavailableError as error:
            raise ConflictError(
                f"another process is using {settings.home.resolve()}: {error.message}"
            ) from error
        if index.damage:
            note(f"the search index was damaged and is made anew from the database: {index.damage}")
        with bars() as progress:
            prepare(parts, progress)
        _open_doors(parts)
        _warm_up(parts)
        address = f"http://{host}:{listening.getsockname()[1]}"
        own = service.announce(settings.home, address)
        note(f"ready: {address}")
        try:
            config = uvicorn.Config(
                create_app(parts, own), log_level="warning", access_log=False, timeout_graceful_shutdown=10
            )
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            service.withdraw(settings.home, own)


def _open_doors(parts: Parts) -> None:
    """Somebody must be able to sign in, and risky settings are said aloud."""
    with parts.database.transaction() as session:
        if parts.settings.demo:
            names = accounts.demo_accounts(session, parts.now())
            note(f"demonstration: sign in as {', '.join(names)}; each one's password is its name")
        elif password := accounts.first_admin(session, parts.now()):
            note(f"first start: sign in as {accounts.FIRST} with the one-time password {password}")
    if parts.settings.plain_http:
        note("TRIAGE_PLAIN_HTTP: cookies are sent over plain http too, where others can read them")


def _end(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything slow, so that a taken one is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}", field="port") from error
    return listening


def _warm_up(parts: Parts) -> None:
    """The first assessment loads dictionaries and compiles patterns: better now than for a customer."""
    import threadpoolctl

    from triage.pipeline import TicketText

    # A request's sums are small: threads that wait for more of them only take time from the encoder.
    threadpoolctl.threadpool_limits(limits=1, user_api="blas")
    for text in ("打印机无法启动，VPN error 619", "The printer does not start"):
        parts.triager.assess(TicketText(description=text), now=parts.now())


def _set_up_logging(level: str) -> None:
    logging.basicConfig(level=logging.WARNING)
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(),
    )
