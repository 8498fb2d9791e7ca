"""Digits one by one: user IDs, PINs, codes, cargo and bundling references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from speech.language import Language
from speech.recognition.grammar import Completeness, Meaning, without_noise
from speech.recognition.words import SELDOM_UNKNOWN, TIMES, digit_words


@dataclass(frozen=True)
class DigitGrammar:
    """So many digits, said one after the other.

    Attributes:
        shortest, longest: how many of them make an answer.
    """

    language: Language
    shortest: int
    longest: int
    otherwise: str = SELDOM_UNKNOWN
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

    def completeness(self, words: Sequence[str]) -> Completeness:
        text = self._text(words)
        if text is None or len(text) < self.shortest:
            return Completeness.INCOMPLETE
        return Completeness.FULL if len(text) >= self.longest else Completeness.COMPLETE

    def _text(self, words: Sequence[str]) -> str | None:
        said = without_noise(words)
        return repeated(said, self._digits, TIMES[self.language]) if said else None


def repeated(
    words: Sequence[str], characters: Mapping[str, str], times: Mapping[str, int]
) -> str | None:
    """Words as characters, "double seven" as 77; None for a word that is none of them."""
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
