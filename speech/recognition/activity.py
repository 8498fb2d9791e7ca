"""Is the caller speaking? Energy against the noise of his surroundings and our own echo."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from speech.recognition.settings import RecognitionSettings

FRAME_MS = 20
FULL_SCALE = 32768.0
SILENT_DBFS = -96.0

_ABOVE_NOISE_DB = 8.0
_NOISE_AT_FIRST_DBFS = -60.0
_ONSET_FRAMES, _ONSET_WINDOW = 5, 8
"""So many loud frames among so many: 100 ms of speech in 160 ms."""
_ECHO_TAIL = 15
"""Frames for which a prompt may still come back: 300 ms."""
_NOISE_MEMORY = 100
"""Frames whose quietest moment is the noise: 2 s, since nobody speaks so long without a dip."""
_SMOOTHING = 0.3


def dbfs(pcm: bytes) -> float:
    """Level of 16-bit sound, RMS, in dB below full scale."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    if not len(samples):
        return SILENT_DBFS
    power = float(samples @ samples) / len(samples)
    return 10 * float(np.log10(power / FULL_SCALE**2 + 1e-10))


@dataclass
class Activity:
    """Follows one caller's voice, 20 ms at a time.

    Attributes:
        speaking: from the onset of speech until `again`.
        silent_ms: since the last loud frame, while he is speaking.
    """

    settings: RecognitionSettings
    speaking: bool = False
    silent_ms: int = 0

    def __post_init__(self) -> None:
        self._loud: deque[bool] = deque(maxlen=_ONSET_WINDOW)
        self._smooth = _NOISE_AT_FIRST_DBFS
        self._levels: deque[float] = deque([self._smooth], maxlen=_NOISE_MEMORY)
        self._sent: deque[float] = deque([SILENT_DBFS] * _ECHO_TAIL, maxlen=_ECHO_TAIL)

    def hear(self, received: bytes, sent: bytes) -> None:
        """One frame from the caller, and what he was sent meanwhile."""
        level = dbfs(received)
        self._sent.append(dbfs(sent))
        loud = level > self._threshold()
        self._loud.append(loud)
        self._smooth += _SMOOTHING * (level - self._smooth)
        self._levels.append(self._smooth)
        if self.speaking:
            self.silent_ms = 0 if loud else self.silent_ms + FRAME_MS
        elif sum(self._loud) >= _ONSET_FRAMES:
            self.speaking, self.silent_ms = True, 0

    def again(self) -> None:
        """What was heard is done with; wait for the next speech."""
        self.speaking, self.silent_ms = False, 0
        self._loud.clear()

    @property
    def noise_dbfs(self) -> float:
        """What is there when nobody speaks."""
        return min(self._levels)

    def _threshold(self) -> float:
        above_noise = max(self.settings.speech_dbfs, self.noise_dbfs + _ABOVE_NOISE_DB)
        return max(above_noise, max(self._sent) - self.settings.echo_db)
