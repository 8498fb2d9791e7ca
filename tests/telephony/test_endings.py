"""Who ended a call and why; statistics added up; when silence is too long."""

from __future__ import annotations

import pytest

from ivr.telephony.ending import Cause, Direction, Who, why_ended
from ivr.telephony.library.rtp_watch import RtpWatch

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
    explained = why_ended(
        ours=ours, status=status, incoming=incoming, answered=answered, confirmed=confirmed
    )
    assert explained == (who, cause)


def test_streams_add_up_with_jitter_weighed_by_packets() -> None:
    assert Direction(100, 16000, 1, 2.0, 5.0) + Direction(300, 48000, 2, 4.0, 4.0) == Direction(
        400, 64000, 3, 3.5, 5.0
    )
    assert Direction() + Direction() == Direction()


def test_silence_is_a_question_not_the_end() -> None:
    watch = RtpWatch(10, now=0)
    watch.seen(0, 0, now=9.9)
    assert not watch.must_ask(9.9)
    assert watch.must_ask(10)
    assert not watch.must_ask(11)  # once
    watch.answered(200, now=10.1)
    assert not watch.gone
    assert not watch.must_ask(20)
    assert watch.must_ask(20.1)


@pytest.mark.parametrize("status", [408, 477, 481])
def test_who_does_not_answer_or_knows_of_no_call_is_gone(status: int) -> None:
    watch = RtpWatch(10, now=0)
    assert watch.must_ask(10)
    watch.answered(status, now=18)
    assert watch.gone


@pytest.mark.parametrize("status", [405, 486, 500, 501, 503])
def test_whoever_answers_is_there(status: int) -> None:
    watch = RtpWatch(10, now=0)
    assert watch.must_ask(10)
    watch.answered(status, now=10.1)
    assert not watch.gone


def test_sound_that_comes_back_before_the_answer_is_an_answer() -> None:
    watch = RtpWatch(10, now=0)
    assert watch.must_ask(10)
    watch.seen(1, 0, now=12)
    watch.answered(408, now=18)
    assert not watch.gone


def test_rtcp_alone_is_a_sign_of_life() -> None:
    """A caller who is muted from the beginning."""
    watch = RtpWatch(10, now=0)
    watch.seen(0, 1, now=5)
    assert not watch.must_ask(14.9)
    assert watch.must_ask(15)


def test_rtp_that_stops() -> None:
    watch = RtpWatch(10, now=0)
    watch.seen(50, 0, now=1)
    watch.seen(50, 0, now=10)
    assert not watch.must_ask(10.9)
    assert watch.must_ask(11)


def test_a_hold_is_not_counted() -> None:
    watch = RtpWatch(10, now=0)
    watch.seen(50, 0, now=1)
    watch.pause()
    assert not watch.must_ask(500)
    watch.resume(now=500)
    watch.new_stream()
    assert not watch.must_ask(509)
    assert watch.must_ask(510)


def test_counters_that_begin_again_are_still_life() -> None:
    watch = RtpWatch(10, now=0)
    watch.seen(50, 0, now=1)
    watch.new_stream()
    watch.seen(50, 0, now=9)
    assert not watch.must_ask(18)


def test_zero_is_off_and_an_answer_starts_anew() -> None:
    assert not RtpWatch(0, now=0).must_ask(1e9)
    watch = RtpWatch(10, now=0)
    watch.restart(now=30)
    assert not watch.must_ask(39)
