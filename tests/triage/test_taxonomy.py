"""The taxonomy as shipped, an organisation's own, and wrong ones."""

from pathlib import Path

import pytest

from models.errors import DataFileError, NotFoundError
from models.text import language
from triage.taxonomy import load_taxonomy

DATA = Path(__file__).parents[2] / "data"
SOURCE = (DATA / "taxonomy.toml").read_text("utf-8")
NAME = 'names = { zh = "甲", en = "A" }\n'
TEXT = 'description = { zh = "甲", en = "A" }\n'
OWN = (
    "".join(f'[[category]]\ncode = "{code}"\n{NAME}{TEXT}' for code in ("crane", "lift"))
    + "".join(f'[[priority]]\ncode = "{code}"\n{NAME}{TEXT}' for code in ("p1", "p2", "p3", "p4"))
    + "".join(
        f'[[{kind}]]\ncode = "one"\n{NAME}' for kind in ("status", "channel", "tier", "team", "root_cause")
    )
)


def test_the_shipped_codes() -> None:
    taxonomy = load_taxonomy(DATA)
    assert taxonomy.codes() == ("hardware", "software", "complaint", "consult", "other")
    assert taxonomy.priority_codes() == ("urgent", "important", "normal")
    assert [level.rank for level in taxonomy.priorities] == [0, 1, 2]
    statuses = "received triaged assigned confirmed in_progress solved informed closed reopened"
    assert [term.code for term in taxonomy.statuses] == statuses.split()
    teams = "technical_support engineering customer_service product first_line"
    assert [term.code for term in taxonomy.teams] == teams.split()
    assert [term.code for term in taxonomy.channels] == ["phone", "email", "chat", "form", "social", "system"]
    assert [term.code for term in taxonomy.tiers] == ["vip", "ordinary"]
    assert len(taxonomy.root_causes) == 8
    assert len(taxonomy.tie_rules) == 5


def test_every_category_has_five_examples_in_each_language() -> None:
    for category in load_taxonomy(DATA).categories:
        written = [language(example) for example in category.examples]
        assert (written.count("zh") >= 5, written.count("en") >= 5) == (True, True), category.code


def test_names_in_both_languages() -> None:
    taxonomy = load_taxonomy(DATA)
    assert taxonomy.name("hardware", "zh") == "硬件故障"
    assert taxonomy.name("urgent", "en") == "Urgent"
    assert taxonomy.name("product", "zh", "team") == "产品部"
    assert taxonomy.name("login", "en") == "Login and permissions"
    assert taxonomy.name("third_party", "fr") == "Third party"
    assert taxonomy.name("dropped_long_ago", "zh") == "dropped_long_ago"
    assert taxonomy.category("consult").names["zh"] == "咨询建议"
    assert taxonomy.level("normal").rank == 2
    for missing in (taxonomy.category, taxonomy.level, taxonomy.terms):
        with pytest.raises(NotFoundError):
            missing("nothing")


def test_an_organisations_own_codes(tmp_path: Path) -> None:
    (tmp_path / "taxonomy.toml").write_text(OWN, "utf-8")
    taxonomy = load_taxonomy(tmp_path)
    assert taxonomy.codes() == ("crane", "lift")
    assert taxonomy.priority_codes() == ("p1", "p2", "p3", "p4")
    assert taxonomy.categories[0].examples == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('code = "lift"', 'code = "crane"', 6, "stands twice"),
        ('code = "lift"', 'code = "Lift-1"', 6, "only a-z"),
        ('code = "lift"', "", 5, "'code' is missing"),
        ('zh = "甲", ', "", 3, "'zh' is missing"),
        ('zh = "甲"', "zh = 5", 3, "'zh' must be a text"),
        ('en = "A" }', 'en = "A", de = "A" }', 3, "unknown key 'de'"),
        ("[[team]]", "[[teem]]", 34, "unknown key 'teem'; did you mean 'team'"),
        (NAME, NAME + "exmples = []\n", 4, "unknown key 'exmples'; did you mean 'examples'"),
        (NAME, NAME + 'examples = ["a", 7]\n', 4, "list of texts"),
        (NAME, NAME.strip() + " x\n", 3, "not valid TOML"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(OWN.replace(old, new, 1), "utf-8")
    with pytest.raises(DataFileError) as caught:
        load_taxonomy(tmp_path)
    assert caught.value.message.startswith(f"{path}:{line}: "), caught.value.message
    assert message in caught.value.message


@pytest.mark.parametrize("kind", ["category", "priority", "status"])
def test_a_taxonomy_without_a_kind_of_code_is_refused(tmp_path: Path, kind: str) -> None:
    blocks = [block for block in OWN.split("[[") if block and not block.startswith(kind)]
    (tmp_path / "taxonomy.toml").write_text("".join("[[" + block for block in blocks), "utf-8")
    with pytest.raises(DataFileError, match=rf"at least \d \[\[{kind}\]\] needed"):
        load_taxonomy(tmp_path)
