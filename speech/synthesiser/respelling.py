"""Words espeak-ng 1.51 misreads, and how to write them so that it reads them right.

Catalogue and spoken forms are written for people. Some of those words its voices say wrongly:
朝 as in "dynasty" in 朝早, a third syllable in 凌晨, a lone A as the article. Only what the voice
is given is respelled; texts, transcripts and recordings by people are untouched by it. Every entry
is checked against espeak-ng's own phonemes in the tests.
"""

from __future__ import annotations

import re

from speech.language import Language

_Rule = tuple[re.Pattern[str], str]


def _rules(*pairs: tuple[str, str]) -> tuple[_Rule, ...]:
    return tuple((re.compile(written), given) for written, given in pairs)


_RULES: dict[Language, tuple[_Rule, ...]] = {
    Language.CANTONESE: _rules(
        ("朝早", "招早"),  # ziu1, not ciu4
        ("聽日", "汀日"),  # ting1
        ("聽", "廳"),  # teng1
        ("(?<=電)話|(?<=廣東)話", "畫"),  # waa2
        ("位(?=數字)", "胃"),  # wai6
        ("(?<!社)會", "蛕"),  # wui5, "will"
    ),
    Language.PUTONGHUA: _rules(
        ("凌晨", "零尘"),  # líng chén, not líng chén chén
        ("重新", "崇新"),  # chóng
        ("更改", "庚改"),  # gēng
        ("内地", "内第"),  # dì, not de
        ("要求", "腰求"),  # yāo
        ("处理", "储理"),  # chǔ
        ("(?<!第)一(?=[下个次样步辆])", "移"),  # tone sandhi: yí before a fourth tone
        ("一起", "义起"),  # and yì before a third
        ("不(?=[要会是到适正用])", "醭"),  # bú before a fourth tone
    ),
    Language.ENGLISH: _rules(
        (r"^A$|\bA(?=,? [A-Z0-9]\b)|(?<=\b[A-Z] )A\b", "eigh"),  # the letter, not the article
        (r"\bPIN\b", "pin"),
    ),
}


def respelled(language: Language, text: str) -> str:
    """What the voice of a language is given so that a text sounds as it should."""
    for written, given in _RULES[language]:
        text = written.sub(given, text)
    return text
