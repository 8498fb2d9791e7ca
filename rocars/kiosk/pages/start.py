"""The first page, the language, the menu; that somebody is still there, and that they have left."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import read_form
from ground.web.navigation import PageModule
from ground.web.requests import is_secure, own_path
from rocars.kiosk.devices import Device
from rocars.kiosk.guard import at_kiosk
from rocars.kiosk.site import LANGUAGE_COOKIE, LANGUAGES, LOW_COOKIE, ROOT, SITE, WORDS, render
from rocars.kiosk.visits import VISIT_COOKIE, end, keep, visit_of


def routes() -> list[web.RouteDef]:
    return [
        web.get("", _root),
        web.get("/", at_kiosk(_first)),
        web.post("/language", at_kiosk(_choose)),
        web.get("/menu", at_kiosk(_menu)),
        web.post("/low", at_kiosk(_low)),
        web.post("/here", at_kiosk(_here)),
        web.post("/end", at_kiosk(_end)),
    ]


async def _root(_: web.Request) -> web.StreamResponse:
    raise web.HTTPSeeOther(f"{ROOT}/")


async def _first(request: web.Request, device: Device) -> web.StreamResponse:
    """Whoever was there before is nobody any more."""
    await end(request, device)
    by_language = [(tag, WORDS.catalogue(tag).gettext) for tag in LANGUAGES]
    response = render(request, "first.html.j2", watched=False, by_language=by_language)
    _forget(response)
    return response


async def _choose(request: web.Request, device: Device) -> web.StreamResponse:
    chosen = (await read_form(request)).text("language")
    answer = web.HTTPSeeOther(f"{ROOT}/menu")
    if chosen in LANGUAGES:
        _set(request, answer, LANGUAGE_COOKIE, chosen)
    raise answer


async def _menu(request: web.Request, device: Device) -> web.StreamResponse:
    settings = request.app[SITE].service.settings
    return render(
        request,
        "menu.html.j2",
        pin=settings.auth.pin_required,
        course=settings.course.enabled,
    )


async def _low(request: web.Request, device: Device) -> web.StreamResponse:
    """Everything in the lower half of the screen, or on all of it again."""
    form = await read_form(request)
    there = own_path(form.text("next"))
    answer = web.HTTPSeeOther(there if there.startswith(f"{ROOT}/") else f"{ROOT}/")
    _set(request, answer, LOW_COOKIE, "yes" if form.text("low") == "yes" else "no")
    raise answer


async def _here(request: web.Request, device: Device) -> web.StreamResponse:
    """The page was touched. 403: who was there is known no more."""
    visit = await visit_of(request, device)
    if visit is None:
        return web.Response(status=403)
    answer = web.Response(status=204)
    keep(request, answer, device, visit.kind, visit.token)
    return answer


async def _end(request: web.Request, device: Device) -> web.StreamResponse:
    await end(request, device)
    answer = web.HTTPSeeOther(f"{ROOT}/")
    _forget(answer)
    answer.del_cookie(LOW_COOKIE, path=ROOT)
    raise answer


def _set(request: web.Request, answer: web.StreamResponse, name: str, value: str) -> None:
    """Until the browser, or whoever is there, ends."""
    secure = is_secure(request, request.app[SITE].public_url)
    answer.set_cookie(name, value, httponly=True, samesite="Strict", secure=secure, path=ROOT)


def _forget(answer: web.StreamResponse) -> None:
    for name in (VISIT_COOKIE, LANGUAGE_COOKIE):
        answer.del_cookie(name, path=ROOT)


PAGES: PageModule[str] = PageModule(routes)
