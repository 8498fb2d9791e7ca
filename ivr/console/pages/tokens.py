"""Tokens with which programs come to the API: made, shown once, revoked by administrators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from ivr.console.door.guard import REFUSED, action, page
from ivr.console.pages.prompts import number_of
from ivr.console.rendering import render, tell, words_for
from ivr.console.site import SITE
from ivr.records.api_tokens import LONGEST_NAME, NewToken, TokenRefused
from ivr.records.facts import now
from ivr.records.hong_kong import HONG_KONG, hong_kong_day
from ivr.records.roles import Role
from ivr.records.token_tables import Scope
from ivr.records.visitor import Visitor

USUAL = timedelta(days=365)
"""How long a new token is good, unless somebody says otherwise."""


def routes() -> list[web.RouteDef]:
    return [
        web.get("/tokens", page(Role.ADMINISTRATOR, _tokens)),
        web.post("/tokens", action(Role.ADMINISTRATOR, _make)),
        web.post("/tokens/{number:[0-9]+}/revoke", action(Role.ADMINISTRATOR, _revoke)),
    ]


PAGES = PageModule(routes, (Entry("/tokens", "Tokens", Role.ADMINISTRATOR),))


async def _tokens(request: web.Request, visitor: Visitor) -> web.Response:
    return await _shown(request, visitor)


async def _shown(
    request: web.Request,
    visitor: Visitor,
    *,
    made: NewToken | None = None,
    typed: Mapping[str, str] = MappingProxyType({}),
    status: int = 200,
) -> web.Response:
    """`made` is shown this once; `typed` is what could not be taken."""
    return render(
        request,
        "tokens.html.j2",
        visitor,
        tokens=await request.app[SITE].tokens.all(),
        at=now(),
        made=made,
        scopes=list(Scope),
        longest_name=LONGEST_NAME,
        until=(hong_kong_day(now()) + USUAL).isoformat(),
        typed=typed,
        status=status,
    )


async def _make(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    tokens, name = request.app[SITE].tokens, form.text("name")
    scopes = [scope for scope in Scope if form.text(f"scope_{scope}")]
    try:
        made = await tokens.make(visitor.person.name, name, scopes, _until(form))
    except TokenRefused as refusal:
        tell(request, refusal.message(words_for(request)), bad=True)
        return await _shown(request, visitor, typed=form.fields, status=REFUSED)
    return await _shown(request, visitor, made=made)


def _until(form: Form) -> datetime | None:
    """The end of the last day, of Hong Kong; None for what is no day."""
    try:
        day = date.fromisoformat(form.text("until"))
        return datetime.combine(day, time(), HONG_KONG) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


async def _revoke(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    _ = words_for(request)
    try:
        await request.app[SITE].tokens.revoke(visitor.person.name, number_of(request, "number"))
    except TokenRefused as refusal:
        tell(request, refusal.message(_), bad=True)
    else:
        tell(request, _("Done."))
    raise web.HTTPSeeOther("/tokens")
