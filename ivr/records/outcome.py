"""How calls and bundle requests end."""

from __future__ import annotations

from enum import StrEnum


class CallOutcome(StrEnum):
    """How a call ended, as its CDR says it. A call in progress has none."""

    COMPLETED = "completed"  # the caller got what they called for
    CALLER_HUNG_UP = "caller_hung_up"  # before that
    HOTLINE = "hotline"  # asked for a person
    GAVE_UP_HOTLINE = "gave_up_hotline"  # failed attempts, sent to the hotline
    LOGIN_REFUSED = "login_refused"  # all tries of one call failed
    LOGIN_LOCKED = "login_locked"  # the user ID is locked
    CANCELLED = "cancelled"  # CANCEL before we answered
    REFUSED_FULL = "refused_full"  # 503, no free line
    REFUSED_DRAINING = "refused_draining"  # 503, the worker takes no new calls
    REFUSED_NO_CODEC = "refused_no_codec"  # 488, no common codec
    REFUSED_SOURCE = "refused_source"  # 403, not from a peer we know
    REFUSED_MALFORMED = "refused_malformed"  # 400, an INVITE that cannot be served
    NO_RTP = "no_rtp"  # answered, but no audio arrived
    NO_ACK = "no_ack"  # answered, but the caller's network never acknowledged it
    SESSION_EXPIRED = "session_expired"  # the other side answered none of our requests any more
    NETWORK_FAILED = "network_failed"  # the signalling broke off
    BACK_END_AWAY = "back_end_away"  # ROCARS could not be reached
    CLOSED = "closed"  # heard that the service is closed, an announcement of the day
    TOO_LONG = "too_long"  # longest duration of a call reached
    DRAINED = "drained"  # ended by the deadline of a drain
    ENDED_BY_OPERATOR = "ended_by_operator"  # from the console
    WORKER_DIED = "worker_died"  # closed by the supervisor
    ERROR = "error"  # our fault


class EndedBy(StrEnum):
    CALLER = "caller"
    SERVICE = "service"
    NETWORK = "network"  # session or RTP time-out, transport lost
    SUPERVISOR = "supervisor"  # for a worker that is gone


class BundleRequestState(StrEnum):
    """Where a request to ROCARS stands. `SENT` and `UNKNOWN` are still to be settled."""

    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # no usable answer: it may have been carried out


UNSETTLED = (BundleRequestState.SENT, BundleRequestState.UNKNOWN)

NEVER_SENT = "never_sent"
"""Reason of a request that was refused by ourselves: it could not be written down first."""
