"""What happens to a call, as plain values for the event loop."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.dialogue.line import KeySent
from ivr.telephony.ending import Ending


@dataclass(frozen=True)
class Progressed:
    """A provisional answer to our INVITE: 180 ringing, 183 early media."""

    status: int
    reason: str


@dataclass(frozen=True)
class Answered:
    """A 200 was sent or received."""


@dataclass(frozen=True)
class Confirmed:
    """The ACK was received or sent: the call is set up (RFC 3261, 13.3.1.4)."""


@dataclass(frozen=True)
class SoundFlows:
    """The audio stream is connected: at the start, and again after a hold."""


@dataclass(frozen=True)
class OnHold:
    """One side has put the call on hold."""


@dataclass(frozen=True)
class Pressed:
    """A new key; `at` is the event loop's clock."""

    key: str
    at: float
    sent: KeySent = KeySent.EVENT


@dataclass(frozen=True)
class Referred:
    """How a transfer we asked for ended: the status of the new call (RFC 3515, 2.4.5)."""

    status: int


@dataclass(frozen=True)
class Ended:
    """The call is over."""

    ending: Ending


CallEvent = Progressed | Answered | Confirmed | SoundFlows | OnHold | Pressed | Referred | Ended
