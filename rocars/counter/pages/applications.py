"""The queue of applications, and one of them: asked about, approved, or refused with a reason."""

from __future__ import annotations

from collections.abc import Awaitable

from aiohttp import web

from ground.web.forms import Form, number_in
from ground.web.navigation import Entry, PageModule
from rocars.counter import texts
from rocars.counter.site import NOTICES, ROOT, SITE, action, failure, page, render, words_for
from rocars.crossing.officers import OfficerRole, OfficerVisitor
from rocars.registry.applications import A_PAGE, OPEN
from rocars.registry.deeds import NotPossible

_NUMBER = "{number:[0-9]{1,9}}"
_CARRIERS = ("soft", "device")


async def _queue(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    desk = request.app[SITE]
    state, counter = request.query.get("state", ""), request.query.get("counter", "")[:16]
    after = number_in(request.query.get("after", "")) or 0
    found = await desk.applications.queue(
        (state,) if state in texts.STATES else OPEN, counter, after
    )
    return render(
        request,
        "queue.html.j2",
        visitor,
        found=found,
        counts=await desk.applications.counts(),
        states=tuple(texts.STATES),
        state=state,
        counter=counter,
        after=found[-1].id if len(found) == A_PAGE else 0,
    )


async def _show(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    desk = request.app[SITE]
    seen = await desk.applications.look(visitor.name, int(request.match_info["number"]))
    if seen is None:
        return failure(request, 404, visitor)
    return render(
        request,
        "application.html.j2",
        visitor,
        seen=seen,
        data=seen.data,
        open=seen.state in OPEN,
        on_record=await desk.registrants.on_record(seen.data.registration_number),
        deeds=await desk.log.deeds(seen.reference),
    )


async def _approve(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    desk = request.app[SITE]
    _ = words_for(request)
    number, version = _named(request, form)
    carrier = form.text("tokens")
    try:
        given = await desk.approval.approve(
            visitor.name,
            number,
            version,
            carrier if carrier in _CARRIERS else "soft",
            on_record=form.text("on_record") == "yes",
        )
    except NotPossible as why:
        NOTICES.tell(request, why.message(_), bad=True)
        raise web.HTTPSeeOther(f"{ROOT}/applications/{number}") from None
    text = _("Approved. Packs to be printed: %(ids)s.") % {"ids": " ".join(given)}
    NOTICES.tell(request, text if given else _("Approved. There is no pack to print."))
    raise web.HTTPSeeOther(f"{ROOT}/packs")


async def _ask(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    number, version = _named(request, form)
    asking = request.app[SITE].applications.ask(visitor.name, number, version, form.text("reason"))
    return await _answered(request, number, asking, "asked")


async def _refuse(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    number, version = _named(request, form)
    refusing = request.app[SITE].applications.refuse(
        visitor.name, number, version, form.text("reason")
    )
    return await _answered(request, number, refusing, "refused")


async def _answered(
    request: web.Request, number: int, answering: Awaitable[None], done: str
) -> web.StreamResponse:
    _ = words_for(request)
    try:
        await answering
    except NotPossible as why:
        NOTICES.tell(request, why.message(_), bad=True)
        raise web.HTTPSeeOther(f"{ROOT}/applications/{number}") from None
    NOTICES.tell(request, _(texts.DONE[done]))
    raise web.HTTPSeeOther(f"{ROOT}/queue")


def _named(request: web.Request, form: Form) -> tuple[int, int]:
    """The application of the address, and its version as the officer saw it."""
    return int(request.match_info["number"]), number_in(form.text("version")) or 0


APPLICATIONS: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/queue", page(OfficerRole.REGISTRAR, _queue)),
        web.get(f"/applications/{_NUMBER}", page(OfficerRole.REGISTRAR, _show)),
        web.post(f"/applications/{_NUMBER}/approve", action(OfficerRole.REGISTRAR, _approve)),
        web.post(f"/applications/{_NUMBER}/ask", action(OfficerRole.REGISTRAR, _ask)),
        web.post(f"/applications/{_NUMBER}/refuse", action(OfficerRole.REGISTRAR, _refuse)),
    ],
    (Entry(f"{ROOT}/queue", "Applications", OfficerRole.REGISTRAR),),
)
