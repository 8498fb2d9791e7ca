"""Spectral envelopes in few numbers: cosines over the mel scale (Davis and Mermelstein 1980).

A row of 30 numbers is the natural logarithm of power at every frequency. Decoding it at other
frequencies moves all formants, as another length of the vocal tract does.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 8000
STEP_S = 0.005
"""Seconds from one row to the next."""
NUMBERS = 30
BINS = 257
"""Bins of WORLD's envelopes at this rate, from 0 to 4000 Hz."""
_TOP_HZ = SAMPLE_RATE / 2
_TRACT_KNEE_HZ = 3000.0

Doubles = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]


def _mel(hz: Doubles) -> Doubles:
    return np.asarray(2595 * np.log10(1 + hz / 700), np.float64)


def _cosines(hz: Doubles) -> Doubles:
    place = _mel(hz) / _mel(np.array([_TOP_HZ]))
    return np.asarray(np.cos(np.pi * np.arange(NUMBERS)[:, None] * place[None]), np.float64)


@cache
def _encoder() -> Doubles:
    """Least squares with equal weight for each mel."""
    hz = np.linspace(0, _TOP_HZ, BINS)
    weight = 1 / (700 + hz)
    cosines = _cosines(hz)
    return np.asarray(
        (weight * cosines).T @ np.linalg.inv((weight * cosines) @ cosines.T), np.float64
    )


@cache
def _decoder(tract: float, tilt_db: float) -> tuple[Doubles, Doubles]:
    hz = np.linspace(0, _TOP_HZ, BINS)
    knee = _TRACT_KNEE_HZ / max(1.0, tract)  # the top of the band keeps its place
    from_hz = np.interp(hz, [0, knee * tract, _TOP_HZ], [0, knee, _TOP_HZ])
    return _cosines(from_hz), tilt_db * np.log(10) / 10 * hz / _TOP_HZ


def encoded(power: Doubles) -> Doubles:
    """Encode envelopes of power (rows, 257) as numbers (rows, 30)."""
    return np.asarray(np.log(power + 1e-12) @ _encoder(), np.float64)


def decoded(numbers: Doubles, tract: float = 1.0, tilt_db: float = 0.0) -> Doubles:
    """Decode numbers (rows, 30) to power (rows, 257).

    Args:
        tract: factor for all formants, above 1 for a shorter vocal tract.
        tilt_db: at 4000 Hz against none at 0.
    """
    cosines, tilt = _decoder(tract, tilt_db)
    return np.asarray(np.exp(numbers @ cosines + tilt), np.float64)


def level_db(numbers: Doubles) -> Doubles:
    """The loudness of each row, dB."""
    return np.asarray(10 * np.log10(decoded(numbers).sum(1) + 1e-12), np.float64)
