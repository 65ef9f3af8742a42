"""The same on PostgreSQL, in a private cluster run by an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from kb import (
    audit,
    candidates,
    case_life,
    case_versions,
    cases,
    erasing,
    filters,
    index_state,
    ledger,
    lexical_index,
    search,
    sign_ins,
    tickets,
    transfer,
    users,
)
from kb.database import Database
from kb.documents import fingerprint, hashed
from kb.filters import Filters
from kb.index import open_embedded
from kb.tables import Base, CaseDocument
from models.encoder import Encoder
from models.errors import ConflictError, StorageError
from models.text import analyse

pytestmark = pytest.mark.real


def ordinary_user() -> str | None:
    """Whom to run the server as; it refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="module")
def cluster(need: Callable[[str], Path]) -> Iterator[str]:
    """The address of a fresh server on loopback."""
    programs, user = need("postgresql"), ordinary_user()
    # Not under pytest's folder: another user may not enter it, and a socket's path must be short.
    home = Path(tempfile.mkdtemp(prefix="triage-pg-"))
    if user:
        shutil.chown(home, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(home / "data"), *arguments]
        extra: dict[str, object] = (
            {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
        )
        with (home / "log").open("ab") as log:
            done = subprocess.run(command, stdout=log, stderr=log, cwd=home, timeout=60, **extra)  # type: ignore[call-overload]  # options by platform
        assert done.returncode == 0, (home / "log").read_text(errors="replace")

    try:
        call("initdb", "-U", "triage", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        options = f"-k {home} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off"
        call("pg_ctl", "-w", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://triage@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def server(cluster: str, encoder: Encoder) -> Iterator[Database]:
    """A migrated database with three cases."""
    database = Database(cluster)
    assert not database.is_current()
    database.upgrade()
    rows = [
        {"id": "printer", "problem": "办公室的打印机无法开机", "category": "hardware"},
        {"id": "vpn", "problem": "公司的VPN连不上", "category": "software", "keywords": ["网络"]},
        {"id": "error", "problem": "The updater stops with error 0x80070005", "category": "software"},
    ]
    with database.transaction() as session:
        cases.write(session, rows, encoder, datetime(2026, 3, 11, 2, 30, tzinfo=UTC))
    yield database
    database.close()


def test_tables_equal_the_migrated_ones(server: Database) -> None:
    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return not (kind == "table" and name == "case_terms")

    assert server.is_current()
    with server.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(
    ("question", "case_id"),
    [("三楼的打印机开不了", "printer"), ("家里VPN断了", "vpn"), ("0x80070005", "error"), ("公司VPN", "vpn")],
)
def test_search_finds_by_words(server: Database, encoder: Encoder, question: str, case_id: str) -> None:
    request = search.Request(analyse(question), encoder.encode([question])[0])
    with server.reading() as session:
        found = search.find(session, request, lambda _vector, _most: [], search.MatchCurve())
    assert found[0].case_id == case_id


@pytest.mark.parametrize("exact", [0, 2_000])
def test_filters_and_facets(
    server: Database, encoder: Encoder, exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "EXACT", exact)
    question = "VPN 打印机 error"
    wanted = Filters(category="software")
    request = search.Request(analyse(question), encoder.encode([question])[0], 5, wanted)
    with server.reading() as session:
        found = search.find(session, request, lambda _vector, _most: [], search.MatchCurve())
        counted = search.counted(session, request, lambda _vector, _most: [])
        assert not len(filters.first(session, Filters(proven_only=True)))
    assert {hit.case_id for hit in found} == {"vpn", "error"}
    assert counted["category"] == {"software": 2, "hardware": 1}


def test_frequencies_are_those_of_the_cases(server: Database) -> None:
    with server.reading() as session:
        words, _ = lexical_index.prepare(session, *hashed("vpn unheard"))
    rarity = dict(zip(words.terms.tolist(), words.rarity.tolist(), strict=True))
    assert rarity[int(hashed("vpn")[0][0])] < rarity[int(hashed("unheard")[0][0])]


def test_a_changed_case_and_its_proof(server: Database, encoder: Encoder, now: datetime) -> None:
    with server.transaction() as session:
        row = {"id": "changing", "problem": "monitor flickers"}
        assert cases.write(session, [row], encoder, now).added == 1
        assert cases.write(session, [row | {"problem": "keyboard sticks"}], encoder, now).changed == 1
        assert ledger.record(session, "changing", worked=True, used_at=now).last_worked_at == now
        words, pairs = lexical_index.prepare(session, *hashed("monitor"))
        assert lexical_index.candidates(session, words, pairs, 5) == []
        session.rollback()


def test_an_import_runs_and_runs_again(
    server: Database, encoder: Encoder, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,description\n" + "".join(f"t{n},ticket {n}\n" for n in range(120)))
    source = transfer.Source(UTC, {})
    for wanted in ((120, 0), (0, 120)):
        import_id = transfer.start(server, path, "tickets", now, runner="command")
        row = transfer.run(server, import_id, encoder, source, lambda: now)
        assert (row.state, row.added, row.unchanged) == ("done", *wanted)
    with server.reading() as session:
        assert tickets.get(session, "t7").received_at == now


def test_the_index_is_rebuilt_beside_writes_and_applies_of_another_thread(
    server: Database, encoder: Encoder, now: datetime, tmp_path: Path
) -> None:
    made = fingerprint(encoder)

    def in_use() -> str:
        with server.reading() as session:
            return index_state.in_use(session, made)

    index = open_embedded(tmp_path / "index", made, encoder.dimension, in_use=in_use)
    try:
        index.apply(server)
        over = threading.Event()

        def go_on() -> None:
            number = 0
            while not over.is_set():
                number += 1
                with server.transaction() as session:
                    row = {"id": f"turn-{number % 5}", "problem": f"turned {number} times"}
                    cases.write(session, [row], encoder, now)
                index.apply(server)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            for _ in range(3):
                index.rebuild(server)
        finally:
            over.set()
            thread.join()
        index.apply(server)
        assert index.verify(server).none
        assert index.probe(server)
        with server.reading() as session:
            assert index_state.outstanding(session, 1) == index_state.noted(session, set()) == []
            newest = session.scalars(select(CaseDocument)).all()
        for document in newest:  # the vectors are the latest, not only some of the case
            vector = np.frombuffer(document.vectors, np.float16)[: encoder.dimension].astype(np.float32)
            assert index.nearest(vector, 1) == [document.case_pk]
    finally:
        index.close()


def test_a_customer_is_erased(server: Database, encoder: Encoder, now: datetime) -> None:
    name = "星河"
    ticket = {"id": "erased", "description": f"{name}报修", "customer": name, "product": name * 100}
    with server.transaction() as session:
        tickets.write(session, [ticket], now)
        cases.write(session, [{"id": "erased", "problem": f"{name}的扫描仪卡纸"}], encoder, now)
    with server.transaction() as session:
        question = ledger.Question(encoder.encode(["x"])[0], fingerprint(encoder))
        done = erasing.erase(session, name, encoder, lambda _: question)
    assert (done.tickets, done.rows) == (1, {"tickets": 1, "cases": 1})
    assert server.compact()
    with server.reading() as session:
        assert cases.get(session, "erased").problem == "[客户]的扫描仪卡纸"
        assert name not in tickets.get(session, "erased").product
        words, pairs = lexical_index.prepare(session, *hashed("扫描仪"))
        assert len(lexical_index.candidates(session, words, pairs, 5)) == 1


def test_the_life_of_a_case(server: Database, encoder: Encoder, now: datetime) -> None:
    with server.transaction() as session:
        rows = [{"id": name, "problem": f"scanner {name} is dead"} for name in ("kept", "double")]
        cases.write(session, rows, encoder, now)
        ledger.record(session, "double", worked=True, used_at=now, ticket_id="t1")
        case_life.change(session, "kept", {"problem": "scanner is dead"}, 1, encoder, now, by="li")
        assert case_life.merge(session, "double", "kept", now, by="li") == case_life.Merged(1, 0)
        kept = cases.get(session, "kept")
        assert [one.number for one in case_versions.versions(session, kept)] == [1, 2]
        assert [event.kind for event in case_versions.history(session, kept)] == ["state", "version", "merge"]
        words, pairs = lexical_index.prepare(session, *hashed("scanner"))
        assert lexical_index.candidates(session, words, pairs, 5) == [kept.pk]
        kept.expires_on = now.date()
        session.flush()
        assert case_life.expire(session, now.date(), now) == 1
        assert lexical_index.candidates(session, words, pairs, 5) == []
        session.rollback()


def test_two_changes_at_once_are_one_and_a_conflict(
    server: Database, encoder: Encoder, now: datetime
) -> None:
    with server.transaction() as session:
        cases.write(session, [{"id": "raced", "problem": "scanner"}], encoder, now)
    begun, outcomes = threading.Barrier(2), list[str]()

    def change(problem: str) -> None:
        begun.wait()
        try:
            with server.transaction() as session:
                case_life.change(session, "raced", {"problem": problem}, 1, encoder, now)
        except ConflictError:
            outcomes.append("conflict")
        else:
            outcomes.append("done")

    threads = [threading.Thread(target=change, args=(f"scanner {name}",)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "done"]
    with server.transaction() as session:
        assert cases.get(session, "raced").version_number == 2
        case_life.move(session, "raced", "withdrawn", encoder, now, today=now.date())


def test_the_audit_log_is_only_added_to(server: Database, now: datetime) -> None:
    with server.transaction() as session:
        audit.note(session, "anna", "signed_in", now=now)
    for change in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(StorageError, match="only added to"), server.transaction() as session:
            session.execute(text(change))
    with server.transaction() as session:
        user = users.add(session, "anna", "agent", "no password fits this", now, team="product")
        sign_ins.begin(session, user, "a" * 64, now, now + timedelta(hours=1))
        signed = sign_ins.find(session, "a" * 64, now)
        assert signed is not None and (signed.name, signed.team) == ("anna", "product")
        session.rollback()


def test_a_refusal_is_explained(server: Database, now: datetime) -> None:
    with pytest.raises(StorageError, match="too long"), server.transaction() as session:
        tickets.add(session, {"id": "x" * 100, "description": "x"}, now)
