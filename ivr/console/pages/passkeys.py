"""The passkeys of who is logged in: set up, named, removed."""

from __future__ import annotations

from collections.abc import Awaitable

import structlog
from aiohttp import web

from ground.web.forms import Form
from ground.web.lockout import LockedFor
from ground.web.navigation import PageModule
from ivr.console.door.guard import REFUSED, action
from ivr.console.door.second_step import relying_party
from ivr.console.pages.people import account_page
from ivr.console.pages.prompts import number_of
from ivr.console.rendering import error_page, render, tell, words_for
from ivr.console.site import SITE
from ivr.records.account import NotPossible
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

log = structlog.get_logger(__name__)

_TOO_MANY = "Too many wrong passwords. Wait a while."

PASSKEY = "/me/passkeys/{number:[0-9]+}"


def routes() -> list[web.RouteDef]:
    return [
        web.post("/me/passkeys/new", action(Role.VIEWER, _begin)),
        web.post("/me/passkeys", action(Role.VIEWER, _add)),
        web.post(f"{PASSKEY}/name", action(Role.VIEWER, _rename)),
        web.post(f"{PASSKEY}/remove", action(Role.VIEWER, _remove)),
    ]


PAGES: PageModule[Role] = PageModule(routes)


async def _begin(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """With the password: whoever finds a browser left open takes no account over with it."""
    site, party = request.app[SITE], relying_party(request)
    if site.passkeys.factor is None or party is None:
        return error_page(request, 404, visitor)
    label, _ = form.text("label"), words_for(request)
    try:
        await _must_prove(request, visitor, form)
        new = await site.passkeys.begin(visitor.person, label, party)
    except NotPossible as refusal:
        tell(request, refusal.message(_), bad=True)
        return await account_page(request, visitor, label=label, status=REFUSED)
    return render(request, "passkey.html.j2", visitor, new=new, label=label)


async def _add(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, party, _ = request.app[SITE], relying_party(request), words_for(request)
    if site.passkeys.factor is None or party is None:
        return error_page(request, 404, visitor)
    ticket, credential = form.text("ticket"), form.text("credential")
    try:
        await site.passkeys.add(visitor.person.name, ticket, credential, party)
    except NotPossible as refusal:
        log.warning("a passkey was not taken", why=str(refusal), cause=str(refusal.__cause__))
        tell(request, refusal.message(_), bad=True)
    else:
        tell(request, _("From now on a passkey is asked for at log-in, after the password."))
    raise web.HTTPSeeOther("/me")


async def _rename(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    passkeys, number = request.app[SITE].passkeys, number_of(request, "number")
    return await _done(request, passkeys.rename(visitor.person.name, number, form.text("label")))


async def _remove(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, number = request.app[SITE], number_of(request, "number")
    needed = visitor.person.role in site.rules.second_factor_roles

    async def remove() -> None:
        await _must_prove(request, visitor, form)
        await site.passkeys.remove(visitor.person.name, number, needed=needed)

    return await _done(request, remove())


async def _must_prove(request: web.Request, visitor: Visitor, form: Form) -> None:
    """That they know their password. Raises NotPossible."""
    people = request.app[SITE].people
    try:
        proved = await people.proves(visitor.person.name, form.fields.get("old", ""))
    except LockedFor:
        raise NotPossible(_TOO_MANY) from None
    if not proved:
        raise NotPossible("the password of today is wrong")


async def _done(request: web.Request, change: Awaitable[None]) -> web.Response:
    _ = words_for(request)
    try:
        await change
    except NotPossible as refusal:
        tell(request, refusal.message(_), bad=True)
    else:
        tell(request, _("Done."))
    raise web.HTTPSeeOther("/me")
