"""One utterance on its way to the caller."""

from __future__ import annotations

import asyncio

from ivr.dialogue.line import HungUp
from ivr.telephony.outbox import Post
from ivr.telephony.sound.frame_path import FramePath
from ivr.telephony.sound.frames import BYTES_PER_MS


class UtterancePlayback:
    """Fulfils `ivr.dialogue.line.Playback`.

    The pj thread takes the frames; everything else happens on the event loop.
    """

    def __init__(self, pcm: bytes, post: Post, path: FramePath) -> None:
        """Raises ValueError for PCM with half a sample at its end."""
        if len(pcm) % 2:
            raise ValueError("expected whole 16-bit samples, got an odd number of bytes")
        self.frames = path.pcm_frames(pcm, lambda: post(self._played))
        self._bytes = len(pcm)
        self._settled = asyncio.Event()
        self._to_the_end = False
        self._hung_up = False
        if not pcm:
            self._settle(to_the_end=True)

    @property
    def played_ms(self) -> int:
        """Milliseconds handed to the network so far."""
        return min(self.frames.at, self._bytes) // BYTES_PER_MS

    async def finished(self) -> bool:
        """Wait for the end; True if played to the end, False if stopped. Raises HungUp.

        Returns as the last frame is handed over, 20 ms before the caller has heard it, so that the
        next utterance follows without a gap.
        """
        await self._settled.wait()
        if self._hung_up:
            raise HungUp("the call ended while an utterance played")
        return self._to_the_end

    def stop(self) -> None:
        """Fall silent with the next frame. Does nothing when already over."""
        self.frames.stopped = True
        self._settle(to_the_end=False)

    def hang_up(self) -> None:
        """The call is over; wakes whoever waits for the end."""
        self.frames.stopped = True
        if not self._settled.is_set():
            self._hung_up = True
            self._settled.set()

    def _played(self) -> None:
        self._settle(to_the_end=True)

    def _settle(self, *, to_the_end: bool) -> None:
        if not self._settled.is_set():
            self._to_the_end = to_the_end
            self._settled.set()
