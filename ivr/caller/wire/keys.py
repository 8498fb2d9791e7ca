"""The ways a telephone may send a key."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

EVENTS = {key: number for number, key in enumerate("0123456789*#ABCD")}
PER_PACKET = 160
"""Timestamp units of a packet: 20 ms."""

KEY_MS = 160
LONG_KEY_MS = 2500
_VOLUME = 10
_ENDS = 3


class KeyStyle(StrEnum):
    """How keys go over the line."""

    NORMAL = "normal"  # RFC 4733, as the telephone's own library sends them
    NO_MARKER = "no-marker"  # RFC 4733 without the marker bit of the first packet
    END_ONLY = "end-only"  # RFC 4733, only the end packets of each key
    LOST_START = "lost-start"  # the first packets of each key are lost
    LOST_END = "lost-end"  # the end packets of each key are lost
    LONG = "long"  # held for two and a half seconds
    INFO_RELAY = "info-relay"  # SIP INFO, application/dtmf-relay
    INFO = "info"  # SIP INFO, application/dtmf
    IN_BAND = "in-band"  # tones in the sound; no telephone-event is offered

    @property
    def by_events(self) -> bool:
        """Whether the wire makes the event packets itself."""
        return self in (
            KeyStyle.NO_MARKER,
            KeyStyle.END_ONLY,
            KeyStyle.LOST_START,
            KeyStyle.LOST_END,
            KeyStyle.LONG,
        )


@dataclass(frozen=True)
class EventPacket:
    """One telephone-event packet that a key makes, RFC 4733, 2.5.

    Attributes:
        sent: whether it reaches the other side; its sequence number is used up either way.
        then_ms: time until the next one.
    """

    payload: bytes
    marker: bool
    sent: bool
    then_ms: int


def packets(key: str, style: KeyStyle) -> Iterator[EventPacket]:
    """The packets of one key. Raises KeyError if it is no key."""
    updates = duration(style) // PER_PACKET
    for number in range(1, updates + 1):
        lost = style is KeyStyle.END_ONLY or (style is KeyStyle.LOST_START and number <= 3)
        marker = number == 1 and style is not KeyStyle.NO_MARKER
        yield EventPacket(_event(key, False, number * PER_PACKET), marker, not lost, 20)
    for _ in range(_ENDS):
        lost = style is KeyStyle.LOST_END
        yield EventPacket(_event(key, True, updates * PER_PACKET), False, not lost, 5)


def info(key: str, style: KeyStyle) -> tuple[str, str]:
    """Content type and body of the INFO for a key."""
    if style is KeyStyle.INFO:
        return "application/dtmf", key
    return "application/dtmf-relay", f"Signal={key}\r\nDuration={KEY_MS}\r\n"


def duration(style: KeyStyle) -> int:
    """Timestamp units that one key takes."""
    held_ms = LONG_KEY_MS if style is KeyStyle.LONG else KEY_MS
    return held_ms // 20 * PER_PACKET


def _event(key: str, end: bool, so_far: int) -> bytes:
    return struct.pack("!BBH", EVENTS[key], end << 7 | _VOLUME, min(so_far, 0xFFFF))
