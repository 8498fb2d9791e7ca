"""All that a scripted caller hears of one call, kept and understood as it comes in."""

from __future__ import annotations

import asyncio
import time

import numpy as np

from ivr.caller.hearing.line_ear import Heard, LineEar
from ivr.caller.hearing.prompt_ear import PromptHeard, SoFar, Wanted, begins
from ivr.caller.hearing.repertoire import Repertoire
from ivr.caller.wire.relay import Relay
from ivr.telephony.frames import BYTES_PER_MS
from ivr.telephony.line import CallLine

SOUND_RMS = 100.0
"""Root mean square from which on a frame is sound: -50 dBFS."""

QUIET_MS = 60
"""A pause; shorter ones are inside a word."""


class CallEar:
    """Listens to a line until the call is over.

    Attributes:
        heard: recordings heard so far, in order.
        received, sent: the sound of both sides so far, mono s16le at 8000 Hz.
        last_sound_ms: where on the line there was sound last; -1 before the first.
    """

    def __init__(self, repertoire: Repertoire) -> None:
        self.heard: list[Heard] = []
        self.received = bytearray()
        self.sent = bytearray()
        self.last_sound_ms = -1
        self.over = False
        self._ear = LineEar(repertoire)
        self._changed = asyncio.Event()
        self._zero = float("inf")
        self._sound_from_ms = 0

    async def listen(self, line: CallLine, relay: Relay | None) -> None:
        """Take in the call until it is over: from the wire, or as the telephone hears it."""
        listening = line.listen(longest_ms=20_000)
        if relay is not None:
            relay.heard, relay.said = self._hears, self._says
        try:
            async for received, sent in listening.with_what_was_sent():
                if relay is None:
                    self._says(sent)
                    self._hears(received)
        finally:
            self.heard += self._ear.end()
            self.over = True
            self._tell()

    @property
    def so_far(self) -> SoFar:
        """What has been heard until now."""
        return SoFar(
            self.heard, self.now_ms, self._sound_from_ms, max(0, self.last_sound_ms), self.over
        )

    def beginning(self, wanted: Wanted) -> PromptHeard | None:
        """The wanted prompt, if it is what is being heard now."""
        return begins(wanted, self._ear.beginning(), self.now_ms, len(self.heard))

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

    def forget_sent(self, from_ms: int, to_ms: int) -> None:
        """Make what we sent in that time silence: it was secret."""
        start, end = from_ms * BYTES_PER_MS, min(to_ms * BYTES_PER_MS, len(self.sent))
        if end > start:
            self.sent[start:end] = bytes(end - start)

    def _says(self, sent: bytes) -> None:
        self.sent += sent

    def _hears(self, received: bytes) -> None:
        self.received += received
        # The frame that was delayed least tells the true beginning.
        self._zero = min(self._zero, time.monotonic() - self.now_ms / 1000)
        samples = np.frombuffer(received, "<i2").astype(np.float32)
        if len(samples) and float(np.sqrt(np.mean(samples * samples))) > SOUND_RMS:
            began = self.now_ms - len(received) // BYTES_PER_MS
            if began - self.last_sound_ms > QUIET_MS or self.last_sound_ms < 0:
                self._sound_from_ms = began
            self.last_sound_ms = self.now_ms
        self.heard += self._ear.hear(received)
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
