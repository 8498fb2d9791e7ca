"""Registration marks, spelled: the driver's own as whole marks, or any that could be a mark."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from speech.languages.language import Language
from speech.recognition.digits import repeated
from speech.recognition.grammar import Completeness, Meaning, PhraseGrammar, without_noise
from speech.recognition.words import DIGITS, LETTERS, SELDOM_UNKNOWN, TIMES, digit_words

LONGEST = 8
_ORDINARY = re.compile(r"^(?:[A-Z]{1,2}[1-9][0-9]{0,3}|[1-9][0-9]{0,3})$")
_FULL = re.compile(r"^[A-Z]{2}[1-9][0-9]{3}$")
_UNUSED = frozenset("IOQ")
MARK_LETTERS = tuple(letter for letter in LETTERS if letter not in _UNUSED)


def spellings(mark: str, language: Language) -> tuple[str, ...]:
    """The ways to spell a mark aloud, as phrases for a grammar."""
    words: dict[str, list[str]] = {}
    for word, digit in digit_words(language).items():
        words.setdefault(digit, []).append(word)
    usual = [
        DIGITS[language][int(character)] if character.isdigit() else character for character in mark
    ]
    ways = {" ".join(usual)}
    # Another word for one of the digits at a time, and for all that are the same.
    for number, character in enumerate(mark):
        for word in words.get(character, []):
            ways.add(" ".join([*usual[:number], word, *usual[number + 1 :]]))
            ways.add(
                " ".join(word if other == character else usual[at] for at, other in enumerate(mark))
            )
    return tuple(sorted(ways))


def own_marks(marks: Sequence[str], language: Language) -> PhraseGrammar:
    """A grammar with these marks as answers."""
    return PhraseGrammar(
        {way: Meaning(mark) for mark in marks for way in spellings(mark, language)}
    )


@dataclass(frozen=True)
class MarkGrammar:
    """Any mark: letters and then numerals, or any mixture for a personalised mark."""

    language: Language
    otherwise: str = SELDOM_UNKNOWN
    asks_for_a_number: ClassVar[bool] = False

    @property
    def phrases(self) -> tuple[str, ...]:
        """Pairs, so that a letter after a numeral is less likely than the other way round."""
        digits = tuple(digit_words(self.language))
        letters = MARK_LETTERS
        pairs = itertools.chain(
            itertools.product(letters, letters),
            itertools.product(letters, digits),
            itertools.product(digits, digits),
        )
        return (*(" ".join(pair) for pair in pairs), *TIMES[self.language])

    def meaning(self, words: Sequence[str]) -> Meaning | None:
        text = self._text(words)
        if text is None or not 1 <= len(text) <= LONGEST or text.startswith("0"):
            return None
        return Meaning(text)

    def mended(self, words: Sequence[str]) -> tuple[Meaning, ...]:
        return ()

    def completeness(self, words: Sequence[str]) -> Completeness:
        text = self._text(words)
        if text is None or not _ORDINARY.match(text):
            return Completeness.INCOMPLETE
        return Completeness.FULL if _FULL.match(text) else Completeness.COMPLETE

    def _text(self, words: Sequence[str]) -> str | None:
        spoken = without_noise(words)
        characters = {letter: letter for letter in MARK_LETTERS} | digit_words(self.language)
        return repeated(spoken, characters, TIMES[self.language]) if spoken else None
