"""Is all well? The health of this node as a person reads it."""

from __future__ import annotations

import asyncio
import shutil

from aiohttp import web

from ground.web.navigation import Entry, PageModule
from ivr.console.door.guard import page
from ivr.console.rendering import render
from ivr.console.site import SITE
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

LOW_DISK = 0.1
"""Less than this share of the disk free is said."""


def routes() -> list[web.RouteDef]:
    return [web.get("/wellbeing", page(Role.VIEWER, _wellbeing))]


PAGES = PageModule(routes, (Entry("/wellbeing", "Health", Role.VIEWER),))


async def _wellbeing(request: web.Request, visitor: Visitor) -> web.Response:
    site = request.app[SITE]
    loop = asyncio.get_running_loop()
    began = loop.time()
    await site.records.ping()
    database_ms = (loop.time() - began) * 1000
    disk = await asyncio.to_thread(shutil.disk_usage, site.settings.node.data)
    return render(
        request,
        "wellbeing.html.j2",
        visitor,
        health=site.look(),
        database_ms=database_ms,
        database=site.settings.records_url.partition("+")[0],
        disk=disk,
        low_disk=disk.free / disk.total < LOW_DISK,
        coverage=await site.studio.coverage(),
    )
