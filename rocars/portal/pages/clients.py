"""An agent's pages of one client: its cargo, lodging, uploading and amending as the client does,
and bundling for a named driver. Each says for whom it is; none opens without their consent."""

from __future__ import annotations

from aiohttp import web
from pydantic import ValidationError

from ground.web.forms import Form
from ground.web.navigation import PageModule
from rocars.bundling.bundles import checked_ubr
from rocars.bundling.messages import BundleRequest
from rocars.entrance.web_login import WebVisitor
from rocars.portal.form_key import new_key, web_key
from rocars.portal.guard import FOR_CLIENT, action, page
from rocars.portal.pages import consignments, lodging, uploads
from rocars.portal.pages.bundles import ccrns_in
from rocars.portal.rendering import refusal, render, words_for
from rocars.portal.site import SITE
from rocars.refusals import Code, Problem
from rocars.registry.agencies import ActingFor
from rocars.typed import number


def routes() -> list[web.RouteDef]:
    return [
        *consignments.routes(FOR_CLIENT),
        *lodging.routes(FOR_CLIENT),
        *uploads.routes(FOR_CLIENT),
        web.get(f"{FOR_CLIENT}/bundles", page("shipper", _list)),
        web.post(f"{FOR_CLIENT}/bundles", action("shipper", _bundle)),
        web.get(f"{FOR_CLIENT}/bundles/{{ubr}}", page("shipper", _show)),
        web.post(f"{FOR_CLIENT}/bundles/{{ubr}}/unbundle", action("shipper", _unbundle)),
    ]


def client_of(visitor: WebVisitor) -> ActingFor:
    """Raises Problem UNKNOWN_COMPANY on a page that is no client's."""
    if visitor.acting_for is None:
        raise Problem(Code.UNKNOWN_COMPANY)
    return visitor.acting_for


async def _list(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    return await _asked(request, visitor)


async def _asked(
    request: web.Request, visitor: WebVisitor, problem: str = "", form: Form | None = None
) -> web.Response:
    service = request.app[SITE].service
    return render(
        request,
        "client_bundles.html.j2",
        visitor,
        status=422 if problem else 200,
        made=await service.agent_bundling.made(client_of(visitor)),
        most=service.settings.rules.max_ccrns,
        problem=problem,
        typed={
            name: form.text(name) if form is not None else ""
            for name in ("ccrns", "driver", "vehicle")
        },
        key=new_key(),
    )


async def _bundle(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = words_for(request)
    try:
        asked = BundleRequest(ccrns=ccrns_in(form.text("ccrns")), vehicle=form.text("vehicle"))
        receipt = await site.service.agent_bundling.bundle(
            client_of(visitor), web_key(form), number(form.text("driver")[:32]), asked
        )
    except ValidationError:
        problem = _("Enter at least one CCRN, and the registration mark of the vehicle.")
        return await _asked(request, visitor, problem, form)
    except Problem as refused:
        return await _asked(request, visitor, refusal(request, refused), form)
    await site.tell(visitor, _("Bundled."))
    raise web.HTTPSeeOther(f"{visitor.base}/bundles/{receipt.ubr}")


async def _show(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    made = await request.app[SITE].service.agent_bundling.get(
        client_of(visitor), checked_ubr(request.match_info["ubr"][:32])
    )
    return render(
        request,
        "bundle.html.j2",
        visitor,
        bundle=made.receipt,
        driver=made.user_id,
        key=new_key(),
    )


async def _unbundle(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    ubr = checked_ubr(request.match_info["ubr"][:32])
    try:
        await site.service.agent_bundling.unbundle(client_of(visitor), web_key(form), ubr)
    except Problem as refused:
        if refused.code.status == 404:
            raise
        await site.tell(visitor, refusal(request, refused), bad=True)
    else:
        text = words_for(request)("Unbundled. The cargo may be bundled anew.")
        await site.tell(visitor, text)
    raise web.HTTPSeeOther(f"{visitor.base}/bundles/{ubr}")


PAGES: PageModule[str] = PageModule(routes)
