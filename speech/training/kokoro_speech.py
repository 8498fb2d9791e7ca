"""Training speech by Kokoro: its voices, and mixtures of them, in all three languages.

    python -m speech.training.kokoro_speech yue cmn en --kokoro FOLDER --out FOLDER

Putonghua and English are what the voices were made for. Cantonese is not: they say it as somebody
would who reads it from a phrase book. Where one person is all there is, that is many more throats.
"""

from __future__ import annotations

import argparse
import functools
import zlib
from pathlib import Path

import numpy as np

from speech.languages.language import Language
from speech.training import shards
from speech.training.kokoro import Kokoro, Timbre
from speech.training.lexicon import Lexicon
from speech.training.people import Part, part_of
from speech.training.sayings import Saying, Sayings

EACH = 20
SHARDS = {Language.CANTONESE: 7, Language.PUTONGHUA: 9, Language.ENGLISH: 5}
MIXED = 0.5
SPEED = (0.62, 1.15)
LONGEST_S = 9.0
LENGTHS = (6, 8, 13)
NUMBERS = 12
_NATIVE = {Language.PUTONGHUA: "z", Language.ENGLISH: "ab", Language.CANTONESE: "zabjehifp"}


class Voices:
    """Draws speakers from the voices of one part: nobody trained on is measured with."""

    def __init__(self, kokoro: Kokoro, language: Language, part: Part) -> None:
        known = [voice for voice in kokoro.voices if part_of(f"kokoro-{voice}") is part]
        self.native = [voice for voice in known if voice[0] in _NATIVE[language]]
        self._others = known

    def drawn(self, rng: np.random.Generator) -> Timbre:
        first = str(rng.choice(self.native))
        if rng.random() > MIXED:
            return Timbre(((first, 1.0),))
        second = str(rng.choice(self._others))
        return Timbre(((first, 1.0), (second, float(rng.uniform(0.3, 1.0)))))


def utterance(
    kokoro: Kokoro, language: Language, part: Part, number: int
) -> shards.Labelled | None:
    rng = np.random.default_rng((zlib.crc32(f"kokoro {language} {part}".encode()), number))
    timbre = Voices(kokoro, language, part).drawn(rng)
    saying = Sayings(Lexicon.of(language), english_letters=True).drawn(rng)
    british = timbre.shares[0][0].startswith("b")
    sound = kokoro.say(
        kokoro.written(saying, language, british=british), timbre, float(rng.uniform(*SPEED))
    )
    if len(sound) > LONGEST_S * 8000:
        return None
    return shards.Labelled(saying.units, timbre.name, sound)


def number(kokoro: Kokoro, language: Language, part: Part, count: int) -> shards.Labelled:
    """A number of 6, 8 or 13 digits, to measure with: each voice of the part in turn."""
    rng = np.random.default_rng((zlib.crc32(f"number {language} {part}".encode()), count))
    native = Voices(kokoro, language, part).native
    timbre = Timbre(((native[count % len(native)], 1.0),))
    digits = "".join(rng.choice(list("0123456789"), LENGTHS[count // len(native) % len(LENGTHS)]))
    words = Sayings(Lexicon.of(language)).digits(digits).words
    halves = (words,) if rng.random() < 0.5 else (words[:4], words[4:])
    saying = Saying(tuple(halves))
    british = timbre.name.startswith("b")
    symbols = kokoro.written(saying, language, british=british)
    return shards.Labelled(saying.units, timbre.name, kokoro.say(symbols, timbre, 0.9))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("languages", nargs="+", type=Language, choices=list(Language))
    parser.add_argument("--kokoro", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--part", type=Part, choices=list(Part), default=Part.TRAINING)
    parser.add_argument("--shards", type=int)
    parser.add_argument("--numbers", action="store_true", help="to measure with")
    asked = parser.parse_args()
    kokoro = Kokoro(asked.kokoro)
    for language in asked.languages:
        if asked.numbers:
            make = functools.partial(number, kokoro, language, asked.part)
            shards.make(asked.out / language, f"numbers-{asked.part}", 1, NUMBERS, make)
            continue
        shards.make(
            asked.out / language,
            f"kokoro-{asked.part}",
            SHARDS[language] if asked.shards is None else asked.shards,
            EACH,
            functools.partial(utterance, kokoro, language, asked.part),
        )


if __name__ == "__main__":
    main()
