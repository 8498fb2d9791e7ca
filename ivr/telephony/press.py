"""One key press as telephone-events (RFC 4733), and which packets belong to it.

All packets of a press have the timestamp of its beginning (RFC 4733, 2.1), and another press has
another timestamp. Most senders keep to that; once a sender was seen to, its timestamps are trusted.
Others stamp each packet, or only end packets, with the time of sending; some never change the
timestamp. With some it stands still while a key is down, so that two presses may be 20 ms apart by
timestamp, though not by our clock. So the distance of two timestamps alone never decides that two
reports are one press.
"""

from __future__ import annotations

from dataclasses import dataclass

IS_UPDATE = 1
IS_END = 2

_WRAP_MS = (1 << 32) // 8
_SEGMENT_MS = range(0xFFFF // 8, 0xFFFF // 8 + 2)  # the library rounds to milliseconds
_ROUNDED_MS = 2
_PACKET_MS = 20
_NEXT_PACKET_MS = 60
"""A sender of 50 ms packets, and a little more."""
_LATE_S = 0.1
"""The packet of a press may come this much later than its duration says."""
_OUT_OF_ORDER_S = 0.05


@dataclass(frozen=True)
class KeyEvent:
    """One report of the library.

    Attributes:
        method: RFC 4733 or SIP INFO, the library's number for it.
        key: the key as text.
        timestamp: beginning of the press, from the RTP timestamp, in milliseconds; the same in all
            packets of a press (RFC 4733, 2.1). Not used for SIP INFO: each INFO is a press, for
            what is sent twice is answered below us (RFC 6086, 4.2.2).
        duration: length of the press so far, in milliseconds.
        flags: bits `IS_UPDATE` and `IS_END`.
    """

    method: int
    key: str
    timestamp: int
    duration: int
    flags: int


class PressOfEvents:
    """A press, from its first packet on."""

    def __init__(self, first: KeyEvent, at: float) -> None:
        """`at`: when the packet came, in seconds."""
        self._last, self._at = first, at
        self.steady = False
        """Whether its packets kept one timestamp while the duration grew."""

    def has(self, event: KeyEvent, now: float, *, steady: bool) -> bool:
        """Whether this event, received at `now` seconds, belongs to this press.

        `steady`: whether the sender is known to keep the timestamp within a press.
        """
        if not self._belongs(event, now - self._at, steady=steady or self.steady):
            return False
        last = self._last
        if event.timestamp == last.timestamp and event.duration > last.duration:
            self.steady = True
        self._last, self._at = event, now
        return True

    def _belongs(self, event: KeyEvent, waited_s: float, *, steady: bool) -> bool:
        last = self._last
        if last.key != event.key:
            return False
        ends, ended = bool(event.flags & IS_END), bool(last.flags & IS_END)
        longer_ms = event.duration - last.duration
        if event.timestamp == last.timestamp:
            # With a timestamp that stands still, a beginning can only be the next press. What is
            # merely late, and out of order, comes sooner.
            return ends or longer_ms >= 0 or waited_s < _OUT_OF_ORDER_S
        ahead_ms = (event.timestamp - last.timestamp) % _WRAP_MS
        in_time = longer_ms >= 0 and waited_s <= longer_ms / 1000 + _LATE_S
        if ended:
            # The end packet again; after it, only another press.
            nearby = ahead_ms <= max(event.duration, _NEXT_PACKET_MS)
            return ends and longer_ms == 0 and in_time and nearby
        if ends:
            return in_time and ahead_ms <= event.duration + _NEXT_PACKET_MS
        if ahead_ms in _SEGMENT_MS:
            # A press longer than the duration field goes on in a new segment, whose timestamp is
            # further by the full field (RFC 4733, 2.5.1.3).
            return True
        # The packet has the time of its sending.
        if longer_ms <= 0 or not in_time:
            return False
        if not steady and ahead_ms <= _NEXT_PACKET_MS:
            return True
        return abs(ahead_ms - longer_ms) <= (_ROUNDED_MS if steady else _PACKET_MS)
