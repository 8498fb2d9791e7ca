"""Calls in progress, and the nodes that carry them."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from ivr.console.door.guard import action, page
from ivr.console.rendering import render, tell, words_for
from ivr.console.site import SITE
from ivr.console.what_became import what_became
from ivr.records.facts import now
from ivr.records.node_tables import OrderKind
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

SILENT = timedelta(seconds=20)
"""A node not heard of for longer is shown as gone."""

LATELY = timedelta(minutes=15)
"""Orders to calls are shown for so long, with what became of them."""

_CALL_ORDERS = {"hang-up": OrderKind.HANG_UP, "pass-on": OrderKind.PASS_ON}
_NODE_ORDERS = {"close": OrderKind.CLOSE, "open": OrderKind.OPEN}


def routes() -> list[web.RouteDef]:
    return [
        web.get("/live", page(Role.VIEWER, _live)),
        web.get("/live/now", page(Role.VIEWER, _now, polled=True)),
        web.post("/live/{call_id}/{order:hang-up|pass-on}", action(Role.OPERATOR, _order_call)),
        web.post("/nodes/{node}/{order:close|open}", action(Role.OPERATOR, _order_node)),
        web.post("/nodes/{node}/workers/{slot:[0-9]+}", action(Role.OPERATOR, _replace_worker)),
    ]


PAGES = PageModule(routes, (Entry("/live", "Live", Role.VIEWER),))


async def _live(request: web.Request, visitor: Visitor) -> web.Response:
    return await _shown(request, visitor, "live.html.j2")


async def _now(request: web.Request, visitor: Visitor) -> web.Response:
    """The part of the page that changes; the page asks for it every second."""
    return await _shown(request, visitor, "live_now.html.j2")


async def _shown(request: web.Request, visitor: Visitor, template: str) -> web.Response:
    site = request.app[SITE]
    return render(
        request,
        template,
        visitor,
        calls=await site.search.in_progress(),
        ordered=await site.orders.of_calls(LATELY),
        what_became=what_became,
        nodes=await site.orders.nodes(),
        at=now(),
        silent=SILENT,
        health=site.look(),
        transfers=bool(site.settings.flows.hotline_transfer_uri),
    )


async def _order_call(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    story = await site.search.story(request.match_info["call_id"])
    if story is None or story.call.ended_at is not None:
        tell(request, _("The call is over already."), bad=True)
    else:
        kind = _CALL_ORDERS[request.match_info["order"]]
        await site.orders.give(visitor.person.name, story.call.node, kind, story.call.call_id)
        tell(
            request,
            _("The call is being ended, with a word to the caller.")
            if kind is OrderKind.HANG_UP
            else _("The caller is being passed on to the hotline.")
            if site.settings.flows.hotline_transfer_uri
            else _("The caller is told the number of the hotline: no transfer is configured."),
        )
    raise web.HTTPSeeOther("/live")


async def _order_node(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    kind = _NODE_ORDERS[request.match_info["order"]]
    await site.orders.give(visitor.person.name, request.match_info["node"], kind, "")
    tell(
        request,
        _("The node takes no new calls; those in progress go on.")
        if kind is OrderKind.CLOSE
        else _("The node takes calls again."),
    )
    raise web.HTTPSeeOther("/live")


async def _replace_worker(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, _ = request.app[SITE], words_for(request)
    node, slot = request.match_info["node"], request.match_info["slot"]
    await site.orders.give(visitor.person.name, node, OrderKind.RECYCLE, slot)
    tell(request, _("The worker finishes its calls; a fresh one takes its place."))
    raise web.HTTPSeeOther("/live")
