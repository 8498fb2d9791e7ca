"""The sound of keys is taken out of a caller's voice, before anybody listens to it or records it.

Some telephones and gateways leave a key's tones in the sound beside its events: a recogniser would
make words of them, and a PIN can be read off a recording of them. Events and sound come apart on
the way (a jitter buffer, a machine that stood still), so no time after an event tells where the
tones are. What tells it is the sound itself.
"""

from __future__ import annotations

from ivr.telephony.sound.frames import SILENCE
from ivr.telephony.sound.tones import ToneKeys

Pair = tuple[bytes, bytes]
"""A frame received, and the one that was sent at that time."""


class KeySound:
    """Hands on the frames of one call, 20 ms later, silent where there are tones of a key in them.

    Later, since a key may begin at the end of a frame in which nobody can tell it yet: the frame
    before and the one after a key's tones are silent too.
    """

    def __init__(self) -> None:
        self._tones = ToneKeys()
        self._held: Pair | None = None
        self._sounds_in_held = self._sounds_before = False

    def hear(self, received: bytes, sent: bytes) -> tuple[Pair | None, str | None]:
        """The frame before this one, and the key that began in this one, if there are such."""
        key = self._tones.hear(received)
        sounds = self._tones.sounding
        handed_on = self._let_go(silent=sounds)
        self._held = received, sent
        self._sounds_in_held, self._sounds_before = sounds, self._sounds_in_held
        return handed_on, key

    def last(self) -> Pair | None:
        """The frame that is still held back: none will follow it."""
        handed_on = self._let_go(silent=False)
        self._tones = ToneKeys()
        self._sounds_in_held = self._sounds_before = False
        return handed_on

    def _let_go(self, *, silent: bool) -> Pair | None:
        held, self._held = self._held, None
        if held is not None and (silent or self._sounds_in_held or self._sounds_before):
            return SILENCE, held[1]
        return held
