"""A customer's right to be forgotten."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import IdentityDep, PartsDep, WorkerDep
from api.schemas import PROBLEMS
from api.schemas_privacy import EraseAnswer, EraseRequest
from triage import erasure

router = APIRouter(prefix="/customers", tags=["customers"], responses=PROBLEMS)


@router.post("/erase")
def erase(sent: EraseRequest, parts: PartsDep, worker: WorkerDep, who: IdentityDep) -> EraseAnswer:
    """Erase a customer's data from everything that is stored. It cannot be undone."""
    done = erasure.erase(parts, sent.customer, also=sent.also, preview=sent.preview, by=who.name)
    worker.wake()
    return EraseAnswer.model_validate(done.as_json())
