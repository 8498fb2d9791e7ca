"""The words for digits and letters in each language, as the models know them."""

from __future__ import annotations

from speech.languages.language import Language
from speech.languages.registry import LANGUAGES

UNKNOWN = "[unk]"
"""What a model hears in speech that is none of the words it listens for."""

SELDOM_UNKNOWN = "[seldom]"
"""The same where long strings are said: dearer, so that an unclear digit is not lost to it."""

NO_WORDS = frozenset({UNKNOWN, SELDOM_UNKNOWN})

LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

DIGITS: dict[Language, tuple[str, ...]] = {tag: known.digits for tag, known in LANGUAGES.items()}
"""Each at its own place."""

DIGITS_SAID_OTHERWISE: dict[Language, dict[str, str]] = {
    tag: dict(known.digits_said_otherwise) for tag, known in LANGUAGES.items()
}
"""Also heard, and what they stand for."""

TIMES: dict[Language, dict[str, int]] = {tag: dict(known.times) for tag, known in LANGUAGES.items()}
"""Words that have the next digit or letter said several times."""


def digit_words(language: Language) -> dict[str, str]:
    """Every word for a digit, and the digit."""
    plain = {word: str(digit) for digit, word in enumerate(DIGITS[language])}
    return plain | DIGITS_SAID_OTHERWISE[language]
