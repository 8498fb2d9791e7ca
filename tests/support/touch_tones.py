"""Touch-tones made to measure (ITU-T Q.23)."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import soundfile

from ivr.telephony.sound.tones import COLUMNS_HZ, KEYPAD, ROWS_HZ, ToneKeys

Sound = npt.NDArray[np.float64]
SINE_0DBM0 = 32124 * 10 ** (-3.14 / 20)
"""Amplitude of a sine at 0 dBm0 (ITU-T G.711, A-law)."""


def tone(
    key: str,
    ms: float,
    *,
    dbm0: float = -10.0,
    off: float = 0.0,
    twist_db: float = 0.0,
) -> Sound:
    """A key's tones at `dbm0` each; `off` their common error, `twist_db` the higher one louder."""
    row = next(number for number, keys in enumerate(KEYPAD) if key in keys)
    column = KEYPAD[row].index(key)
    at = np.arange(round(ms * 8)) / 8000
    amplitude = SINE_0DBM0 * 10 ** (dbm0 / 20)
    low = np.sin(2 * np.pi * ROWS_HZ[row] * (1 + off) * at)
    high = np.sin(2 * np.pi * COLUMNS_HZ[column] * (1 + off) * at + 1.0)
    return np.asarray(amplitude * (low + 10 ** (twist_db / 20) * high))


def quiet(ms: float) -> Sound:
    return np.zeros(round(ms * 8))


def pcm_of(raw: bytes) -> Sound:
    """Samples of 16-bit PCM."""
    return np.frombuffer(raw, "<i2").astype(np.float64)


def alaw(*parts: Sound) -> bytes:
    """As it goes over the line, in whole packets of 20 ms."""
    sound = np.concatenate([*parts, quiet(19.875)])
    pcm = np.clip(np.round(sound), -32768, 32767).astype(np.int16)[: len(sound) // 160 * 160]
    raw = io.BytesIO()
    soundfile.write(raw, pcm, 8000, format="RAW", subtype="ALAW")
    return raw.getvalue()


def from_alaw(raw: bytes) -> Sound:
    """What packets of a line hold, one after the other."""
    form = {"samplerate": 8000, "channels": 1, "format": "RAW", "subtype": "ALAW"}
    sound, _ = soundfile.read(io.BytesIO(raw), dtype="int16", **form)
    return np.asarray(sound, np.float64)


def keys_in(*parts: Sound, phase: int = 0) -> str:
    """The keys found in these parts, the frames cut `phase` samples later."""
    tones = ToneKeys()
    sound = np.concatenate([np.zeros(160 + phase), *parts, np.zeros(800)])
    pcm = np.clip(np.round(sound), -32768, 32767).astype("<i2")[: len(sound) // 160 * 160]
    return "".join(tones.hear(frame.tobytes()) or "" for frame in pcm.reshape(-1, 160))
