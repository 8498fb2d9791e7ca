"""The exit display board of a lane: one glance, three languages by turns."""

from __future__ import annotations

from aiohttp import web

from ground.web.navigation import PageModule
from rocars.crossing.officers import OfficerRole
from rocars.crossing.web import texts
from rocars.crossing.web.displays import for_displays
from rocars.crossing.web.showing import board, in_all_languages, out_of_order
from rocars.crossing.web.site import SITE, render
from rocars.crossing.web.stream import stream


async def _page(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    lane = site.lanes.lane(request.match_info["lane"])
    view = (await site.lanes.views())[lane.code]
    return render(
        request,
        "board.html.j2",
        lane=lane,
        point=site.lanes.point(lane),
        names=in_all_languages(texts.LANE, sign=lane.sign),
        shown=board(view),
        out_of_order=out_of_order(),
        stale_ms=int(site.settings.board_stale_s * 1000),
        turn_ms=int(site.settings.board_turn_s * 1000),
    )


async def _events(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    lane = site.lanes.lane(request.match_info["lane"])
    return await stream(request, site.boards, lambda look: board(look.lanes[lane.code]))


BOARD: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/boards/{lane}", for_displays(_page)),
        web.get("/boards/{lane}/events", for_displays(_events)),
    ]
)
