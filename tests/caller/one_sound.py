"""A line on which one sound is heard, of which a test says how it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import numpy.typing as npt

from tests.caller.stalling_line import frames_of

BEGINS_S = 0.4
"""Where the sound begins on the line."""


def a_sound(seed: int) -> npt.NDArray[np.int16]:
    """A second of noise that is like no other."""
    noise = np.random.default_rng(seed).normal(0, 3000, 8000)
    return np.convolve(noise, np.ones(4) / 4, "same").astype("<i2")


class OneSound:
    """All of it comes at once; then nothing, until the call is `over`."""

    def __init__(self, sound: npt.NDArray[np.int16]) -> None:
        self.over = asyncio.Event()
        self._frames = [
            *[bytes(320)] * round(BEGINS_S / 0.02),
            *frames_of(sound.tobytes()),
            *[bytes(320)] * 50,
        ]

    def listen(self, *, longest_ms: int) -> OneSound:
        assert longest_ms > 0
        return self

    async def with_what_was_sent(self) -> AsyncIterator[tuple[bytes, bytes]]:
        for frame in self._frames:
            yield frame, bytes(320)
        await self.over.wait()
