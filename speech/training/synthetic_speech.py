"""Makes training speech with espeak-ng and the synthesisers of `engines.py`.

python -m speech.training.synthetic_speech yue cmn en --out FOLDER
"""

from __future__ import annotations

import argparse
import multiprocessing
import zlib
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from speech.languages.language import Language
from speech.training import shards
from speech.training.engines import ENGINES
from speech.training.lexicon import Lexicon, Pronunciation
from speech.training.voices import Speaker, Spoken, variants

EACH = 50
SHARDS = {Language.CANTONESE: 26, Language.PUTONGHUA: 24, Language.ENGLISH: 24}


def units_of(lexicon: Lexicon, spoken: Spoken) -> tuple[Pronunciation, ...]:
    """The units of the spoken words, word by word."""
    return tuple(
        lexicon.syllable(word) if way < 0 else lexicon.words[word][way]
        for word, way in zip(spoken.words, spoken.ways, strict=True)
    )


@dataclass(frozen=True)
class Synthetic:
    """Utterances by number; equal numbers give equal utterances, except for Pico's."""

    speaker: Speaker

    def __call__(self, number: int) -> shards.Labelled | None:
        lexicon = self.speaker.lexicon
        first = zlib.crc32(f"synthetic {lexicon.language}".encode()) % 10_000 * 1_000_000
        spoken = self.speaker.utterance(first + number)
        if spoken is None:
            return None
        return shards.Labelled(units_of(lexicon, spoken), spoken.voice, spoken.sound)


_speaker: Speaker


def _speak(seed: int) -> Spoken | None:
    return _speaker.utterance(seed)


def held_out_speech(lexicon: Lexicon, count: int, seed: int) -> list[Spoken]:
    """Utterances of espeak-ng's variants that are not used for training; always the same."""
    global _speaker
    _speaker = Speaker(lexicon, variants(held_out=True))
    first = zlib.crc32(f"{lexicon.language}True{seed}".encode()) % 10_000 * 1_000_000
    with multiprocessing.get_context("fork").Pool() as pool:
        made = pool.imap(_speak, range(first, first + count), chunksize=20)
        return [piece for piece in tqdm(made, "speaking", count) if piece is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("languages", nargs="+", type=Language, choices=list(Language))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0, help="how many shards")
    asked = parser.parse_args()
    for language in asked.languages:
        speaker = Speaker(Lexicon.of(language), variants(), ENGINES)
        count = round(SHARDS[language] * asked.scale)
        shards.make(asked.out / language, "synthetic", count, EACH, Synthetic(speaker))


if __name__ == "__main__":
    main()
