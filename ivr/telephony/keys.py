"""From the packets of a key press to one key (RFC 4733, SIP INFO).

The library reports every telephone-event packet. Its own idea of a new key compares digit and
duration only, and so loses a repeated key whose first packets were lost; the RTP timestamp tells
the two apart. What the packets of one press have in common is described in
`ivr/telephony/press.py`.

Known limits, inside the library: the second of two equal keys is lost when only its end packets
arrive, or when the sender sends no others; SIP INFO with `Signal=10` is read as 1 and INFO with
`application/dtmf` is refused, so the SIP front rewrites both. Tones in the sound: `sound/tones.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.dialogue.line import KEYS
from ivr.telephony.press import KeyEvent, PressOfEvents

BY_EVENTS = 0
"""RFC 4733; the other method, 1, is SIP INFO."""
TWIN_S = 0.5
"""A press of the same key that comes the other way within this time is the same press."""


class KeyPresses:
    """Distinguishes new keys from repeated reports of the same press. One object per call.

    A call has one audio stream. A re-INVITE re-creates it, but RTP timestamps go on: a key held
    meanwhile is still one key.

    Some telephones send each press both ways, to be sure. When the same key comes the other way
    within `TWIN_S`, it counts once: the first press of one way matches the first of the other.
    """

    def __init__(self) -> None:
        self._events: PressOfEvents | None = None
        self._held = _Press(-1, "", 0.0)
        self._single: list[_Press] = []
        self._steady = False
        self.unknown = 0
        """Events that are no key, such as a hook flash."""

    def new_key(self, event: KeyEvent, now: float) -> str | None:
        """Give the key if this event, received at `now` seconds, begins a press; otherwise None."""
        if event.key not in KEYS or len(event.key) != 1:
            self.unknown += 1
            return None
        press = _Press(event.method, event.key, now)
        if event.method == BY_EVENTS:
            if self._events is not None and self._events.has(event, now, steady=self._steady):
                self._steady |= self._events.steady
                self._held.at = now
                return None
            self._events = PressOfEvents(event, now)
            self._held = press
        return None if self._has_twin(press) else event.key

    def other_sender(self) -> None:
        """A stream begins: the sound may come from another sender now."""
        self._steady = False

    def _has_twin(self, press: _Press) -> bool:
        self._single = [single for single in self._single if press.at - single.at <= TWIN_S]
        for other in self._single:
            if other.key == press.key and other.method != press.method:
                self._single.remove(other)
                return True
        self._single.append(press)
        return False


@dataclass
class _Press:
    """A press that came by one method; `at`: when its last report came."""

    method: int
    key: str
    at: float
