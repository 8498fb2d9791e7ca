"""From what the line and the flow know of a call's end to the closing entry of its CDR."""

from __future__ import annotations

from dataclasses import dataclass

from call_flows.call_context import CallNotes, Conclusion
from ivr.records.facts import CallClosed, CallProgress, MediaStats
from ivr.records.outcome import CallOutcome, EndedBy
from ivr.telephony.ending import Cause, Ending, Who
from ivr.telephony.status import (
    FORBIDDEN,
    NOT_ACCEPTABLE_HERE,
    REQUEST_FAILURE,
    SERVICE_UNAVAILABLE,
)

_BY = {Who.CALLER: EndedBy.CALLER, Who.US: EndedBy.SERVICE, Who.NETWORK: EndedBy.NETWORK}

_BY_CAUSE = {
    Cause.NO_RTP: CallOutcome.NO_RTP,
    Cause.NO_MEDIA: CallOutcome.NO_RTP,
    Cause.NO_ACK: CallOutcome.NO_ACK,
    Cause.TOO_LONG: CallOutcome.TOO_LONG,
    Cause.CANCELLED: CallOutcome.CANCELLED,
    Cause.STOPPED: CallOutcome.DRAINED,
}
"""Causes that decide the outcome, however far the flow had come."""

_BY_FAULT = {
    Cause.TIMED_OUT: CallOutcome.SESSION_EXPIRED,
    Cause.NETWORK_ERROR: CallOutcome.NETWORK_FAILED,
}
"""Network faults that decide the outcome unless the caller has completed their task."""

_BY_CONCLUSION = {
    Conclusion.UNFINISHED: CallOutcome.CALLER_HUNG_UP,
    Conclusion.COMPLETED: CallOutcome.COMPLETED,
    Conclusion.HOTLINE: CallOutcome.HOTLINE,
    Conclusion.GAVE_UP: CallOutcome.GAVE_UP_HOTLINE,
    Conclusion.LOGIN_REFUSED: CallOutcome.LOGIN_REFUSED,
    Conclusion.LOGIN_LOCKED: CallOutcome.LOGIN_LOCKED,
    Conclusion.BACK_END_AWAY: CallOutcome.BACK_END_AWAY,
    Conclusion.CLOSED: CallOutcome.CLOSED,
    Conclusion.ERROR: CallOutcome.ERROR,
}

_BY_REFUSAL = {
    FORBIDDEN: CallOutcome.REFUSED_SOURCE,
    NOT_ACCEPTABLE_HERE: CallOutcome.REFUSED_NO_CODEC,
    SERVICE_UNAVAILABLE: CallOutcome.REFUSED_FULL,
}


@dataclass(frozen=True)
class Circumstances:
    """What only the part that took the call knows."""

    drained: bool = False  # ended by the deadline of a drain
    by_operator: bool = False  # ended from the console
    too_long: bool = False  # it had lasted as long as a call may
    failed: bool = False  # an exception of ours
    refused_draining: bool = False  # not answered because the worker drains


def refused(status: int) -> CallOutcome:
    """The outcome of a call that was refused with a SIP status."""
    if status in REQUEST_FAILURE:
        return _BY_REFUSAL.get(status, CallOutcome.REFUSED_MALFORMED)
    return _BY_REFUSAL.get(status, CallOutcome.ERROR)


def outcome_of(ending: Ending, notes: CallNotes, circumstances: Circumstances) -> CallOutcome:
    """Give the outcome of a call, the one word that its CDR has for how it went.

    Callers who have heard their UBR or the status of a bundle, and hang up at the menu that
    follows, have completed their task.
    """
    if circumstances.failed:
        return CallOutcome.ERROR
    if circumstances.refused_draining:
        return CallOutcome.REFUSED_DRAINING
    if circumstances.drained:
        return CallOutcome.DRAINED
    if circumstances.by_operator:
        return CallOutcome.ENDED_BY_OPERATOR
    if circumstances.too_long:
        return CallOutcome.TOO_LONG
    if ending.cause is Cause.REJECTED:
        return refused(ending.status)
    if ending.cause in _BY_CAUSE:
        return _BY_CAUSE[ending.cause]
    if not ending.answered:
        return CallOutcome.CANCELLED
    if notes.conclusion is Conclusion.UNFINISHED and (
        notes.ubrs_announced or notes.statuses_announced
    ):
        return CallOutcome.COMPLETED
    if notes.conclusion is Conclusion.UNFINISHED and ending.cause in _BY_FAULT:
        return _BY_FAULT[ending.cause]
    return _BY_CONCLUSION[notes.conclusion]


def closed_call(
    ending: Ending, notes: CallNotes, circumstances: Circumstances, *, stand_ins: int
) -> CallClosed:
    """Give the closing entry of a CDR."""
    media = ending.media
    return CallClosed(
        outcome=outcome_of(ending, notes, circumstances),
        ended_by=_BY[ending.who],
        sip_code=ending.status,
        reason=ending.cause.value,
        progress=CallProgress(
            codec=media.codec or None,
            language=notes.language,
            driver_user_id=notes.user_id,
            ubr=notes.ubrs[-1] if notes.ubrs else None,
            login_attempts=notes.login_failures + (notes.user_id is not None),
        ),
        media=MediaStats(
            packets_sent=media.sent.packets,
            packets_received=media.received.packets,
            packets_lost=media.received.lost,
            jitter_ms=media.received.jitter_ms,
        ),
        keys=media.keys,
        stand_ins=stand_ins,
    )
