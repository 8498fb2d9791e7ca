"""One passage with all that is held of it, and what an officer decides about it."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import PageModule
from rocars.crossing.officers import OfficerRole, OfficerVisitor
from rocars.crossing.overrides import Deed, NotPossible
from rocars.crossing.web.site import ACCESS, NOTICES, ROOT, SITE, WORDS, failure, render

_A_NUMBER = "{number:[0-9]{1,9}}"


async def _page(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    number = int(request.match_info["number"])
    seen = await request.app[SITE].overrides.view(visitor.name, number)
    if seen is None:
        return failure(request, 404, visitor)
    return render(request, "passage.html.j2", visitor, seen=seen, passage=seen.passage)


async def _decide(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = WORDS.words_for(request)
    number = int(request.match_info["number"])
    try:
        deed = Deed(form.text("deed"))
    except ValueError:
        raise web.HTTPBadRequest(text="The form could not be read.") from None
    try:
        await site.overrides.decide(
            visitor.name, number, deed, form.text("reason"), form.text("mark")
        )
    except NotPossible as why:
        NOTICES.tell(request, _(str(why)), bad=True)
        raise web.HTTPSeeOther(f"{ROOT}/passages/{number}") from None
    NOTICES.tell(request, _("Decided, and written down."))
    raise web.HTTPSeeOther(f"{ROOT}/lanes")


async def _picture(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    kept = await request.app[SITE].overrides.picture(int(request.match_info["number"]))
    if kept is None:
        return failure(request, 404, visitor)
    return web.Response(body=kept.content, content_type=kept.content_type)


PASSAGE: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get(f"/passages/{_A_NUMBER}", ACCESS.page(OfficerRole.OFFICER, _page)),
        web.post(f"/passages/{_A_NUMBER}", ACCESS.action(OfficerRole.OFFICER, _decide)),
        web.get(f"/pictures/{_A_NUMBER}", ACCESS.page(OfficerRole.OFFICER, _picture)),
    ]
)
