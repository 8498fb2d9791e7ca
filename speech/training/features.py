"""Kaldi's MFCC in numpy, so that training uses the same features as Vosk.

The settings are in `MFCC_CONF`, which is copied to the model directory. Kaldi's documentation of
`compute-mfcc-feats` describes the steps; VTLP (Jaitly and Hinton, 2013) is the only addition.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SAMPLE_RATE = 8000
COEFFICIENTS = 32
FRAME_SHIFT = 80
"""Samples, 10 ms."""

_WINDOW, _FFT, _BANDS = 200, 256, 32
_LOW_HZ, _HIGH_HZ = 60.0, 3700.0
_LIFTER = 22.0
_WARP_BELOW_HZ = 2800.0

MFCC_CONF = f"""--use-energy=false
--sample-frequency={SAMPLE_RATE}
--num-mel-bins={_BANDS}
--num-ceps={COEFFICIENTS}
--low-freq={_LOW_HZ:g}
--high-freq={_HIGH_HZ:g}
--cepstral-lifter={_LIFTER:g}
--dither=0
"""


def _mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.asarray(1127.0 * np.log(1.0 + np.asarray(hz, np.float64) / 700.0))


def _bands(warp: float) -> Floats:
    """Triangles on the mel scale; a `warp` above 1 means a shorter vocal tract."""
    low, high = float(_mel(_LOW_HZ)), float(_mel(_HIGH_HZ))
    width = (high - low) / (_BANDS + 1)
    hz = np.arange(_FFT // 2) * SAMPLE_RATE / _FFT
    if warp != 1.0:  # piecewise linear, so that half the sampling rate keeps its place
        nyquist = SAMPLE_RATE / 2
        knee = _WARP_BELOW_HZ * min(1.0, 1.0 / warp)
        above = knee * warp + (nyquist - knee * warp) / (nyquist - knee) * (hz - knee)
        hz = np.where(hz <= knee, hz * warp, above)
    mel = _mel(hz)
    weights = np.zeros((_BANDS, _FFT // 2 + 1), np.float32)
    for band in range(_BANDS):
        left = low + band * width
        centre, right = left + width, left + 2 * width
        slope = np.where(mel <= centre, (mel - left) / width, (right - mel) / width)
        weights[band, : _FFT // 2] = np.where((mel > left) & (mel < right), slope, 0.0)
    return weights


def _cosines() -> Floats:
    rows = np.arange(COEFFICIENTS)[:, None]
    table = np.sqrt(2.0 / _BANDS) * np.cos(np.pi / _BANDS * (np.arange(_BANDS) + 0.5) * rows)
    table[0] = np.sqrt(1.0 / _BANDS)
    return np.asarray(table, np.float32)


_POVEY = ((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / (_WINDOW - 1))) ** 0.85).astype(
    np.float32
)
_COSINES = _cosines()
_LIFT = (1.0 + 0.5 * _LIFTER * np.sin(np.pi * np.arange(COEFFICIENTS) / _LIFTER)).astype(np.float32)
_PLAIN_BANDS = _bands(1.0)
_LEAST = np.finfo(np.float32).eps


def mfcc(samples: npt.NDArray[np.floating], warp: float = 1.0) -> Floats:
    """Features of sound at 8000 Hz, values as of 16-bit integers; shape (frames, 32)."""
    sound = np.asarray(samples, np.float32)
    count = 1 + (len(sound) - _WINDOW) // FRAME_SHIFT if len(sound) >= _WINDOW else 0
    if count <= 0:
        return np.zeros((0, COEFFICIENTS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::FRAME_SHIFT][:count].copy()
    frames -= frames.mean(1, keepdims=True)
    emphasised = frames.copy()
    emphasised[:, 1:] -= 0.97 * frames[:, :-1]
    emphasised[:, 0] -= 0.97 * frames[:, 0]
    power = np.abs(np.fft.rfft(emphasised * _POVEY, _FFT, axis=1)).astype(np.float32) ** 2
    bands = _PLAIN_BANDS if warp == 1.0 else _bands(warp)
    energies = np.log(np.maximum(power @ bands.T, _LEAST))
    return np.asarray((energies @ _COSINES.T) * _LIFT, np.float32)
