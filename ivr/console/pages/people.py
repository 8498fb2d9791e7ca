"""Accounts, and the log of what was done with them. For administrators; the password for each."""

from __future__ import annotations

from collections.abc import Awaitable

from aiohttp import web

from ivr.console.door.forms import Form
from ivr.console.door.guard import action, page
from ivr.console.rendering import render, words_for
from ivr.console.site import SITE
from ivr.records import audit
from ivr.records.people import LockedFor, NotPossible, Visitor
from ivr.records.roles import Role

PERSON = "/people/{name:[a-z0-9._-]+}"


def routes() -> list[web.RouteDef]:
    return [
        web.get("/people", page(Role.ADMINISTRATOR, _people)),
        web.post("/people", action(Role.ADMINISTRATOR, _add)),
        web.post(f"{PERSON}/role", action(Role.ADMINISTRATOR, _set_role)),
        web.post(f"{PERSON}/active", action(Role.ADMINISTRATOR, _set_active)),
        web.post(f"{PERSON}/password", action(Role.ADMINISTRATOR, _set_password)),
        web.post(f"{PERSON}/phone", action(Role.ADMINISTRATOR, _set_phone)),
        web.get("/me", page(Role.VIEWER, _me)),
        web.post("/me/password", action(Role.VIEWER, _own_password)),
        web.get("/audit", page(Role.ADMINISTRATOR, _audit)),
    ]


async def _people(request: web.Request, visitor: Visitor) -> web.Response:
    people = await request.app[SITE].people.all()
    return render(request, "people.html.j2", visitor, people=people, roles=list(Role))


async def _add(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people = request.app[SITE].people
    await _try(
        request,
        visitor,
        people.add(
            visitor.person.name,
            form.text("name").lower(),
            form.text("full_name"),
            _role(form),
            form.fields.get("password", ""),
        ),
    )
    raise web.HTTPSeeOther("/people")


async def _set_role(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    await _try(request, visitor, people.set_role(visitor.person.name, name, _role(form)))
    raise web.HTTPSeeOther("/people")


async def _set_active(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    active = form.text("active") == "yes"
    await _try(request, visitor, people.set_active(visitor.person.name, name, active))
    raise web.HTTPSeeOther("/people")


async def _set_password(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    password = form.fields.get("password", "")
    await _try(request, visitor, people.set_password(visitor.person.name, name, password))
    raise web.HTTPSeeOther("/people")


async def _set_phone(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    changed = people.set_phone(
        visitor.person.name, name, form.text("operator_id"), form.text("pin")
    )
    await _try(request, visitor, changed)
    raise web.HTTPSeeOther("/people")


async def _me(request: web.Request, visitor: Visitor) -> web.Response:
    return render(request, "me.html.j2", visitor)


async def _own_password(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """Whoever finds a browser left open cannot change the password with it."""
    site, _ = request.app[SITE], words_for(request)
    name = visitor.person.name
    try:
        proved = await site.people.proves(name, form.fields.get("old", ""))
    except LockedFor:
        proved = False
    if not proved:
        site.tell(visitor, _("The password of today is wrong."), bad=True)
        raise web.HTTPSeeOther("/me")
    try:
        await site.people.set_password(name, name, form.fields.get("password", ""))
    except NotPossible as refusal:
        site.tell(visitor, _(str(refusal)), bad=True)
        raise web.HTTPSeeOther("/me") from None
    raise web.HTTPSeeOther("/login")


async def _audit(request: web.Request, visitor: Visitor) -> web.Response:
    given = request.query.get("before", "")
    who = request.query.get("who", "").strip()
    before = int(given) if given.isdecimal() and len(given) < 18 else None
    entries = await audit.read(request.app[SITE].records, before=before, who=who)
    return render(request, "audit.html.j2", visitor, entries=entries, who=who)


def _role(form: Form) -> Role:
    given = form.text("role")
    return Role(given) if given in list(Role) else Role.VIEWER


async def _try(request: web.Request, visitor: Visitor, change: Awaitable[object]) -> None:
    site, _ = request.app[SITE], words_for(request)
    try:
        await change
    except NotPossible as refusal:
        site.tell(visitor, _(str(refusal)), bad=True)
    else:
        site.tell(visitor, _("Done."))
