"""The sound of keys is taken out of a caller's voice, before anybody listens to it or records it.

Some telephones and gateways leave a key's tones in the sound as well as sending its events: a
recogniser would take them for words, and a PIN could be read from a recording. Events and sound are
delayed differently (by a jitter buffer, or a machine that stood still), so the time of an event
does not show where the tones are; only the sound does.
"""

from __future__ import annotations

from ivr.telephony.sound.frames import SILENCE
from ivr.telephony.sound.tones import ToneKeys

Pair = tuple[bytes, bytes]
"""A received frame, and the frame that was sent at that time."""


class KeySound:
    """Returns the frames of one call 20 ms later, silenced where they contain tones of a key.

    The delay is needed since a key may begin at the end of a frame, where it cannot be recognised
    yet: the frames before and after a key's tones are silenced too.
    """

    def __init__(self) -> None:
        self._tones = ToneKeys()
        self._held: Pair | None = None
        self._sounds_in_held = self._sounds_before = False

    def hear(self, received: bytes, sent: bytes) -> tuple[Pair | None, str | None]:
        """Take a pair; give the pair before it, and the key that began in this one, if there are
        such."""
        key = self._tones.hear(received)
        sounds = self._tones.sounding
        handed_on = self._let_go(silent=sounds)
        self._held = received, sent
        self._sounds_in_held, self._sounds_before = sounds, self._sounds_in_held
        return handed_on, key

    def last(self) -> Pair | None:
        """Give the frame that is still held back; no more will follow."""
        handed_on = self._let_go(silent=False)
        self._tones = ToneKeys()
        self._sounds_in_held = self._sounds_before = False
        return handed_on

    def _let_go(self, *, silent: bool) -> Pair | None:
        held, self._held = self._held, None
        if held is not None and (silent or self._sounds_in_held or self._sounds_before):
            return SILENCE, held[1]
        return held
