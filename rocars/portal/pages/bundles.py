"""Drivers bundle and unbundle by web: the same rules, codes and answers as by telephone."""

from __future__ import annotations

import re

from aiohttp import web
from pydantic import ValidationError

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.bundling.bundles import checked_ubr
from rocars.bundling.messages import BundleRequest
from rocars.entrance.web_login import WebVisitor
from rocars.portal.form_key import new_key, web_key
from rocars.portal.guard import action, page
from rocars.portal.rendering import refusal, render, words_for
from rocars.portal.shown import when
from rocars.portal.site import SITE
from rocars.refusals import Code, Problem
from rocars.typed import number

_BETWEEN = re.compile(r"[\s,;，、；]+")


def routes() -> list[web.RouteDef]:
    return [
        web.get("/bundles", page("driver", _list)),
        web.post("/bundles", action("driver", _bundle)),
        web.post("/bundles/code", action("driver", _open)),
        web.get("/bundles/{ubr}", page("driver", _show)),
        web.post("/bundles/{ubr}/unbundle", action("driver", _unbundle)),
    ]


async def _list(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    return await _asked(request, visitor)


async def _asked(
    request: web.Request,
    visitor: WebVisitor,
    *,
    problem: str = "",
    ccrns: str = "",
    vehicle: str = "",
) -> web.Response:
    service = request.app[SITE].service
    driver_id = driver_of(visitor)
    return render(
        request,
        "bundles.html.j2",
        visitor,
        status=422 if problem else 200,
        bundles=await service.bundling.bundles_of(driver_id),
        vehicles=await service.vehicles.of_driver(driver_id),
        most=service.settings.rules.max_ccrns,
        problem=problem,
        ccrns=ccrns,
        vehicle=vehicle,
        key=new_key(),
    )


def driver_of(visitor: WebVisitor) -> int:
    """The database sees to it that a driver's account has a driver."""
    if visitor.driver_id is None:
        raise Problem(Code.UNKNOWN_DRIVER, visitor.user_id)
    return visitor.driver_id


def ccrns_in(typed: str) -> list[str]:
    """The numbers that were typed, with blanks, lines or commas between them."""
    return [number(text) for text in _BETWEEN.split(typed) if text]


async def _open(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = words_for(request)
    try:
        await site.service.web_login.open_bundling(visitor, number(form.text("code")[:16]))
    except Problem as refused:
        minutes = site.service.settings.auth.lock_minutes
        reasons = {
            Code.LOGIN_LOCKED: _("Too many codes were wrong. Wait %(minutes)d minutes.")
            % {"minutes": minutes},
            Code.LOGIN_REFUSED: _("This code is not right, or was used before. Take the next one."),
        }
        if refused.code not in reasons:
            raise
        await site.tell(visitor, reasons[refused.code], bad=True)
    else:
        expires = await site.service.tokens.expires_soon(driver_of(visitor))
        if expires is not None:
            text = _("Your security token expires on %(when)s. Ask for another one at a counter.")
            await site.tell(visitor, text % {"when": when(expires)})
    raise web.HTTPSeeOther(f"{visitor.base}/bundles")


async def _bundle(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = words_for(request)
    driver_id = driver_of(visitor)
    ccrns, vehicle = form.text("ccrns"), form.text("vehicle")
    if visitor.bundling_until is None:
        await site.tell(visitor, _("Enter the code of your token first."), bad=True)
        raise web.HTTPSeeOther(f"{visitor.base}/bundles")
    try:
        asked = BundleRequest(ccrns=ccrns_in(ccrns), vehicle=vehicle)
        receipt = await site.service.bundling.bundle(driver_id, web_key(form), asked)
    except ValidationError:
        problem = _("Enter at least one CCRN, and the registration mark of the vehicle.")
        return await _asked(request, visitor, problem=problem, ccrns=ccrns, vehicle=vehicle)
    except Problem as refused:
        problem = refusal(request, refused)
        return await _asked(request, visitor, problem=problem, ccrns=ccrns, vehicle=vehicle)
    await site.tell(visitor, _("Bundled."))
    raise web.HTTPSeeOther(f"{visitor.base}/bundles/{receipt.ubr}")


async def _show(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    service = request.app[SITE].service
    receipt = await service.bundling.own(
        driver_of(visitor), checked_ubr(request.match_info["ubr"][:32])
    )
    return render(request, "bundle.html.j2", visitor, bundle=receipt, driver="", key=new_key())


async def _unbundle(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = words_for(request)
    ubr = checked_ubr(request.match_info["ubr"][:32])
    if visitor.bundling_until is None:
        await site.service.bundling.own(driver_of(visitor), ubr)
        await site.tell(visitor, _("Enter the code of your token first."), bad=True)
        raise web.HTTPSeeOther(f"{visitor.base}/bundles")
    try:
        await site.service.bundling.unbundle(driver_of(visitor), web_key(form), ubr)
    except Problem as refused:
        if refused.code.status == 404:
            raise
        await site.tell(visitor, refusal(request, refused), bad=True)
    else:
        await site.tell(visitor, _("Unbundled. The cargo may be bundled anew."))
    raise web.HTTPSeeOther(f"{visitor.base}/bundles/{ubr}")


PAGES: PageModule[str] = PageModule(routes, entries=(Entry("/bundles", "Bundles", "driver"),))
