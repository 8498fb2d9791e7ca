"""All that a scripted caller hears of one call, kept and understood as it comes in.

What comes is kept by the event loop, which also sends the caller's keys; it is understood on a
thread, since that takes up to a fifth of a second at a time, and a key has to go when it is due.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import numpy as np

from ivr.caller.hearing.prompt_detector import Detected, PromptDetector
from ivr.caller.hearing.prompt_ear import PromptHeard, SoFar, begins
from ivr.caller.hearing.repertoire import Repertoire
from ivr.caller.hearing.wanted import Wanted
from ivr.caller.wire.relay import Relay
from ivr.telephony.line import CallLine
from ivr.telephony.sound.frames import BYTES_PER_MS

SOUND_RMS = 100.0
"""Root mean square from which on a frame is sound: -50 dBFS."""

QUIET_MS = 60
"""A pause; shorter ones are inside a word."""


@dataclass(frozen=True)
class _Sound:
    """How far a line has come: its length, and where its last sound began and ended; -1: none."""

    now_ms: int = 0
    from_ms: int = 0
    to_ms: int = -1


class CallEar:
    """Listens to a line until the call is over.

    Attributes:
        detected: recordings heard so far, in order.
        received, sent: the sound of both sides so far, mono s16le at 8000 Hz; frames of ours that
            were secret are silent in `sent` from the beginning.
        last_sound_ms: where on the line there was sound last; -1 before the first.
    """

    def __init__(self, repertoire: Repertoire) -> None:
        self.detected: list[Detected] = []
        self.received = bytearray()
        self.sent = bytearray()
        self.last_sound_ms = -1
        self.over = False
        self._came_at = time.monotonic()
        self._ear = PromptDetector(repertoire)
        self._beginning: Detected | None = None
        self._changed = asyncio.Event()
        self._zero = float("inf")
        self._sound_from_ms = 0
        self._ended = False
        self._waiting: list[bytes] = []
        self._came = asyncio.Event()
        self._understood = _Sound()
        self._deaf = False

    async def listen(self, line: CallLine, relay: Relay | None) -> None:
        """Take in the call until it is over: from the wire, or as the telephone hears it.

        What we send is never taken from the wire, where nobody can tell which packet is secret:
        the telephone gives out its frames with the secret ones silent already.
        """
        listening = line.listen(longest_ms=20_000)
        understanding = asyncio.ensure_future(self._understand())
        if relay is not None:
            relay.on_sound = self._hears
        try:
            async for received, sent in listening.with_what_was_sent():
                self.sent += sent
                if relay is None:
                    self._hears(received)
            if relay is not None:
                await relay.taken_in()
        finally:
            self._ended = True
            self._came.set()
            await understanding
            self.over = True
            self._tell()

    @property
    def so_far(self) -> SoFar:
        """What has been understood until now; that may be less than has come."""
        line = self._understood
        return SoFar(self.detected, line.now_ms, line.from_ms, max(0, line.to_ms), self.over)

    def beginning(self, wanted: Wanted) -> PromptHeard | None:
        """The wanted prompt, if it is what is being heard now."""
        return begins(wanted, self._beginning, self._understood.now_ms, len(self.detected))

    @property
    def now_ms(self) -> int:
        """Length of the line so far."""
        return len(self.received) // BYTES_PER_MS

    @property
    def zero(self) -> float:
        """Monotonic second at which the line's first sample was heard."""
        return self._zero if self._zero != float("inf") else time.monotonic()

    async def more(self, within_s: float) -> None:
        """Return when something has come in, or after so long."""
        changed = self._changed
        try:
            async with asyncio.timeout(max(0.0, within_s)):
                await changed.wait()
        except TimeoutError:
            return

    async def understand(self, until_ms: int) -> None:
        """Return when all that came until then is understood."""
        while self._understood.now_ms < until_ms and not self._deaf:
            await self._changed.wait()

    def forget_received(self, from_ms: int, to_ms: int) -> None:
        """Make what was heard in that place of the line silence: it was a secret."""
        start, end = from_ms * BYTES_PER_MS, min(to_ms * BYTES_PER_MS, len(self.received))
        if end > start:
            self.received[start:end] = bytes(end - start)

    def came_within(self, seconds: float) -> bool:
        """Whether anything, be it silence, came so lately."""
        return time.monotonic() - self._came_at < seconds

    def _hears(self, received: bytes) -> None:
        self.received += received
        self._came_at = time.monotonic()
        # The frame that was delayed least tells the true beginning.
        self._zero = min(self._zero, time.monotonic() - self.now_ms / 1000)
        samples = np.frombuffer(received, "<i2").astype(np.float32)
        if len(samples) and float(np.sqrt(np.mean(samples * samples))) > SOUND_RMS:
            began = self.now_ms - len(received) // BYTES_PER_MS
            if began - self.last_sound_ms > QUIET_MS or self.last_sound_ms < 0:
                self._sound_from_ms = began
            self.last_sound_ms = self.now_ms
        self._waiting.append(received)
        self._came.set()
        self._tell()

    async def _understand(self) -> None:
        """One piece after another, until the call has ended and all that came is understood."""
        try:
            while not (self._ended and not self._waiting):
                await self._came.wait()
                self._came.clear()
                pieces, self._waiting = self._waiting, []
                line = _Sound(self.now_ms, self._sound_from_ms, self.last_sound_ms)
                self.detected += await asyncio.to_thread(self._think, pieces)
                self._beginning, self._understood = self._ear.beginning(), line
                self._tell()
            self.detected += await asyncio.to_thread(self._ear.end)
        finally:
            self._deaf = True
            self._tell()

    def _think(self, pieces: list[bytes]) -> list[Detected]:
        return [detected for piece in pieces for detected in self._ear.hear(piece)]

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
