"""Which rule takes a ticket, and wrong tables of rules."""

import shutil
from pathlib import Path

import pytest

from models.errors import DataFileError
from triage.routing import Routing, load_routing, route
from triage.taxonomy import load_taxonomy

DATA = Path(__file__).parents[2] / "data"
TAXONOMY = load_taxonomy(DATA)
SHIPPED = load_routing(DATA, TAXONOMY)
OWN = """
[[role]]
code = "engineer"
names = { zh = "工程师", en = "Engineer" }
[[rule]]
id = "special"
when = { category = ["hardware", "software"], product = ["HX-3", "Pump?-*"], language = "en", channel="chat" }
team = "engineering"
role = "engineer"
helpers = ["product", "engineering", "product"]
[[rule]]
id = "rest"
team = "first_line"
role = "engineer"
[[extra]]
id = "big"
when = { customer_tier = "vip" }
notify = ["engineer"]
"""


def loaded(tmp_path: Path, source: str) -> Routing:
    (tmp_path / "routing.toml").write_text(source, "utf-8")
    return load_routing(tmp_path, TAXONOMY)


@pytest.mark.parametrize(
    ("category", "team", "role", "rule"),
    [
        ("hardware", "technical_support", "hardware_engineer", "hardware"),
        ("software", "engineering", "software_engineer", "software"),
        ("complaint", "customer_service", "named_owner", "complaint"),
        ("consult", "product", "requirements_analyst", "consult"),
        ("other", "first_line", "agent", "other"),
        (None, "first_line", "agent", "first_line"),
        ("unheard_of", "first_line", "agent", "first_line"),
    ],
)
def test_the_shipped_rules(category: str | None, team: str, role: str, rule: str) -> None:
    found = route(SHIPPED, category=category, priority="normal", customer_tier="ordinary")
    assert (found.team, found.role, found.rule, found.extras) == (team, role, rule, ())


def test_a_vip_goes_to_the_named_owner_inside_the_team() -> None:
    found = route(SHIPPED, category="software", priority="normal", customer_tier="vip")
    assert (found.team, found.role, found.extras) == ("engineering", "named_owner", ("vip",))


def test_urgent_tickets_are_told_at_once() -> None:
    found = route(SHIPPED, category="hardware", priority="urgent")
    assert found.notify == ("named_owner", "supervisor")
    assert route(SHIPPED, category="hardware", priority="normal").notify == ()


def test_role_names() -> None:
    assert SHIPPED.role_name("named_owner", "zh") == "专人跟进"
    assert SHIPPED.role_name("named_owner", "fr") == "Named owner"
    assert SHIPPED.role_name("gone", "zh") == "gone"


@pytest.mark.parametrize(
    ("product", "rule"),
    [
        ("HX-300 泵", "special"),
        ("ＨＸ－３", "special"),
        ("my hx-3", "special"),
        ("pump2-a", "special"),
        ("old pump2-a", "rest"),
        ("HX3", "rest"),
        (None, "rest"),
        ("", "rest"),
    ],
)
def test_products_match_in_part_or_by_wildcard(tmp_path: Path, product: str | None, rule: str) -> None:
    routing = loaded(tmp_path, OWN)
    facts = {"category": "software", "priority": "normal", "language": "en", "channel": "chat"}
    assert route(routing, product=product, **facts).rule == rule


def test_all_conditions_must_hold_and_the_lead_helps_nobody(tmp_path: Path) -> None:
    routing = loaded(tmp_path, OWN)
    facts = {
        "category": "software",
        "priority": "normal",
        "language": "en",
        "channel": "chat",
        "product": "hx-3",
    }
    found = route(routing, **facts, customer_tier="vip")
    assert (found.rule, found.helpers, found.notify) == ("special", ("product",), ("engineer",))
    for key, value in (("language", "zh"), ("language", None), ("channel", "phone"), ("category", "other")):
        assert route(routing, **{**facts, key: value}).rule == "rest"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('team = "engineering"', 'team = "enginering"', 8, "did you mean 'engineering'"),
        ('role = "engineer"\nhelpers', 'role = "boss"\nhelpers', 9, "unknown value 'boss'"),
        ('["hardware", "software"]', '["hardware",\n"sofware"]', 8, "did you mean 'software'"),
        ('language = "en"', 'language = "de"', 7, "unknown value 'de'"),
        ('product = ["HX-3", "Pump?-*"]', "product = []", 7, "empty list"),
        ("channel=", "chanel=", 7, "did you mean 'channel'"),
        ('helpers = ["product"', 'helpers = ["nobody"', 10, "unknown value 'nobody'"),
        ('id = "rest"', 'id = "special"', 12, "stands twice"),
        ('id = "rest"', 'id = "rest"\nwhen = { category = "other" }', 11, "tickets of hardware, software"),
        ('when = { category = ["hardware", "software"], product', "x = { product", 7, "unknown key 'x'"),
        ('id = "big"', 'id = "big"\nteam = "product"', 17, "has no 'team'"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in OWN
    with pytest.raises(DataFileError) as caught:
        loaded(tmp_path, OWN.replace(old, new, 1))
    assert caught.value.message.startswith(f"{tmp_path / 'routing.toml'}:{line}: "), caught.value.message
    assert message in caught.value.message


def test_a_rule_that_hides_the_rest_is_refused(tmp_path: Path) -> None:
    catch_all = '[[rule]]\nid = "all"\nteam = "product"\nrole = "engineer"\n'
    with pytest.raises(DataFileError, match=r":5: the rule 'all' has no 'when'"):
        loaded(tmp_path, OWN.replace("[[rule]]", catch_all + "[[rule]]", 1))


def test_rules_for_every_category_still_need_an_end(tmp_path: Path) -> None:
    codes = ", ".join(f'"{code}"' for code in TAXONOMY.codes())
    source = OWN.replace('id = "rest"', f'id = "rest"\nwhen = {{ category = [{codes}] }}')
    with pytest.raises(DataFileError, match="tickets of an unknown category"):
        loaded(tmp_path, source)


def test_an_organisations_own_categories(tmp_path: Path) -> None:
    shutil.copy(DATA / "routing.toml", tmp_path)
    source = (DATA / "taxonomy.toml").read_text("utf-8").replace('code = "consult"', 'code = "idea"')
    (tmp_path / "taxonomy.toml").write_text(source, "utf-8")
    taxonomy = load_taxonomy(tmp_path)
    with pytest.raises(DataFileError, match=r"routing\.toml:\d+: 'category' has the unknown value 'consult'"):
        load_routing(tmp_path, taxonomy)
    path = tmp_path / "routing.toml"
    path.write_text(path.read_text("utf-8").replace('category = "consult"', 'category = "idea"'), "utf-8")
    assert route(load_routing(tmp_path, taxonomy), category="idea", priority=None).team == "product"
