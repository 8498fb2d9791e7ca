"""The model of a speaker: the sound of each syllable without its tone, and its length.

One file of a few hundred kilobytes (numpy's npz). Of each syllable it holds rows of 30 numbers of a
spectral envelope (`envelope`), the noise in the voice, and whether there is voice, first those of
the onset at 5 ms a row, then those of the rime, which are spaced by how fast the sound changes: a
steady vowel has few of them. Numbers are 8 bits each, with a scale for each number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from speech.voices.cantonese.envelope import NUMBERS, Doubles, Marks
from speech.voices.cantonese.syllable import Syllable

FILE = Path(__file__).with_name("kt.npz")
RIME_ROWS = 40
NOISE_STEP_DB = 0.25
FORM = 1
"""Version of the file format; raised when older files can no longer be read."""


@dataclass(frozen=True)
class Sound:
    """One syllable without its tone.

    Attributes:
        numbers: the envelope, (rows, 30).
        noise_db: noise at 3 kHz relative to all sound there, at most 0.
        voiced: whether each row is voiced.
        onset: how many rows belong to the onset.
    """

    numbers: Doubles
    noise_db: Doubles
    voiced: Marks
    onset: int


class SyllableUnknown(KeyError):
    """A syllable has no sound, nor sounds from which it could be built."""


@dataclass(frozen=True)
class SpeakerModel:
    """All syllables of a speaker.

    Attributes:
        built: syllables without a recording, and the two from which each was built.
        digest: digest of the file, eight hexadecimal digits.
    """

    sounds: Mapping[str, Sound]
    built: Mapping[str, tuple[str, str]]
    digest: str

    def sound(self, syllable: Syllable) -> Sound:
        """Raises SyllableUnknown."""
        try:
            return self.sounds[syllable.toneless]
        except KeyError:
            raise SyllableUnknown(f"no sound for {syllable.toneless}") from None


def save(path: Path, sounds: Mapping[str, Sound], built: Mapping[str, tuple[str, str]]) -> None:
    """Write a model; equal sounds give an equal file. Raises OSError."""
    names = sorted(sounds)
    numbers = np.concatenate([sounds[name].numbers for name in names])
    scale = np.abs(numbers).max(0) / 127
    noise = np.concatenate([sounds[name].noise_db for name in names])
    arrays: dict[str, Any] = {
        "form": np.array(FORM),
        "names": np.array(names),
        "rows": np.array([len(sounds[name].voiced) for name in names], np.uint16),
        "onset": np.array([sounds[name].onset for name in names], np.uint8),
        "scale": scale.astype(np.float32),
        "numbers": np.round(numbers / scale).astype(np.int8),
        "noise": np.round(np.clip(-noise / NOISE_STEP_DB, 0, 255)).astype(np.uint8),
        "voiced": np.packbits(np.concatenate([sounds[name].voiced for name in names])),
        "built": np.array([f"{name} {onset} {rime}" for name, (onset, rime) in built.items()]),
    }
    np.savez_compressed(path, **arrays)


@cache
def load(path: Path = FILE) -> SpeakerModel:
    """Read a model. Raises OSError, ValueError."""
    import hashlib

    with np.load(path, allow_pickle=False) as read:
        if int(read["form"]) != FORM:
            raise ValueError(f"{path.name}: expected form {FORM}, not {int(read['form'])}")
        numbers = read["numbers"].astype(np.float64) * read["scale"].astype(np.float64)
        if numbers.shape[1] != NUMBERS:
            raise ValueError(f"{path.name}: expected {NUMBERS} numbers a row")
        noise = -NOISE_STEP_DB * read["noise"].astype(np.float64)
        voiced = np.unpackbits(read["voiced"])[: len(numbers)].astype(bool)
        ends = np.cumsum(read["rows"].astype(np.int64))
        parts = zip(
            read["names"].tolist(),
            ends.tolist(),
            read["rows"].tolist(),
            read["onset"].tolist(),
            strict=True,
        )
        sounds = {
            name: Sound(
                numbers[end - rows : end], noise[end - rows : end], voiced[end - rows : end], onset
            )
            for name, end, rows, onset in parts
        }
        built = {
            name: (onset, rime) for name, onset, rime in map(str.split, read["built"].tolist())
        }
    return SpeakerModel(sounds, built, hashlib.sha256(path.read_bytes()).hexdigest()[:8])
