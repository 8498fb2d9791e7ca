"""The step trace of a call we placed, as the service writes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ivr.records.call_book import CallBook
from ivr.records.models import Call, CallStep
from ivr.telephony.outgoing import OutgoingCall

LOOK_EVERY_S = 0.1
APPEARS_WITHIN = 50
"""Looks for the record of a call before it is given up."""
LAST_WORDS_S = 3.0
"""How long after a call its last steps may come: they are written behind the call's back."""


class CallNotFound(Exception):
    """The service took the call and no record of it appeared."""


async def own_trace(book: CallBook, dialled: OutgoingCall) -> AsyncIterator[CallStep]:
    """The steps of our own call as they are written, until it is over and its record is closed.

    Raises CallNotFound, RecordsUnavailable.
    """
    call = await _own_call(book, dialled)
    clock = asyncio.get_running_loop().time
    seen, over_at, closed = 0, 0.0, False
    while True:
        if dialled.ended.done():
            over_at = over_at or clock()
            record = await book.call(call.call_id)
            closed = record is None or record.ended_at is not None
        for step in (await book.steps(call.call_id))[seen:]:
            seen += 1
            yield step
        if closed or (over_at and clock() - over_at > LAST_WORDS_S):
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def _own_call(book: CallBook, dialled: OutgoingCall) -> Call:
    for _ in range(APPEARS_WITHIN):
        found = await book.find_by_sip_call_id(dialled.sip_call_id)
        if found:
            return found[0]
        await asyncio.sleep(LOOK_EVERY_S)
    raise CallNotFound(f"no record of call {dialled.sip_call_id}: is it another service?")
