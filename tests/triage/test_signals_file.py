"""The file of signals: an organisation's own, and what is told about a wrong one."""

from pathlib import Path

import pytest

from models.errors import DataFileError
from triage.priority import Signal, decide_priority, find_signals, load_rules
from triage.taxonomy import load_taxonomy

DATA = Path(__file__).parents[2] / "data"
TAXONOMY = load_taxonomy(DATA)
RULES = load_rules(DATA, TAXONOMY)


OWN_TAXONOMY = (
    (DATA / "taxonomy.toml")
    .read_text("utf-8")
    .replace('code = "urgent"', 'code = "p1"')
    .replace('code = "important"', 'code = "p2"')
    .replace('code = "normal"', 'code = "p4"')
)
OWN_SIGNALS = """
floor = 0.05
[costs]
wrong = 1
[costs.p1]
p4 = 2
[[signal]]
code = "stop"
names = { zh = "停线", en = "Line stop" }
at_least = "p1"
factor = 90
zh = ["停线"]
en = ["line ... stop(s|ped|)", 're:halt(?:ed|s)?']
[context.zh]
reach = 8
negation = ["没有"]
[context.en]
reach = 30
"""


def folder(tmp_path: Path, signals: str, taxonomy: str | None = None) -> Path:
    (tmp_path / "taxonomy.toml").write_text(taxonomy or OWN_TAXONOMY, "utf-8")
    (tmp_path / "signals.toml").write_text(signals, "utf-8")
    return tmp_path


def test_an_organisations_own_levels_work(tmp_path: Path) -> None:
    place = folder(tmp_path, OWN_SIGNALS)
    rules = load_rules(place, load_taxonomy(place))
    assert rules.levels == ("p1", "p2", "p4")
    for text in ("三号机停线", "line 4 was stopped", "it halted"):
        decision = decide_priority({"p4": 0.9, "p2": 0.1}, find_signals(text, rules), rules)
        assert (decision.label, decision.raised_by) == ("p1", ("stop",)), text
    assert find_signals("没有停线", rules) == ()
    assert isinstance(find_signals("停线", rules)[0], Signal)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('"p1"\nfactor', '"p0"\nfactor', 10, "unknown value 'p0'; possible are p1, p2, p4"),
        ("factor = 90", "factr = 90", 11, "unknown key 'factr'; did you mean 'factor'"),
        ("factor = 90", "factor = 0.5", 11, "at least 1"),
        ("factor = 90", "factor = true", 11, "must be a number"),
        ("factor = 90\n", "", 7, "'factor' is missing"),
        ('["停线"]', '["停线", "(甲|乙"]', 12, "a bracket is missing"),
        ('["停线"]', '["停线",\n"甲)"]', 13, "a bracket is missing"),
        ('["停线"]', '["...停线"]', 12, "must begin"),
        ('["停线"]', '["(甲|)"]', 12, "must begin"),
        ('["停线"]', '["停[线产]"]', 12, "only after 're:'"),
        ('["停线"]', '["停线", 5]', 12, "list of texts"),
        ('["停线"]', '[""]', 12, "empty text"),
        ("'re:halt(?:ed|s)?'", "'re:halt(?:ed'", 13, "cannot be understood"),
        ("p4 = 2", "p5 = 2", 6, "unknown key 'p5'"),
        ("[costs.p1]", "[costs.px]", 5, "unknown key 'px'"),
        ("reach = 8", "reach = 0", 15, "at least 1"),
        ("[context.en]\nreach = 30\n", "", 14, "'en' is missing"),
        ('at_least = "p1"', 'at_least = "p1"\nat_most = "p4"', 10, "only one of"),
        ('at_least = "p1"', "", 7, "'effect' is missing"),
        ('code = "stop"', 'code = "Stop!"', 8, "only a-z"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in OWN_SIGNALS
    place = folder(tmp_path, OWN_SIGNALS.replace(old, new, 1))
    with pytest.raises(DataFileError) as caught:
        load_rules(place, load_taxonomy(place))
    assert caught.value.message.startswith(f"{place / 'signals.toml'}:{line}: "), caught.value.message
    assert message in caught.value.message


def test_the_shipped_signals_name_what_an_own_taxonomy_lacks(tmp_path: Path) -> None:
    place = folder(tmp_path, (DATA / "signals.toml").read_text("utf-8"))
    with pytest.raises(DataFileError, match=r"signals\.toml:\d+: .*'urgent'"):
        load_rules(place, load_taxonomy(place))


def test_a_code_stands_once(tmp_path: Path) -> None:
    signal = OWN_SIGNALS[OWN_SIGNALS.index("[[signal]]") : OWN_SIGNALS.index("[context.zh]")]
    place = folder(tmp_path, OWN_SIGNALS.replace("[context.zh]", signal + "[context.zh]"))
    with pytest.raises(DataFileError, match=":15: the code 'stop' stands twice"):
        load_rules(place, load_taxonomy(place))


def test_all_shipped_phrases_compile() -> None:
    for rule in RULES.signals:
        assert {"zh", "en"} == set(rule.patterns)
    required = "safety outage scope data_loss security money_loss deadline repeat_contact blocked"
    more = "serious_complaint vip emotion cosmetic question"
    assert {*required.split(), *more.split()} <= {rule.code for rule in RULES.signals}
