"""The passkeys of who is logged in: set up and named; `second_factors` removes them."""

from __future__ import annotations

from collections.abc import Awaitable

import structlog
from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import PageModule
from ivr.console.door.guard import REFUSED, action
from ivr.console.door.second_step import relying_party
from ivr.console.pages.people import account_page
from ivr.console.pages.prompts import number_of
from ivr.console.pages.second_factors import must_know_password, new_passkey, proof_wanted
from ivr.console.rendering import error_page, tell, words_for
from ivr.console.site import SITE
from ivr.records.account import NotPossible
from ivr.records.factor_changes import ChangeKind, FactorChange
from ivr.records.passkeys import must_be_named
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

log = structlog.get_logger(__name__)

PASSKEY = "/me/passkeys/{number:[0-9]+}"


def routes() -> list[web.RouteDef]:
    return [
        web.post("/me/passkeys/new", action(Role.VIEWER, _begin)),
        web.post("/me/passkeys", action(Role.VIEWER, _add)),
        web.post(f"{PASSKEY}/name", action(Role.VIEWER, _rename)),
    ]


PAGES: PageModule[Role] = PageModule(routes)


async def _begin(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """With the password, and a second factor where there is one: whoever finds a browser left open
    takes no account over with it."""
    site, party = request.app[SITE], relying_party(request)
    if site.passkeys.factor is None or party is None:
        return error_page(request, 404, visitor)
    label, _ = form.text("label"), words_for(request)
    try:
        await must_know_password(request, visitor, form)
        must_be_named(label)
        if visitor.person.has_second_factor:
            change = FactorChange(ChangeKind.NEW_PASSKEY, label)
            return await proof_wanted(request, visitor, change)
        return await new_passkey(request, visitor, label, party)
    except NotPossible as refusal:
        tell(request, refusal.message(_), bad=True)
        return await account_page(request, visitor, label=label, status=REFUSED)


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


async def _done(request: web.Request, change: Awaitable[None]) -> web.Response:
    _ = words_for(request)
    try:
        await change
    except NotPossible as refusal:
        tell(request, refusal.message(_), bad=True)
    else:
        tell(request, _("Done."))
    raise web.HTTPSeeOther("/me")
