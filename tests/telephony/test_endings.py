"""Who ended a call and why; statistics added up; when silence is too long."""

from __future__ import annotations

import pytest

from ivr.telephony.ending import Cause, Direction, Who, why_ended
from ivr.telephony.rtp_watch import RtpWatch

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("ours", "status", "incoming", "answered", "confirmed", "who", "cause"),
    [
        (None, 200, True, True, True, Who.CALLER, Cause.HUNG_UP),
        (None, 200, True, True, False, Who.CALLER, Cause.HUNG_UP),
        (None, 487, True, False, False, Who.CALLER, Cause.CANCELLED),
        (None, 408, True, True, False, Who.NETWORK, Cause.NO_ACK),
        (None, 408, True, True, True, Who.NETWORK, Cause.TIMED_OUT),
        (None, 503, True, True, True, Who.NETWORK, Cause.NETWORK_ERROR),
        (None, 500, True, False, False, Who.NETWORK, Cause.NETWORK_ERROR),
        (None, 486, False, False, False, Who.CALLER, Cause.REJECTED),
        (None, 408, False, False, False, Who.NETWORK, Cause.TIMED_OUT),
        (Cause.HUNG_UP, 200, True, True, True, Who.US, Cause.HUNG_UP),
        (Cause.REJECTED, 503, True, False, False, Who.US, Cause.REJECTED),
        (Cause.TOO_LONG, 200, True, True, True, Who.US, Cause.TOO_LONG),
        (Cause.NO_RTP, 200, True, True, True, Who.NETWORK, Cause.NO_RTP),
    ],
)
def test_who_and_why(
    ours: Cause | None,
    status: int,
    incoming: bool,
    answered: bool,
    confirmed: bool,
    who: Who,
    cause: Cause,
) -> None:
    told = why_ended(
        ours=ours, status=status, incoming=incoming, answered=answered, confirmed=confirmed
    )
    assert told == (who, cause)


def test_streams_add_up_with_jitter_weighed_by_packets() -> None:
    assert Direction(100, 16000, 1, 2.0, 5.0) + Direction(300, 48000, 2, 4.0, 4.0) == Direction(
        400, 64000, 3, 3.5, 5.0
    )
    assert Direction() + Direction() == Direction()


def test_rtp_that_never_comes() -> None:
    watch = RtpWatch(10, now=0)
    watch.seen(0, 0, now=9.9)
    assert not watch.expired(9.9)
    watch.seen(0, 5, now=10)  # RTCP alone is no sound
    assert watch.expired(10)


def test_rtp_that_stops() -> None:
    watch = RtpWatch(10, now=0)
    watch.seen(50, 0, now=1)
    watch.seen(50, 0, now=10)
    assert not watch.expired(10.9)
    assert watch.expired(11)


def test_rtcp_keeps_a_silent_caller_alive() -> None:
    watch = RtpWatch(10, now=0)
    watch.seen(50, 1, now=1)
    watch.seen(50, 2, now=6)
    assert not watch.expired(15.9)
    assert watch.expired(16)


def test_a_hold_is_not_counted() -> None:
    watch = RtpWatch(10, now=0)
    watch.seen(50, 0, now=1)
    watch.pause()
    assert not watch.expired(500)
    watch.resume(now=500)
    watch.new_stream()
    assert not watch.expired(509)
    assert watch.expired(510)


def test_counters_that_begin_again_are_still_life() -> None:
    watch = RtpWatch(10, now=0)
    watch.seen(50, 0, now=1)
    watch.new_stream()
    watch.seen(50, 0, now=9)
    assert not watch.expired(18)


def test_zero_is_off_and_an_answer_starts_anew() -> None:
    assert not RtpWatch(0, now=0).expired(1e9)
    watch = RtpWatch(10, now=0)
    watch.restart(now=30)
    assert not watch.expired(39)
