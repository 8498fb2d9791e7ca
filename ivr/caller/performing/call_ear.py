"""Keeps and recognises all that a scripted caller hears in one call.

The event loop keeps the sound, and also sends the caller's keys. A thread recognises it, since that
takes up to a fifth of a second at a time and a key must be sent when it is due.
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
"""Root mean square from which a frame counts as sound: -50 dBFS."""

QUIET_MS = 60
"""A pause of at least so long; shorter ones are inside a word."""


@dataclass(frozen=True)
class _Sound:
    """How far a line has come: its length, and the beginning and end of its last sound; -1:
    none."""

    now_ms: int = 0
    from_ms: int = 0
    to_ms: int = -1


class CallEar:
    """Listens to a line until the call is over.

    Attributes:
        detected: recordings heard so far, in order.
        received, sent: the sound of both sides so far, mono s16le at 8000 Hz; frames of ours that
            were secret are silent in `sent` from the beginning.
        last_sound_ms: where the last sound on the line was; -1 before the first.
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
        self._stopped = False

    async def listen(self, line: CallLine, relay: Relay | None) -> None:
        """Take in the call until it is over: from the wire, or as the telephone receives it.

        Our own sound is never taken from the wire, where secret packets cannot be distinguished:
        the telephone gives its frames with the secret ones already silent.
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
        """What was recognised until now, which may be less than what has come."""
        line = self._understood
        return SoFar(self.detected, line.now_ms, line.from_ms, max(0, line.to_ms), self.over)

    def beginning(self, wanted: Wanted) -> PromptHeard | None:
        """The wanted prompt, if it is the one being heard now."""
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
        """Wait until something has come in, at most `within_s`."""
        changed = self._changed
        try:
            async with asyncio.timeout(max(0.0, within_s)):
                await changed.wait()
        except TimeoutError:
            return

    async def understand(self, until_ms: int) -> None:
        """Wait until everything that came before `until_ms` is recognised."""
        while self._understood.now_ms < until_ms and not self._stopped:
            await self._changed.wait()

    def forget_received(self, from_ms: int, to_ms: int) -> None:
        """Silence this part of the received sound: it contained a secret."""
        start, end = from_ms * BYTES_PER_MS, min(to_ms * BYTES_PER_MS, len(self.received))
        if end > start:
            self.received[start:end] = bytes(end - start)

    def came_within(self, seconds: float) -> bool:
        """Whether anything, also silence, came within the last `seconds`."""
        return time.monotonic() - self._came_at < seconds

    def _hears(self, received: bytes) -> None:
        self.received += received
        self._came_at = time.monotonic()
        # The frame with the least delay shows the true beginning.
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
        """Recognise one piece after another, until the call has ended and everything is
        recognised."""
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
            self._stopped = True
            self._tell()

    def _think(self, pieces: list[bytes]) -> list[Detected]:
        return [detected for piece in pieces for detected in self._ear.hear(piece)]

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
