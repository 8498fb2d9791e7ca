"""The audit of bundling: written before sending, settled once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ivr.records.call_book import AlreadySettled, CallBook
from ivr.records.facts import BundleFinished, BundleSent, CallClosed, CallProgress, now
from ivr.records.outcome import NEVER_SENT, BundleRequestState, CallOutcome, EndedBy
from tests.records.conftest import an_offered_call

pytestmark = pytest.mark.service


def a_request(key: str = "key-1", **changes: object) -> BundleSent:
    given: dict[str, object] = {
        "idempotency_key": key,
        "call_id": "call-1",
        "driver_user_id": "12345678",
        "ccrns": ("1234567890123", "1234567890124"),
        "vehicle": "AB1234",
        "node": "hk1",
        "worker_pid": 4711,
    }
    return BundleSent(**(given | changes))  # type: ignore[arg-type]


def done_in(language: str | None) -> CallClosed:
    return CallClosed(
        outcome=CallOutcome.COMPLETED,
        ended_by=EndedBy.SERVICE,
        sip_code=200,
        progress=CallProgress(language=language),
    )


async def test_a_request_needs_no_cdr_and_is_found_until_settled(book: CallBook) -> None:
    await book.bundle_request_sent(a_request())
    soon = now() + timedelta(seconds=1)
    (request,) = await book.unsettled_bundle_requests(soon)
    assert request.state is BundleRequestState.SENT
    assert request.ccrns == ["1234567890123", "1234567890124"]
    assert (request.driver_user_id, request.vehicle) == ("12345678", "AB1234")
    assert await book.unsettled_bundle_requests(request.sent_at) == []  # too young

    crossing_at = now() + timedelta(minutes=30)
    assert await book.bundle_request_finished("call-1", BundleFinished("key-1", UNKNOWN))
    assert len(await book.unsettled_bundle_requests(soon)) == 1
    assert await book.bundle_request_finished(
        "call-1",
        BundleFinished(
            "key-1",
            CONFIRMED,
            ubr="4021337788",
            crossing_at=crossing_at,
            crossing_immediately=False,
        ),
    )
    assert await book.unsettled_bundle_requests(soon) == []
    (settled,) = await book.bundle_requests_of("12345678")
    assert (settled.state, settled.ubr) == (CONFIRMED, "4021337788")
    assert (settled.crossing_at, settled.crossing_immediately) == (crossing_at, False)
    assert settled.finished_at is not None
    assert settled.told_at is None


UNKNOWN, CONFIRMED = BundleRequestState.UNKNOWN, BundleRequestState.CONFIRMED


async def test_a_request_is_settled_exactly_once(book: CallBook) -> None:
    await book.bundle_request_sent(a_request())
    firsts = await asyncio.gather(
        *(
            book.bundle_request_finished("call-1", BundleFinished("key-1", state))
            for state in (BundleRequestState.REFUSED, CONFIRMED, UNKNOWN)
        )
    )
    assert firsts == [True, False, False]
    (settled,) = await book.bundle_requests_of("12345678")
    assert settled.state is BundleRequestState.REFUSED


async def test_a_resend_counts_and_a_settled_key_is_never_sent_again(book: CallBook) -> None:
    first = a_request()
    await book.bundle_request_sent(first)
    await book.bundle_request_finished("call-1", BundleFinished("key-1", UNKNOWN))
    later = now() + timedelta(seconds=5)
    await book.bundle_request_sent(a_request(worker_pid=4712, sent_at=later))
    (request,) = await book.bundle_requests_of("12345678")
    assert (request.attempts, request.worker_pid) == (2, 4712)
    assert (request.sent_at, request.last_sent_at) == (first.sent_at, later)
    assert request.state is BundleRequestState.SENT
    await book.bundle_request_finished("call-1", BundleFinished("key-1", CONFIRMED, ubr="1"))
    with pytest.raises(AlreadySettled):
        await book.bundle_request_sent(a_request())


async def test_the_caller_is_told_once(book: CallBook) -> None:
    await book.bundle_request_sent(a_request())
    long_ago = now() - timedelta(hours=1)
    (untold,) = await book.untold_bundle_requests("12345678", long_ago)
    assert untold.idempotency_key == "key-1"
    assert await book.untold_bundle_requests("12345678", now()) == []
    assert await book.untold_bundle_requests("87654321", long_ago) == []
    book.bundle_outcome_told("call-1", "key-1")
    book.bundle_outcome_told("call-1", "no such key")
    assert await book.flush()
    assert await book.untold_bundle_requests("12345678", long_ago) == []
    (request,) = await book.bundle_requests_of("12345678")
    first_told = request.told_at
    book.bundle_outcome_told("call-1", "key-1")
    assert await book.flush()
    (request,) = await book.bundle_requests_of("12345678")
    assert request.told_at == first_told


async def test_what_was_never_sent_is_not_told_later(book: CallBook) -> None:
    await book.bundle_request_sent(a_request())
    never = BundleFinished("key-1", BundleRequestState.REFUSED, reason=NEVER_SENT)
    await book.bundle_request_finished("call-1", never)
    assert await book.untold_bundle_requests("12345678", now() - timedelta(hours=1)) == []


async def test_the_language_last_used_from_a_number(book: CallBook) -> None:
    assert await book.language_of("+85291234567") is None
    for language, minutes in (("en", 0), ("yue", 5), (None, 9)):
        call_id = await book.open(an_offered_call(offered_at=now() + timedelta(minutes=minutes)))
        await book.close(call_id, done_in(language))
    assert await book.language_of("+85291234567") == "yue"
    assert await book.language_of("+85290000000") is None


async def test_unsettled_requests_survive_a_purge_and_settled_ones_their_own_time(
    book: CallBook,
) -> None:
    old = now() - timedelta(days=200)
    await book.open(an_offered_call(offered_at=old, call_id="call-1"))
    for key in ("settled", "open"):
        await book.bundle_request_sent(a_request(key, sent_at=old))
    await book.bundle_request_finished("call-1", BundleFinished("settled", CONFIRMED))
    limit = now() - timedelta(days=180)
    assert await book.purge(limit, audit_before=now() - timedelta(days=365)) == 1
    assert len(await book.bundle_requests_of("12345678")) == 2  # the audit outlives the CDR
    assert await book.purge(limit) == 1
    assert [r.idempotency_key for r in await book.bundle_requests_of("12345678")] == ["open"]
