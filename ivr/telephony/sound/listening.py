"""The other side's voice: as a stream of frames to be read, or handed to a function."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable

from ivr.telephony.outbox import Post
from ivr.telephony.sound.frame_path import FramePath

OnFrames = Callable[[bytes, bytes], None]
"""Called with some frames of received sound, and with the same amount that was sent meanwhile."""


class Listening:
    """Received sound, 20 ms of PCM at a time, until the call is over or `close` is called.

    Frames wait in a bounded queue; when nobody takes them, the oldest are dropped and counted.
    One reader only.
    """

    def __init__(
        self, post: Post, longest_ms: int, frames_at_once: int = 1, *, until_key: bool = False
    ) -> None:
        """`frames_at_once`: a waiting reader is woken once so many frames have come, since waking
        costs more than the frames do. `until_key`: take no frame after a key came."""
        self.until_key = until_key
        self._post = post
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._room = max(1, longest_ms // 20)
        self._at_once = frames_at_once
        self._arrived = asyncio.Event()
        self._waiting = False
        self._closed = False
        self.dropped = 0
        """Frames that nobody took in time."""

    @property
    def taker(self) -> Listening:
        """What the frame clock hands frames to."""
        return self

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return (await self._next())[0]

    async def with_what_was_sent(self) -> AsyncIterator[tuple[bytes, bytes]]:
        """The same frames, each with the one that was sent to the other side at that time."""
        with contextlib.suppress(StopAsyncIteration):
            while True:
                yield await self._next()

    async def _next(self) -> tuple[bytes, bytes]:
        while True:
            if self._frames:
                return self._frames.popleft()
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            self._waiting = True
            if self._frames:  # a frame came between looking and waiting
                continue
            await self._arrived.wait()

    def close(self) -> None:
        """End the stream; frames that wait can still be read."""
        self._closed = True
        self._arrived.set()

    def key_came(self) -> None:
        """The frame before was the last one. Called on the pj thread, so that this holds however
        late the event loop learns of the key."""
        self._closed = True
        self._post(self._arrived.set)

    def hear(self, received: bytes, sent: bytes, tick: int) -> None:
        """Called by the frame clock only."""
        if self._closed:
            return
        if len(self._frames) >= self._room:
            self._frames.popleft()
            self.dropped += 1
        self._frames.append((received, sent))
        if self._waiting and len(self._frames) >= self._at_once:
            self._waiting = False
            self._post(self._arrived.set)


class Following:
    """Calls a function on the event loop with all received sound, some frames at a time.

    This is far cheaper than waking a task that has nothing to do most of the time.
    """

    def __init__(self, post: Post, on_frames: OnFrames, path: FramePath) -> None:
        self._post = post
        self._on_frames = on_frames
        self.taker = path.gathering(self._full)
        """What the frame clock hands frames to."""

    @property
    def frames_at_once(self) -> int:
        """Frames in each call. May be changed at any time; the first call after that may have
        fewer."""
        return self.taker.frames_at_once

    @frames_at_once.setter
    def frames_at_once(self, frames: int) -> None:
        self.taker.frames_at_once = frames

    def close(self) -> None:
        """Make no more calls."""
        self.taker.closed = True

    def _full(self, received: bytes, sent: bytes) -> None:
        self._post(self._tell, received, sent)

    def _tell(self, received: bytes, sent: bytes) -> None:
        if not self.taker.closed:
            self._on_frames(received, sent)
