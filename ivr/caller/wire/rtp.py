"""RTP packets (RFC 3550, 5.1), and the statistics of a stream."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

CLOCK_HZ = 8000
_HEADER = struct.Struct("!BBHII")


@dataclass(frozen=True)
class Packet:
    """One packet; it cannot make header extensions."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    source: int
    payload: bytes

    @classmethod
    def read(cls, data: bytes) -> Packet | None:
        """Read a datagram; None if it is no RTP."""
        if len(data) < _HEADER.size or data[0] >> 6 != 2:
            return None
        first, second, sequence, timestamp, source = _HEADER.unpack_from(data)
        start = _HEADER.size + 4 * (first & 0x0F)
        if first & 0x10 and len(data) >= start + 4:
            start += 4 + 4 * struct.unpack_from("!H", data, start + 2)[0]
        end = len(data) - (data[-1] if first & 0x20 else 0)
        if start > end:
            return None
        return cls(second & 0x7F, bool(second & 0x80), sequence, timestamp, source, data[start:end])

    def data(self) -> bytes:
        return (
            _HEADER.pack(
                0x80,
                self.marker << 7 | self.payload_type,
                self.sequence & 0xFFFF,
                self.timestamp & 0xFFFFFFFF,
                self.source,
            )
            + self.payload
        )


@dataclass
class StreamCount:
    """Packets, loss and jitter of one direction, as RFC 3550, A.3 and A.8, count them.

    Attributes:
        longest_gap_ms: longest time between two packets.
    """

    packets: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    jitter_max_ms: float = 0.0
    longest_gap_ms: float = 0.0
    _first: int = field(default=-1, repr=False)
    _last: int = field(default=-1, repr=False)
    _transit: float | None = field(default=None, repr=False)
    _at: float | None = field(default=None, repr=False)
    _source: int = field(default=-1, repr=False)
    _expected_before: int = field(default=0, repr=False)

    def count(self, packet: Packet, at: float) -> None:
        """Count a packet that came at `at`, seconds."""
        if packet.source != self._source:
            self._expected_before += self._expected
            self._source, self._first, self._last = packet.source, packet.sequence, packet.sequence
            self._transit = None
        ahead = (packet.sequence - self._last) & 0xFFFF
        if ahead < 0x8000:
            self._last += ahead
        self.packets += 1
        self.lost = max(0, self._expected_before + self._expected - self.packets)
        if self._at is not None:
            self.longest_gap_ms = max(self.longest_gap_ms, (at - self._at) * 1000)
        self._at = at
        transit = at - packet.timestamp / CLOCK_HZ
        if self._transit is not None and abs(transit - self._transit) < 1:
            change = abs(transit - self._transit) * 1000
            self.jitter_ms += (change - self.jitter_ms) / 16
            self.jitter_max_ms = max(self.jitter_max_ms, self.jitter_ms)
        self._transit = transit

    @property
    def _expected(self) -> int:
        return self._last - self._first + 1 if self._first >= 0 else 0

    @property
    def loss(self) -> float:
        """Share of the packets that were lost."""
        expected = self.packets + self.lost
        return self.lost / expected if expected else 0.0

    @property
    def mos(self) -> float:
        """Estimated mean opinion score, 1 to 4.5, by the E-model (ITU-T G.107).

        With G.113, appendix I: G.711 has Ie 0, and with packet loss concealment Bpl 25.1. Loss is
        assumed to be random, and the delay to be only that of the jitter buffer.
        """
        loss = self.loss * 100
        delay_ms = 20 + 2 * self.jitter_max_ms
        impaired = 0.024 * delay_ms + (0.11 * (delay_ms - 177.3) if delay_ms > 177.3 else 0)
        rating = 93.2 - impaired - 95 * loss / (loss + 25.1)
        rating = min(100.0, max(0.0, rating))
        return 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6
