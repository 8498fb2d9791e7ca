"""Every page and every action says who may use it; there is no other way to have a route."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from ground.web.access import Access, Action, Handler, Page, is_polled
from ground.web.forms import LARGEST_FORM, Form
from ground.web.requests import address_of
from ivr.console.rendering import error_page
from ivr.console.site import SITE
from ivr.console.visiting import VISITOR
from ivr.records.audit import deeds_from
from ivr.records.database import RecordsUnavailable
from ivr.records.people_tables import Person
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

COOKIE = "rocars_console"

REFUSED = 422
"""Status of a page that is shown again, since what was typed on it cannot be taken (RFC 9110)."""

_BEFORE_ALL_ELSE = (
    *("/me", "/me/password", "/me/second-factor", "/me/second-factor/new", "/logout"),
    *("/me/passkeys", "/me/passkeys/new", "/session", "/me/sessions/end", "/me/sessions/end-all"),
)
"""What somebody may do whose password is still somebody else's choice, or whose role has to set up
a second factor."""


async def _visitor(request: web.Request, token: str) -> Visitor | None:
    visitor = await request.app[SITE].people.visitor(token, seen=not is_polled(request))
    if visitor is not None:
        request[VISITOR] = visitor
    return visitor


ACCESS: Access[Visitor, Role] = Access(
    cookie=COOKIE,
    visitor=_visitor,
    may=lambda visitor, needed: visitor.person.role.may(needed),
    public_url=lambda request: request.app[SITE].rules.public_url,
    failure=error_page,
    unavailable=RecordsUnavailable,
)


def place_of_request(request: web.Request) -> str:
    """Where somebody is, as the audit log says it."""
    rules = request.app[SITE].rules
    return address_of(request, rules.public_url, rules.trusted_proxies)


def page(needed: Role, show: Page[Visitor], *, polled: bool = False) -> Handler:
    """A page for those who may do what `needed` may; `polled`: a page asks for it by itself."""

    async def shown(request: web.Request, visitor: Visitor) -> web.StreamResponse:
        _first_things_first(request, visitor)
        with deeds_from(address=place_of_request(request)):
            return await show(request, visitor)

    return ACCESS.page(needed, shown, polled=polled)


def action(
    needed: Role,
    do: Action[Visitor],
    *,
    largest: Callable[[web.Request], int] = lambda _: LARGEST_FORM,
) -> Handler:
    """Something that changes things: a form of ours, of somebody who may do it."""

    async def done(request: web.Request, visitor: Visitor, form: Form) -> web.StreamResponse:
        _first_things_first(request, visitor)
        with deeds_from(address=place_of_request(request)):
            return await do(request, visitor, form)

    return ACCESS.action(needed, done, largest=largest)


def _first_things_first(request: web.Request, visitor: Visitor) -> None:
    """A password that somebody else has chosen is changed, and a second factor that the role needs
    is set up, before anything is seen."""
    person = visitor.person
    needed = needs_second_factor(request, person)
    unready = person.must_change or (needed and not person.has_second_factor)
    if unready and request.path not in _BEFORE_ALL_ELSE:
        raise web.HTTPSeeOther("/me")


def needs_second_factor(request: web.Request, person: Person) -> bool:
    """Whether the role of an account asks for one. Whom the provider lets in, it has asked for
    theirs."""
    return person.role in request.app[SITE].rules.second_factor_roles and person.issuer is None
