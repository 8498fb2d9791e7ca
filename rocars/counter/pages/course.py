"""The trainer's page: who is how far in the courses."""

from __future__ import annotations

from aiohttp import web

from ground.web.navigation import Entry, PageModule
from rocars.counter.site import ROOT, SITE, page, render
from rocars.crossing.officers import OfficerRole, OfficerVisitor


async def _list(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    desk = request.app[SITE]
    trainees = sorted(
        (*await desk.course.trainees(), *await desk.rehearsals.trainees()),
        key=lambda trainee: trainee.progress.begun_at,
        reverse=True,
    )
    return render(request, "course.html.j2", visitor, trainees=trainees)


COURSE: PageModule[OfficerRole] = PageModule(
    lambda: [web.get("/course", page(OfficerRole.REGISTRAR, _list))],
    (Entry(f"{ROOT}/course", "Course", OfficerRole.REGISTRAR),),
)
