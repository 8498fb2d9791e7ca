"""What a calling number tells about its caller, before he says anything."""

from __future__ import annotations

import asyncio

import structlog

from backend_client.errors import RocarsError
from backend_client.protocol import Rocars
from backend_client.types import Caller
from call_flows.call_context import CallerHints
from ivr.observe import metrics
from ivr.records.call_book import CallBook
from ivr.records.calling_number import CallingNumber
from ivr.records.database import RecordsUnavailable
from speech.languages.language import Language
from speech.languages.registry import first_in

log = structlog.get_logger("ivr.pool.caller_hints")

PATIENCE_S = 1.0
"""No caller waits longer for being recognised than he would need to key his user ID."""


async def caller_hints(number: CallingNumber, book: CallBook, rocars: Rocars) -> CallerHints:
    """Who a number belongs to and the language last spoken with it. Never raises.

    A number proves nothing (it can be forged): these hints save keys, no secret. A number whose
    country is guessed may be somebody else's, and is nobody's.
    """
    of_region = first_in(number.region)
    if number.e164 is None or not number.sure:
        return CallerHints(language=of_region)
    try:
        async with asyncio.timeout(PATIENCE_S):
            last, caller = await asyncio.gather(
                book.language_of(number.e164), rocars.recognise(number.e164)
            )
    except (TimeoutError, RocarsError, RecordsUnavailable) as failure:
        metrics.callers_recognised_total.labels(outcome="failed").inc()
        log.warning("caller not recognised", why=type(failure).__name__)
        return CallerHints(language=of_region)
    metrics.callers_recognised_total.labels(outcome="driver" if caller.alias else "other").inc()
    return CallerHints(caller.alias, _language(last) or _preferred(caller) or of_region)


def _preferred(caller: Caller) -> Language | None:
    return _language(caller.language)


def _language(tag: str | None) -> Language | None:
    try:
        return Language(tag) if tag else None
    except ValueError:
        return None
