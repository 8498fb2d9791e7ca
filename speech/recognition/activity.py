"""Detects whether the caller is speaking: energy against the noise around them and our own echo."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from speech.recognition.settings import RecognitionSettings

FRAME_MS = 20
FRAME_SAMPLES = 160
FULL_SCALE = 32768.0
SILENT_DBFS = -96.0

_ABOVE_NOISE_DB = 8.0
_NOISE_AT_FIRST_DBFS = -60.0
_ONSET_FRAMES, _ONSET_WINDOW = 5, 8
"""Speech begins with so many loud frames among so many: 100 ms of speech in 160 ms."""
_ECHO_TAIL = 15
"""Frames in which a prompt may still come back as an echo: 300 ms."""
_NOISE_MEMORY = 100
"""The quietest of so many frames is the noise: 2 s, since nobody speaks so long without a dip."""
_SMOOTHING = 0.3
_STEADY_FRAMES, _STEADY_DB = 25, 3.0
"""Half a second whose loudness varies less than this is a tone, music or an engine: every syllable
rises and falls by more."""
_POWER = 1 / (FRAME_SAMPLES * FULL_SCALE**2)
"""Factor from the energy of a frame to its power, with full scale as 1."""


def levels(pcm: bytes) -> list[float]:
    """The RMS level of each 20 ms of 16-bit sound at 8000 Hz, in dB relative to full scale.

    Raises ValueError for sound that is not whole frames.
    """
    samples = np.frombuffer(pcm, "<i2").astype(np.float32).reshape(-1, FRAME_SAMPLES)
    energies: list[float] = (samples * samples).sum(1).tolist()
    return [10 * math.log10(energy * _POWER + 1e-10) for energy in energies]


@dataclass
class Activity:
    """Follows one caller's voice.

    Attributes:
        speaking: from the onset of speech until `again`.
        silent_ms: time since the last loud frame, while they are speaking.
        paused_ms: the longest silence so far between two sounds of the current utterance.
        noise_dbfs: level of the noise when nobody speaks.
    """

    settings: RecognitionSettings
    speaking: bool = False
    silent_ms: int = 0
    paused_ms: int = 0

    def __post_init__(self) -> None:
        self._loud: deque[bool] = deque(maxlen=_ONSET_WINDOW)
        self._smooth = _NOISE_AT_FIRST_DBFS
        self._levels: deque[float] = deque([self._smooth], maxlen=_NOISE_MEMORY)
        self.noise_dbfs = self._smooth
        self._spoken: list[float] = []
        self._sent: deque[float] = deque([SILENT_DBFS] * _ECHO_TAIL, maxlen=_ECHO_TAIL)

    def hear(self, received: bytes, sent: bytes) -> None:
        """Take some frames from the caller, and as many that were sent to them meanwhile.

        Raises ValueError for sound that is not whole frames.
        """
        both = levels(received + sent)
        half = len(both) // 2
        for level, echo in zip(both[:half], both[half:], strict=True):
            self._sent.append(echo)
            loud = level > self._threshold()
            self._loud.append(loud)
            self._smooth += _SMOOTHING * (level - self._smooth)
            self._remember(self._smooth)
            if self.speaking:
                if loud:
                    self.paused_ms = max(self.paused_ms, self.silent_ms)
                    self._spoken.append(level)
                self.silent_ms = 0 if loud else self.silent_ms + FRAME_MS
            elif sum(self._loud) >= _ONSET_FRAMES:
                self.speaking, self.silent_ms = True, 0

    def again(self) -> None:
        """The utterance is done; wait for the next speech."""
        self.speaking, self.silent_ms, self.paused_ms = False, 0, 0
        self._loud.clear()
        self._spoken.clear()

    @property
    def steady(self) -> bool:
        """Whether the sound since the onset is too even to be speech."""
        count = len(self._spoken)
        if count < _STEADY_FRAMES:
            return False
        ordered = sorted(self._spoken)
        return ordered[count * 9 // 10] - ordered[count // 10] < _STEADY_DB

    def _remember(self, level: float) -> None:
        """Follow the quietest level; searching all of them 50 times a second would cost too
        much."""
        gone = self._levels[0] if len(self._levels) == _NOISE_MEMORY else math.inf
        self._levels.append(level)
        if level <= self.noise_dbfs:
            self.noise_dbfs = level
        elif gone <= self.noise_dbfs:
            self.noise_dbfs = min(self._levels)

    def _threshold(self) -> float:
        above_noise = max(self.settings.speech_dbfs, self.noise_dbfs + _ABOVE_NOISE_DB)
        return max(above_noise, max(self._sent) - self.settings.echo_db)
