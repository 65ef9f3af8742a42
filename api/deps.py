"""What endpoints need of the product, and who is asking.

All are coroutines: plain functions would each be sent to a thread and back.
"""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Depends, Header, Request

from models.errors import TriageError
from triage.accounts import SignInError
from triage.index_keeper import Keeper
from triage.permissions import Identity
from triage.service import TOKEN_HEADER
from triage.wiring import Parts
from triage.worker import Worker


class ForbiddenError(TriageError):
    """The call needs the token that the service wrote into its state directory."""

    code = "forbidden"


async def get_parts(request: Request) -> Parts:
    """The product's parts, built by the application."""
    parts: Parts = request.app.state.parts
    return parts


async def get_worker(request: Request) -> Worker:
    """The background worker."""
    worker: Worker = request.app.state.worker
    return worker


async def get_keeper(request: Request) -> Keeper:
    """Who cares for the vector index."""
    keeper: Keeper = request.app.state.keeper
    return keeper


async def get_identity(request: Request) -> Identity:
    """Who is asking, as the guard found.

    Raises:
        SignInError: nobody is signed in; only at addresses that are open to all.
    """
    found: Identity | None = request.state.identity
    if found is None:
        raise SignInError("sign in first")
    return found


async def internal_only(request: Request, token: Annotated[str, Header(alias=TOKEN_HEADER)] = "") -> None:
    """Let only commands beside the service in.

    Raises:
        ForbiddenError: the token is wrong.
    """
    service = request.app.state.service
    if service is None or not secrets.compare_digest(token.encode(), service.token.encode()):
        raise ForbiddenError("this call is for commands beside the service only")


def acting(who: Identity, stated: str) -> str:
    """Who is recorded: in a browser whoever is signed in; a program may name the person it acts for."""
    return who.name if who.via == "session" or not stated else stated


IdentityDep = Annotated[Identity, Depends(get_identity)]
PartsDep = Annotated[Parts, Depends(get_parts)]
WorkerDep = Annotated[Worker, Depends(get_worker)]
KeeperDep = Annotated[Keeper, Depends(get_keeper)]
