"""Where people are logged in, and how long they still are."""

from __future__ import annotations

from collections.abc import Awaitable

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import PageModule
from ivr.console.door.guard import action, page
from ivr.console.pages.people import PERSON
from ivr.console.rendering import error_page, lasts, render, tell, words_for
from ivr.console.site import SITE
from ivr.records.account import NotPossible
from ivr.records.roles import Role
from ivr.records.visitor import Visitor


def routes() -> list[web.RouteDef]:
    return [
        web.get("/session", page(Role.VIEWER, _how_long, polled=True)),
        web.post("/session", action(Role.VIEWER, _prolong)),
        web.post("/me/sessions/end", action(Role.VIEWER, _end_own)),
        web.post("/me/sessions/end-all", action(Role.VIEWER, _end_all_own)),
        web.get(f"{PERSON}/sessions", page(Role.ADMINISTRATOR, _of_person)),
        web.post(f"{PERSON}/sessions/end", action(Role.ADMINISTRATOR, _end)),
        web.post(f"{PERSON}/sessions/end-all", action(Role.ADMINISTRATOR, _end_all)),
    ]


PAGES: PageModule[Role] = PageModule(routes)


async def _how_long(request: web.Request, visitor: Visitor) -> web.Response:
    """Asked by the page before it warns: in another window the session may have been used."""
    return web.json_response(lasts(request, visitor))


async def _prolong(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """Somebody says that they are still there. That they asked is all it takes."""
    return web.json_response(lasts(request, visitor))


async def _end_own(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    name = visitor.person.name
    await _try(request, request.app[SITE].people.sessions.end(name, name, form.text("session")))
    raise web.HTTPSeeOther("/me")


async def _end_all_own(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    """This one too, so the way leads to the log-in page."""
    name = visitor.person.name
    await _try(request, request.app[SITE].people.sessions.end_all(name, name))
    raise web.HTTPSeeOther("/login")


async def _of_person(request: web.Request, visitor: Visitor) -> web.Response:
    people, name = request.app[SITE].people, request.match_info["name"]
    person = await people.accounts.by_name(name)
    if person is None:
        return error_page(request, 404, visitor)
    sessions = await people.sessions.of(name)
    return render(request, "sessions.html.j2", visitor, person=person, sessions=sessions)


async def _end(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    sessions, name = request.app[SITE].people.sessions, request.match_info["name"]
    await _try(request, sessions.end(visitor.person.name, name, form.text("session")))
    raise web.HTTPSeeOther(f"/people/{name}/sessions")


async def _end_all(request: web.Request, visitor: Visitor, form: Form) -> web.Response:
    sessions, name = request.app[SITE].people.sessions, request.match_info["name"]
    await _try(request, sessions.end_all(visitor.person.name, name))
    raise web.HTTPSeeOther(f"/people/{name}/sessions")


async def _try(request: web.Request, ending: Awaitable[None]) -> None:
    _ = words_for(request)
    try:
        await ending
    except NotPossible as refusal:
        tell(request, refusal.message(_), bad=True)
    else:
        tell(request, _("Done."))
