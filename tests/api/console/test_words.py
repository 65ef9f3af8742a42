"""The words of all pages: each is used, none is missing, and none stands outside the catalogue."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from api.console.case_pages import TEXTS
from kb.case_life import STATES
from kb.causes import BRANCHES
from kb.columns import FIELDS as COLUMNS
from kb.dates import ORDERS
from kb.why import Why
from triage.catalogue import words
from triage.data_edit import FILES
from triage.permissions import PERMISSIONS, ROLES
from triage.replay import KINDS

CONSOLE = Path(__file__).parents[3] / "api" / "console"
PAGES = {  # table of the catalogue -> the sources that use it
    "desk": ("templates/desk.html", "static/desk.js", "static/assessment.js"),
    "queue": ("templates/queue.html", "queue_pages.py"),
    "ticket": ("templates/ticket.html", "ticket_pages.py"),
    "cases": ("templates/cases.html",),
    "case": ("templates/case.html", "case_pages.py"),
    "case_editor": ("templates/case_editor.html", "templates/case_preview.html", "case_pages.py"),
    "sign_in": ("templates/sign_in.html", "sign_in.py"),
    "password": ("templates/password.html", "sign_in.py"),
    "retrospective": (
        "templates/retrospective.html",
        "templates/retrospective_tickets.html",
        "templates/retrospective_trend.html",
        "retrospective_pages.py",
    ),
    "accounts": ("templates/accounts.html", "account_pages.py"),
    "imports": (
        "templates/imports.html",
        "templates/import_file.html",
        "templates/import.html",
        "static/imports.js",
        "import_pages.py",
    ),
    "failed": ("templates/failed.html",),
    "settings": ("templates/settings.html", "templates/settings_replay.html", "settings_pages.py"),
    "models": (
        "templates/models.html",
        "templates/model.html",
        "templates/model_promise.html",
        "templates/model_comparison.html",
        "model_pages.py",
    ),
}
CLOCK = {"due_in", "late_by", "minutes", "hours", "days"}  # of names.py
AUDITED = (
    "signed_in", "signed_out", "sign_in_failed", "user_added", "role_changed", "password_reset",
    "password_changed", "user_disabled", "user_enabled", "token_added", "token_revoked",
    "team_changed", "customer_erased", "text_shown", "group_described", "group_merged",
    "import_started", "settings_saved", "model_trained", "model_promoted",
    "model_rolled_back", "model_thresholds",
    "group_split", "group_rejoined", "group_comment_removed",
)  # fmt: skip
COMPUTED = {  # how a source writes a key that it computes -> the keys it can come to
    "queue": {
        "words[kind]": {"status", "category", "priority", "team"},
        "words['scope_' ~ scope]": {"scope_own", "scope_team", "scope_all"},
        "words['due_' ~ due]": {"due_late", "due_today"},
        "words['band_' ~ band]": {"band_auto", "band_suggest", "band_ask"},
    },
    "ticket": {
        "words[target]": {"category", "priority"},
        "words[kind]": {"category", "priority", "team"},
        "words['band_' ~ finding.band]": {"band_auto", "band_suggest", "band_ask"},
        "words['branch_' ~ rib.branch]": {f"branch_{name}" for name in BRANCHES},
        "words['branch_' ~ code]": {f"branch_{name}" for name in BRANCHES},
        "words['kind_' ~ kind]": {"kind_accidental", "kind_systemic"},
    },
    "cases": {
        "words['state_' ~ state]": {f"state_{name}" for name in STATES},
        "words['state_' ~ case.state]": {f"state_{name}" for name in STATES},
        "words['facet_' ~ kind]": {f"facet_{name}" for name in ("category", "product", "language", "team")},
        "words['language_' ~ value]": {"language_zh", "language_en", "language_mixed", "language_other"},
        "words['degraded_' ~ name]": {"degraded_meaning", "degraded_filling"},
        "words['why_' ~ kind]": {f"why_{field.name}" for field in fields(Why)},
    },
    "case": {
        "words['state_' ~ case.state]": {f"state_{name}" for name in STATES},
        "words['state_' ~ event.after]": {f"state_{name}" for name in STATES},
        "words['to_' ~ state]": {f"to_{name}" for name in STATES if name != "replaced"},
        "words['event_' ~ event.kind]": {"event_state", "event_version", "event_merge"},
        "words['text_' ~ name]": {f"text_{name}" for name in TEXTS},
    },
    "case_editor": {
        "words['text_' ~ name]": {f"text_{name}" for name in TEXTS},
        "words[kind]": {"category", "team"},
    },
    "desk": {
        "words[kind]": {"category", "priority", "team"},
        "words[`beside_${kind}`]": {"beside_surge", "beside_same", "beside_customer"},
        "words[found.band]": {"auto", "suggest", "ask"},
        "words[item.kind]": {"rest", "meaning"},
        "words[`language_${item.language}`]": {
            "language_zh", "language_en", "language_mixed", "language_other",
        },
        "words[`language_${found.language}`]": {
            "language_zh", "language_en", "language_mixed", "language_other",
        },
    },
    "retrospective": {
        "words[key]": {"this_month", "last_month", "last_quarter", "this_year"},
        "words['per_' ~ drawn.unit]": {"per_day", "per_week"},
    },
    "settings": {
        "words['file_' ~ stem]": {f"file_{name.removesuffix('.toml')}" for name in FILES},
        "words[target]": {"category", "priority"},
        "words['moved_' ~ kind]": {f"moved_{kind}" for kind in KINDS},
        "words[new]": {"earlier", "later"},
    },
    "imports": {
        "words[one]": {"tickets", "cases"},
        "words[row.kind]": {"tickets", "cases"},
        "words[held.kind]": {"tickets", "cases"},
        "words[key]": {"added", "changed", "unchanged", "bad"},
        "words['state_' ~ row.state]": {"state_running", "state_done", "state_failed"},
        "words['order_' ~ order]": {f"order_{order}" for order in ORDERS},
        "words['field_' ~ one]": {f"field_{name}" for kind in COLUMNS.values() for name in kind},
        "words['field_' ~ field]": {f"field_{name}" for kind in COLUMNS.values() for name in kind},
    },
    "models": {
        "words['job_' ~ job.kind]": {"job_train", "job_compare", "job_curve"},
        "words[side]": {"before", "after"},
        "words['target_' ~ target]": {"target_category", "target_priority"},
        "words['target_' ~ way.target]": {"target_category", "target_priority"},
        "words['target_' ~ one.target]": {"target_category", "target_priority"},
        "words['language_' ~ code]": {"language_zh", "language_en", "language_mixed", "language_other"},
        "words['promise_' ~ kind]": {"promise_auto", "promise_suggest"},
        "words['band_' ~ band]": {"band_auto", "band_suggest", "band_ask"},
    },
    "sign_in": {},
    "failed": {},
    "password": {},
    "accounts": {
        "words['confirm_' ~ action]": {"confirm_reset", "confirm_disable"},
        "words[action]": {"reset", "disable", "enable"},
        "words['may_' ~ scope]": {f"may_{name}" for name in PERMISSIONS},
    },
}  # fmt: skip
BY_CODE = {  # keys that Python looks up by a code
    "retrospective": {"refused"},
    "imports": {"refused"},
    "settings": {"wrong"},
    "models": {"refused", "source_seed", "source_confirmed", "source_imported"},
    "case": {"refused"},
    "case_editor": {"refused"},
    "ticket": {"no_solution", "refused"},
    "sign_in": {"wrong", "blocked"},
    "password": {"wrong_old", "wrong_password"},
    "accounts": {
        "made_password",
        "made_token",
        "refused",
        "wrong_name",
        *(f"did_{name}" for name in AUDITED),
    },
}
HAN = re.compile(r"[\u3400-\u9fff]")


def source(name: str) -> str:
    return (CONSOLE / name).read_text(encoding="utf-8")


def in_pages(names: tuple[str, ...]) -> str:
    return "".join(source(name) for name in names if not name.endswith(".py"))


@pytest.mark.parametrize("table", PAGES)
def test_every_word_is_used_and_none_is_missing(table: str) -> None:
    text = in_pages(PAGES[table])
    computed = set(re.findall(r"words\[(?:`[^`]*`|[^\]`]*)\]", text))
    assert computed == set(COMPUTED[table])
    plain = {name for name in re.findall(r"\bwords\.(\w+)", text) if name != "get"}
    assert plain.union(*COMPUTED[table].values(), BY_CODE.get(table, set())) == set(words(table, "en"))


def test_every_word_of_the_frame_is_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (CONSOLE / "templates").iterdir())
    used = (set(re.findall(r"\bframe\.(\w+)", text)) - {"js"}) | CLOCK | {f"role_{role}" for role in ROLES}
    used |= {f"place_{key}" for key in re.findall(r'\("/\w*", "(\w+)", ', source("frame.py"))}
    assert used == set(words("frame", "en"))


def test_every_template_and_script_is_looked_at() -> None:
    looked = {name for names in PAGES.values() for name in names} | {"templates/base.html", "static/frame.js"}
    there = {
        f"{path.parent.name}/{path.name}" for path in CONSOLE.glob("*/*") if path.suffix in (".html", ".js")
    }
    assert there == {name for name in looked if not name.endswith(".py")}


@pytest.mark.parametrize("name", sorted(path.name for path in (CONSOLE / "templates").iterdir()))
def test_no_visible_word_outside_the_catalogue(name: str) -> None:
    plain = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", source(f"templates/{name}"), flags=re.DOTALL)
    bare = re.sub(
        r'hx-[a-z]+="[^"]*"|<[^>]*>|<kbd>\w+</kbd>|[·:%/→–]|5', "", re.sub(r"<kbd>\w+</kbd>", "", plain)
    )
    assert not bare.strip()
    for attribute in re.findall(r'(?:aria-label|title|placeholder|alt|hx-confirm)="([^"]*)"', plain):
        assert not re.search(r"\w", attribute), attribute


@pytest.mark.parametrize("name", sorted(path.name for path in (CONSOLE / "static").glob("*.js")))
def test_scripts_hold_no_words_and_write_text_only(name: str) -> None:
    script = source(f"static/{name}")
    assert not HAN.search(script)
    # In a script a written string is a code, a name of an element or attribute, or punctuation.
    assert not re.search(r"textContent(?:: | = )[\"'`][^\"'`$]*\w{2}[^\"'`$]*[\"'`]", script)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script
    )


def test_chinese_pages_hold_no_english_and_english_ones_no_chinese() -> None:
    own = {"other_language", "example_zh", "example_en", "show_example_zh", "show_example_en"}
    for table in ("frame", *PAGES):
        for key, text in words(table, "en").items():
            assert key in own or not HAN.search(text), key
        for key, text in words(table, "zh").items():
            bare = re.sub(r"\{\w+\}|Ctrl\+Enter|JavaScript|VIP|TRIAGE_DATA|Authorization: Bearer", "", text)
            assert key in own or not re.search(r"[A-Za-z]{2}", bare), key
