"""What is wrong, since when, and who was told."""

from __future__ import annotations

from aiohttp import web

from ground.web.navigation import Entry, PageModule
from ivr.console.alerts.delivery import sentence_of
from ivr.console.door.guard import page
from ivr.console.rendering import render
from ivr.console.site import SITE
from ivr.records.facts import now
from ivr.records.roles import Role
from ivr.records.visitor import Visitor


def routes() -> list[web.RouteDef]:
    return [web.get("/alerts", page(Role.VIEWER, _alerts))]


PAGES = PageModule(routes, (Entry("/alerts", "Alerts", Role.VIEWER),))


async def _alerts(request: web.Request, visitor: Visitor) -> web.Response:
    site = request.app[SITE]
    at = now()
    shown = [
        (
            listed.alert,
            sentence_of(listed.alert),
            (listed.alert.over_at or at) - listed.alert.since,
            listed.messages[-3:],
        )
        for listed in await site.alerts.listed()
    ]
    return render(
        request,
        "alerts.html.j2",
        visitor,
        shown=shown,
        channels=site.settings.alerts.channels,
        reports=await site.reports.listed() if site.settings.reports.to else (),
    )
