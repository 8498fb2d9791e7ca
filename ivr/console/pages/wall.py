"""The board on a wall: figures without personal data, for a screen that has a device key."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from aiohttp import web

from ground.web.access import POLLED
from ground.web.forms import check_same_origin, read_form
from ivr.console.board import DAYS_READ, MEASURES, board
from ivr.console.door.cookies import keep, kept
from ivr.console.door.guard import place_of_request
from ivr.console.pages.live import SILENT
from ivr.console.rendering import render, words_for
from ivr.console.site import SITE
from ivr.records.facts import now
from ivr.records.hong_kong import hong_kong_day
from ivr.records.token_tables import ApiToken, Scope

COOKIE = "rocars_wall"


def routes() -> list[web.RouteDef]:
    """For nobody who logs in: the key alone opens them."""
    return [
        web.get("/wall", _wall),
        web.post("/wall", _open),
        web.get("/wall/now", _now),
    ]


async def _device(request: web.Request, key: str) -> ApiToken | None:
    """The key of the screen that asks, if it is good and opens the board."""
    if not key:
        return None
    token = await request.app[SITE].tokens.known(key, place_of_request(request))
    return token if token is not None and token.opens(Scope.WALL_BOARD) else None


async def _wall(request: web.Request) -> web.StreamResponse:
    if await _device(request, kept(request, COOKIE)) is None:
        return _asked(request)
    return await _shown(request, "wall.html.j2")


async def _now(request: web.Request) -> web.StreamResponse:
    """The part that changes; the page asks for it every half minute."""
    request[POLLED] = True
    if await _device(request, kept(request, COOKIE)) is None:
        raise web.HTTPUnauthorized(headers={"HX-Redirect": "/wall"})
    return await _shown(request, "wall_now.html.j2")


def _asked(request: web.Request, problem: str = "", status: int = 200) -> web.Response:
    return render(request, "wall_key.html.j2", None, problem=problem, status=status)


async def _open(request: web.Request) -> web.StreamResponse:
    """The key is typed once, and kept by the browser of the screen until it expires."""
    site, _ = request.app[SITE], words_for(request)
    check_same_origin(request, site.rules.public_url)
    form = await read_form(request)
    if not site.throttle.allows(place_of_request(request)):
        return _asked(request, _("Too many tries from your address. Wait a minute."), 429)
    key = form.text("key")
    device = await _device(request, key)
    if device is None:
        return _asked(request, _("The key is wrong, was revoked, or has expired."), 403)
    answer = web.HTTPSeeOther("/wall")
    keep(request, answer, COOKIE, key, (device.expires_at - now()).total_seconds())
    raise answer


async def _shown(request: web.Request, template: str) -> web.Response:
    site, at = request.app[SITE], now()
    today = hong_kong_day(at)
    first = today - timedelta(days=DAYS_READ - 1)
    counts = await site.tallies.read(first, today, "", *MEASURES)
    nodes = [node for node in await site.orders.nodes() if node.at > at - SILENT]
    return render(
        request,
        template,
        None,
        board=await asyncio.to_thread(board, counts, at),
        active=sum(node.active for node in nodes),
        lines=sum(node.lines for node in nodes),
        at=at,
    )
