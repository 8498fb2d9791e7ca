"""The sound of one direction of a call, from its RTP packets, each at the place of its timestamp.

No jitter buffer stands between: a packet that comes late is not a gap, and one that is lost leaves
a gap of its own length, marked as such.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import soundfile

from ivr.caller.hearing.repertoire import LOST
from ivr.caller.wire.rtp import Packet

PCMU, PCMA = 0, 8
_MISSING = LOST.to_bytes(2, "little")
_LONGEST_GAP = 8000 * 3
"""Timestamps that jump farther begin a new stream: a hold, another source."""


def _decoded(subtype: str) -> tuple[bytes, ...]:
    """What each byte of G.711 means, as two bytes of s16le."""
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

    def packet(self, packet: Packet) -> None:
        """The next packet that came. Those out of order are too late: their place is taken."""
        law = _LAWS.get(packet.payload_type)
        if law is None:
            return
        if packet.source != self._source:
            self._source, self._next = packet.source, packet.timestamp
        assert self._next is not None
        gap = (packet.timestamp - self._next) & 0xFFFFFFFF
        if gap >= 0x80000000:
            if 0x100000000 - gap < _LONGEST_GAP:
                return
            gap = 0
        elif gap > _LONGEST_GAP:
            gap = 0
        self._next = (packet.timestamp + len(packet.payload)) & 0xFFFFFFFF
        self._hand_on(_MISSING * gap + b"".join([law[byte] for byte in packet.payload]))
