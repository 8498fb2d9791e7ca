"""Which frames of the caller a recording of the call gets: those that can be no secret.

What is asked decides, and never a clock: a frame is let through where a question waits for its
answer that is no secret, and is silence everywhere else. What follows a secret or a key may still
belong to it: the last digit said aloud while the next question is put already, or sound that comes
later than the event of its key. So after either nothing is let through until the caller has been
quiet for a while, counted in frames that came from them.
"""

from __future__ import annotations

import numpy as np

QUIET_FRAMES = 50
"""A second of sound without a voice, after which a new voice is an answer to what is asked now. A
line that stood still hands over what it held back within less."""

NOISY_FRAMES = 250
"""Five seconds of sound after which a line is taken for a noisy one: there nobody is ever quiet."""

_QUIET_RMS = 150.0
"""Root mean square of 16 bit samples below which a frame is quiet (-47 dBFS)."""


class CallerGate:
    """The event loop says what is asked; the pj thread asks about each frame as it comes."""

    def __init__(self) -> None:
        self._open = False
        self._secrets = 0
        """Secrets asked for so far. Written by the event loop alone."""
        self._secret_asked = False
        self._secrets_seen = 0
        self._wary = False
        self._quiet = self._since = 0

    def asks(self, *, secret: bool) -> None:
        """A question is put next."""
        if secret:
            self._open = False
            self._secret_asked = True
            self._secrets += 1
        else:
            self._secret_asked = False
            self._open = True

    def answered(self) -> None:
        """No question waits any more."""
        self._open = False
        self._secret_asked = False

    def key_came(self) -> None:
        """Called on the pj thread."""
        self._be_wary()

    def passes(self, frame: bytes) -> bool:
        """Whether this frame of the caller may be kept. Called on the pj thread for each."""
        if self._secret_asked or self._secrets != self._secrets_seen:
            self._secrets_seen = self._secrets
            self._be_wary()
            return False
        if self._wary:
            self._since += 1
            self._quiet = self._quiet + 1 if _is_quiet(frame) else 0
            self._wary = self._quiet < QUIET_FRAMES and self._since < NOISY_FRAMES
            return False
        return self._open

    def _be_wary(self) -> None:
        self._wary = True
        self._quiet = self._since = 0


def _is_quiet(frame: bytes) -> bool:
    samples = np.frombuffer(frame, "<i2").astype(np.float32)
    return float(samples @ samples) < _QUIET_RMS**2 * len(samples)
