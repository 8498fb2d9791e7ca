"""Digits spoken one by one: user IDs, PINs, codes, cargo and bundling references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from speech.languages.language import Language
from speech.recognition.grammar import Completeness, Meaning, without_noise
from speech.recognition.words import NO_WORDS, SELDOM_UNKNOWN, TIMES, digit_words

SHORTEST_MENDED = 5
"""Length of the shortest number that is mended, or may be complete with one digit lost."""


@dataclass(frozen=True)
class DigitGrammar:
    """A number of digits, spoken one after the other.

    Attributes:
        shortest, longest: how many digits make an answer.
    """

    language: Language
    shortest: int
    longest: int
    otherwise: str = SELDOM_UNKNOWN
    asks_for_a_number: ClassVar[bool] = True
    _digits: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_digits", digit_words(self.language))

    @property
    def phrases(self) -> tuple[str, ...]:
        return (*self._digits, *TIMES[self.language])

    def meaning(self, words: Sequence[str]) -> Meaning | None:
        text = self._text(words)
        if text is None or not self.shortest <= len(text) <= self.longest:
            return None
        return Meaning(text)

    def mended(self, words: Sequence[str]) -> tuple[Meaning, ...]:
        """Numbers that differ from the words by one lost or added digit.

        A digit spoken twice is often recognised once. If the length of the number is known and one
        digit is missing, any digit may have been spoken twice; if there is one digit too many, any
        digit may be wrong. If the length is not known, another authority must know the number, and
        only a digit spoken twice is tried.
        """
        text = self._text(words)
        if text is None or not self.shortest - 1 <= len(text) <= self.longest + 1:
            return ()
        if len(text) == self.longest + 1:
            found = [text[:at] + text[at + 1 :] for at in range(len(text))]
        elif self.shortest < self.longest or len(text) < self.shortest:
            found = [text[: at + 1] + text[at:] for at in range(len(text))]
        else:
            return ()
        if len(text) < SHORTEST_MENDED:
            return ()
        return tuple(
            Meaning(text)
            for text in dict.fromkeys(found)
            if self.shortest <= len(text) <= self.longest
        )

    def completeness(self, words: Sequence[str]) -> Completeness:
        text = self._text(words)
        if text is None or len(text) < self.shortest:
            clear = [word for word in words if word not in NO_WORDS]
            digits = repeated(clear, self._digits, TIMES[self.language]) or ""
            nearly = len(digits) >= max(SHORTEST_MENDED, self.shortest) - 1
            return Completeness.ALMOST if nearly else Completeness.INCOMPLETE
        return Completeness.FULL if len(text) >= self.longest else Completeness.COMPLETE

    def _text(self, words: Sequence[str]) -> str | None:
        spoken = without_noise(words)
        return repeated(spoken, self._digits, TIMES[self.language]) if spoken else None


def repeated(
    words: Sequence[str], characters: Mapping[str, str], times: Mapping[str, int]
) -> str | None:
    """Convert words to characters, "double seven" to 77; None if a word is none of them."""
    text, count = "", 1
    for word in words:
        if word in times:
            if count > 1:
                return None
            count = times[word]
        elif word in characters:
            text += characters[word] * count
            count = 1
        else:
            return None
    return text if count == 1 else None
