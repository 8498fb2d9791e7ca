"""Analyses recordings into pitch and spectrum, and synthesises them again (WORLD, Morise 2016).

At 8000 Hz; needs pyworld. No aperiodicity is measured: D4C has no band below 3 kHz for such sound,
so that noise in the voice is a curve that rises with frequency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from speech.training.features import SAMPLE_RATE, Floats

STEP_S = 0.005
"""Seconds from one row of a table to the next."""
FLOOR_HZ, CEILING_HZ = 60.0, 420.0
BINS = 257
HZ = np.linspace(0, SAMPLE_RATE / 2, BINS)
_QUIET_DB = 32
"""Sound at either end that is so far below the loudest moment counts as silence."""
_TRACT_KNEE_HZ = 3000.0

Doubles = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sound:
    """One recording: a row every 5 ms, without silence.

    Attributes:
        spectrum: natural logarithm of power, (rows, 257), half precision.
        pitch: Hz, 0 where there is no voice.
    """

    spectrum: npt.NDArray[np.float16]
    pitch: Doubles

    @classmethod
    def of(cls, clip: Floats) -> Sound:
        import pyworld

        sound = np.ascontiguousarray(clip, np.float64)
        rough, at = pyworld.dio(
            sound, SAMPLE_RATE, FLOOR_HZ, CEILING_HZ, frame_period=1000 * STEP_S
        )
        pitch = pyworld.stonemask(sound, rough, at, SAMPLE_RATE)
        power = pyworld.cheaptrick(sound, pitch, at, SAMPLE_RATE, f0_floor=FLOOR_HZ)
        level = 10 * np.log10(power.sum(1) + 1e-12)
        loud = np.flatnonzero(level > level.max() - _QUIET_DB)
        part = slice(max(0, loud[0] - 1), loud[-1] + 2)
        steady = median_filter((pitch > 0).astype(np.uint8), 5).astype(bool)
        spectrum = np.log(power / power.sum(1).max() + 1e-9)
        return cls(spectrum[part].astype(np.float16), np.where(steady, pitch, 0)[part])

    def hurried(self, rows: int) -> Steps:
        """The source row of each new row: a consonant is shortened less than a vowel."""
        count, voiced = len(self.pitch), np.flatnonzero(self.pitch > 0)
        onset = min(int(voiced[0]), count * 2 // 3) if len(voiced) else 0
        consonant = min(round(onset * min(1.0, rows / count) ** 0.5), rows // 2)
        first = np.linspace(0, onset, consonant, endpoint=False)
        rest = np.linspace(onset, count - 1, rows - consonant)
        return np.round(np.append(first, rest)).astype(np.int64)


def through_tract(spectrum: Doubles, tract: float, tilt_db: float) -> Doubles:
    """Move the formants by a factor (the top of the band keeps its place), and tilt the level at 4
    kHz."""
    knee = _TRACT_KNEE_HZ / max(1.0, tract)
    place = np.interp(HZ, [0, knee * tract, HZ[-1]], [0, knee, HZ[-1]]) / HZ[-1] * (BINS - 1)
    low = np.minimum(place.astype(int), BINS - 2)
    warped = spectrum[:, low] * (low + 1 - place) + spectrum[:, low + 1] * (place - low)
    return np.asarray(warped + tilt_db * np.log(10) / 10 * HZ / HZ[-1], np.float64)


def together(spectrum: Doubles, pitch: Doubles, voiced: Marks, breath: float) -> Doubles:
    """Synthesise a table of spectra, at an arbitrary level.

    Args:
        breath: noise in the voice, 0 to 1.
    """
    import pyworld

    noise = np.clip(breath * (0.04 + 0.96 * (HZ / HZ[-1]) ** 1.5), 0.001, 0.999)
    return np.asarray(
        pyworld.synthesize(
            np.where(voiced, pitch, 0.0),
            np.exp(spectrum).copy(order="C"),
            np.where(voiced[:, None], noise, 0.999),
            SAMPLE_RATE,
            1000 * STEP_S,
        ),
        np.float64,
    )
