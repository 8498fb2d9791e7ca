"""The clock of ROCARS, against which the node's own clock is checked."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from ivr.node.shared import SharedState

_TIMEOUT = aiohttp.ClientTimeout(total=2.0)


async def rocars_clock(shared: SharedState) -> datetime | None:
    """The clock of ROCARS, from the Date of its answer (RFC 9110 section 6.6.1). None if ROCARS
    runs on this machine, with the same clock, or gives no Date."""
    if shared.settings.embedded_rocars.enabled:
        return None
    url = f"{shared.rocars.base_url}/health"
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError, ValueError):
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(url) as answer,
        ):
            server_time = parsedate_to_datetime(answer.headers.get("Date", ""))
            return server_time if server_time.tzinfo else server_time.replace(tzinfo=UTC)
    return None
