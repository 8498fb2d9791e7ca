"""Recorded people: clips of single words and syllables, one file a speaker.

A folder has `manifest.csv` with the columns file, language, speaker, spoken, start_sample and
end_sample; what is spoken is an English word or letter, a jyutping or pinyin syllable, or several
of them with spaces between: a string said in one breath.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile as sf

from speech.languages.language import Language
from speech.recognition.words import DIGITS
from speech.training.features import SAMPLE_RATE, Floats

SHORTEST, LONGEST = SAMPLE_RATE // 10, SAMPLE_RATE * 4
LONGEST_STRING = SAMPLE_RATE * 20
NOISE = "[noise]"
LOUD = 0.6 * 32767
SAYTIME = Path("/usr/share/saytime")


@dataclass(frozen=True)
class Clips:
    """What one person said.

    Attributes:
        of: single words and syllables, by what they are.
        strings: what was said in one breath, and its words.
    """

    speaker: str
    language: Language
    of: dict[str, list[Floats]]
    strings: list[tuple[tuple[str, ...], Floats]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(takes) for takes in self.of.values())


def recorded(folder: Path) -> dict[str, Clips]:
    """Everybody in a folder, by name.

    Raises:
        FileNotFoundError: there is no manifest.
        ValueError: a file is not mono at 8000 Hz.
    """
    people: dict[str, Clips] = {}
    files: dict[str, Floats] = {}
    with (folder / "manifest.csv").open(newline="") as rows:
        for row in csv.DictReader(rows):
            name = row["file"]
            if name not in files:
                files[name] = _read(folder / name)
            clip = files[name][int(row["start_sample"]) : int(row["end_sample"])]
            words = tuple(row["spoken"].split())
            longest = LONGEST if len(words) == 1 else LONGEST_STRING
            if not SHORTEST <= len(clip) <= longest or row["spoken"] == NOISE:
                continue
            who = people.setdefault(
                row["speaker"], Clips(row["speaker"], Language(row["language"]), {})
            )
            if len(words) == 1:
                who.of.setdefault(row["spoken"], []).append(clip)
            else:
                who.strings.append((words, clip))
    return people


def noises(folder: Path) -> list[Floats]:
    """Recorded noise without speech. Raises as `recorded` does."""
    with (folder / "manifest.csv").open(newline="") as rows:
        marked = [row for row in csv.DictReader(rows) if row["spoken"] == NOISE]
    return [
        _read(folder / row["file"])[int(row["start_sample"]) : int(row["end_sample"])]
        for row in marked
    ]


def saytime(folder: Path = SAYTIME) -> Clips:
    """Who reads the time in Debian's package saytime: one take of each digit, mu-law.

    Raises soundfile.LibsndfileError without the package.
    """
    form = {"samplerate": SAMPLE_RATE, "channels": 1, "format": "RAW", "subtype": "ULAW"}
    takes: dict[str, list[Floats]] = {"oh": [_loud(_raw(folder / "oh.au", form))]}
    for number, word in enumerate(DIGITS[Language.ENGLISH]):
        takes[word] = [_loud(_raw(folder / f"{number}.au", form))]
    return Clips("saytime", Language.ENGLISH, takes)


def _raw(path: Path, form: Mapping[str, object]) -> Floats:
    return np.asarray(sf.read(path, dtype="float32", **form)[0], np.float32)


def _read(path: Path) -> Floats:
    sound, rate = sf.read(path, dtype="float32")
    if rate != SAMPLE_RATE or sound.ndim != 1:
        raise ValueError(f"{path.name}: expected mono at {SAMPLE_RATE} Hz, got {rate} Hz")
    return _loud(sound)


def _loud(sound: Floats) -> Floats:
    return np.asarray(sound / (np.abs(sound).max() + 1e-6) * LOUD, np.float32)
