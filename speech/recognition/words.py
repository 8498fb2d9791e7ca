"""The words for digits and letters in each language, as the models know them."""

from __future__ import annotations

from speech.language import Language

UNKNOWN = "[unk]"
"""What a model hears in speech that is none of the words it listens for."""

SELDOM_UNKNOWN = "[seldom]"
"""The same where long strings are said: dearer, so that an unclear digit is not lost to it."""

NO_WORDS = frozenset({UNKNOWN, SELDOM_UNKNOWN})

LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

DIGITS: dict[Language, tuple[str, ...]] = {
    Language.ENGLISH: (
        *("zero", "one", "two", "three", "four"),
        *("five", "six", "seven", "eight", "nine"),
    ),
    Language.CANTONESE: tuple("零一二三四五六七八九"),
    Language.PUTONGHUA: tuple("零一二三四五六七八九"),
}
"""Each at its own place."""

DIGITS_SAID_OTHERWISE: dict[Language, dict[str, str]] = {
    Language.ENGLISH: {"oh": "0"},
    Language.CANTONESE: {"兩": "2"},
    Language.PUTONGHUA: {"幺": "1", "两": "2", "洞": "0", "拐": "7", "勾": "9"},
}
"""Also heard, and what they stand for; the last three come from radio and the railway."""

TIMES: dict[Language, dict[str, int]] = {
    Language.ENGLISH: {"double": 2, "triple": 3, "treble": 3},
    Language.CANTONESE: {},
    Language.PUTONGHUA: {},
}
"""Words that have the next digit or letter said several times."""


def digit_words(language: Language) -> dict[str, str]:
    """Every word for a digit, and the digit."""
    plain = {word: str(digit) for digit, word in enumerate(DIGITS[language])}
    return plain | DIGITS_SAID_OTHERWISE[language]
