"""The words for digits and letters in each language, as the models know them."""

from __future__ import annotations

from speech.languages.language import Language
from speech.languages.registry import LANGUAGES

UNKNOWN = "[unk]"
"""What a model recognises in speech that is none of its words."""

SELDOM_UNKNOWN = "[seldom]"
"""The same where long strings are spoken: less likely, so that an unclear digit is not lost to
it."""

NO_WORDS = frozenset({UNKNOWN, SELDOM_UNKNOWN})

LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

DIGITS: dict[Language, tuple[str, ...]] = {tag: known.digits for tag, known in LANGUAGES.items()}
"""Each word at the index of its digit."""

DIGITS_SAID_OTHERWISE: dict[Language, dict[str, str]] = {
    tag: dict(known.digits_said_otherwise) for tag, known in LANGUAGES.items()
}
"""Further words that are recognised, and their digits."""

TIMES: dict[Language, dict[str, int]] = {tag: dict(known.times) for tag, known in LANGUAGES.items()}
"""Words for a repeated digit or letter, and how often it is repeated."""


def digit_words(language: Language) -> dict[str, str]:
    """All words for digits, and their digits."""
    plain = {word: str(digit) for digit, word in enumerate(DIGITS[language])}
    return plain | DIGITS_SAID_OTHERWISE[language]
