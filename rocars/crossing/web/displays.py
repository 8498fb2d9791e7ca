"""Boards and panels: their key is typed once on each, and a cookie keeps it."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from hashlib import sha256
from urllib.parse import quote

from aiohttp import web

from ground.web.forms import check_same_origin, read_form
from ground.web.navigation import PageModule
from ground.web.requests import is_secure, own_path
from rocars.crossing.officers import OfficerRole
from rocars.crossing.web.site import COOKIE, ROOT, SITE, WORDS, Boundary, render

DISPLAY_COOKIE = "boundary_display"
_A_YEAR_S = 365 * 86_400

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def for_displays(show: Handler) -> Handler:
    """A page for what stands at a lane, and for officers who look at it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if not await _let_in(request):
            raise web.HTTPSeeOther(f"{ROOT}/display?next={quote(request.path_qs, safe='')}")
        return await show(request)

    return handler


async def _let_in(request: web.Request) -> bool:
    site = request.app[SITE]
    if site.settings.open_displays:
        return True
    proof = _proof(site)
    given = request.cookies.get(DISPLAY_COOKIE, "")
    if proof is not None and hmac.compare_digest(given.encode(), proof.encode()):
        return True
    token = request.cookies.get(COOKIE, "")
    return bool(token) and await site.officers.visitor(token) is not None


def _proof(site: Boundary) -> str | None:
    """What the cookie holds: not the key itself, and nothing once the key is another."""
    if site.display_key is None:
        return None
    return hmac.new(site.display_key.encode(), b"boundary display", sha256).hexdigest()


async def _asks(request: web.Request) -> web.StreamResponse:
    return _form(request)


def _form(request: web.Request, problem: str = "", status: int = 200) -> web.Response:
    there = own_path(request.query.get("next", f"{ROOT}/"))
    return render(request, "display.html.j2", status=status, problem=problem, next=there)


async def _takes(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    check_same_origin(request, site.settings.public_url)
    _ = WORDS.words_for(request)
    if not await site.throttle.allows(site.address_of(request)):
        return _form(request, _("Too many log-ins from your address. Wait a minute."), 429)
    form = await read_form(request)
    key = site.display_key
    if key is None or not hmac.compare_digest(form.text("key").encode(), key.encode()):
        return _form(request, _("That is not the key of displays."), 403)
    answer = web.HTTPSeeOther(own_path(form.text("next")))
    answer.set_cookie(
        DISPLAY_COOKIE,
        _proof(site) or "",
        httponly=True,
        samesite="Strict",
        secure=is_secure(request, site.settings.public_url),
        path=ROOT,
        max_age=_A_YEAR_S,
    )
    raise answer


DISPLAYS: PageModule[OfficerRole] = PageModule(
    lambda: [web.get("/display", _asks), web.post("/display", _takes)]
)
