"""Bringing recordings to one loudness, without their silence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 8000
PEAK_LIMIT = 10 ** (-1 / 20)  # -1 dBFS
SILENCE_BELOW = 10 ** (-45 / 20)  # of the peak
KEEP_MS = 10
FADE_MS = 5
MEASURED_S = 1.2
"""Shorter clips are measured repeated: EBU R 128 needs at least one block of 400 ms."""


def trimmed(samples: Samples) -> Samples:
    """Without leading and trailing silence, edges faded so that joins do not click."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak == 0.0:
        return samples[:0]
    loud = np.flatnonzero(np.abs(samples) > peak * SILENCE_BELOW)
    keep = SAMPLE_RATE * KEEP_MS // 1000
    cut = samples[max(0, loud[0] - keep) : loud[-1] + 1 + keep].copy()
    fade = min(SAMPLE_RATE * FADE_MS // 1000, len(cut) // 2)
    if fade:
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        cut[:fade] *= ramp
        cut[-fade:] *= ramp[::-1]
    return cut


def loudness(samples: Samples) -> float:
    """Integrated loudness in LUFS (EBU R 128); a short clip counts as if said again and again."""
    if not len(samples):
        return float("-inf")
    import pyloudnorm  # and with it scipy: a second that a node need not wait

    times = max(1, int(np.ceil(MEASURED_S * SAMPLE_RATE / len(samples))))
    meter = pyloudnorm.Meter(SAMPLE_RATE)
    return float(meter.integrated_loudness(np.tile(samples, times).astype(np.float64)))


def levelled(samples: Samples, target_lufs: float) -> Samples:
    """At the target loudness, or as near as its peaks allow."""
    measured = loudness(samples)
    if not np.isfinite(measured):
        return samples
    gain = 10 ** ((target_lufs - measured) / 20)
    peak = float(np.max(np.abs(samples)))
    return (samples * min(gain, PEAK_LIMIT / peak)).astype(np.float32)


def as_pcm(samples: Samples) -> bytes:
    """16 bit little-endian PCM."""
    return (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
