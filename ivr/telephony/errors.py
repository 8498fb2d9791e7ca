"""What can go wrong between us and the telephone library."""

from __future__ import annotations


class TelephonyError(Exception):
    """Base of this room's errors. A call that ends is no error: see `ivr.dialogue.line.HungUp`."""


class EndpointFailed(TelephonyError):
    """The SIP endpoint could not be started, or its thread is gone."""


class DialFailed(TelephonyError):
    """A call could not even be tried: bad address, or no free line."""


class CallRefused(TelephonyError):
    """The other side did not take our call."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the call was refused: {status} {reason}")
        self.status = status
        self.reason = reason
