"""Keeps what the other side says as one piece of sound."""

from __future__ import annotations

import asyncio

from ivr.telephony.sound.listening import Listening


class Dictation:
    """Collects received sound until `stop`, until a key comes, or until the call is over."""

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._frames: list[bytes] = []
        self._collecting = asyncio.ensure_future(self._collect())

    async def stop(self) -> bytes:
        """Stop collecting; gives the sound, mono, s16le, 8000 Hz. May be called twice."""
        self._listening.close()
        await self._collecting
        return b"".join(self._frames)

    async def _collect(self) -> None:
        async for frame in self._listening:
            self._frames.append(frame)
