"""From the packets of a key press to one key (RFC 4733, SIP INFO).

The library reports every telephone-event packet. Its own idea of a new key compares digit and
duration only, and so loses a repeated key whose first packets were lost; the RTP timestamp tells
the two apart.

Known limits, inside the library: the second of two equal keys is lost when only its end packets
arrive, or when the sender sends no others; SIP INFO with `Signal=10` is read as 1 and INFO with
`application/dtmf` is refused, so the SIP front rewrites both. Tones in the sound: `tones.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.dialogue.line import KEYS

IS_UPDATE = 1
IS_END = 2
_WRAP_MS = (1 << 32) // 8
_SEGMENT_MS = range(0xFFFF // 8, 0xFFFF // 8 + 2)  # the library rounds to milliseconds


@dataclass(frozen=True)
class KeyEvent:
    """One report of the library.

    Attributes:
        method: RFC 4733 or SIP INFO, the library's number for it.
        key: the key as text.
        timestamp: beginning of the press, from the RTP timestamp, in milliseconds; the same in all
            packets of a press (RFC 4733, 2.1). For SIP INFO the time it came.
        duration: length of the press so far, in milliseconds.
        flags: bits `IS_UPDATE` and `IS_END`.
    """

    method: int
    key: str
    timestamp: int
    duration: int
    flags: int


class KeyPresses:
    """Tells new keys from repeated reports of the same press. One for each call.

    A call has one audio stream. A re-INVITE re-creates it, but RTP timestamps go on: a key held
    meanwhile is still one key.
    """

    def __init__(self) -> None:
        self._last: KeyEvent | None = None
        self.unknown = 0
        """Events that are no key, such as a hook flash."""

    def heard(self, event: KeyEvent) -> str | None:
        """The key, if this event is the first of a press; otherwise None."""
        if event.key not in KEYS or len(event.key) != 1:
            self.unknown += 1
            return None
        last, self._last = self._last, event
        if last is not None and _same_press(last, event):
            return None
        return event.key


def _same_press(last: KeyEvent, event: KeyEvent) -> bool:
    if (last.method, last.key) != (event.method, event.key):
        return False
    if last.timestamp == event.timestamp:
        return True
    # A press longer than the duration field goes on in a new segment, whose timestamp is further
    # by the full field (RFC 4733, 2.5.1.3).
    ahead = (event.timestamp - last.timestamp) % _WRAP_MS
    return ahead in _SEGMENT_MS and not last.flags & IS_END
