"""Words and how they are pronounced, as units a model tells apart.

English has ARPAbet phones. Cantonese and Putonghua have the initial and the final of each syllable,
without tone: a grammar of a few words does not need it, and a telephone band with a few hours of
speech teaches it badly. Letters of the alphabet have the English phones beside, in every language,
since Hong Kong says them both ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from speech.languages.language import Language
from speech.languages.registry import LANGUAGES
from speech.voices.kokoro_pinyin import initial_and_final

Pronunciation = tuple[str, ...]

SILENCE = "SIL"

_LEXICONS = Path(__file__).with_name("lexicons")
_ENGLISH_PART = re.compile(r"^\[(.*)\]$")
_JYUTPING_INITIALS = (
    *("gw", "kw", "ng", "b", "p", "m", "f", "d", "t", "n"),
    *("l", "g", "k", "h", "w", "z", "c", "s", "j"),
)


def jyutping(syllable: str) -> Pronunciation:
    """Initial and final of a Cantonese syllable, its tone left out."""
    plain = re.sub(r"[1-6]$", "", syllable)
    if plain in ("m", "ng"):
        return (f"y-{plain}",)
    for initial in _JYUTPING_INITIALS:
        if plain.startswith(initial) and len(plain) > len(initial):
            return f"y:{initial}", f"y-{plain[len(initial) :]}"
    return (f"y-{plain}",)


def pinyin(syllable: str) -> Pronunciation:
    """Initial and final of a Putonghua syllable, its tone left out."""
    initial, final = initial_and_final(syllable)
    return (f"m:{initial}", f"m-{final}") if initial else (f"m-{final}",)


def arpabet(phones: str) -> Pronunciation:
    return tuple(f"e_{phone}" for phone in phones.split())


@dataclass(frozen=True)
class Lexicon:
    """The words a model knows.

    Attributes:
        words: each with its pronunciations, the usual one first.
        spellings: the same as they are written in the lexicon: jyutping, pinyin or ARPAbet.
        syllables: all of the language, for training on speech that is no word of ours.
    """

    language: Language
    words: dict[str, tuple[Pronunciation, ...]]
    spellings: dict[str, tuple[str, ...]]
    syllables: tuple[str, ...]

    @classmethod
    def of(cls, language: Language) -> Lexicon:
        """Read from `lexicons/`. Raises ValueError for a line that is not word, tab, sounds."""
        spellings = dict(lines(_LEXICONS / f"{language}.txt"))
        words = {
            word: tuple(_sounds(language, way) for way in ways) for word, ways in spellings.items()
        }
        listed = LANGUAGES[language].syllables
        syllables = (_LEXICONS / listed).read_text().split() if listed else []
        return cls(language, words, spellings, tuple(syllables))

    @property
    def units(self) -> tuple[str, ...]:
        """Everything a model of this language tells apart; silence is the first."""
        found = {unit for ways in self.words.values() for way in ways for unit in way}
        found |= {unit for syllable in self.syllables for unit in self.syllable(syllable)}
        return SILENCE, *sorted(found)

    def syllable(self, syllable: str) -> Pronunciation:
        return _sounds(self.language, syllable)


def _sounds(language: Language, spelling: str) -> Pronunciation:
    english = _ENGLISH_PART.match(spelling)
    sounds = LANGUAGES[language].sounds
    if english is not None or sounds == "arpabet":
        return arpabet(english[1] if english else spelling)
    split = {"jyutping": jyutping, "pinyin": pinyin}[sounds]
    return tuple(unit for syllable in spelling.split() for unit in split(syllable))


def lines(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Words and their pronunciations as a lexicon file has them. Raises ValueError."""
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        word, tab, ways = line.partition("\t")
        if not tab or not ways.strip():
            raise ValueError(f"{path.name}:{number}: expected word, tab, sounds, not {line!r}")
        yield word, tuple(way.strip() for way in ways.split("|"))
