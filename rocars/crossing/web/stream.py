"""Server-sent events (WHATWG HTML, section 9.2): what a page shows, as often as it changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from aiohttp import web

from rocars.crossing.boards import Boards, Look

BEAT_S = 1.0
"""How often a stream says that it lives when nothing changes."""

_PATIENCE_S = 10.0
"""How long a browser may take to accept an event before it is let go of."""


async def stream(
    request: web.Request, boards: Boards, shown: Callable[[Look], Any]
) -> web.StreamResponse:
    """Events named `board` whenever `shown` of a look is another than before, and `beat` between
    them, until the browser leaves or the service ends."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",  # a proxy must not keep events back
            "X-Content-Type-Options": "nosniff",
        }
    )
    await response.prepare(request)
    clock = asyncio.get_running_loop().time
    last, sent_at = "", 0.0
    try:
        await _send(response, "retry: 1000\n\n")
        async with aclosing(boards.follow()) as looks:
            async for look in looks:
                data = json.dumps(shown(look), ensure_ascii=False)
                if data != last:
                    await _send(response, f"event: board\ndata: {data}\n\n")
                elif clock() - sent_at >= BEAT_S:
                    await _send(response, "event: beat\ndata: \n\n")
                else:
                    continue
                last, sent_at = data, clock()
    except (ConnectionError, TimeoutError):
        pass  # the browser left
    return response


async def _send(response: web.StreamResponse, event: str) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        await response.write(event.encode())
