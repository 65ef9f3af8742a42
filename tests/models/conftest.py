"""A small labelled set in two languages that any sound classifier separates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from models import text
from models.classifier import Classifier
from models.encoder import Encoder, Vectors

TOPICS = {
    "hardware": ("打印机 屏幕 电源 风扇", "printer screen battery fan", "坏了 开不了机", "broken smoking"),
    "software": ("登录 密码 系统 升级", "login password system upgrade", "报错 闪退", "error crashed"),
    "consult": ("导出 报表 发票 价格", "export report catalogue price", "怎么 请问", "how whether"),
}


@dataclass(frozen=True)
class Toy:
    """Analysed and encoded texts with their labels."""

    texts: list[str]
    analyses: list[text.Analysis]
    vectors: Vectors
    labels: list[str]


@pytest.fixture(scope="session")
def toy(encoder: Encoder) -> Toy:
    texts, labels = [], []
    for label, (things_zh, things_en, events_zh, events_en) in TOPICS.items():
        for number in range(3):
            for thing in things_zh.split():
                for event in events_zh.split():
                    texts.append(f"你好，我们{'一二三'[number]}楼的{thing}{event}了")
                    labels.append(label)
            for thing in things_en.split():
                for event in events_en.split():
                    texts.append(f"Hello, on floor {number} the {thing} {event} today")
                    labels.append(label)
    return Toy(texts, [text.analyse(item) for item in texts], encoder.encode(texts), labels)


@pytest.fixture(scope="session")
def trained(toy: Toy) -> Classifier:
    return Classifier.fit(toy.analyses, toy.vectors, toy.labels)


@pytest.fixture
def noise() -> np.random.Generator:
    return np.random.default_rng(7)
