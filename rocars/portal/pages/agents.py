"""Agents who act for a company, and clients it acts for; a client gives its consent, confirms what
an agent said of it, and takes it back."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form, number_in
from ground.web.navigation import Entry, PageModule
from rocars.entrance.web_login import WebVisitor
from rocars.portal.guard import action, page
from rocars.portal.rendering import error_page, refusal, render, words_for
from rocars.portal.site import SITE
from rocars.refusals import Problem


def routes() -> list[web.RouteDef]:
    return [
        web.get("/agents", page("shipper", _list)),
        web.post("/agents", action("shipper", _give)),
        web.get("/agents/{agency}", page("shipper", _show)),
        web.post("/agents/{agency}/confirm", action("shipper", _confirm)),
        web.post("/agents/{agency}/end", action("shipper", _end)),
    ]


async def _list(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    return await _listed(request, visitor)


async def _listed(
    request: web.Request, visitor: WebVisitor, problem: str = "", number: str = ""
) -> web.Response:
    agencies = await request.app[SITE].service.agencies.of_company(
        visitor.company_id, visitor.company
    )
    return render(
        request,
        "agents.html.j2",
        visitor,
        status=422 if problem else 200,
        for_us=[agency for agency in agencies if agency.client_number == visitor.company],
        ours=[agency for agency in agencies if agency.client_number != visitor.company],
        problem=problem,
        number=number,
    )


async def _give(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    number = form.text("number")[:32]
    try:
        await site.service.agencies.give(visitor.user_id, visitor.name, visitor.company, number)
    except Problem as refused:
        return await _listed(request, visitor, refusal(request, refused), number)
    await site.tell(visitor, words_for(request)("They may act for you from now on."))
    raise web.HTTPSeeOther("/agents")


async def _show(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    """What was done, for the client and for the agent."""
    agencies = request.app[SITE].service.agencies
    number = number_in(request.match_info["agency"])
    agency = None
    if number is not None:
        agency = await agencies.get(visitor.company_id, visitor.company, number)
    if agency is None:
        return error_page(request, 404, visitor)
    return render(
        request,
        "agent_deeds.html.j2",
        visitor,
        agency=agency,
        deeds=await agencies.deeds(agency.id),
        is_client=agency.client_number == visitor.company,
    )


async def _confirm(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    number = number_in(request.match_info["agency"])
    confirmed = number is not None and await site.service.agencies.confirm(
        visitor.user_id, visitor.company, number
    )
    if not confirmed:
        return error_page(request, 404, visitor)
    await site.tell(visitor, words_for(request)("They may act for you from now on."))
    raise web.HTTPSeeOther("/agents")


async def _end(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    number = number_in(request.match_info["agency"])
    ended = number is not None and await site.service.agencies.end(
        visitor.user_id, visitor.company, number
    )
    if not ended:
        return error_page(request, 404, visitor)
    await site.tell(visitor, words_for(request)("Your consent is taken back."))
    raise web.HTTPSeeOther("/agents")


PAGES: PageModule[str] = PageModule(routes, entries=(Entry("/agents", "Agents", "shipper"),))
