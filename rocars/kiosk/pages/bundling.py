"""A driver logs in as by telephone, bundles and unbundles: the same rules, codes and answers."""

from __future__ import annotations

import re
import secrets

from aiohttp import web
from pydantic import SecretStr, ValidationError

from ground.web.forms import Form, read_form
from ground.web.navigation import PageModule
from rocars.bundling.bundles import checked_ubr
from rocars.bundling.messages import BundleRequest
from rocars.entrance.messages import LogIn
from rocars.kiosk.devices import Device
from rocars.kiosk.guard import action, at_kiosk, page
from rocars.kiosk.site import ROOT, SITE, refusal, render, words_for
from rocars.kiosk.visits import Visit, keep
from rocars.portal.pages.bundles import ccrns_in
from rocars.refusals import Code, Problem

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def routes() -> list[web.RouteDef]:
    return [
        web.get("/driver", at_kiosk(_ask)),
        web.post("/driver", at_kiosk(_log_in)),
        web.get("/bundle", page("driver", _form)),
        web.post("/bundle", action("driver", _bundle)),
        web.get("/bundles/{ubr}", page("driver", _show)),
        web.post("/bundles/{ubr}/unbundle", action("driver", _unbundle)),
    ]


async def _ask(request: web.Request, device: Device) -> web.StreamResponse:
    return _asked(request)


def _asked(
    request: web.Request, *, problem: str = "", status: int = 200, user_id: str = ""
) -> web.Response:
    return render(
        request,
        "driver.html.j2",
        status=status,
        problem=problem,
        user_id=user_id,
        pin=request.app[SITE].service.settings.auth.pin_required,
    )


async def _log_in(request: web.Request, device: Device) -> web.StreamResponse:
    service = request.app[SITE].service
    _ = words_for(request)
    form = await read_form(request)
    user_id = form.text("user_id")[:32]
    try:
        keyed = LogIn(
            user_id=user_id,
            pin=SecretStr(form.text("pin")),
            code=SecretStr(form.text("code")),
        )
        entered = await service.login.log_in(keyed)
    except ValidationError:
        problem = _("User ID, PIN or code is wrong.")
        return _asked(request, problem=problem, status=403, user_id=user_id)
    except Problem as refused:
        if refused.code is Code.LOGIN_LOCKED:
            return _asked(request, problem=refusal(request, refused), status=429)
        problem = _("User ID, PIN or code is wrong.")
        return _asked(request, problem=problem, status=403, user_id=user_id)
    answer = web.HTTPSeeOther(f"{ROOT}/bundle")
    keep(request, answer, device, "driver", entered.session)
    raise answer


def _driver(visit: Visit) -> int:
    """The guard sees to it that a driver is there."""
    if visit.driver is None:
        raise Problem(Code.SESSION_EXPIRED)
    return visit.driver.id


async def _form(request: web.Request, visit: Visit) -> web.StreamResponse:
    return await _filled(request, visit)


async def _filled(
    request: web.Request,
    visit: Visit,
    *,
    problem: str = "",
    ccrns: str = "",
    vehicle: str = "",
    key: str = "",
) -> web.Response:
    service = request.app[SITE].service
    bundles = await service.bundling.bundles_of(_driver(visit))
    return render(
        request,
        "bundle.html.j2",
        status=422 if problem else 200,
        csrf=visit.csrf,
        base=visit.base,
        client=None,
        live=[bundle for bundle in bundles if bundle.state == "live"],
        vehicles=await service.vehicles.of_driver(_driver(visit)),
        most=service.settings.rules.max_ccrns,
        problem=problem,
        ccrns=ccrns,
        vehicle=vehicle,
        key=key or secrets.token_urlsafe(16),
    )


def key_of(form: Form) -> str:
    """Sent twice, a form does once. Raises Problem IDEMPOTENCY_KEY_MISSING."""
    key = form.text("key")
    if not _KEY.fullmatch(key):
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING)
    return f"kiosk-{key}"


async def _bundle(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    service = request.app[SITE].service
    _ = words_for(request)
    key = key_of(form)
    ccrns = form.text("ccrns")
    vehicle = form.text("vehicle") or form.text("mark")
    try:
        asked = BundleRequest(ccrns=ccrns_in(ccrns), vehicle=vehicle)
        receipt = await service.bundling.bundle(_driver(visit), key, asked)
    except ValidationError:
        problem = _("Enter at least one CCRN, and the registration mark of the vehicle.")
        return await _filled(request, visit, problem=problem, ccrns=ccrns, vehicle=vehicle)
    except Problem as refused:
        problem = refusal(request, refused)
        return await _filled(request, visit, problem=problem, ccrns=ccrns, vehicle=vehicle)
    raise web.HTTPSeeOther(f"{ROOT}/bundles/{receipt.ubr}")


def _ubr(request: web.Request) -> str:
    """Raises Problem UNKNOWN_BUNDLE."""
    return checked_ubr(request.match_info["ubr"][:32])


async def _show(request: web.Request, visit: Visit) -> web.StreamResponse:
    return await _shown(request, visit)


async def _shown(request: web.Request, visit: Visit, problem: str = "") -> web.Response:
    service = request.app[SITE].service
    receipt = await service.bundling.own(_driver(visit), _ubr(request))
    return render(
        request,
        "bundled.html.j2",
        status=409 if problem else 200,
        csrf=visit.csrf,
        base=visit.base,
        client=None,
        bundle=receipt,
        now=service.clock(),
        may_unbundle=receipt.state == "live" and service.settings.rules.unbundle_enabled,
        problem=problem,
        key=secrets.token_urlsafe(16),
    )


async def _unbundle(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    ubr = _ubr(request)
    try:
        await request.app[SITE].service.bundling.unbundle(_driver(visit), key_of(form), ubr)
    except Problem as refused:
        if refused.code.status == 404:
            raise
        return await _shown(request, visit, refusal(request, refused))
    raise web.HTTPSeeOther(f"{ROOT}/bundles/{ubr}")


PAGES: PageModule[str] = PageModule(routes)
