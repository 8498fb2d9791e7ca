"""Agents who act for a company, and clients it acts for; a client takes its consent back."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form, number_in
from ground.web.navigation import Entry, PageModule
from rocars.entrance.web_login import WebVisitor
from rocars.portal.guard import action, page
from rocars.portal.rendering import error_page, render, words_for
from rocars.portal.site import SITE


def routes() -> list[web.RouteDef]:
    return [
        web.get("/agents", page("shipper", _list)),
        web.post("/agents/{agency}/end", action("shipper", _end)),
    ]


async def _list(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    agencies = await request.app[SITE].service.agencies.of_company(
        visitor.company_id, visitor.company
    )
    return render(
        request,
        "agents.html.j2",
        visitor,
        for_us=[agency for agency in agencies if agency.client_number == visitor.company],
        ours=[agency for agency in agencies if agency.client_number != visitor.company],
    )


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
