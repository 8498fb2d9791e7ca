"""The recordings that can be recognised, and the pieces by which they are searched for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from prompts.library import Library
from prompts.script import UNIT_FOLDER
from speech.languages.language import Language

Sound = npt.NDArray[np.float32]
"""Mono, 8000 Hz, s16 values as floats."""

SAMPLE_RATE = 8000

LOST = 1
"""Sample value for lost sound. No code of G.711 means it, and it is inaudible."""

COARSE = 2
"""Recordings are searched for at every second sample, and compared at every sample."""

ANCHOR = 1024
"""Samples of a recording in one search piece: 128 ms."""

WINDOW = 2 * ANCHOR
"""Samples of a line that are searched at once; any anchor lies wholly in one of two neighbouring
windows."""

_SPECTRUM = WINDOW // COARSE
_FIRST = 2
"""So many pieces represent a beginning, the first ones with sound in them."""

_EVERY = 6 * ANCHOR
"""Pieces in the middle of a recording are this far apart: 768 ms."""

_WEAK = 0.2
"""A piece with less than this share of its recording's mean power is a pause and is not used."""


_CUT = SAMPLE_RATE * 2 // 5
"""Samples of silence by which two copies of a recording may differ."""

_ALIKE = 0.95
"""From this correlation on two recordings count as the same."""


class NotASound(ValueError):
    """A file that cannot be used as sound; the text says which and why."""


@dataclass(frozen=True, eq=False)
class Known:
    """A recording.

    Attributes:
        name: of the clip (``bundle.done--1``, ``unit/digit.7``) or of the WAV file.
        language: None for a recording that is not of our catalogue.
        also: recordings of our catalogue with the same sound, which cannot be distinguished and are
            not searched for themselves: prompts with the same words, and what a tester has in their
            own folder of recordings, whose names are used.
    """

    name: str
    language: Language | None
    sound: Sound
    also: tuple[Known, ...] = ()

    @cached_property
    def power(self) -> float:
        """Mean square of its samples."""
        return float(self.sound @ self.sound) / len(self.sound)

    @property
    def seconds(self) -> float:
        return len(self.sound) / SAMPLE_RATE


@dataclass(frozen=True, eq=False)
class Anchors:
    """Pieces of recordings, prepared for one search.

    Attributes:
        known: the recording of each row.
        at: where the piece begins in it, in samples.
        spectra: conjugated transforms of the pieces at the coarse rate, each of unit length.
    """

    known: tuple[Known, ...]
    at: npt.NDArray[np.int64]
    spectra: npt.NDArray[np.complex64]


class Repertoire:
    """All recordings that a tester can name, prepared before a call, since it would take too long
    during one.

    Attributes:
        languages: those of the recordings.
    """

    def __init__(self, known: Iterable[Known]) -> None:
        by_language: dict[Language | None, list[Known]] = {}
        for recording in known:
            by_language.setdefault(recording.language, []).append(recording)
        self.languages = tuple(by_language)
        self._beginnings = {name: _anchors(them, False) for name, them in by_language.items()}
        self._middles = {name: _anchors(them, True) for name, them in by_language.items()}

    @classmethod
    def of_library(cls, library: Library, more: Iterable[Known] = ()) -> Repertoire:
        """The recordings of the catalogue, and further ones, whose names take precedence."""
        ours = _ours(library)
        theirs, known_twice = list[Known](), set[int]()
        for known in more:
            same = [other for other in ours if _same_sound(known.sound, other.sound)]
            known_twice.update(map(id, same))
            theirs.append(
                replace(known, also=tuple(each for other in same for each in (other, *other.also)))
            )
        return cls([*(mine for mine in ours if id(mine) not in known_twice), *theirs])

    def beginnings(self, language: Language | None) -> Anchors:
        """The pieces to search for when sound begins."""
        return self._beginnings[language]

    def middles(self, language: Language | None) -> Anchors:
        """The pieces to search for when a beginning may have been missed: all along the
        recordings."""
        return self._middles[language]


def _ours(library: Library) -> list[Known]:
    """Each sound of a language once; where two prompts begin with the same words, their recordings
    are the same to the sample."""
    names: dict[tuple[Language, bytes], list[str]] = {}
    for (language, name), (start, end) in library.index.items():
        names.setdefault((language, bytes(library.pcm[start:end])), []).append(name)
    ours = []
    for (language, pcm), alike in names.items():
        # A number or letter comes first: it is found by its name, a prompt by any of them.
        first, *others = sorted(alike, key=lambda name: not name.startswith(f"{UNIT_FOLDER}/"))
        sound = np.frombuffer(pcm, "<i2").astype(np.float32)
        also = tuple(Known(name, language, sound) for name in others)
        ours.append(Known(first, language, sound, also))
    return ours


def read_wavs(folder: Path) -> Mapping[str, Known]:
    """Recordings of somebody else's prompts, by file name without its ending. Raises NotASound."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in (".wav", ".flac", ".ogg"):
            if path.stem in found:
                raise NotASound(f"{path}: another file of the folder has the name {path.stem} too")
            found[path.stem] = Known(path.stem, None, read_sound(path))
    if not found:
        raise NotASound(f"{folder}: expected sound files (.wav, .flac, .ogg)")
    return found


def read_sound(path: Path) -> Sound:
    """A file as mono sound at 8000 Hz. Raises NotASound."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as failure:
        raise NotASound(f"{path}: {failure}") from failure
    mono = samples.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    if len(mono) < ANCHOR:
        raise NotASound(f"{path}: expected at least {ANCHOR * 1000 // SAMPLE_RATE} ms of sound")
    return np.asarray(mono * 32768, np.float32)


def _same_sound(sound: Sound, other: Sound) -> bool:
    """Whether two recordings are the same, perhaps at another level, cut or coded differently."""
    if abs(len(sound) - len(other)) > _CUT:
        return False
    loud = float(np.linalg.norm(sound) * np.linalg.norm(other))
    size = 1 << (len(sound) + len(other) - 1).bit_length()
    spectra = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(other, size))
    return loud > 0 and float(np.fft.irfft(spectra, size).max()) > _ALIKE * loud


def coarse(sound: Sound) -> Sound:
    """Every second sample, as sums of neighbours (a low-pass filter at no cost)."""
    pairs = sound[: len(sound) // COARSE * COARSE].reshape(-1, COARSE)
    return np.asarray(pairs.sum(axis=1), np.float32)


def _anchors(known: list[Known], deep: bool) -> Anchors:
    rows = [(recording, at) for recording in known for at in _places(recording, deep)]
    if not rows:
        empty = np.empty((0, _SPECTRUM // 2 + 1), np.complex64)
        return Anchors((), np.empty(0, np.int64), empty)
    table = np.zeros((len(rows), ANCHOR // COARSE), np.float32)
    for row, (recording, at) in enumerate(rows):
        piece = coarse(recording.sound[at : at + ANCHOR])
        table[row, : len(piece)] = piece
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    spectra = np.conj(np.fft.rfft(table, _SPECTRUM, axis=1)).astype(np.complex64)
    return Anchors(
        tuple(recording for recording, _ in rows),
        np.array([at for _, at in rows], np.int64),
        spectra,
    )


def _places(known: Known, deep: bool) -> list[int]:
    """Where the search pieces of a recording begin."""
    found: list[int] = []
    for at in range(0, len(known.sound) - ANCHOR * 3 // 4, ANCHOR // 2):
        piece = known.sound[at : at + ANCHOR]
        loud = float(piece @ piece) > _WEAK * known.power * ANCHOR
        apart = ANCHOR if len(found) < _FIRST else _EVERY
        if loud and (not found or at - found[-1] >= apart):
            found.append(at)
            if len(found) == _FIRST and not deep:
                break
    return found
