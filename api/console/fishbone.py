"""The fishbone of a root cause (Ishikawa 1968) as lines and texts for a drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kb.causes import BRANCHES

WIDTH, HEIGHT = 720, 300
_SPINE = HEIGHT // 2
_FIRST, _STEP, _LEAN = 150, 200, 60
_LINE = 20


@dataclass(frozen=True, slots=True)
class Rib:
    """One branch: its code, where it runs, the height of its name, and its whys with the height of each."""

    branch: str
    x1: int
    y1: int
    x2: int
    y2: int
    label_y: int
    texts: tuple[tuple[str, int], ...]


def bones(whys: Sequence[Mapping[str, Any]]) -> list[Rib]:
    """The branches that a tree of whys touches, alternately above and below the spine (y = 150).

    A why without a branch of its own lies on that of the one above it; a chain without any is no fishbone.
    """
    held: dict[str, list[str]] = {}
    _gather(whys, "", held)
    ribs = []
    for place, branch in enumerate(branch for branch in BRANCHES if branch in held):
        above = place % 2 == 0
        foot = _FIRST + _STEP * (place // 2) + (0 if above else _STEP // 2)
        end = 20 if above else HEIGHT - 20
        texts = tuple(
            (why, end + (number + 1) * _LINE if above else end - (number + 1) * _LINE)
            for number, why in enumerate(held[branch][:5])
        )
        ribs.append(Rib(branch, foot - _LEAN, end, foot, _SPINE, end - 6 if above else end + 16, texts))
    return ribs


def _gather(whys: Sequence[Mapping[str, Any]], above: str, held: dict[str, list[str]]) -> None:
    for item in whys:
        branch = str(item.get("branch") or above)
        if branch:
            held.setdefault(branch, []).append(str(item["why"]))
        _gather(item.get("because") or (), branch, held)
