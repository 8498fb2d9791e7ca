"""Draws at random what callers say, word by word: mostly numbers, in the way numbers are spoken.

A word is an English word or letter, or one syllable of Cantonese or Putonghua, so that a person's
clips or a synthesiser can speak it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from speech.languages.language import Language
from speech.recognition.words import DIGITS, DIGITS_SAID_OTHERWISE, LETTERS, TIMES
from speech.training.lexicon import Lexicon, Pronunciation, arpabet, lines

LENGTHS = (1, 2, 3, 4, 4, 4, 5, 6, 6, 6, 7, 8, 8, 8, 10, 13, 13)
"""Lengths of numbers: parts of four, codes of six, user IDs of eight, cargo references of up to
13."""
GROUPS = (2, 3, 3, 3, 4, 4, 4, 5)
_BEFORE: dict[Language, tuple[str, ...]] = {
    Language.CANTONESE: (
        *("hai6", "hou6 maa5 hai6", "ngo5 go3 hou6 maa5 hai6", "m4 goi1", "ng4 goi1"),
        *("aa3", "ji1", "nei1 go3 hai6", "dang2 ngo5 tai2 haa5"),
    ),
    Language.PUTONGHUA: (
        *("shi4", "hao4 ma3 shi4", "wo3 de5 hao4 ma3 shi4", "en1", "na4 ge5"),
        *("zhe4 ge5 shi4", "ni3 hao3", "deng3 yi2 xia4"),
    ),
    Language.ENGLISH: (
        *("it's", "it is", "the number is", "my number is", "um", "uh", "okay", "yes it's"),
        *("so", "that's", "hello", "let me see", "the number's"),
    ),
}
_BEHIND: dict[Language, tuple[str, ...]] = {
    Language.CANTONESE: ("aa3", "laa1", "m4 goi1", "hai6 gam2"),
    Language.PUTONGHUA: ("a5", "jiu4 zhe4 xie1", "xie4 xie5", "hao3"),
    Language.ENGLISH: ("please", "thank you", "that's it", "okay"),
}
CARRIED = 0.14
"""Share of numbers with words before or after them."""
OTHERWISE = 0.12
TIMES_SAID = 0.12


@dataclass(frozen=True)
class Word:
    """One word or syllable.

    Attributes:
        text: an English word or letter, or a syllable of jyutping or pinyin with its tone.
        units: its sounds, in the units of a model.
    """

    text: str
    units: Pronunciation


@dataclass(frozen=True)
class Saying:
    """Something to say, in groups that are each spoken without a break."""

    groups: tuple[tuple[Word, ...], ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for group in self.groups for word in group)

    @property
    def units(self) -> tuple[Pronunciation, ...]:
        return tuple(word.units for word in self.words)


@cache
def words_for_training() -> dict[str, Pronunciation]:
    """English words that no grammar contains: spoken before numbers, or instead of an answer."""
    path = Path(__file__).with_name("lexicons") / "en-training.txt"
    return {word: arpabet(ways[0]) for word, ways in lines(path)}


@dataclass(frozen=True)
class Sayings:
    """Draws sayings of one language.

    Attributes:
        english_letters: whether letters have their English names where the language has its own.
    """

    lexicon: Lexicon
    english_letters: bool = False

    def drawn(self, rng: np.random.Generator) -> Saying:
        """More than half are numbers; the rest are marks, commands, and speech that is no
        answer."""
        chance = rng.random()
        if chance < 0.58:
            return self.number(rng)
        if chance < 0.70:
            return self.plate(rng)
        if chance < 0.85:
            return self.commands(rng)
        return self.other(rng)

    def number(self, rng: np.random.Generator) -> Saying:
        words = self._digits(int(rng.choice(LENGTHS)), rng)
        groups = list(_grouped(words, rng))
        language = self.lexicon.language
        if rng.random() < CARRIED:
            groups.insert(0, self._phrase(str(rng.choice(_BEFORE[language]))))
        if rng.random() < CARRIED / 3:
            groups.append(self._phrase(str(rng.choice(_BEHIND[language]))))
        return Saying(tuple(groups))

    def plate(self, rng: np.random.Generator) -> Saying:
        letters = [str(letter) for letter in rng.choice(LETTERS, int(rng.choice([1, 2, 2, 2, 3])))]
        spelled = tuple(word for letter in letters for word in self._letter(letter, rng))
        digits = tuple(self._digits(int(rng.integers(1, 5)), rng))
        return Saying((spelled, digits) if rng.random() < 0.5 else (spelled + digits,))

    def commands(self, rng: np.random.Generator) -> Saying:
        known = [word for word in self.lexicon.words if word not in LETTERS]
        chosen = rng.choice(known, int(rng.choice([1, 1, 1, 2])))
        return Saying(tuple(tuple(self._word(str(word), rng)) for word in chosen))

    def other(self, rng: np.random.Generator) -> Saying:
        """Any syllables, or English words that no grammar contains."""
        count = int(rng.integers(1, 8))
        if self.lexicon.language is Language.ENGLISH:
            more = words_for_training()
            chosen = [str(word) for word in rng.choice(list(more), count)]
            return Saying(tuple(_grouped([Word(word, more[word]) for word in chosen], rng)))
        chosen = [str(syllable) for syllable in rng.choice(self.lexicon.syllables, count)]
        words = [Word(syllable, self.lexicon.syllable(syllable)) for syllable in chosen]
        return Saying(tuple(_grouped(words, rng)))

    @staticmethod
    def grouped(words: Sequence[Word], rng: np.random.Generator) -> Saying:
        """Words in groups, as numbers are spoken."""
        return Saying(tuple(_grouped(words, rng)))

    def digits(self, text: str) -> Saying:
        """A number in the usual words without a break, for measurements."""
        language, rng = self.lexicon.language, np.random.default_rng(0)
        words = (self._word(DIGITS[language][int(digit)], rng, way=0) for digit in text)
        return Saying((tuple(word for spelling in words for word in spelling),))

    def _digits(self, count: int, rng: np.random.Generator) -> list[Word]:
        language = self.lexicon.language
        other = DIGITS_SAID_OTHERWISE[language] if rng.random() < 0.5 else {}
        spoken: list[str] = []
        for digit in rng.integers(0, 10, count):
            ways = [word for word, stands_for in other.items() if stands_for == str(digit)]
            if ways and rng.random() < 2 * OTHERWISE:
                spoken.append(str(rng.choice(ways)))
            else:
                spoken.append(DIGITS[language][digit])
            if TIMES[language] and len(spoken) < count and rng.random() < TIMES_SAID / 3:
                spoken.insert(-1, str(rng.choice(list(TIMES[language]))))
        return [word for spelling in spoken for word in self._word(spelling, rng)]

    def _letter(self, letter: str, rng: np.random.Generator) -> Sequence[Word]:
        ways = self.lexicon.words[letter]
        english = [way for way in ways if way[0].startswith("e_")]
        if english and (self.english_letters or len(english) == len(ways)):
            return [Word(letter, english[0])]
        return self._word(letter, rng)

    def _word(self, word: str, rng: np.random.Generator, way: int | None = None) -> list[Word]:
        spellings, pronunciations = self.lexicon.spellings[word], self.lexicon.words[word]
        if self.lexicon.language is Language.ENGLISH:
            return [Word(word, pronunciations[0])]
        native = [
            number for number, spelling in enumerate(spellings) if not spelling.startswith("[")
        ]
        chosen = native[int(rng.integers(len(native)))] if way is None else way
        return [
            Word(syllable, self.lexicon.syllable(syllable))
            for syllable in spellings[chosen].split()
        ]

    def _phrase(self, text: str) -> tuple[Word, ...]:
        if self.lexicon.language is not Language.ENGLISH:
            return tuple(
                Word(syllable, self.lexicon.syllable(syllable)) for syllable in text.split()
            )
        more = words_for_training() | {word: ways[0] for word, ways in self.lexicon.words.items()}
        return tuple(Word(word, more[word]) for word in text.split())


def _grouped(words: Sequence[Word], rng: np.random.Generator) -> Iterator[tuple[Word, ...]]:
    """In groups of two to five; never a single word at the end."""
    at = 0
    in_one_breath = rng.random() < 0.25
    while at < len(words):
        size = len(words) if in_one_breath else int(rng.choice(GROUPS))
        if len(words) - at - size == 1:
            size += 1
        yield tuple(words[at : at + size])
        at += size
