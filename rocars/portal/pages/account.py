"""The account of who is logged in: another password, and until when their token counts."""

from __future__ import annotations

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import PageModule
from rocars.entrance.web_login import WebVisitor
from rocars.portal.guard import action, page
from rocars.portal.rendering import render, words_for
from rocars.portal.site import SITE
from rocars.refusals import Code, Problem


def routes() -> list[web.RouteDef]:
    return [
        web.get("/me", page("any", _show)),
        web.post("/me/password", action("any", _change)),
    ]


async def _show(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    expires = None
    if visitor.driver_id is not None:
        expires = await request.app[SITE].service.tokens.expires_soon(visitor.driver_id)
    return render(request, "me.html.j2", visitor, token_expires=expires)


async def _change(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    site = request.app[SITE]
    _ = words_for(request)
    try:
        await site.service.web_login.change_password(
            visitor, form.fields.get("old", "")[:256], form.fields.get("password", "")[:300]
        )
    except Problem as refused:
        reasons = {
            Code.LOGIN_REFUSED: _("The password of today is wrong."),
            Code.LOGIN_LOCKED: _("Too many tries. Wait half an hour."),
        }
        weak = _(
            "A password has 12 to 256 characters, and is not the user ID, the password of today "
            "or a few repeated."
        )
        await site.tell(visitor, reasons.get(refused.code, weak), bad=True)
        raise web.HTTPSeeOther("/me") from None
    raise web.HTTPSeeOther("/login")


PAGES: PageModule[str] = PageModule(routes)
