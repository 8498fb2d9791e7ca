"""All lanes at a glance for officers, live; a lane is closed and opened on a page of its own."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.crossing.boards import Look
from rocars.crossing.officers import OfficerRole, OfficerVisitor
from rocars.crossing.overrides import NotPossible
from rocars.crossing.web.site import ACCESS, NOTICES, ROOT, SITE, WORDS, render
from rocars.crossing.web.stream import stream


async def _page(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    return await _show(request, visitor, "lanes.html.j2")


async def _table(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    return await _show(request, visitor, "lanes_now.html.j2")


async def _show(request: web.Request, visitor: OfficerVisitor, template: str) -> web.StreamResponse:
    site = request.app[SITE]
    views = await site.lanes.views()
    return render(
        request,
        template,
        visitor,
        views=views.values(),
        points={view.lane.control_point: site.lanes.point(view.lane) for view in views.values()},
        waiting=await site.overrides.waiting(),
        stale_ms=int(site.settings.board_stale_s * 1000),
    )


async def _events(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    """What tells the page that its table is no longer as it was."""

    def shown(look: Look) -> list[tuple[str, bool, int | None, str]]:
        return [
            (code, view.open, view.passage, str(view.changed_at))
            for code, view in look.lanes.items()
        ]

    return await stream(request, request.app[SITE].boards, shown)


async def _lane(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    site = request.app[SITE]
    lane = site.lanes.lane(request.match_info["lane"])
    view = (await site.lanes.views())[lane.code]
    return render(request, "lane.html.j2", visitor, view=view, point=site.lanes.point(lane))


async def _set(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = WORDS.words_for(request)
    lane = site.lanes.lane(request.match_info["lane"])
    opens = form.text("set") == "open"
    try:
        await site.overrides.set_lane(
            visitor.name, lane.code, is_open=opens, reason=form.text("reason")
        )
    except NotPossible as why:
        NOTICES.tell(request, _(str(why)), bad=True)
        raise web.HTTPSeeOther(f"{ROOT}/lanes/{lane.code}") from None
    NOTICES.tell(request, _("The lane is open.") if opens else _("The lane is closed."))
    raise web.HTTPSeeOther(f"{ROOT}/lanes")


LANES: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/lanes", ACCESS.page(OfficerRole.OFFICER, _page)),
        web.get("/lanes/now", ACCESS.page(OfficerRole.OFFICER, _table)),
        web.get("/lanes/events", ACCESS.page(OfficerRole.OFFICER, _events)),
        web.get("/lanes/{lane}", ACCESS.page(OfficerRole.OFFICER, _lane)),
        web.post("/lanes/{lane}", ACCESS.action(OfficerRole.OFFICER, _set)),
    ],
    (Entry(f"{ROOT}/lanes", "Lanes", OfficerRole.OFFICER),),
)
