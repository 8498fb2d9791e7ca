"""The all-in-one panel beside the immigration kiosk: the button for unladen vehicles."""

from __future__ import annotations

import re
import secrets

from aiohttp import web

from ground.web.forms import check_same_origin, read_form
from ground.web.navigation import PageModule
from rocars.crossing.officers import OfficerRole
from rocars.crossing.web import texts
from rocars.crossing.web.displays import for_displays
from rocars.crossing.web.showing import in_all_languages
from rocars.crossing.web.site import ROOT, SITE, render

_KEY = re.compile(r"[\w-]{16,128}", re.ASCII)


async def _page(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    lane = site.lanes.lane(request.match_info["lane"])
    result = request.query.get("result", "")
    declared = in_all_languages(texts.DECLARED[result]) if result in texts.DECLARED else []
    return render(
        request,
        "panel.html.j2",
        lane=lane,
        names=in_all_languages(texts.LANE, sign=lane.sign),
        button=in_all_languages(texts.UNLADEN_BUTTON),
        meaning=in_all_languages(texts.UNLADEN_MEANING),
        declared=declared,
        key=secrets.token_urlsafe(16),  # of this press: sent twice, it counts once
    )


async def _press(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    check_same_origin(request, site.settings.public_url)
    lane = site.lanes.lane(request.match_info["lane"])
    key = (await read_form(request)).text("key")
    if not _KEY.fullmatch(key):
        raise web.HTTPBadRequest(text="The form could not be read.")
    declared = await site.unladen.declare(key, lane.code)
    raise web.HTTPSeeOther(f"{ROOT}/panels/{lane.code}?result={declared.result}")


PANEL: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/panels/{lane}", for_displays(_page)),
        web.post("/panels/{lane}", for_displays(_press)),
    ]
)
