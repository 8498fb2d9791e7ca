"""From written Cantonese to speech: phrases of syllables, and the pauses between them.

ToJyutping reads the characters, by words; `WORDS` has the words that it reads differently from Hong
Kong usage, or that have several readings. No speaker of Cantonese has checked the list yet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from speech.voices.cantonese.letters import LETTERS, SPELT_OUT
from speech.voices.cantonese.syllable import Syllable

WORDS = {
    # 請 as announcements say it; ceng2 is the everyday word for to invite
    "請": "cing2",
    "聽返": "teng1 faan1",
    "講返": "gong2 faan1",
    "睇返": "tai2 faan1",
    "揀返": "gaan2 faan1",
    "打返": "daa2 faan1",
    # 到 after a verb: the result
    "聽到": "teng1 dou2",
    "見到": "gin3 dou2",
    "睇到": "tai2 dou2",
    "錄到": "luk6 dou2",
    "取消到": "ceoi2 siu1 dou2",
    "捆綁到": "kwan2 bong2 dou2",
    "登記到": "dang1 gei3 dou2",
    "接到": "zip3 dou2",
    # names of signs: 星號, 井號, as 逗號 and 問號
    "星號": "sing1 hou2",
    "井號": "zeng2 hou2",
    # 位 of a number, not of a person
    "位數字": "wai2 sou3 zi6",
    "位用戶號碼": "wai2 jung6 wu6 hou6 maa5",
    "位電話密碼": "wai2 din6 waa2 mat6 maa5",
    "數位": "sou3 wai2",
    "嘅話": "ge3 waa2",
    # 咁 for 噉: "like this"
    "咁樣": "gam2 joeng2",
    "係咁樣": "hai6 gam2 joeng2",
    "係咁": "hai6 gam2",
    "短訊咁": "dyun2 seon3 gam2",
}
LIGHT = frozenset("嘅咗同係喺個唔啲哋就都可以")
"""Characters that are unstressed and lean on their neighbours."""
SHORT_PAUSE_S, PAUSE_S, STOP_S = 0.14, 0.2, 0.34
_PAUSES = {
    **dict.fromkeys("、", SHORT_PAUSE_S),
    **dict.fromkeys("，,：:", PAUSE_S),
    **dict.fromkeys("。.！!？?；;", STOP_S),
}
_DIGITS = {
    "0": "ling4",
    "1": "jat1",
    "2": "ji6",
    "3": "saam1",
    "4": "sei3",
    "5": "ng5",
    "6": "luk6",
    "7": "cat1",
    "8": "baat3",
    "9": "gau2",
}
_SPELT_OUT = re.compile("|".join(sorted(SPELT_OUT, key=len, reverse=True)))
_SIGNS = {"*": "星號", "#": "井號"}


class Unreadable(ValueError):
    """A text contains something that has no reading."""


@dataclass(frozen=True)
class Phrase:
    """Syllables that are spoken without a break.

    Attributes:
        pause_s: silence after it; zero for the last one.
        ends: a sentence ends with it, so the voice falls.
    """

    syllables: tuple[Syllable, ...]
    pause_s: float = 0.0
    ends: bool = True

    def __str__(self) -> str:
        return " ".join(map(str, self.syllables))


def phrases(text: str) -> list[Phrase]:
    """Read a text. Raises Unreadable, and names what has no reading.

    A text that ends with a comma is continued (`prompts.phrasing`).
    """
    found: list[Phrase] = []
    spoken: list[Syllable] = []
    for syllables, pause_s in _pieces(text):
        spoken += syllables
        if pause_s and spoken:
            found.append(Phrase(tuple(spoken), pause_s, pause_s >= STOP_S))
            spoken = []
    if spoken:
        found.append(Phrase(tuple(spoken)))
    if not found:
        raise Unreadable(f"nothing to say in {text!r}")
    return [*found[:-1], Phrase(found[-1].syllables, 0.0, found[-1].ends)]


def jyutping(text: str) -> str:
    """The syllables of a text in jyutping, phrases separated by a bar. Raises Unreadable."""
    return " | ".join(map(str, phrases(text)))


def _pieces(text: str) -> Iterator[tuple[list[Syllable], float]]:
    """Syllables, and the pause after them."""
    plain = unicodedata.normalize("NFKC", _SPELT_OUT.sub(_as_letter, text))
    for sign, name in _SIGNS.items():
        plain = plain.replace(sign, name)
    for character, reading in _converter().get_jyutping_list(plain):
        if reading is not None:
            light = character in LIGHT
            yield [Syllable.of(syllable, light=light) for syllable in str(reading).split()], 0.0
        elif character.upper() in LETTERS:
            yield [Syllable.of(syllable) for syllable in LETTERS[character.upper()].split()], 0.0
        elif character in _DIGITS:
            yield [Syllable.of(_DIGITS[character])], 0.0
        elif character in _PAUSES:
            yield [], _PAUSES[character]
        elif unicodedata.category(character)[0] in "LNS":
            raise Unreadable(f"no reading for {character!r} in {text!r}")


def _as_letter(found: re.Match[str]) -> str:
    return SPELT_OUT[found[0]]


@cache
def _converter() -> Any:
    """ToJyutping with our words; two seconds to load."""
    import ToJyutping

    return ToJyutping.customize(dict(WORDS))
