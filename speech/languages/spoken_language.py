"""What there is to know of a language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from speech.languages.language import Language
from speech.spoken.forms import SpokenForms

Rule = tuple[re.Pattern[str], str]


def rules(*pairs: tuple[str, str]) -> tuple[Rule, ...]:
    """Regular expressions, and what is written in place of what they match."""
    return tuple((re.compile(written), given) for written, given in pairs)


@dataclass(frozen=True)
class TrainingVoices:
    """espeak-ng's voices for training, where words are not written by their sounds.

    Attributes:
        syllables: reads syllables as the lexicon writes them.
        characters: reads words as people write them.
    """

    syllables: str
    characters: str


@dataclass(frozen=True)
class SpokenLanguage:
    """One language of the service.

    Attributes:
        language: its tag.
        bcp47: the tag browsers know its written form by (BCP 47).
        names: what it is called on pages, by the language of the page.
        forms: how digits, letters, plates, counts and times are spoken.
        voice: of espeak-ng, for what has no recording.
        respelling: words this voice says wrongly, and how to write them so that it does not.
        digits: the words for 0 to 9, as a model knows them.
        digits_said_otherwise: further words for digits, and the digit.
        times: words that have the next digit or letter said several times, and how often.
        regions: of calling numbers (ISO 3166), whose callers hear this language first.
        sounds: how its lexicon writes the sounds of a word (`speech.training.lexicon`).
        syllables: file of all its syllables, beside the lexicon; empty where words have phones.
        training_voices: None where one voice reads words as they are written.
    """

    language: Language
    bcp47: str
    names: Mapping[str, str]
    forms: SpokenForms
    voice: str
    digits: tuple[str, ...]
    respelling: tuple[Rule, ...] = ()
    digits_said_otherwise: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)
    regions: frozenset[str] = frozenset()
    sounds: Literal["arpabet", "jyutping", "pinyin"] = "arpabet"
    syllables: str = ""
    training_voices: TrainingVoices | None = None
