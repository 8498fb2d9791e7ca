"""Calls of the past for tests: written the way calls are written, at times that are chosen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ivr.records.call_book import CallBook
from ivr.records.calling_number import calling_number
from ivr.records.facts import (
    BundleFinished,
    BundleSent,
    CallClosed,
    CallOpened,
    CallProgress,
    Step,
)
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)  # 09:30 in Hong Kong


async def past_call(
    book: CallBook,
    *,
    at: datetime = AT,
    seconds: float = 45,
    outcome: CallOutcome = CallOutcome.COMPLETED,
    language: str = "yue",
    caller: str = "+85291234567",
    ccrn: str = "",
    vehicle: str = "AB1234",
    practice: bool = False,
    called: str = "3902",
    questions: tuple[tuple[str, str], ...] = (),
) -> str:
    """`questions`: each with ``answered``, ``noinput``, ``nomatch`` or nothing. Gives the id."""
    opened = CallOpened(
        node="n1",
        worker_pid=1,
        worker_slot=0,
        sip_call_id="x",
        source="127.0.0.1:5060;udp",
        caller=calling_number(caller),
        called=called,
        practice=practice,
        offered_at=at,
    )
    call_id = await book.open(opened)
    book.progress(call_id, CallProgress(answered_at=at, language=language))
    for name, became in questions:
        book.step(call_id, Step("asked", name, text=f"{name}?", attempt=1, language=language))
        if became:
            mode = "key" if became == "answered" else ""
            book.step(call_id, Step(became, name, value="1", mode=mode, language=language))
    if ccrn:
        sent = BundleSent(f"key-{call_id}", call_id, "12345678", (ccrn,), vehicle, "n1", 1)
        await book.bundle_request_sent(sent)
        finished = BundleFinished(
            sent.idempotency_key, BundleRequestState.CONFIRMED, ubr=f"9{ccrn[-9:]}"
        )
        await book.bundle_request_finished(call_id, finished)
    closed = CallClosed(outcome, EndedBy.CALLER, ended_at=at + timedelta(seconds=seconds))
    assert await book.close(call_id, closed)
    return call_id
