"""Assembles the sound of one direction of a call from its RTP packets, by their timestamps.

There is no jitter buffer: a late packet makes no gap, and a lost packet leaves a marked gap of its
own length. A side that sends nothing while it is silent (RFC 3551, 4.1) makes a gap too, whether
its timestamps go on meanwhile or not.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import soundfile

from ivr.caller.hearing.repertoire import LOST
from ivr.caller.wire.rtp import Packet

PCMU, PCMA = 0, 8
_MISSING = LOST.to_bytes(2, "little")
_LONGEST_GAP = 8000 * 3
"""A larger jump of timestamps begins a new stream (a hold, another source), unless so much time has
passed."""
_ABOUT_S = 1.0
_STOOD_STILL_S = 0.25
"""A packet that begins speech and comes this much later than its timestamp says follows silence
that the timestamps did not count."""
_SAMPLES_A_SECOND = 8000

_RESTS_AFTER_S = 1.0
"""Only after so long without a packet is there silence: a late service sends the rest of its speech
afterwards."""


def _decoded(subtype: str) -> tuple[bytes, ...]:
    """The s16le sample of each G.711 byte."""
    form = {"samplerate": 8000, "channels": 1, "format": "RAW", "subtype": subtype}
    values, _ = soundfile.read(io.BytesIO(bytes(range(256))), dtype="int16", **form)
    return tuple(int(value).to_bytes(2, "little", signed=True) for value in values)


_LAWS = {PCMU: _decoded("ULAW"), PCMA: _decoded("ALAW")}


class StreamSound:
    """Puts packets in their places and hands on the sound, mono s16le at 8000 Hz."""

    def __init__(self, hand_on: Callable[[bytes], None]) -> None:
        self._hand_on = hand_on
        self._next: int | None = None
        self._source = -1
        self._at = 0.0
        self._rested = 0.0

    def packet(self, packet: Packet, at: float | None = None) -> None:
        """Take the next packet, which came at this monotonic second; by default now.

        A packet out of order is dropped: its place is taken.
        """
        law = _LAWS.get(packet.payload_type)
        if law is None:
            return
        if packet.source != self._source:
            self._source, self._next = packet.source, packet.timestamp
        assert self._next is not None
        gap = (packet.timestamp - self._next) & 0xFFFFFFFF
        at = time.monotonic() if at is None else at
        rested, self._rested = self._rested, 0.0
        passed, self._at = at - self._at if self._at else 0.0, at
        if gap >= 0x80000000:
            if 0x100000000 - gap < _LONGEST_GAP and not rested:
                return
            gap = 0
        elif gap > _LONGEST_GAP and abs(gap / _SAMPLES_A_SECOND - passed) > _ABOUT_S:
            gap = 0
        if packet.marker and not rested and passed > gap / _SAMPLES_A_SECOND + _STOOD_STILL_S:
            gap = round(passed * _SAMPLES_A_SECOND)
        self._next = (packet.timestamp + len(packet.payload)) & 0xFFFFFFFF
        self._hand_on(_MISSING * gap + b"".join([law[byte] for byte in packet.payload]))

    def rest(self, at: float | None = None) -> None:
        """At this monotonic second nothing is on its way: what is missing was silence.

        Otherwise a listener for the end of speech would wait until more comes.
        """
        at = time.monotonic() if at is None else at
        missing = at - self._at - self._rested
        if self._next is None or at - self._at < _RESTS_AFTER_S:
            return
        samples = round(missing * _SAMPLES_A_SECOND)
        self._rested += samples / _SAMPLES_A_SECOND
        self._next = (self._next + samples) & 0xFFFFFFFF
        self._hand_on(_MISSING * samples)
