"""The web application: routes, description, and the housekeeping that runs beside them."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from aiohttp import web

from rocars.demo import DemoData
from rocars.door import answer_with, problems
from rocars.openapi import describe
from rocars.routes import endpoints
from rocars.service import Service

log = structlog.get_logger("rocars.app")


def application(service: Service) -> web.Application:
    """An application that owns the service: it prepares the database and closes it."""
    settings = service.settings
    app = web.Application(middlewares=[problems], client_max_size=settings.listen.max_body_bytes)
    table = endpoints(demo=settings.demo.enabled)
    for endpoint in table:
        app.router.add_route(endpoint.method, endpoint.path, answer_with(endpoint, service))
    description = describe(table)

    async def openapi(_: web.Request) -> web.Response:
        return web.json_response(description)

    app.router.add_get("/openapi.json", openapi)

    async def live(_: web.Application) -> AsyncIterator[None]:
        try:
            await service.database.prepare()
            demo = DemoData(service) if settings.demo.enabled else None
            if demo is not None:
                await demo.replenish()
            chores = [asyncio.create_task(_every(settings.sweep_s, service.sweep))]
            if demo is not None:
                every = settings.demo.replenish_s
                chores.append(asyncio.create_task(_every(every, demo.replenish)))
            yield
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
        finally:
            await service.close()

    app.cleanup_ctx.append(live)
    return app


async def _every(seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
    """A chore that fails is logged and tried again the next time."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await chore()
        except Exception:
            log.error("chore.failed", chore=chore.__qualname__, trace=traceback.format_exc())
