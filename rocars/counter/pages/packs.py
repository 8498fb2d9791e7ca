"""Secure packs: printed, one page each, and handed over in person; or void."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.counter.site import NOTICES, ROOT, SITE, action, failure, page, render, words_for
from rocars.crossing.officers import OfficerRole, OfficerVisitor
from rocars.registry.deeds import NotPossible

_NUMBER = "{number:[0-9]{1,9}}"


async def _list(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    counter = request.query.get("counter", "")[:16]
    desk = request.app[SITE]
    packs = await desk.packs.waiting(counter)
    barred = {pack.id for pack in packs if not desk.packs.may_hand_over(visitor.name, pack)}
    return render(request, "packs.html.j2", visitor, packs=packs, counter=counter, barred=barred)


async def _print(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    """The sheet as PDF, made anew with every print and kept nowhere."""
    desk = request.app[SITE]
    try:
        printed = await desk.packs.print_out(visitor.name, int(request.match_info["number"]))
    except NotPossible as why:
        NOTICES.tell(request, why.message(words_for(request)), bad=True)
        raise web.HTTPSeeOther(f"{ROOT}/packs") from None
    if printed is None:
        return failure(request, 404, visitor)
    return web.Response(
        body=desk.sheets.sheet(printed),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="pack-{printed.view.id}.pdf"',
            "Cache-Control": "no-store",
        },
    )


async def _hand_over(
    request: web.Request, visitor: OfficerVisitor, form: Form
) -> web.StreamResponse:
    _ = words_for(request)
    number = int(request.match_info["number"])
    if form.text("seen") != "yes":
        NOTICES.tell(request, _("Look at their proof of identity first, and tick it."), bad=True)
        raise web.HTTPSeeOther(f"{ROOT}/packs")
    try:
        given = await request.app[SITE].packs.hand_over(visitor.name, number, form.text("device"))
    except NotPossible as why:
        NOTICES.tell(request, why.message(_), bad=True)
        raise web.HTTPSeeOther(f"{ROOT}/packs") from None
    if given is None:
        return failure(request, 404, visitor)
    NOTICES.tell(
        request, _("Handed over: %(user_id)s may log in now.") % {"user_id": given.user_id}
    )
    raise web.HTTPSeeOther(f"{ROOT}/packs")


async def _void(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    _ = words_for(request)
    number = int(request.match_info["number"])
    try:
        await request.app[SITE].packs.void(visitor.name, number, form.text("reason"))
    except NotPossible as why:
        NOTICES.tell(request, why.message(_), bad=True)
    else:
        NOTICES.tell(request, _("The pack is void."))
    raise web.HTTPSeeOther(f"{ROOT}/packs")


PACKS: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/packs", page(OfficerRole.REGISTRAR, _list)),
        web.post(f"/packs/{_NUMBER}/print", action(OfficerRole.REGISTRAR, _print)),
        web.post(f"/packs/{_NUMBER}/hand-over", action(OfficerRole.REGISTRAR, _hand_over)),
        web.post(f"/packs/{_NUMBER}/void", action(OfficerRole.REGISTRAR, _void)),
    ],
    (Entry(f"{ROOT}/packs", "Secure packs", OfficerRole.REGISTRAR),),
)
