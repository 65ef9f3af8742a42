"""The HTML file: every number leads to its tickets, nothing in it runs or loads but its own."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from triage.findings import Retrospective
from triage.report import charts, page
from triage.report.material import Material

TEMPLATES = Path(page.__file__).parent / "templates"
EVIL = "</script><script>window.broken=1</script><img src=x onerror='window.broken=1'>\"'{{7*7}}$x$"
CODES = {"verdict", "kind", "of", "by", "date", "timezone", "too_little"}
HAN = re.compile(r"[\u3400-\u9fff]")

Make = Callable[..., Material]


class Seen(HTMLParser):
    """Ids, links, headings and tables of a page, and the text that is shown."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.attributes: set[str] = set()
        self.pictures: list[str] = []
        self.policy = ""
        self.within = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.within = tag
        self.attributes |= set(held)
        if "id" in held:
            self.ids.append(held["id"])
        if tag == "a":
            self.links.append(held["href"])
        if tag == "script":
            self.scripts.append("")
        if held.get("role") == "img":
            self.pictures.append(held.get("aria-label", ""))
        if held.get("http-equiv") == "Content-Security-Policy":
            self.policy = held["content"]

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within == "script":
            self.scripts[-1] += data
        elif self.within != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def poisoned(value: Any, name: str = "") -> Any:
    """The same with script in every text that is no code."""
    if isinstance(value, str):
        return value if name in CODES or not value else value + EVIL
    if isinstance(value, tuple):
        return tuple(poisoned(item, name) for item in value)
    if isinstance(value, dict):
        return {poisoned(key): poisoned(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{field.name: poisoned(getattr(value, field.name), field.name) for field in fields(value)}
        )
    return value


@pytest.fixture(params=["zh", "en"])
def made(request: pytest.FixtureRequest, material: Make) -> Material:
    return material(request.param)


def test_every_link_leads_to_something_and_no_id_is_there_twice(made: Material) -> None:
    seen = Seen(page.render(made))
    assert len(set(seen.ids)) == len(seen.ids)
    assert all(link.startswith("#") for link in seen.links)
    assert {link[1:] for link in seen.links} <= set(seen.ids)
    assert len(seen.links) > 1000


def test_every_ticket_is_there_with_date_and_subject(made: Material) -> None:
    text = Seen(page.render(made)).text
    for line in made.texts.values():
        assert line.id in text
        assert " ".join(line.subject.split()) in text
        assert f"{line.id} {made.day(line.received_at)} {made.title(line.subject, 90)}" in text


def test_numbers_of_a_group_lead_to_its_tickets(material: Make) -> None:
    made = material("en")
    markup = page.render(made)
    group = made.found.groups[2]
    for value, anchor in ((str(group.size), "g3-all"), (str(group.urgent), "g3-all")):
        assert f'<a href="#{anchor}">{value}</a>' in markup
    listed = re.search(r'<ol id="g3-all">(.*?)</ol>', markup, re.DOTALL)
    assert listed
    assert [item for item in group.ticket_ids if f">{item}</a>" in listed[1]] == list(group.ticket_ids)
    satisfied = re.search(r'<ol id="g3-sat">(.*?)</ol>', markup, re.DOTALL)
    assert satisfied and satisfied[1].count("<li>") == group.satisfied.hits


def test_order_of_the_sections_is_that_of_the_meeting(made: Material) -> None:
    markup = page.render(made)
    found = re.findall(r'<section id="(\w+)">', markup)
    assert found == [
        "summary", "groups", "pareto", "days", "surges", "causes", "steps", "measures", "gaps", "outside",
        "all",
    ]  # fmt: skip
    for key in found:
        assert made.words[f"section_{key}"] in markup


def test_recorded_and_guessed_causes_are_told_apart(material: Make) -> None:
    markup = page.render(material("en"))
    rows = re.findall(r'<tr id="g\d+">.*?</tr>', markup, re.DOTALL)
    assert "recorded" in rows[0] and "guessed" not in rows[0]
    assert "guessed" in rows[1] and "recorded" not in rows[1]


def test_script_in_every_field_stays_text(material: Make) -> None:
    clean = material("en")
    names = {kind: poisoned(dict(held)) for kind, held in clean.names.items()}
    evil = Material(poisoned(clean.found), "en", names, poisoned(dict(clean.texts)))
    seen, before = Seen(page.render(evil)), Seen(page.render(clean))
    assert seen.tags == before.tags  # not one element more
    assert seen.attributes == before.attributes and not any(name.startswith("on") for name in seen.attributes)
    assert seen.scripts[1:] == before.scripts[1:]
    assert EVIL in seen.text
    assert "<" not in seen.scripts[0] and ">" not in seen.scripts[0]
    # What the page's charts get is escaped once more, as they read tags in labels.
    data = json.loads(seen.scripts[0])
    texts = [text for pareto in data["paretos"] for text in (*pareto["labels"], *pareto["titles"])]
    texts += [stack["label"] for stack in data["days"]["stacks"]]
    assert any("&lt;/script&gt;" in text for text in texts)
    assert not any("<" in text for text in texts)


def test_only_its_own_scripts_may_run(made: Material) -> None:
    seen = Seen(page.render(made))
    allowed = set(re.findall(r"'(sha256-[^']+)'", seen.policy))
    hashes = {
        f"sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
        for script in seen.scripts[1:]
    }
    assert allowed == hashes and len(hashes) == 2
    assert "default-src 'none'" in seen.policy
    assert "unsafe-inline" not in seen.policy.split("script-src")[1].split(";")[0]


def test_nothing_comes_from_a_network(made: Material) -> None:
    seen = Seen(page.render(made))
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(seen.tags)
    assert not {"src", "srcset", "data", "poster"} & seen.attributes
    for name in ("report.css", "report.js"):
        assert not re.search(r"https?:|@import|url\(|fetch|import\(", (TEMPLATES / name).read_text("utf-8"))


def test_tables_have_captions_and_charts_have_words(made: Material) -> None:
    seen = Seen(page.render(made))
    assert seen.tags.count("caption") == seen.tags.count("table") > 6
    assert seen.tags.count("h1") == 1
    assert len(seen.pictures) == 1 + len(made.found.paretos)
    assert all(len(text) > 20 for text in seen.pictures)


def test_english_page_has_no_chinese_and_the_chinese_no_english_words(material: Make) -> None:
    english, chinese = Seen(page.render(material("en"))).text, Seen(page.render(material("zh"))).text
    assert not HAN.search(english)
    words = material("en").words
    assert not [text for text in words.values() if len(text) > 4 and "{" not in text and text in chinese]


def test_no_visible_word_outside_the_catalogues() -> None:
    for path in TEMPLATES.glob("*.html"):
        bare = re.sub(r"\{#.*?#\}|\{[{%].*?[%}]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"\w", re.sub(r"<[^>]*>", "", bare)), path.name
        assert not re.search(r'(?:aria-label|title|alt|placeholder)="[^"]*\w', bare), path.name
    assert not HAN.search("".join(path.read_text(encoding="utf-8") for path in TEMPLATES.iterdir()))


def test_empty_period_says_so(material: Make, empty: Retrospective) -> None:
    seen = Seen(page.render(Material(empty, "en", material("en").names, {})))
    assert "No ticket was received in this period." in seen.text
    assert "Nothing was found for this period under: Groups of tickets" in seen.text
    assert "table" not in seen.tags
    assert {link[1:] for link in seen.links} <= set(seen.ids)


def test_tickets_whose_text_is_gone_are_listed_by_number(material: Make) -> None:
    made = material("en")
    seen = Seen(page.render(Material(made.found, "en", made.names, {})))
    assert made.found.outside[0] in seen.text and made.words["gone"] in seen.text
    assert {link[1:] for link in seen.links} <= set(seen.ids)


def test_many_groups_and_long_lists_stay_complete(material: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_GROUPS", 3)
    monkeypatch.setattr(page, "MOST_LINES", 5)
    made = material("en")
    markup = page.render(made)
    seen = Seen(markup)
    assert "9 smaller groups" in seen.text
    assert "The remaining 37, by number:" in seen.text  # of the largest group's 42
    assert {link[1:] for link in seen.links} <= set(seen.ids)
    held = re.search(r'<ol id="g1-all">.*?</details>', markup, re.DOTALL)
    assert held and all(f">{item}</a>" in held[0] for item in made.found.groups[0].ticket_ids)


def test_days_without_tickets_are_days_too(material: Make) -> None:
    made = material("en")
    shown = charts.days(replace(made, found=replace(made.found, days=made.found.days[3:5])))
    assert len(shown.dates) == 31 and shown.dates[0] == "2026-10-01"
    assert [date for date, n in zip(shown.dates, shown.totals, strict=True) if n] == [
        "2026-10-04",
        "2026-10-05",
    ]


def test_long_period_is_shown_by_week(material: Make) -> None:
    made = material("en")
    period = replace(made.found.period, start=made.found.period.start - timedelta(days=150))
    shown = charts.days(replace(made, found=replace(made.found, period=period)))
    assert shown.unit == "week" and len(shown.dates) < 30
    assert sum(shown.totals) == len(made.found.ticket_ids)


def test_pareto_below_eighty_percent_names_no_vital_few(material: Make) -> None:
    made = material("en")
    chart = charts.bars(made, replace(made.found.paretos[0], vital=0))
    assert chart.verdict == made.words["pareto_no_vital"]
    nothing = charts.bars(made, replace(made.found.paretos[0], bars=(), vital=0))
    assert nothing.verdict == "Nothing to show: Groups, by tickets comes to zero."
