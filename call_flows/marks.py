"""What can be a Hong Kong registration mark, and how one is keyed on a telephone.

Cap. 374E, reg. 12E: an ordinary mark is two letters and up to four numerals, older ones have one
letter or none, a personalised one up to eight letters and numerals in any order. The letters I, O
and Q occur in none. ROCARS alone knows which marks exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

ON_KEYS: dict[str, str] = {
    "2": "ABC",
    "3": "DEF",
    "4": "GHI",
    "5": "JKL",
    "6": "MNO",
    "7": "PQRS",
    "8": "TUV",
    "9": "WXYZ",
}
"""ITU-T E.161: the letters on each key, in their places."""

UNUSED = frozenset("IOQ")

LETTERS_ON: dict[str, str] = {
    key: "".join(letter for letter in letters if letter not in UNUSED)
    for key, letters in ON_KEYS.items()
}
"""Those of them that occur in marks."""

LONGEST = 8

Form = Literal["two_letters", "one_letter", "no_letter"]


def forms_of(keyed: str) -> tuple[Form, ...]:
    """The ordinary marks that can be keyed so, the commonest first."""
    forms: list[Form] = []
    if keyed[:1] in LETTERS_ON and keyed[1:2] in LETTERS_ON and _is_number(keyed[2:], 4):
        forms.append("two_letters")
    if keyed[:1] in LETTERS_ON and _is_number(keyed[1:], 5):
        forms.append("one_letter")
    if _is_number(keyed, 4):
        forms.append("no_letter")
    return tuple(forms)


def _is_number(keyed: str, longest: int) -> bool:
    return 1 <= len(keyed) <= longest and keyed.isdigit() and not keyed.startswith("0")


def on_keypad(mark: str) -> str:
    """A mark as keyed in the manner of a text message, one key a character."""
    return "".join(
        character if character.isdigit() else _two_keys(character)[0] for character in mark
    )


def in_two_keys(mark: str) -> str:
    """A mark in the code of two keys a character: a letter's key and place, 0 and a numeral."""
    return "".join(_two_keys(character) for character in mark)


def _two_keys(character: str) -> str:
    for key, letters in ON_KEYS.items():
        if character in letters:
            return f"{key}{letters.index(character) + 1}"
    return f"0{character}"


def from_two_keys(keyed: str) -> str:
    """The mark that was keyed in two keys a character.

    Raises ValueError: the code is of odd length, too long, or names a letter that is in no mark.
    """
    if len(keyed) % 2 or not 2 <= len(keyed) <= 2 * LONGEST:
        raise ValueError("two keys for each of one to eight characters expected")
    pairs: Sequence[str] = [keyed[at : at + 2] for at in range(0, len(keyed), 2)]
    return "".join(_character(pair) for pair in pairs)


def _character(pair: str) -> str:
    key, place = pair[0], int(pair[1])
    if key == "0":
        return pair[1]
    letters = ON_KEYS.get(key, "")
    if not 1 <= place <= len(letters) or letters[place - 1] in UNUSED:
        raise ValueError(f"{pair} is no letter of a registration mark")
    return letters[place - 1]


def looks_mainland(mark: str) -> bool:
    """A single Z and numerals: a Mainland plate (粤Z·1234港) keyed without its characters."""
    return mark.startswith("Z") and mark[1:].isdigit()
