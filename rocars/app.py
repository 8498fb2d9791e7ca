"""The web application: routes, description, and the housekeeping that runs beside them."""

from __future__ import annotations

import asyncio
import functools
import json
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from rocars.api.admission import USES, answer_with, problems
from rocars.api.gate import Gate
from rocars.api.openapi import describe
from rocars.api.table import endpoints
from rocars.counter.app import registration_web
from rocars.counter.site import ROOT as REGISTRATION
from rocars.counter.site import Desk
from rocars.crossing.web.app import boundary_web
from rocars.crossing.web.site import ROOT, Boundary
from rocars.secrets.key_ring import Role
from rocars.service import Service
from rocars.training.demo import DemoData

log = structlog.get_logger("rocars.app")


def application(service: Service) -> web.Application:
    """An application that owns the service: it prepares the database and closes it."""
    settings = service.settings
    app = web.Application(middlewares=[problems], client_max_size=settings.listen.max_body_bytes)
    table = endpoints(demo=settings.demo.enabled)
    app[USES] = service.key_uses
    gate = Gate(service)
    for endpoint in table:
        app.router.add_route(endpoint.method, endpoint.path, answer_with(endpoint, service, gate))

    async def openapi(_: web.Request) -> web.Response:
        text = await asyncio.to_thread(_description, settings.demo.enabled)
        return web.Response(text=text, content_type="application/json")

    app.router.add_get("/openapi.json", openapi)
    app.add_subapp(ROOT, boundary_web(_boundary(service)))
    app.add_subapp(REGISTRATION, registration_web(_desk(service)))

    async def live(_: web.Application) -> AsyncIterator[None]:
        try:
            await service.database.prepare()
            demo = DemoData(service) if settings.demo.enabled else None
            if demo is not None:
                await demo.replenish()
            chores = [
                asyncio.create_task(_every(settings.sweep_s, service.sweep_by_itself)),
                asyncio.create_task(service.boards.run()),
                asyncio.create_task(service.message_worker.run()),
                asyncio.create_task(service.key_uses.run()),
            ]
            if service.keys.pushes.private:
                chores.append(asyncio.create_task(service.pusher.run()))
            if demo is not None:
                every = settings.demo.replenish_s
                chores.append(asyncio.create_task(_every(every, demo.replenish)))
            yield
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            with suppress(SQLAlchemyError, OSError):
                await service.key_uses.write()
        finally:
            await service.close()

    app.cleanup_ctx.append(live)
    return app


@functools.cache
def _description(demo: bool) -> str:
    """The OpenAPI document, made when somebody asks for it: it takes a while, and few do."""
    return json.dumps(describe(endpoints(demo=demo)))


def _boundary(service: Service) -> Boundary:
    return Boundary(
        settings=service.settings.crossing,
        clock=service.clock,
        display_key=service.keys.api_keys.get(Role.DISPLAY),
        lanes=service.lanes,
        boards=service.boards,
        unladen=service.unladen,
        overrides=service.overrides,
        profiles=service.profiles,
        officers=service.officers,
        throttle=service.throttles.of("boundary", service.settings.crossing.logins_per_minute),
        proxies=service.settings.proxies,
        vehicles=service.vehicles,
        enquiries=service.enquiries,
        hotline=service.hotline,
        texts_again=service.texts_again,
    )


def _desk(service: Service) -> Desk:
    return Desk(
        settings=service.settings.registration,
        session=service.settings.crossing,
        token_forms=service.settings.token,
        clock=service.clock,
        officers=service.officers,
        lockout=service.lockout,
        throttle=service.throttles.of("desk", service.settings.crossing.logins_per_minute),
        proxies=service.settings.proxies,
        applications=service.applications,
        approval=service.approval,
        packs=service.packs,
        tokens=service.tokens,
        agencies=service.agencies,
        registrants=service.registrants,
        course=service.course_progress,
        rehearsals=service.rehearsals,
        log=service.registration_log,
    )


async def _every(seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
    """A chore that fails is logged and tried again the next time."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await chore()
        except Exception:
            log.error("chore.failed", chore=chore.__qualname__, trace=traceback.format_exc())
