"""What a calling number tells about its caller before they say anything."""

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

log = structlog.get_logger("ivr.call.hints")

PATIENCE_S = 1.0
"""The longest wait for recognising a caller: not more than they would need to key their user ID."""


async def caller_hints(number: CallingNumber, book: CallBook, rocars: Rocars) -> CallerHints:
    """Look up whom a number belongs to, and the language last spoken with it. Never raises.

    A number proves nothing, since it can be forged: these hints only save key presses and never
    replace a secret. A number whose country was only guessed may be somebody else's, so it gives no
    hint.
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
