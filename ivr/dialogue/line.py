"""What a conversation needs of a telephone line, whatever implements it.

`ivr.telephony` fulfils this on a live SIP call; tests fulfil it with a scripted line on a virtual
clock. Every wait on a line ends by raising `HungUp` as soon as the caller is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

KEYS = "0123456789*#ABCD"


class HungUp(Exception):
    """The call is over: caller's BYE, no RTP, drain deadline, or our own hang-up."""


class KeySent(StrEnum):
    """How a telephone sent a key."""

    EVENT = "event"  # telephone-event, RFC 4733
    INFO = "info"  # SIP INFO
    TONE = "tone"  # in the sound


@dataclass(frozen=True)
class KeyPress:
    """One DTMF key as the caller pressed it; `at` is the event loop's clock in seconds."""

    key: str
    at: float
    sent: KeySent = KeySent.EVENT


class Transfer(StrEnum):
    """The outcome of a transfer."""

    CONNECTED = "connected"
    REFUSED = "refused"  # by the caller's side, or by the other party
    TIMED_OUT = "timed_out"


class Playback(Protocol):
    """One utterance on its way to the caller. Only one plays at a time on a line."""

    @property
    def played_ms(self) -> int:
        """Milliseconds of the utterance handed to the network so far."""

    async def finished(self) -> bool:
        """Wait for the end; True if played to the end, False if stopped. Raises HungUp."""

    def stop(self) -> None:
        """Fall silent at once (barge-in). Does nothing when already over."""


class Dictation(Protocol):
    """A recording of the caller's voice that is being made."""

    async def stop(self) -> bytes:
        """Stop; gives the recording as PCM, mono, s16le, 8000 Hz."""


class Line(Protocol):
    """One answered telephone line."""

    def play(self, pcm: bytes) -> Playback:
        """Start playing PCM (mono, s16le, 8000 Hz), replacing what plays. Raises HungUp."""

    def dictate(self) -> Dictation:
        """Record the caller's voice from now until it is stopped or a key comes. Raises HungUp."""

    async def key(self) -> KeyPress:
        """The next key, in the order pressed; keys wait here until asked for (type-ahead).

        Cancelling the wait loses no key. Raises HungUp once the caller is gone, even when keys
        are still waiting.
        """

    def flush_keys(self) -> int:
        """Drop the waiting keys; returns how many."""

    async def transfer(self, uri: str, timeout_s: float) -> Transfer:
        """Have the caller's side connect them with `uri` in our place (REFER, RFC 3515).

        Returns when the other party has answered, or when no answer can be expected any more; then
        the caller is still on this line. Raises HungUp.
        """

    async def until_hung_up(self) -> None:
        """Return once the call is over, whoever ended it; at once if it already is."""

    async def hang_up(self) -> None:
        """End the call from our side; returns when it is over. Harmless on an ended call."""
