"""One utterance on its way to the caller."""

from __future__ import annotations

import asyncio

from ivr.dialogue.line import HungUp
from ivr.telephony.outbox import Post
from ivr.telephony.sound.frames import BYTES_PER_MS, FRAME_BYTES


class UtterancePlayback:
    """Fulfils `ivr.dialogue.line.Playback`.

    The pj thread takes the frames; everything else happens on the event loop.
    """

    def __init__(self, pcm: bytes, post: Post, *, secret: bool = False) -> None:
        """`secret`: only the other side gets this sound; see `LineAudio.frame_to_send`.

        Raises ValueError for PCM with half a sample at its end.
        """
        if len(pcm) % 2:
            raise ValueError("expected whole 16-bit samples, got an odd number of bytes")
        self.secret = secret
        self._pcm = pcm
        self._post = post
        self._at = 0
        self._stopped = False
        self._settled = asyncio.Event()
        self._to_the_end = False
        self._hung_up = False
        if not pcm:
            self._settle(to_the_end=True)

    @property
    def played_ms(self) -> int:
        """Milliseconds handed to the network so far."""
        return min(self._at, len(self._pcm)) // BYTES_PER_MS

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
        self._stopped = True
        self._settle(to_the_end=False)

    def hang_up(self) -> None:
        """The call is over; wakes whoever waits for the end."""
        self._stopped = True
        if not self._settled.is_set():
            self._hung_up = True
            self._settled.set()

    def next_frame(self) -> bytes | None:
        """The next 20 ms, None when over. Called by the frame clock only."""
        if self._stopped or self._at >= len(self._pcm):
            return None
        frame = self._pcm[self._at : self._at + FRAME_BYTES]
        self._at += FRAME_BYTES
        if self._at >= len(self._pcm):
            self._post(self._played)
        if len(frame) < FRAME_BYTES:
            frame += bytes(FRAME_BYTES - len(frame))
        return frame

    def _played(self) -> None:
        self._settle(to_the_end=True)

    def _settle(self, *, to_the_end: bool) -> None:
        if not self._settled.is_set():
            self._to_the_end = to_the_end
            self._settled.set()
