"""Work for somebody who asked over HTTP, done beside the event loop while they wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from aiohttp import web

from ground.processes import NotWanted
from ivr.console.site import SITE

GivenT = ParamSpec("GivenT")
ResultT = TypeVar("ResultT")


def still_there(request: web.Request) -> bool:
    """Whether who asked can still be answered."""
    return request.transport is not None and not request.transport.is_closing()


async def worked(
    request: web.Request,
    work: Callable[GivenT, ResultT],
    *given: GivenT.args,
    **named: GivenT.kwargs,
) -> ResultT:
    """What `ground.processes.WorkProcesses.run` does, unless who asked is gone by then.

    Raises TooMuchWork, ProcessLost, what `work` raises, and HTTPRequestTimeout to nobody.
    """
    beside = request.app[SITE].beside
    try:
        return await beside.run_while(lambda: still_there(request), work, *given, **named)
    except NotWanted:
        raise web.HTTPRequestTimeout from None
