"""A small archive in both languages, and an exact way to find what is near."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import cases, search, shelf
from kb.database import Database
from kb.filters import Filters
from kb.tables import CaseDocument
from models.encoder import Encoder
from models.text import analyse

ARCHIVE: list[dict[str, Any]] = [
    {
        "id": "printer",
        "problem": "办公室的打印机无法开机。",
        "symptoms": "按下电源键没有反应",
        "solution": "更换电源板",
        "category": "hardware",
    },
    {
        "id": "vpn",
        "problem": "在家办公时公司的VPN连不上。",
        "solution": "重新导入证书并重启客户端",
        "category": "software",
    },
    {
        "id": "error",
        "problem": "The updater stops with error 0x80070005.",
        "solution": "Run it as administrator",
        "category": "software",
        "product": "Updater 3",
    },
    {
        "id": "app",
        "problem": "手机软件安装后闪退。",
        "solution": "清除缓存后重新安装",
        "category": "software",
    },
    {
        "id": "invoice",
        "problem": "The invoice shows the wrong company name.",
        "solution": "Issue a corrected invoice",
        "category": "other",
    },
    {
        "id": "jam",
        "problem": "Paper jams in the HX-300 printer every morning.",
        "solution": "Clean the feed roller",
        "category": "hardware",
    },
]


@pytest.fixture
def archive(database: Database, encoder: Encoder, now: datetime) -> Database:
    with database.transaction() as session:
        cases.write(session, ARCHIVE, encoder, now)
    return database


def nearest_in(session: Session) -> search.FindNearest:
    """The nearest cases by looking at all of them."""

    def find(vector: Any, most: int) -> list[int]:
        held = shelf.load(session, list(session.scalars(select(CaseDocument.case_pk))), len(vector))
        keys = list(held)
        cosine = [float((held[key].vectors.astype(np.float32) @ vector).max()) for key in keys]
        return [keys[i] for i in np.argsort(-np.array(cosine))[:most]]

    return find


@pytest.fixture
def ask(archive: Database, encoder: Encoder) -> Callable[..., list[search.Hit]]:
    """Search the archive: ``ask("text", limit=3, category="software")``."""

    def found(question: str, limit: int = 5, **wanted: Any) -> list[search.Hit]:
        vector = encoder.encode([question])[0]
        request = search.Request(analyse(question), vector, limit, Filters(**wanted))
        with archive.reading() as session:
            return search.find(session, request, nearest_in(session), search.MatchCurve())

    return found
