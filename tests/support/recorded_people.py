"""Recorded people for tests, where the recordings are: they are not part of the project."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from speech.languages.language import Language
from speech.recognition.words import DIGITS
from speech.training.augment import joined, pcm
from speech.training.lexicon import Lexicon
from speech.training.recorded import Clips, recorded

FOLDER = Path(
    os.environ.get("ROCARS_RECORDED_SPEECH", Path(__file__).parents[3] / "shared/data/speech")
)
SPEAKERS = {
    Language.ENGLISH: "fsdd-george",
    Language.CANTONESE: "kt",
    Language.PUTONGHUA: "chenwang",
}

needed = pytest.mark.skipif(
    not (FOLDER / "manifest.csv").is_file(),
    reason=f"NOT TESTED on recorded people: no {FOLDER}; set ROCARS_RECORDED_SPEECH",
)


@cache
def _people() -> dict[str, Clips]:
    return recorded(FOLDER)


def digits_said(language: Language, number: str) -> bytes:
    """A number by a person of that language, joined from single recordings; PCM at 8000 Hz."""
    clips, rng = _people()[SPEAKERS[language]], np.random.default_rng(int(number[-4:]))
    takes = [take for digit in number for take in _takes(clips, DIGITS[language][int(digit)])]
    slow = language is not Language.ENGLISH
    chosen = [take[int(rng.integers(len(take)))] for take in takes]
    sound = joined(chosen, rng, gap_s=(0.05, 0.12), tempo=(1.2, 1.5) if slow else (1.0, 1.0))
    return pcm(sound / np.abs(sound).max() * 11600)


def _takes(clips: Clips, word: str) -> list[list[np.ndarray]]:
    if clips.language is Language.ENGLISH:
        return [clips.of[word]]
    return [
        clips.of[syllable] for syllable in Lexicon.of(clips.language).spellings[word][0].split()
    ]
