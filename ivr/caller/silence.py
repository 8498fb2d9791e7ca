"""Detects when the other side stops speaking."""

from __future__ import annotations

import asyncio

import numpy as np

SPEECH_RMS = 150.0
"""Root mean square of 16 bit samples above which a 20 ms frame counts as speech (-47 dBFS)."""


class SilenceDetector:
    """Takes received frames and tells when the prompt is over."""

    def __init__(self) -> None:
        self._last_speech: float | None = None

    def feed(self, frame: bytes) -> None:
        """Take one received frame of mono s16le PCM."""
        samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
        if samples.size and float(np.sqrt(np.mean(samples**2))) > SPEECH_RMS:
            self._last_speech = asyncio.get_running_loop().time()

    def forget(self) -> None:
        """Wait for speech anew: what was heard so far belongs to the previous prompt."""
        self._last_speech = None

    async def after_speech(self, silence_s: float, patience_s: float) -> bool:
        """Return True once there was speech and then silence for `silence_s`.

        False if that does not happen within `patience_s`.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience_s
        while loop.time() < deadline:
            if self._last_speech is not None and loop.time() - self._last_speech >= silence_s:
                return True
            await asyncio.sleep(0.02)
        return False
