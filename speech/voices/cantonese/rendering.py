"""Speaks syllables without a break: one table of spectra, smoothed joins, one pitch line (WORLD).

Spectra are joined as numbers of their envelopes (`envelope`): around each join they move in a
straight line from one sound to the next, as a mouth does.
"""

from __future__ import annotations

import warnings
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from speech.voices.cantonese import melody
from speech.voices.cantonese.envelope import SAMPLE_RATE, STEP_S, Doubles, Marks, decoded
from speech.voices.cantonese.lengths import Length, lengths
from speech.voices.cantonese.model import Sound, SpeakerModel
from speech.voices.cantonese.syllable import SONORANTS, Syllable

_SHUT = 9.0
"""How much softer the spectrum is while the mouth is closed; natural logarithm of power."""
_SOFTER = 0.23
"""Natural logarithm of power per second: one decibel over a phrase."""
_FEWEST_RIME_ROWS = 8
_NOISE_FLOOR_DB = -60.0
_NOISE_KNOWN_HZ = 3000.0
_HZ = np.linspace(0, SAMPLE_RATE / 2, 257)
_LEAD_S, _TAIL_S = 0.02, 0.05


@dataclass(frozen=True)
class Speaker:
    """The speaker that is made from the model, and their manner.

    Attributes:
        pace: syllables a second, within a phrase.
        pitch_hz: pitch of a middle tone.
        span: semitones from the lowest tone to the highest.
        tract: factor for all formants, above 1 for a shorter vocal tract.
        tilt_db: level at 4 kHz relative to 0 Hz.
        breath_db: noise in the voice relative to the recordings.
        clarity: factor for the height of formants.
        shake: random variation of the pitch, a share.
        blend_s: reach of a join to either side, seconds.
        blend: how much a join replaces what was recorded, 0 to 1.
    """

    pace: float = 4.6
    pitch_hz: float = 205.0
    span: float = 9.0
    tract: float = 1.15
    tilt_db: float = 0.0
    breath_db: float = -3.0
    clarity: float = 1.15
    shake: float = 0.004
    blend_s: float = 0.035
    blend: float = 0.8


@dataclass(frozen=True)
class Beat:
    """The place of a syllable in the rendered sound: rows of 5 ms."""

    syllable: Syllable
    begins: int
    ends: int


@dataclass(frozen=True)
class Rendered:
    """One phrase.

    Attributes:
        samples: mono, 8000 Hz, at an arbitrary level.
        pitch: the requested pitch, Hz, one row every 5 ms from the first sample.
        beats: the syllables in it.
    """

    samples: Doubles
    pitch: Doubles
    beats: tuple[Beat, ...]


def world() -> Any:
    """WORLD. Raises ImportError.

    pyworld asks setuptools for its own version in a way that makes setuptools warn.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        import pyworld
    return pyworld


@dataclass
class _Table:
    numbers: Doubles
    noise_db: Doubles
    voiced: Marks


def rendered(
    model: SpeakerModel, syllables: tuple[Syllable, ...], speaker: Speaker, *, ends: bool = True
) -> Rendered:
    """Render a phrase without a break; equal words give equal sound.

    Args:
        ends: the sentence ends with it, so the voice falls.

    Raises:
        SyllableUnknown: the model has no sound for one of them.
    """
    tables: list[_Table] = []
    joins: list[int] = []
    beats: list[Beat] = []
    at = 0
    for number, (syllable, length) in enumerate(
        zip(syllables, lengths(syllables, speaker.pace), strict=True)
    ):
        table, closed = _syllable(model.sound(syllable), length)
        rows = len(table.voiced)
        tables.append(table)
        beats.append(Beat(syllable, at, at + rows))
        if number:
            joins.append(at + closed)
        at += rows
    whole = _Table(
        np.concatenate([table.numbers for table in tables]),
        np.concatenate([table.noise_db for table in tables]),
        np.concatenate([table.voiced for table in tables]),
    )
    for join, syllable in zip(joins, syllables[1:], strict=True):
        _blend(whole, join, syllable, speaker)
    whole.numbers[:, 0] -= _SOFTER * STEP_S * np.arange(at)
    _let_go(whole)
    seed = zlib.crc32(" ".join(map(str, syllables)).encode())
    pitch = _pitch(beats, whole.voiced, speaker, np.random.default_rng(seed), ends=ends)
    lead, tail = round(_LEAD_S / STEP_S), round(_TAIL_S / STEP_S)
    shifted = tuple(Beat(beat.syllable, beat.begins + lead, beat.ends + lead) for beat in beats)
    line = np.concatenate([np.repeat(pitch[:1], lead), pitch, np.repeat(pitch[-1:], tail)])
    return Rendered(_synthesised(whole, line, lead, tail, speaker), line, shifted)


def _syllable(sound: Sound, length: Length) -> tuple[_Table, int]:
    """The rows of a sound at these lengths, and how many rows before it the mouth is closed."""
    closed = round(length.closed / STEP_S)
    onset = min(round(length.onset / STEP_S), 3 * sound.onset) if sound.onset else 0
    rime = max(_FEWEST_RIME_ROWS, round((length.onset + length.rime) / STEP_S) - onset)
    first = np.linspace(0, sound.onset, onset, endpoint=False)
    rest = np.linspace(sound.onset, len(sound.voiced) - 1, rime)
    place = np.append(first, rest)
    low = np.minimum(place.astype(int), len(sound.voiced) - 2)
    part = (place - low)[:, None]
    numbers = sound.numbers[low] * (1 - part) + sound.numbers[low + 1] * part
    noise = sound.noise_db[low] * (1 - part[:, 0]) + sound.noise_db[low + 1] * part[:, 0]
    voiced = sound.voiced[np.round(place).astype(int)]
    if closed:
        shut = np.repeat(numbers[:1], closed, 0)
        shut[:, 0] -= _SHUT
        numbers = np.concatenate([shut, numbers])
        noise = np.concatenate([np.zeros(closed), noise])
        voiced = np.concatenate([np.zeros(closed, bool), voiced])
    return _Table(numbers, noise, voiced), closed


def _blend(table: _Table, join: int, after: Syllable, speaker: Speaker) -> None:
    """Around a join the envelope moves from one sound to the next; a stop keeps its silence."""
    numbers = table.numbers
    if not (table.voiced[join - 1] and table.voiced[join]):
        return
    reach = round(speaker.blend_s / STEP_S)
    before, behind = min(reach, join), min(reach, len(numbers) - join - 1)
    if after.onset in SONORANTS:
        behind = min(behind, 5)
    left, right = numbers[join - before].copy(), numbers[join + behind].copy()
    for row in range(join - before + 1, join + behind):
        way = (row - join + before) / (before + behind)
        share = speaker.blend * (1 - abs(row - join) / (before if row < join else behind))
        numbers[row] = (1 - share) * numbers[row] + share * ((1 - way) * left + way * right)


def _let_go(table: _Table) -> None:
    """Make the phrase begin and end softly."""
    for rows, way in ((3, slice(None)), (12, slice(None, None, -1))):
        ramp = np.linspace(3.5, 0, rows, endpoint=False)
        edge = table.numbers[way][:rows, 0]
        edge -= ramp[: len(edge)]


def _pitch(
    beats: list[Beat], voiced: Marks, speaker: Speaker, rng: np.random.Generator, *, ends: bool
) -> Doubles:
    rows = [beat.ends - beat.begins for beat in beats]
    tones = [beat.syllable.tone for beat in beats]
    voiceless = [
        min(int(np.argmax(voiced[beat.begins : beat.ends])), (beat.ends - beat.begins) // 2)
        for beat in beats
    ]
    line = melody.line(tones, rows, voiceless, speaker.span)
    line = line - melody.fall(len(line), rows[-1], ends=ends)
    drift, shake = rng.normal(0, 1, (2, len(line)))
    line += 1.0 * gaussian_filter1d(drift, 24, mode="nearest")
    shaken = 1 + speaker.shake * gaussian_filter1d(shake, 1.5, mode="nearest")
    return np.asarray(speaker.pitch_hz * 2 ** (line / 12) * shaken, np.float64)


def _synthesised(table: _Table, pitch: Doubles, lead: int, tail: int, speaker: Speaker) -> Doubles:
    pyworld = world()
    numbers = table.numbers.copy()
    numbers[:, 2:] *= speaker.clarity
    before, after = np.repeat(numbers[:1], lead, 0), np.repeat(numbers[-1:], tail, 0)
    before[:, 0] -= _SHUT + 4
    after[:, 0] -= np.linspace(3.5, _SHUT + 4, tail)
    numbers = np.concatenate([before, numbers, after])
    voiced = np.concatenate([np.zeros(lead, bool), table.voiced, np.zeros(tail, bool)])
    noise_db = np.concatenate([np.zeros(lead), table.noise_db, np.zeros(tail)])
    known = np.clip(noise_db + speaker.breath_db, _NOISE_FLOOR_DB, -0.1)
    slope = np.interp(_HZ, [0, _NOISE_KNOWN_HZ], [1, 0])
    beyond = np.interp(_HZ, [_NOISE_KNOWN_HZ, SAMPLE_RATE], [1, 0])
    curve = np.where(
        _HZ[None] < _NOISE_KNOWN_HZ,
        known[:, None] + (_NOISE_FLOOR_DB - known[:, None]) * slope[None],
        known[:, None] * beyond[None],
    )
    noise = np.where(voiced[:, None], np.clip(10 ** (curve / 20), 0.001, 0.999), 0.999)
    return np.asarray(
        pyworld.synthesize(
            np.where(voiced, pitch, 0.0),
            np.ascontiguousarray(decoded(numbers, speaker.tract, speaker.tilt_db)),
            np.ascontiguousarray(noise),
            SAMPLE_RATE,
            1000 * STEP_S,
        ),
        np.float64,
    )
