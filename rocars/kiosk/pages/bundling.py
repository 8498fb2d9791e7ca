"""Drivers and agents bundle and unbundle, by the rules and with the answers of every channel."""

from __future__ import annotations

from aiohttp import web
from pydantic import ValidationError

from ground.web.forms import Form
from ground.web.navigation import PageModule
from rocars.bundling.bundles import checked_ubr
from rocars.bundling.messages import BundleRequest
from rocars.kiosk.bundler import bundler_of
from rocars.kiosk.guard import action, page
from rocars.kiosk.site import SITE, refusal, render, words_for
from rocars.kiosk.visits import Kind, Visit
from rocars.portal.form_key import key_of, new_key
from rocars.portal.pages.bundles import ccrns_in
from rocars.refusals import Problem
from rocars.typed import number


def routes(base: str = "", kind: Kind = "driver") -> list[web.RouteDef]:
    """`base` is where the pages of a client begin, `kind` who is let in."""
    return [
        web.get(f"{base}/bundle", page(kind, _form)),
        web.post(f"{base}/bundle", action(kind, _bundle)),
        web.get(f"{base}/bundles/{{ubr}}", page(kind, _show)),
        web.post(f"{base}/bundles/{{ubr}}/unbundle", action(kind, _unbundle)),
    ]


async def _form(request: web.Request, visit: Visit) -> web.StreamResponse:
    return await _filled(request, visit)


async def _filled(
    request: web.Request, visit: Visit, *, problem: str = "", form: Form | None = None
) -> web.Response:
    """The form, with what was typed."""
    service = request.app[SITE].service
    bundler = bundler_of(service, visit)
    typed = form.fields if form is not None else {}
    return render(
        request,
        "bundle.html.j2",
        status=422 if problem else 200,
        csrf=visit.csrf,
        base=visit.base,
        client=visit.client,
        live=await bundler.live(),
        vehicles=await bundler.vehicles(),
        most=service.settings.rules.max_ccrns,
        problem=problem,
        ccrns=typed.get("ccrns", ""),
        driver=typed.get("driver", ""),
        vehicle=typed.get("vehicle", ""),
        key=new_key(),
    )


async def _bundle(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    _ = words_for(request)
    key = _key(form)
    vehicle = form.text("vehicle") or form.text("mark")
    try:
        asked = BundleRequest(ccrns=ccrns_in(form.text("ccrns")), vehicle=vehicle)
        bundler = bundler_of(request.app[SITE].service, visit)
        receipt = await bundler.bundle(key, number(form.text("driver")[:32]), asked)
    except ValidationError:
        problem = _("Enter at least one CCRN, and the registration mark of the vehicle.")
        return await _filled(request, visit, problem=problem, form=form)
    except Problem as refused:
        return await _filled(request, visit, problem=refusal(request, refused), form=form)
    raise web.HTTPSeeOther(f"{visit.base}/bundles/{receipt.ubr}")


def _key(form: Form) -> str:
    """The key of a request that came by a kiosk: no other channel has the same."""
    return f"kiosk-{key_of(form)}"


def _ubr(request: web.Request) -> str:
    """Raises Problem UNKNOWN_BUNDLE."""
    return checked_ubr(request.match_info["ubr"][:32])


async def _show(request: web.Request, visit: Visit) -> web.StreamResponse:
    return await _shown(request, visit)


async def _shown(request: web.Request, visit: Visit, problem: str = "") -> web.Response:
    service = request.app[SITE].service
    made = await bundler_of(service, visit).get(_ubr(request))
    live = made.receipt.state == "live"
    return render(
        request,
        "bundled.html.j2",
        status=409 if problem else 200,
        csrf=visit.csrf,
        base=visit.base,
        client=visit.client,
        bundle=made.receipt,
        driver=made.driver,
        now=service.clock(),
        may_unbundle=live and service.settings.rules.unbundle_enabled,
        problem=problem,
        key=new_key(),
    )


async def _unbundle(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    ubr = _ubr(request)
    try:
        await bundler_of(request.app[SITE].service, visit).unbundle(_key(form), ubr)
    except Problem as refused:
        if refused.code.status == 404:
            raise
        return await _shown(request, visit, refusal(request, refused))
    raise web.HTTPSeeOther(f"{visit.base}/bundles/{ubr}")


PAGES: PageModule[str] = PageModule(routes)
