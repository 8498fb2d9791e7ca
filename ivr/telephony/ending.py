"""How a call ended, and what its media were like."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ivr.telephony.status import REQUEST_TERMINATED, REQUEST_TIMEOUT, SERVER_FAILURE


class Who(StrEnum):
    """Who ended a call."""

    CALLER = "caller"  # the other side, on a call we placed too
    US = "us"
    NETWORK = "network"


class Cause(StrEnum):
    """Why a call ended."""

    HUNG_UP = "hung_up"  # BYE
    CANCELLED = "cancelled"  # CANCEL, or given up while it rang
    REJECTED = "rejected"  # refused by us, or by the other side of a call we placed
    NOT_ANSWERED = "not_answered"  # rang for too long
    NO_RTP = "no_rtp"
    TOO_LONG = "too_long"
    NO_ACK = "no_ack"
    TIMED_OUT = (
        "timed_out"  # a request of ours stayed without an answer, or a session timer ran out
    )
    NO_MEDIA = "no_media"  # the audio stream could not be set up
    STOPPED = "stopped"  # the endpoint was stopped
    NETWORK_ERROR = "network_error"


@dataclass(frozen=True)
class Direction:
    """RTP in one direction; jitter in milliseconds, mean and maximum."""

    packets: int = 0
    bytes: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    jitter_max_ms: float = 0.0

    def __add__(self, other: Direction) -> Direction:
        packets = self.packets + other.packets
        mean = (
            (self.jitter_ms * self.packets + other.jitter_ms * other.packets) / packets
            if packets
            else 0.0
        )
        return Direction(
            packets,
            self.bytes + other.bytes,
            self.lost + other.lost,
            mean,
            max(self.jitter_max_ms, other.jitter_max_ms),
        )


@dataclass(frozen=True)
class MediaStats:
    """RTP of a whole call, all its streams together.

    Attributes:
        codec: PCMA or PCMU; empty when there never was audio.
        received: RTP from the other side, loss as we counted it. Jitter is a little more than the
            network's: packets are taken once in 20 ms, so one that comes near that moment counts as
            early or late by as much.
        sent: RTP we sent, loss and jitter as the other side reported by RTCP.
        keys: keys heard.
        late_frames: 20 ms frames that came more than 40 ms late on our own clock.
        longest_gap_ms: longest time between two frames on our own clock.
    """

    codec: str = ""
    received: Direction = field(default_factory=Direction)
    sent: Direction = field(default_factory=Direction)
    keys: int = 0
    late_frames: int = 0
    longest_gap_ms: float = 0.0


@dataclass(frozen=True)
class Ending:
    """The end of a call.

    Attributes:
        who: who ended it.
        cause: why.
        status: SIP status code of the end; 200 for an ordinary BYE.
        reason: SIP reason phrase.
        answered: whether the call had been answered.
        duration_s: seconds since the INVITE.
        media: statistics of its RTP.
    """

    who: Who
    cause: Cause
    status: int
    reason: str
    answered: bool
    duration_s: float = 0.0
    media: MediaStats = field(default_factory=MediaStats)


def why_ended(
    *, ours: Cause | None, status: int, incoming: bool, answered: bool, confirmed: bool
) -> tuple[Who, Cause]:
    """Who ended the call and why, from what the library tells at its end.

    Args:
        ours: why we ended it, if we did.
        status: last SIP status of the INVITE session.
        incoming: the INVITE came to us.
        answered: a 200 was sent or received.
        confirmed: and its ACK.
    """
    if ours is not None:
        return (Who.NETWORK if ours in _FAULTS else Who.US), ours
    if answered:
        if status == REQUEST_TIMEOUT:
            return Who.NETWORK, Cause.TIMED_OUT if confirmed else Cause.NO_ACK
        if status in SERVER_FAILURE:
            return Who.NETWORK, Cause.NETWORK_ERROR
        return Who.CALLER, Cause.HUNG_UP
    if incoming:
        if status == REQUEST_TERMINATED:
            return Who.CALLER, Cause.CANCELLED
        return Who.NETWORK, Cause.NETWORK_ERROR
    if status == REQUEST_TIMEOUT:
        return Who.NETWORK, Cause.TIMED_OUT
    return Who.CALLER, Cause.REJECTED


_FAULTS = frozenset({Cause.NO_RTP, Cause.NO_MEDIA, Cause.NO_ACK})
