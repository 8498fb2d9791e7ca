"""Accounts, for administrators; for each their own, with its password."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from types import MappingProxyType

from aiohttp import web

from ground.web.forms import Form
from ground.web.lockout import LockedFor
from ground.web.navigation import Entry, PageModule
from ivr.console.door.guard import REFUSED, action, needs_second_factor, page
from ivr.console.door.second_step import relying_party
from ivr.console.rendering import error_page, render, tell, words_for
from ivr.console.site import SITE
from ivr.records.account import NotPossible
from ivr.records.passkeys import LONGEST_NAME
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

PERSON = "/people/{name:[a-z0-9._-]+}"


def routes() -> list[web.RouteDef]:
    return [
        web.get("/people", page(Role.ADMINISTRATOR, _people)),
        web.post("/people", action(Role.ADMINISTRATOR, _add)),
        web.post(f"{PERSON}/role", action(Role.ADMINISTRATOR, _set_role)),
        web.post(f"{PERSON}/active", action(Role.ADMINISTRATOR, _set_active)),
        web.post(f"{PERSON}/password", action(Role.ADMINISTRATOR, _set_password)),
        web.post(f"{PERSON}/phone", action(Role.ADMINISTRATOR, _set_phone)),
        web.post(f"{PERSON}/unlock", action(Role.ADMINISTRATOR, _unlock)),
        web.post(f"{PERSON}/provider", action(Role.ADMINISTRATOR, _hand_over)),
        web.post(f"{PERSON}/local", action(Role.ADMINISTRATOR, _take_back)),
        web.get("/me", page(Role.VIEWER, _me)),
        web.post("/me/password", action(Role.VIEWER, _own_password)),
    ]


PAGES = PageModule(routes, (Entry("/people", "People", Role.ADMINISTRATOR),))


async def _people(request: web.Request, visitor: Visitor) -> web.Response:
    return await _everybody(request, visitor)


async def _everybody(
    request: web.Request,
    visitor: Visitor,
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
    whose: str = "",
    status: int = 200,
) -> web.Response:
    """`typed` is what could not be taken: for the account `whose`, or for a new one."""
    people = request.app[SITE].people
    everybody = await people.accounts.all()
    return render(
        request,
        "people.html.j2",
        visitor,
        people=everybody,
        locked=await people.accounts.locked(everybody),
        roles=list(Role),
        provider=request.app[SITE].rules.oidc,
        typed=typed,
        whose=whose,
        status=status,
    )


async def _add(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """Their first password is good for one log-in: whoever gave it knows it."""
    added = await _try(
        request,
        visitor,
        request.app[SITE].people.accounts.add(
            visitor.person.name,
            form.text("name").lower(),
            form.text("full_name"),
            _role(form),
            form.fields.get("password", ""),
            must_change=True,
        ),
    )
    if added:
        raise web.HTTPSeeOther("/people")
    return await _everybody(request, visitor, typed=form.fields, status=REFUSED)


async def _set_role(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    await _try(request, visitor, people.accounts.set_role(visitor.person.name, name, _role(form)))
    raise web.HTTPSeeOther("/people")


async def _set_active(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    active = form.text("active") == "yes"
    await _try(request, visitor, people.accounts.set_active(visitor.person.name, name, active))
    raise web.HTTPSeeOther("/people")


async def _set_password(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    password = form.fields.get("password", "")
    by = visitor.person.name
    changed = people.accounts.set_password(by, name, password, must_change=name != by)
    await _try(request, visitor, changed)
    raise web.HTTPSeeOther("/people")


async def _unlock(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    await _try(request, visitor, people.accounts.unlock(visitor.person.name, name))
    raise web.HTTPSeeOther("/people")


async def _hand_over(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    site, name = request.app[SITE], request.match_info["name"]
    if not site.rules.oidc.is_on:
        return error_page(request, 404, visitor)
    handing = site.people.accounts.hand_over(visitor.person.name, name, site.rules.oidc.issuer)
    await _try(request, visitor, handing)
    raise web.HTTPSeeOther("/people")


async def _take_back(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    await _try(request, visitor, people.accounts.take_back(visitor.person.name, name))
    raise web.HTTPSeeOther("/people")


async def _set_phone(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    changed = people.accounts.set_phone(
        visitor.person.name, name, form.text("operator_id"), form.text("pin")
    )
    if await _try(request, visitor, changed):
        raise web.HTTPSeeOther("/people")
    return await _everybody(request, visitor, typed=form.fields, whose=name, status=REFUSED)


async def _me(request: web.Request, visitor: Visitor) -> web.Response:
    return await account_page(request, visitor)


async def account_page(
    request: web.Request, visitor: Visitor, *, label: str = "", status: int = 200
) -> web.Response:
    """The page behind one's name; `label`: the name of a passkey that could not be set up."""
    site = request.app[SITE]
    rules = site.rules
    return render(
        request,
        "me.html.j2",
        visitor,
        status=status,
        label=label,
        sessions=await site.people.sessions.of(visitor.person.name),
        possible=bool(rules.second_factor_key.get_secret_value()),
        provider=rules.oidc,
        passkeys=await site.passkeys.of(visitor.person.name),
        changes=await site.people.factors.latest(visitor.person.name),
        party=relying_party(request),
        longest_label=LONGEST_NAME,
        needed=needs_second_factor(request, visitor.person),
    )


async def _own_password(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """Whoever finds a browser left open cannot change the password with it."""
    site, _ = request.app[SITE], words_for(request)
    name = visitor.person.name
    try:
        proved = await site.people.proves(name, form.fields.get("old", ""))
    except LockedFor as locked:
        minutes = max(1, round(locked.seconds / 60))
        problem = _("Too many wrong passwords. Wait %(minutes)d min.")
        tell(request, problem % {"minutes": minutes}, bad=True)
        raise web.HTTPSeeOther("/me") from None
    if not proved:
        tell(request, _("The password of today is wrong."), bad=True)
        raise web.HTTPSeeOther("/me")
    try:
        await site.people.accounts.set_password(name, name, form.fields.get("password", ""))
    except NotPossible as refusal:
        tell(request, refusal.message(_), bad=True)
        raise web.HTTPSeeOther("/me") from None
    raise web.HTTPSeeOther("/login")


def _role(form: Form) -> Role:
    """The least, if none that we know."""
    given = form.text("role")
    return Role(given) if given in list(Role) else Role.VIEWER


async def _try(request: web.Request, visitor: Visitor, change: Awaitable[object]) -> bool:
    """Whether it was done; either way it is told."""
    _ = words_for(request)
    try:
        await change
    except NotPossible as refusal:
        tell(request, refusal.message(_), bad=True)
        return False
    tell(request, _("Done."))
    return True
