"""An agent at a kiosk: for whom, then lodging as that client does, or bundling for a named driver.

The consent of the client is looked at for every request, and what is done stands in its history.
"""

from __future__ import annotations

import secrets

from aiohttp import web
from pydantic import ValidationError

from ground.web.forms import Form
from ground.web.navigation import PageModule
from rocars.bundling.bundles import checked_ubr
from rocars.bundling.messages import BundleRequest
from rocars.kiosk.guard import action, page
from rocars.kiosk.pages import lodging
from rocars.kiosk.pages.bundling import key_of
from rocars.kiosk.pages.lodging import shipper_of
from rocars.kiosk.site import SITE, refusal, render, words_for
from rocars.kiosk.visits import Visit
from rocars.portal.guard import FOR_CLIENT
from rocars.portal.pages.bundles import ccrns_in
from rocars.refusals import Code, Problem
from rocars.registry.agencies import ActingFor


def routes() -> list[web.RouteDef]:
    return [
        web.get("/clients", page("shipper", _list)),
        web.get(FOR_CLIENT, page("shipper", _menu)),
        *lodging.routes(FOR_CLIENT),
        web.get(f"{FOR_CLIENT}/bundle", page("shipper", _form)),
        web.post(f"{FOR_CLIENT}/bundle", action("shipper", _bundle)),
        web.get(f"{FOR_CLIENT}/bundles/{{ubr}}", page("shipper", _show)),
        web.post(f"{FOR_CLIENT}/bundles/{{ubr}}/unbundle", action("shipper", _unbundle)),
    ]


def _client(visit: Visit) -> ActingFor:
    """The guard sees to it that there is one."""
    if visit.client is None:
        raise Problem(Code.UNKNOWN_COMPANY)
    return visit.client


async def _list(request: web.Request, visit: Visit) -> web.StreamResponse:
    agencies = request.app[SITE].service.agencies
    clients = await agencies.clients_of(shipper_of(visit).company_id)
    return render(request, "clients.html.j2", csrf=visit.csrf, clients=clients)


async def _menu(request: web.Request, visit: Visit) -> web.StreamResponse:
    return render(
        request, "client.html.j2", csrf=visit.csrf, base=visit.base, client=_client(visit)
    )


async def _form(request: web.Request, visit: Visit) -> web.StreamResponse:
    return await _filled(request, visit)


async def _filled(
    request: web.Request, visit: Visit, *, problem: str = "", form: Form | None = None
) -> web.Response:
    service = request.app[SITE].service
    made = await service.agent_bundling.made(_client(visit))
    typed = form.fields if form is not None else {}
    return render(
        request,
        "bundle.html.j2",
        status=422 if problem else 200,
        csrf=visit.csrf,
        base=visit.base,
        client=visit.client,
        live=[bundle.receipt for bundle in made if bundle.receipt.state == "live"],
        vehicles=(),
        most=service.settings.rules.max_ccrns,
        problem=problem,
        ccrns=typed.get("ccrns", ""),
        driver=typed.get("driver", ""),
        vehicle=typed.get("vehicle", ""),
        key=secrets.token_urlsafe(16),
    )


async def _bundle(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    service = request.app[SITE].service
    _ = words_for(request)
    key = key_of(form)
    try:
        asked = BundleRequest(ccrns=ccrns_in(form.text("ccrns")), vehicle=form.text("vehicle"))
        receipt = await service.agent_bundling.bundle(
            _client(visit), key, form.text("driver")[:32], asked
        )
    except ValidationError:
        problem = _("Enter at least one CCRN, and the registration mark of the vehicle.")
        return await _filled(request, visit, problem=problem, form=form)
    except Problem as refused:
        return await _filled(request, visit, problem=refusal(request, refused), form=form)
    raise web.HTTPSeeOther(f"{visit.base}/bundles/{receipt.ubr}")


def _ubr(request: web.Request) -> str:
    """Raises Problem UNKNOWN_BUNDLE."""
    return checked_ubr(request.match_info["ubr"][:32])


async def _show(request: web.Request, visit: Visit) -> web.StreamResponse:
    return await _shown(request, visit)


async def _shown(request: web.Request, visit: Visit, problem: str = "") -> web.Response:
    service = request.app[SITE].service
    made = await service.agent_bundling.get(_client(visit), _ubr(request))
    live = made.receipt.state == "live"
    return render(
        request,
        "bundled.html.j2",
        status=409 if problem else 200,
        csrf=visit.csrf,
        base=visit.base,
        client=visit.client,
        bundle=made.receipt,
        driver=made.user_id,
        now=service.clock(),
        may_unbundle=live and service.settings.rules.unbundle_enabled,
        problem=problem,
        key=secrets.token_urlsafe(16),
    )


async def _unbundle(request: web.Request, visit: Visit, form: Form) -> web.StreamResponse:
    ubr = _ubr(request)
    bundling = request.app[SITE].service.agent_bundling
    try:
        await bundling.unbundle(_client(visit), key_of(form), ubr)
    except Problem as refused:
        if refused.code.status == 404:
            raise
        return await _shown(request, visit, refusal(request, refused))
    raise web.HTTPSeeOther(f"{visit.base}/bundles/{ubr}")


PAGES: PageModule[str] = PageModule(routes)
