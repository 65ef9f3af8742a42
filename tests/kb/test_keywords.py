"""Keywords proposed for a case, in the form that people write them."""

from __future__ import annotations

import pytest

from kb import keywords
from kb.database import Database


def proposed(
    database: Database, problem: str, more: str = "", kind: str = "", left_out: str = ""
) -> list[str]:
    with database.reading() as session:
        return keywords.propose(session, problem, more, kind, left_out)


def test_the_kind_of_trouble_comes_with_the_most_telling_term(archive: Database) -> None:
    found = proposed(archive, "账号登录异常，忘记密码", kind="产品故障")
    assert found[0].startswith("产品故障-")
    assert len(found) == len(set(found)) <= keywords.MOST
    assert "登录异常" in "".join(found)


def test_english_ones_have_the_english_form(archive: Database) -> None:
    first, *others = proposed(archive, "Login fails after a password change", kind="Product fault")
    assert first.startswith("product fault - ")
    assert all(" - " not in other for other in others)
    assert "login" in " ".join([first, *others])


def test_words_of_the_problem_come_before_those_of_the_rest(archive: Database) -> None:
    first, *_ = proposed(archive, "扫码枪失灵", "上周五仓库盘点的时候掉在地上", kind="硬件故障")
    assert first in ("硬件故障-扫码枪失灵", "硬件故障-扫码枪", "硬件故障-失灵")
    assert "仓库" not in first


@pytest.mark.parametrize("private", ["13800138000", "li@example.com", "20260311", "W123456"])
def test_numbers_and_addresses_are_no_keywords(archive: Database, private: str) -> None:
    found = " ".join(proposed(archive, f"打印机卡纸，联系 {private}", kind="硬件故障"))
    assert private.casefold() not in found
    assert not any(word.isdigit() for word in found.split())


def test_error_codes_are_keywords_and_models_are_not(archive: Database) -> None:
    found = " ".join(proposed(archive, "洗衣机 WX-900 报错 E21", kind="硬件故障", left_out="WX-900"))
    assert "E21" in found
    assert "WX" not in found


def test_a_word_of_the_archive_tells_more_than_one_nobody_uses(archive: Database) -> None:
    first, *_ = proposed(archive, "zhangsan printer", kind="Hardware fault")
    assert first == "hardware fault - printer"


@pytest.mark.parametrize(("kind", "wanted"), [("硬件故障", ["硬件故障"]), ("", [])])
def test_a_text_without_telling_words(database: Database, kind: str, wanted: list[str]) -> None:
    assert proposed(database, "？", kind=kind) == wanted


def test_without_a_kind_and_without_an_archive(database: Database) -> None:
    assert "打印机" in "".join(proposed(database, "打印机卡纸"))


def test_terms_are_written_as_they_were_sent(archive: Database) -> None:
    found = " ".join(proposed(archive, "外接显示器闪屏，VPN掉线"))
    assert "外接显示器" in found
    assert "VPN" in found
