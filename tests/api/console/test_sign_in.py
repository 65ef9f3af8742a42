"""Signing in and out in a browser, and one's own password."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.guard import CSRF_HEADER
from triage import accounts
from triage.catalogue import words
from triage.wiring import Parts

pytestmark = pytest.mark.usefixtures("quick_passwords")
Opener = Callable[..., AbstractContextManager[TestClient]]
GOOD = "correct horse battery"


@pytest.fixture
def browser(parts: Parts, open_client: Opener) -> Iterator[TestClient]:
    with parts.database.transaction() as session:
        accounts.add_user(session, "anna", "agent", parts.now(), by="x", password=GOOD)
    with open_client(parts, role=None) as client:
        client.headers["Accept"] = "text/html"
        yield client


def sign_in(browser: TestClient, name: str = "anna", password: str = GOOD, **more: str) -> Any:
    return browser.post("/sign-in", data={"name": name, "password": password, **more})


def change(browser: TestClient, address: str, **form: str) -> Any:
    found = re.search(r'name="csrf" content="(\w{64})"', browser.get("/password").text)
    assert found
    return browser.post(address, data=form, headers={CSRF_HEADER: found[1]})


def test_one_is_sent_to_sign_in_and_back(browser: TestClient) -> None:
    sent = browser.get("/accounts")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=/accounts")
    page = browser.get(sent.headers["location"])
    assert page.status_code == 200
    assert 'name="next" value="/accounts"' in page.text
    assert "demo-" not in page.text
    done = sign_in(browser, next="/?lang=zh")
    assert (done.status_code, done.headers["location"]) == (303, "/?lang=zh")
    assert "anna" in browser.get("/").text


@pytest.mark.parametrize(
    "next_page", ["https://evil.example", "//evil.example", "/\\evil.example", "", "x\ny"]
)
def test_signing_in_never_leads_to_another_site(browser: TestClient, next_page: str) -> None:
    assert sign_in(browser, next=next_page).headers["location"] == "/"


def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_http(
    browser: TestClient, make_parts: Callable[..., Parts], open_client: Opener
) -> None:
    cookie = sign_in(browser).headers["set-cookie"]
    assert cookie.startswith("__Host-triage_session=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert part in cookie
    with open_client(make_parts(plain_http=True), role=None) as client:
        cookie = sign_in(client).headers["set-cookie"]
        assert cookie.startswith("triage_session=")
        assert "HttpOnly" in cookie and "Secure" not in cookie


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_wrong_password_says_so_and_keeps_the_name(browser: TestClient, language: str) -> None:
    browser.get(f"/sign-in?lang={language}")
    said = words("sign_in", language)
    for _ in range(5):
        answer = sign_in(browser, name="Anna", password="wrong password")
        assert answer.status_code == 401
        assert said["wrong"] in answer.text
        assert 'value="Anna"' in answer.text
        assert "wrong password" not in answer.text
        assert "set-cookie" not in answer.headers
    blocked = sign_in(browser)
    assert blocked.status_code == 401
    assert re.search(said["blocked"].replace("{seconds}", r"(30|29)"), blocked.text)


def test_a_name_is_shown_as_text(browser: TestClient) -> None:
    answer = sign_in(browser, name='"><script>broken=1</script>')
    assert "<script>broken" not in answer.text
    assert "&lt;script&gt;broken" in answer.text


def test_signing_out_ends_the_session(browser: TestClient) -> None:
    sign_in(browser)
    held = dict(browser.cookies)
    done = change(browser, "/sign-out")
    assert (done.status_code, done.headers["hx-redirect"]) == (204, "/sign-in")
    assert browser.get("/").status_code == 303
    browser.cookies.update(held)
    assert browser.get("/").status_code == 303, "the old secret opens nothing"


def test_a_one_time_password_opens_only_its_change(parts: Parts, browser: TestClient) -> None:
    with parts.database.transaction() as session:
        first = accounts.reset_password(session, "anna", parts.now(), by="x")
    assert sign_in(browser, password=first).status_code == 303
    assert browser.get("/").headers["location"] == "/password"
    asked = browser.get("/api/v1/taxonomy")
    assert (asked.status_code, asked.json()["code"]) == (403, "password_change_needed")
    spoken = words("password", "en")
    wrong = change(browser, "/password", old="not it", new=GOOD)
    assert spoken["wrong_old"] in wrong.text
    assert spoken["wrong_password"] in change(browser, "/password", old=first, new="short").text
    done = change(browser, "/password", old=first, new=GOOD)
    assert (done.status_code, done.headers["hx-redirect"]) == (204, "/")
    assert browser.get("/").status_code == 200


def test_a_token_changes_no_password(parts: Parts, open_client: Opener) -> None:
    with open_client(parts, role="agent") as client:
        assert client.post("/password", data={"old": "x", "new": GOOD}).status_code == 422


def test_the_demonstration_names_its_accounts(make_parts: Callable[..., Parts], open_client: Opener) -> None:
    parts = make_parts(demo=True, plain_http=True)
    with parts.database.transaction() as session:
        accounts.demo_accounts(session, parts.now())
    with open_client(parts, role=None) as client:
        page = client.get("/sign-in").text
        for role in ("agent", "engineer", "lead", "admin"):
            assert f'data-fill="demo-{role}"' in page
        assert sign_in(client, name="demo-lead", password="demo-lead").status_code == 303


def test_language_is_remembered(browser: TestClient) -> None:
    browser.get("/sign-in?lang=zh")
    assert browser.get("/sign-in").headers["content-language"] == "zh"
    page = browser.get("/sign-in?next=/accounts&lang=en")
    assert page.headers["content-language"] == "en"
    assert "/sign-in?next=%2Faccounts&amp;lang=zh" in page.text
