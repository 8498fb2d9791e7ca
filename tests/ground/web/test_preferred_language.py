"""The language of the pages is the one a browser prefers, by the weights it gives."""

from __future__ import annotations

import pytest

from ground.web.words import preferred_language

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en;q=0.3, zh-HK;q=0.9", "zh-Hant"),
        ("fr, zh-TW;q=0.8, en;q=0.5", "zh-Hant"),
        ("fr, de;q=0.9", "en"),
        ("zh", "zh-Hant"),
        ("ZH-Hant-HK ; Q=0.2", "zh-Hant"),
        ("en-GB,zh;q=0.9", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=0", "en"),
        ("zh-HK, en", "zh-Hant"),
        ("en, zh-HK", "en"),
        ("*, zh;q=0.5", "en"),
        ("zh;q=2, en;q=0.1", "en"),
        ("zh;q=nonsense, en;q=0.1", "en"),
        ("zh;q=0.123, en;q=0.12", "zh-Hant"),
        ("zhuang, en;q=0.1", "en"),
        (", ;;, =", "en"),
        ("en;q=0, *", "zh-Hant"),  # any language but English
        ("zh;q=0.5, *;q=0.7", "en"),
        ("zh-HK;q=0.9, *;q=0.1", "zh-Hant"),
        ("yue-Hant-HK, en;q=0.8", "zh-Hant"),
        ("cmn-Hans-CN, en;q=0.8", "zh-Hant"),
        ("zh-TW;q=0, zh-HK;q=0.4, en;q=0.3", "zh-Hant"),
        ("*;q=0", "en"),
        ("", "en"),
    ],
)
def test_by_weight(header: str, language: str) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN", "zh-Hans"),
        ("zh-Hans-HK, zh-Hant;q=0.9", "zh-Hans"),
        ("zh-cmn-Hans-CN", "zh-Hans"),
        ("zh-Hant-CN", "zh-Hant"),
        ("zh-SG;q=0.4, zh-TW;q=0.5", "zh-Hant"),
        ("en;q=0.2, zh-MY;q=0.3", "zh-Hans"),
        ("en;q=0, zh-Hant;q=0, *;q=0.1", "zh-Hans"),
    ],
)
def test_where_there_are_two_kinds_of_chinese(header: str, language: str) -> None:
    three = {"en": "English", "zh-Hant": "繁體", "zh-Hans": "简体"}
    assert preferred_language(header, three) == language
