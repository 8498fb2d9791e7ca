"""What is known of a language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from speech.languages.language import Language
from speech.spoken.forms import SpokenForms

Rule = tuple[re.Pattern[str], str]


def rules(*pairs: tuple[str, str]) -> tuple[Rule, ...]:
    """Pairs of a regular expression and the text that replaces its matches."""
    return tuple((re.compile(written), given) for written, given in pairs)


@dataclass(frozen=True)
class TrainingVoices:
    """espeak-ng's voices for training, for languages whose writing does not show the sounds.

    Attributes:
        syllables: voice that reads syllables as the lexicon writes them.
        characters: voice that reads words as people write them.
    """

    syllables: str
    characters: str


@dataclass(frozen=True)
class SpokenLanguage:
    """One language of the service.

    Attributes:
        language: its tag.
        bcp47: the tag of its written form for browsers (BCP 47).
        names: its name on pages, by the language of the page.
        forms: how digits, letters, plates, counts and times are spoken.
        voice: voice of espeak-ng, for texts without a recording.
        respelling: words that this voice mispronounces, and a spelling that it reads right.
        digits: the words for 0 to 9, as a model knows them.
        digits_said_otherwise: further words for digits, and the digit.
        times: words for a repeated digit or letter ("double"), and how often it is repeated.
        regions: regions of calling numbers (ISO 3166) whose callers hear this language first.
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
