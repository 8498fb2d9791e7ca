"""What the console does again and again beside its pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from ground.pauses import pause
from ivr.records.database import RecordsUnavailable

log = structlog.get_logger(__name__)


async def repeat(look: Callable[[], Awaitable[None]], every_s: float, failing: str) -> None:
    """Until cancelled. `failing`: what the log says when it cannot be done; of a database that is
    not available once, until it is again. A fault of ours must not end the console."""
    why = ""
    while True:
        try:
            await look()
            why = ""
        except RecordsUnavailable as failure:
            if str(failure) != why:
                log.error(failing, why=str(failure))
            why = str(failure)
        except Exception:
            log.exception(failing)
        await pause(every_s)
