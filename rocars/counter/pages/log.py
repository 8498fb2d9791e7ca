"""The log of registration: who did what, when and why."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import number_in
from ground.web.navigation import Entry, PageModule
from rocars.counter.site import ROOT, SITE, page, render
from rocars.crossing.officers import OfficerRole, OfficerVisitor
from rocars.registry.deeds import A_PAGE


async def _list(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    subject = request.query.get("subject", "").strip()[:40]
    before = number_in(request.query.get("before", "")) or 0
    deeds = await request.app[SITE].log.deeds(subject, before)
    return render(
        request,
        "log.html.j2",
        visitor,
        deeds=deeds,
        subject=subject,
        before=deeds[-1].id if len(deeds) == A_PAGE else 0,
    )


LOG: PageModule[OfficerRole] = PageModule(
    lambda: [web.get("/log", page(OfficerRole.REGISTRAR, _list))],
    (Entry(f"{ROOT}/log", "Log", OfficerRole.REGISTRAR),),
)
