"""Hong Kong vehicle registration marks: their forms, and their spelling on a telephone keypad.

Cap. 374E reg. 12E: up to eight letters and digits without I, O and Q; blanks are disregarded when
marks are compared. I and O are imitated by 1 and 0.
"""

from __future__ import annotations

import re
import unicodedata

_SEPARATORS = re.compile(r"[\s.\-_·•‐‑‒–—−ｰ・]+")
_PREFIXED = re.compile(r"([A-Z]{2})([0-9IO]{1,4})")
_ORDINARY_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_MARK = re.compile(r"[A-HJ-NPR-Z0-9]{1,8}")
_MAINLAND_CHARACTER = re.compile(r"[\u3400-\u9fff]")
_MAINLAND_SPELT = re.compile(r"YUEZ[A-Z0-9]*|Z[A-Z0-9]{4}(GANG|AO)")
_MAINLAND_BARE = re.compile(r"Z[0-9]{4}")
_UNWRITTEN = str.maketrans("OI", "01")

# ITU-T E.161: the letters on the keys 2 to 9.
_KEYS = {
    letter: str(key)
    for key, letters in enumerate(
        ("ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"), start=2
    )
    for letter in letters
}


class NotAMark(ValueError):
    """Not a Hong Kong registration mark."""


class MainlandPlate(NotAMark):
    """A Mainland plate such as 粤Z 1234 港. The vehicle has a Hong Kong mark; that is wanted."""


def normalise(text: str, *, z_four_digits_is_mainland: bool = True) -> str:
    """The mark as it is kept: upper case, no separators, O and I written as 0 and 1.

    In the two letters of an ordinary mark (two letters, a number from 1 to 9999) an I or O is not
    replaced but refused: there it is a mishearing. Raises MainlandPlate, NotAMark.
    """
    mark = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    if _MAINLAND_CHARACTER.search(mark) or _MAINLAND_SPELT.fullmatch(mark):
        raise MainlandPlate
    if z_four_digits_is_mainland and _MAINLAND_BARE.fullmatch(mark.translate(_UNWRITTEN)):
        raise MainlandPlate
    if ordinary := _PREFIXED.fullmatch(mark):
        letters, number = ordinary[1], ordinary[2].translate(_UNWRITTEN)
        if _ORDINARY_NUMBER.fullmatch(number):
            if set(letters) & set("IOQ"):
                raise NotAMark
            return letters + number
    mark = mark.translate(_UNWRITTEN)
    if not _MARK.fullmatch(mark):
        raise NotAMark
    return mark


def keyed_spelling(mark: str) -> str:
    """The keys that spell a mark on a telephone (ITU-T E.161): AB1234 is 221234."""
    return "".join(_KEYS.get(character, character) for character in mark)
