"""Letters on a telephone keypad (ITU-T E.161), as far as Hong Kong marks use them.

Cap. 374E, reg. 12E: the letters I, O and Q do not occur in a registration mark.
"""

from __future__ import annotations

LETTERS_ON: dict[str, str] = {
    "2": "ABC",
    "3": "DEF",
    "4": "GH",
    "5": "JKL",
    "6": "MN",
    "7": "PRS",
    "8": "TUV",
    "9": "WXYZ",
}


def is_standard_mark(keyed: str) -> bool:
    """Whether two letters and one to four numerals without a leading zero can be keyed so."""
    prefix, number = keyed[:2], keyed[2:]
    return (
        len(prefix) == 2
        and all(key in LETTERS_ON for key in prefix)
        and 1 <= len(number) <= 4
        and number.isdigit()
        and not number.startswith("0")
    )
