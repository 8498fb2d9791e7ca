"""Name and key of a kiosk, typed once by whoever sets it up."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import check_same_origin, read_form
from ground.web.navigation import PageModule
from ground.web.requests import is_secure, own_path
from rocars.kiosk.devices import DEVICE_COOKIE, OPEN
from rocars.kiosk.site import ROOT, SITE, render, words_for

_A_YEAR_S = 365 * 86_400


def routes() -> list[web.RouteDef]:
    return [web.get("/device", _ask), web.post("/device", _take)]


async def _ask(request: web.Request) -> web.StreamResponse:
    return _asked(request)


def _asked(request: web.Request, problem: str = "", status: int = 200) -> web.Response:
    there = own_path(request.query.get("next", f"{ROOT}/"))
    return render(
        request, "device.html.j2", status=status, watched=False, problem=problem, next=there
    )


async def _take(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    check_same_origin(request, site.public_url)
    _ = words_for(request)
    if not await site.tries.allows(site.address_of(request)):
        return _asked(request, _("Too much at once. Wait a minute."), 429)
    form = await read_form(request)
    device = site.devices.get(form.text("name"))
    if device is None or device.name == OPEN or not device.has_key(form.text("key")):
        return _asked(request, _("That is not the name and key of a kiosk."), 403)
    there = own_path(form.text("next"))
    answer = web.HTTPSeeOther(there if there.startswith(f"{ROOT}/") else f"{ROOT}/")
    answer.set_cookie(
        DEVICE_COOKIE,
        device.cookie,
        httponly=True,
        samesite="Strict",
        secure=is_secure(request, site.public_url),
        path=ROOT,
        max_age=_A_YEAR_S,
    )
    raise answer


PAGES: PageModule[str] = PageModule(routes)
