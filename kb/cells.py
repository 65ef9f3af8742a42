"""One cell of a table file as the value that is stored: codes, dates, grades, numbers, lists."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from decimal import Decimal

from kb import dates
from kb.mappings import Mapping, Names, key
from models import text

CODES = ("channel", "customer_tier", "category", "priority", "team", "status", "cause_code", "cause_kind")
"""Fields that hold a code of the taxonomy."""

LISTS = ("solution", "symptoms", "resources", "cause")
"""Fields that may be written as a JSON list, one step an entry."""

JOINED = (*LISTS, "description", "remark", "keywords")
"""Fields that take the values of several columns of one name."""

TARGETS = {"customer_tier": "tier", "cause_code": "cause"}
"""The target of a field, where it has another name."""

_FORMULA_ERRORS = frozenset(
    ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!")
)
_NO_ID_RE = re.compile(r"true|false|[\[{].*|\d{4}-\d\d-\d\dT.*|\d(?:\.\d+)?[Ee]\+\d+", re.DOTALL)
_CAUSE_KINDS = dict.fromkeys(("偶发", "偶然", "偶发性"), "accidental") | dict.fromkeys(
    ("系统性", "系统", "systematic"), "systemic"
)
_LANGUAGES = {"中文": "zh", "汉语": "zh", "chinese": "zh", "英文": "en", "英语": "en", "english": "en"}
_LANGUAGES |= {"混合": "mixed", "中英文": "mixed", "其他": "other", "mixed": "mixed", "other": "other"}
_YES = frozenset({"yes", "y", "true", "t", "1", "是", "有", "√"})
_NO = frozenset({"no", "n", "false", "f", "0", "否", "无", "×"})
_GRADES = {
    "非常满意": 5, "很满意": 5, "very satisfied": 5, "满意": 4, "satisfied": 4, "一般": 3, "neutral": 3,
    "不满意": 2, "dissatisfied": 2, "unsatisfied": 2, "非常不满意": 1, "很不满意": 1, "very dissatisfied": 1,
}  # fmt: skip
_GRADE_RE = re.compile(r"([1-5])(?:\.0+)?(?: ?(?:分|星|/ ?5|stars?))?")
_HOURS_RE = re.compile(r"(\d{1,7}(?:\.\d+)?) ?(?:h|hrs?|hours?|小时)?")


@functools.lru_cache(maxsize=4096)
def folded_once(value: str) -> str:
    """A short text folded; the same ones come again with every row."""
    return text.fold(value).strip()


def value(field: str, raw: str, mapping: Mapping, timezone: dt.tzinfo, names: Names) -> object:
    """A field's value; None where it says nothing.

    Raises:
        ValueError: it cannot be used; the message's words follow the quoted value.
    """
    table = mapping.values.get(field, {})
    if table and field not in CODES:
        raw = table.get(folded_once(raw), raw)
        if not raw:
            return None
    if raw in _FORMULA_ERRORS:
        raise ValueError("is the error of a spreadsheet's formula, not a value")
    if field in CODES:
        return _code(field, raw, mapping, names)
    if field.endswith("_at"):
        return dates.parse(raw, timezone, mapping.orders.get(field, "")).astimezone(dt.UTC)
    if field in ("closed_on", "expires_on"):
        found = dates.parse(raw, timezone, mapping.orders.get(field, ""))
        return found.astimezone(timezone).date()
    if field == "id" and _NO_ID_RE.fullmatch(raw):
        raise ValueError("is no id: a date, a number that lost its digits, true or false, or a list")
    if field == "satisfaction":
        return _grade(raw)
    if field == "hours":
        if not (match := _HOURS_RE.fullmatch(folded_once(raw))):
            raise ValueError("is not a number of hours")
        return float(match[1])
    if field == "reopened":
        return _flag(raw)
    if field == "keywords":
        listed = json_list(raw)
        parts = re.split(r"[,;\n，；、]", raw) if listed is None else listed
        return list(dict.fromkeys(word for part in parts if (word := part.strip()))) or None
    if field == "language":
        # One we have no code for is found from the text instead.
        folded = folded_once(raw)
        return _LANGUAGES.get(folded) or {"zh": "zh", "en": "en"}.get(re.split("[-_]", folded)[0])
    if field in LISTS:
        steps = json_list(raw)
        return raw if steps is None else "\n".join(step.strip() for step in steps) or None
    return raw


def _code(field: str, raw: str, mapping: Mapping, names: Names) -> str | None:
    folded, target = folded_once(raw), TARGETS.get(field, field)
    table = mapping.values.get(field, {})
    # A table's word for all the rest stands back behind the names that are known anyway.
    if folded in table:
        return table[folded] or None
    known = names.get(target)
    if target == "cause_kind":
        known = {"accidental": "accidental", "systemic": "systemic"} | _CAUSE_KINDS | dict(known or {})
    if known is None:
        return raw
    code = known.get(folded)
    if code is None:
        by_code = {key(code): code for code in known.values()}
        code = by_code.get(key(raw))
    if code is None and "*" in table:
        return table["*"] or None
    if code is None:
        raise ValueError(f"is not a known {target.replace('_', ' ')}")
    return code


def json_list(raw: str) -> list[str] | None:
    """The texts of a JSON list of texts; None for anything else, such as ``[1] see below``."""
    if not raw.startswith("["):
        return None
    try:
        found = json.loads(raw)
        if not isinstance(found, list) or not all(isinstance(part, str) for part in found):
            return None
        "".join(found).encode()  # half a character, which JSON can spell, is none that can be stored
    except (ValueError, RecursionError):
        return None
    return [text.clean(part) for part in found]


def _grade(raw: str) -> int:
    folded = folded_once(raw)
    if match := _GRADE_RE.fullmatch(folded):
        return int(match[1])
    if folded in _GRADES:
        return _GRADES[folded]
    raise ValueError("is not a satisfaction from 1 to 5 (or 非常满意, 满意, 一般, 不满意, 非常不满意)")


def _flag(raw: str) -> bool:
    folded = folded_once(raw)
    if folded in _YES | _NO:
        return folded in _YES
    raise ValueError("is neither yes nor no (是, 否)")


def written(field: str, value: object) -> str:
    """A stored value as the text that ``value`` reads back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list):
        plain = all(not re.search(r"[,;\n，；、\[]", word) for word in value)
        return ", ".join(value) if plain else json.dumps(value, ensure_ascii=False)
    cleaned = text.clean(str(value)).replace("\r\n", "\n").replace("\r", "\n").strip()
    # A text that looks like a list of steps would be read as one.
    if field in LISTS and json_list(cleaned) is not None:
        return json.dumps([cleaned], ensure_ascii=False)
    return cleaned
