"""One word for how a call went, from what the line and the flow know."""

from __future__ import annotations

import pytest

from call_flows.call_context import CallNotes, Conclusion
from ivr.call.endings import Circumstances, closed_call, outcome_of, refused
from ivr.records.outcome import CallOutcome, EndedBy
from ivr.telephony.ending import Cause, Ending, Who

pytestmark = pytest.mark.unit

BYE = Ending(Who.CALLER, Cause.HUNG_UP, 200, "OK", answered=True)


@pytest.mark.parametrize(
    ("ending", "notes", "circumstances", "outcome"),
    [
        (BYE, CallNotes(), Circumstances(), CallOutcome.CALLER_HUNG_UP),
        (BYE, CallNotes(ubrs=["1"], ubrs_announced=1), Circumstances(), CallOutcome.COMPLETED),
        (BYE, CallNotes(ubrs=["1"]), Circumstances(), CallOutcome.CALLER_HUNG_UP),
        (
            BYE,
            CallNotes(conclusion=Conclusion.LOGIN_LOCKED),
            Circumstances(),
            CallOutcome.LOGIN_LOCKED,
        ),
        (BYE, CallNotes(), Circumstances(failed=True), CallOutcome.ERROR),
        (BYE, CallNotes(), Circumstances(drained=True), CallOutcome.DRAINED),
        (
            Ending(Who.NETWORK, Cause.NO_RTP, 200, "OK", answered=True),
            CallNotes(conclusion=Conclusion.COMPLETED),
            Circumstances(),
            CallOutcome.NO_RTP,
        ),
        (
            Ending(Who.NETWORK, Cause.NO_ACK, 408, "Request Timeout", answered=True),
            CallNotes(),
            Circumstances(),
            CallOutcome.NO_ACK,
        ),
        (
            Ending(Who.NETWORK, Cause.TIMED_OUT, 408, "Request Timeout", answered=True),
            CallNotes(),
            Circumstances(),
            CallOutcome.SESSION_EXPIRED,
        ),
        (
            Ending(Who.NETWORK, Cause.TIMED_OUT, 408, "Request Timeout", answered=True),
            CallNotes(ubrs=["1"], ubrs_announced=1),
            Circumstances(),
            CallOutcome.COMPLETED,
        ),
        (
            Ending(Who.NETWORK, Cause.NETWORK_ERROR, 503, "Gone", answered=True),
            CallNotes(),
            Circumstances(),
            CallOutcome.NETWORK_FAILED,
        ),
        (
            Ending(Who.CALLER, Cause.CANCELLED, 487, "Request Terminated", answered=False),
            CallNotes(),
            Circumstances(),
            CallOutcome.CANCELLED,
        ),
        (
            Ending(Who.US, Cause.REJECTED, 503, "Service Unavailable", answered=False),
            CallNotes(),
            Circumstances(),
            CallOutcome.REFUSED_FULL,
        ),
        (
            Ending(Who.US, Cause.TOO_LONG, 200, "OK", answered=True),
            CallNotes(),
            Circumstances(),
            CallOutcome.TOO_LONG,
        ),
    ],
)
def test_outcomes(
    ending: Ending, notes: CallNotes, circumstances: Circumstances, outcome: CallOutcome
) -> None:
    assert outcome_of(ending, notes, circumstances) is outcome


def test_every_conclusion_of_a_flow_has_an_outcome() -> None:
    for conclusion in Conclusion:
        outcome_of(BYE, CallNotes(conclusion=conclusion), Circumstances())


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (488, CallOutcome.REFUSED_NO_CODEC),
        (420, CallOutcome.REFUSED_MALFORMED),
        (500, CallOutcome.ERROR),
    ],
)
def test_refusals_by_status(status: int, outcome: CallOutcome) -> None:
    assert refused(status) is outcome


def test_the_cdr_says_who_ended_it_and_what_was_bundled() -> None:
    notes = CallNotes(user_id="12345678", login_failures=1, ubrs=["5550001234"], ubrs_announced=1)
    closed = closed_call(BYE, notes, Circumstances(), stand_ins=2)
    assert (closed.ended_by, closed.sip_code, closed.stand_ins) == (EndedBy.CALLER, 200, 2)
    assert (closed.progress.ubr, closed.progress.login_attempts) == ("5550001234", 2)
