"""The telephone in the browser for people of the console: its page, and the line to what calls.

The process that calls listens on loopback and lets in whoever shows a key that only this process
has. So who somebody is, is seen to here and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Set

import structlog
from aiohttp import (
    ClientConnectionResetError,
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    WSCloseCode,
    WSMsgType,
    web,
)

from ground.web.assets import ROUTE, Assets
from ground.web.navigation import Entry, PageModule
from ground.web.pages import Look, Pages
from ground.web.words import Words
from ivr.console.door.guard import page, place_of_request
from ivr.console.rendering import HERE, LOOK, frame_of
from ivr.console.site import SITE, Site
from ivr.handset import site as handset
from ivr.handset.admission import PROTOCOL, Known, check_page
from ivr.handset.messages import HEARTBEAT_S, LARGEST_MESSAGE
from ivr.handset.sections import numbers_of
from ivr.records.database import RecordsUnavailable
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

log = structlog.get_logger(__name__)

PATH = "/telephone"
STILL_THERE_S = 5.0
"""How often it is looked whether somebody in a call is logged in still."""

ANSWERS_S = 5.0
"""How long the process that calls may take to let us in."""

_ASSETS = Assets(handset.HERE / "static", PATH, together=True)
_WORDS = Words(
    handset.HERE / "translations", cookie="rocars_language", beneath=(HERE / "translations",)
)
_PAGES = Pages(
    handset.HERE / "templates",
    Look(
        name=LOOK.name,
        home=LOOK.home,
        without_database=LOOK.without_database,
        icon=handset.LOOK.icon,
        styles=handset.LOOK.styles,
    ),
    _WORDS,
    _ASSETS,
)

Socket = web.WebSocketResponse | ClientWebSocketResponse
LINES = web.AppKey("lines", set[web.WebSocketResponse])


def pages(role: Role) -> PageModule[Role]:
    """For this role, and those above it."""

    def routes() -> list[web.RouteDef]:
        return [
            web.get(PATH, page(role, _page)),
            web.get(f"{PATH}/line", page(role, _line)),
            web.get(PATH + ROUTE, page(role, _asset, polled=True)),
        ]

    return PageModule(routes, (Entry(PATH, "Telephone", role),))


def prepare(app: web.Application) -> None:
    """Lines are closed when the console ends, which would wait for them else."""
    app[LINES] = set()
    app.on_shutdown.append(_let_go)


async def _let_go(app: web.Application) -> None:
    for socket in [*app[LINES]]:
        await socket.close(code=WSCloseCode.GOING_AWAY)


async def _page(request: web.Request, visitor: Visitor) -> web.Response:
    settings = request.app[SITE].settings
    return _PAGES.render(
        request,
        "handset.html.j2",
        **frame_of(request, visitor),
        trial=False,
        line=f"{PATH}/line",
        token=visitor.csrf,
        drafts="drafts" in request.query,
        numbers=numbers_of(settings.sip, settings.flows),
        practice=settings.flows.practice_numbers,
        tongues=settings.flows.languages,
        **handset.words_of_scripts(_WORDS.words_for(request)),
    )


async def _asset(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    return await _ASSETS.serve(request)


async def _line(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """All that the page sends goes on, and all that it is told comes back."""
    site = request.app[SITE]
    check_page(request, _origins(request, site), visitor.csrf)
    admission = site.handset
    known = Known(visitor.person.name, place_of_request(request))
    async with ClientSession() as http:
        try:
            async with asyncio.timeout(ANSWERS_S):
                there = await http.ws_connect(
                    f"http://127.0.0.1:{admission.port}/line",
                    protocols=(PROTOCOL,),
                    headers=admission.of(known, _WORDS.language_of(request)),
                )
        except (ClientError, TimeoutError) as failure:
            log.error("the telephone in the browser is not there", why=str(failure))
            raise web.HTTPServiceUnavailable from failure
        here = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            heartbeat=HEARTBEAT_S,
            max_msg_size=LARGEST_MESSAGE,
            compress=False,
        )
        await here.prepare(request)
        request.app[LINES].add(here)
        try:
            await _join(here, there, _logged_out(site, visitor))
        finally:
            request.app[LINES].discard(here)
            await there.close()
    return here


def _origins(request: web.Request, site: Site) -> Set[str]:
    """Of our pages: as we are asked, and as browsers know us behind a proxy."""
    public = site.rules.public_url.rstrip("/").lower()
    return {f"{request.scheme}://{request.host}", *([public] if public else [])}


async def _join(here: web.WebSocketResponse, there: Socket, over: asyncio.Task[None]) -> None:
    """Until one side leaves, or it is over."""
    passing = [asyncio.create_task(_pass(here, there)), asyncio.create_task(_pass(there, here))]
    try:
        await asyncio.wait([*passing, over], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*passing, over):
            task.cancel()
        await asyncio.gather(*passing, over, return_exceptions=True)
    refused = there.close_code == WSCloseCode.POLICY_VIOLATION
    await here.close(code=WSCloseCode.POLICY_VIOLATION if refused else WSCloseCode.GOING_AWAY)


async def _pass(source: Socket, target: Socket) -> None:
    with contextlib.suppress(ClientConnectionResetError):
        async for message in source:
            if message.type is WSMsgType.TEXT:
                await target.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await target.send_bytes(message.data)


def _logged_out(site: Site, visitor: Visitor) -> asyncio.Task[None]:
    """Done when somebody is not logged in any more, or their role was changed."""

    async def watch() -> None:
        there = True
        while there:
            await asyncio.sleep(STILL_THERE_S)
            with contextlib.suppress(RecordsUnavailable):  # a call does not end for that
                there = await site.people.visitor(visitor.token, seen=False) is not None

    return asyncio.create_task(watch())
