"""From the packets of a key press to one key (RFC 4733, SIP INFO).

The library reports every telephone-event packet. Its own idea of a new key compares digit and
duration only, and so loses a repeated key whose first packets were lost; the RTP timestamp tells
the two apart. What the packets of one press have in common is told in `ivr/telephony/press.py`.

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
"""Within so many seconds a key that comes by the other way too is the same press."""


class KeyPresses:
    """Tells new keys from repeated reports of the same press. One for each call.

    A call has one audio stream. A re-INVITE re-creates it, but RTP timestamps go on: a key held
    meanwhile is still one key.

    Some telephones send a press both ways, to be sure. Of the same key by the other way within
    `TWIN_S` each press is counted once: the first by one way is that of the first by the other.
    """

    def __init__(self) -> None:
        self._events: PressOfEvents | None = None
        self._held = _Press(-1, "", 0.0)
        self._single: list[_Press] = []
        self._steady = False
        self.unknown = 0
        """Events that are no key, such as a hook flash."""

    def new_key(self, event: KeyEvent, now: float) -> str | None:
        """The key, if this event, which came at `now` seconds, is the first of a press; otherwise
        None."""
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
        """The sound comes from somebody else, maybe: a stream begins."""
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
    """A press by one way; `at`: when it was heard of last."""

    method: int
    key: str
    at: float
