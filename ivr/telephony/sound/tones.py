"""Recognises keys pressed as tones in the sound, for callers whose side cannot send events.

ITU-T Q.23 names the tones, Q.24 what a receiver shall accept: 40 ms and longer, off by up to 1.5 %,
between 0 and -25 dBm, the higher tone at most 4 dB louder and at most 8 dB softer than the lower.
This receiver accepts a little more, but is stricter with voices: nearly all the sound must be two
tones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ivr.telephony.sound.frames import FRAME_BYTES, SAMPLE_RATE, SILENCE

ROWS_HZ = (697, 770, 852, 941)
COLUMNS_HZ = (1209, 1336, 1477, 1633)
KEYPAD = ("123A", "456B", "789C", "*0#D")

WINDOW = 160
STEP = 80
_BEGINS = 3
"""Windows of 20 ms, one every 10 ms, that must agree: 40 ms of tone."""
_ENDS = 4
"""Windows without the tone after which the key is up: a lost packet spoils three windows; a pause
of 40 ms, the shortest that Q.24 requires to be recognised, five."""

_OFF = (1 - 0.012, 1.0, 1 + 0.012)
_WEAKEST = (32124 * 10 ** ((-35 - 3.14) / 20)) ** 2 / 2
"""Power of a tone at -35 dBm0: a sine at the limit of A-law is 3.14 dBm0 (ITU-T G.711)."""
_TWIST = (10 ** (-10 / 10), 10 ** (6 / 10))
_SURELY_SOFT = b"\x00\xff"
"""High bytes of samples below 256: two frames of such are far below the weakest tones."""
_OVER_OTHERS = 10 ** (8 / 10)
_OF_ALL_SOUND = 0.7


def _waves() -> npt.NDArray[np.float32]:
    """Two rows of the transform for each tone and its close neighbours below and above: first the
    cosines of all, then the sines."""
    tones = np.outer((*ROWS_HZ, *COLUMNS_HZ), _OFF).ravel()
    angles = 2 * np.pi * np.outer(tones, np.arange(WINDOW)) / SAMPLE_RATE
    waves = np.concatenate([np.cos(angles), np.sin(angles)])
    return np.asarray(waves * (np.sqrt(2) / WINDOW), np.float32)


_WAVES = _waves()


def tone_key(window: npt.NDArray[np.float32]) -> str | None:
    """The key whose two tones fill these 160 samples (s16 values), or None."""
    whole = float(window @ window) / WINDOW
    if whole < _WEAKEST * 2:
        return None
    transformed = (_WAVES @ window) ** 2
    half = len(transformed) // 2
    power = (transformed[:half] + transformed[half:]).reshape(8, len(_OFF)).max(axis=1)
    row, column = int(power[:4].argmax()), 4 + int(power[4:].argmax())
    low, high = float(power[row]), float(power[column])
    if min(low, high) < _WEAKEST or not _TWIST[0] <= high / low <= _TWIST[1]:
        return None
    if low + high < _OF_ALL_SOUND * whole:
        return None
    others = np.delete(power, (row, column))
    if others[:3].max() * _OVER_OTHERS > low or others[3:].max() * _OVER_OTHERS > high:
        return None
    return KEYPAD[row][column - 4]


class ToneKeys:
    """Recognises keys in the frames of one call."""

    def __init__(self) -> None:
        self._before = SILENCE
        self._soft_before = True
        self._down: str | None = None
        self._last_key: str | None = None
        self._times = 0
        self._missed = 0
        self.sounding = False
        """Whether the last frame contained a key's tone, whether long enough to count or not."""

    def hear(self, frame: bytes) -> str | None:
        """The key that began in this frame (20 ms of s16le at 8000 Hz), if one did."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"expected {FRAME_BYTES} bytes")
        before, self._before = self._before, frame
        soft = not frame[1::2].strip(_SURELY_SOFT)
        soft_before, self._soft_before = self._soft_before, soft
        self.sounding = self._down is not None  # the fading end of a key is not speech either
        if soft and soft_before:  # most frames: nothing is computed of them
            self._nothing()
            return None
        sound = np.frombuffer(before + frame, "<i2").astype(np.float32)
        if float(sound @ sound) < _WEAKEST * 2 * WINDOW:
            self._nothing()
            return None
        begun = None
        for at in (WINDOW - STEP, WINDOW):
            key = tone_key(sound[at : at + WINDOW])
            self.sounding = self.sounding or key is not None
            begun = self._window(key) or begun
        return begun

    def _nothing(self) -> None:
        """A frame without tones."""
        if self._last_key is not None or self._down is not None:
            self._window(None)
            self._window(None)

    def _window(self, key: str | None) -> str | None:
        self._times = self._times + 1 if key == self._last_key else 1
        self._last_key = key
        if self._down is not None:
            self._missed = 0 if key == self._down else self._missed + 1
            if self._missed >= _ENDS:
                self._down = None
        if key is not None and key != self._down and self._times >= _BEGINS:
            self._down, self._missed = key, 0
            return key
        return None
