"""Logging in and out, and the language of the pages."""

from __future__ import annotations

import structlog
from aiohttp import web

from ground.web.forms import Form, check_same_origin, read_form
from ground.web.lockout import LockedFor
from ground.web.navigation import PageModule
from ground.web.requests import own_path
from ivr.console.door.cookies import drop, kept
from ivr.console.door.entering import DEVICE, agent_of, let_in, locked_out, login_page
from ivr.console.door.guard import ACCESS, action, place_of_request
from ivr.console.door.oidc_ending import leave
from ivr.console.door.second_step import give_code, give_passkey, second_step_page
from ivr.console.rendering import words_for
from ivr.console.site import SITE
from ivr.console.words import WORDS
from ivr.observe import metrics
from ivr.records.database import RecordsUnavailable
from ivr.records.roles import Role
from ivr.records.second_factor import CodeWanted, SecondFactorAway
from ivr.records.visitor import Visitor

log = structlog.get_logger(__name__)


def routes() -> list[web.RouteDef]:
    return [
        web.get("/login", _page),
        web.post("/login", _log_in),
        web.post("/login/code", give_code),
        web.post("/login/passkey", give_passkey),
        web.post("/language", _choose_language),
        web.post("/logout", action(Role.VIEWER, _log_out)),
    ]


async def _page(request: web.Request) -> web.StreamResponse:
    return login_page(request, own_path(request.query.get("next", "/")))


async def _log_in(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    check_same_origin(request, site.rules.public_url)
    _ = words_for(request)
    address = place_of_request(request)
    form = await read_form(request)
    name, there = form.text("name").lower(), own_path(form.text("next"))
    if not site.throttle.allows(address):
        metrics.console_logins_total.labels("throttled").inc()
        problem = _("Too many log-ins from your address. Wait a minute.")
        return login_page(request, there, problem, 429, name)
    device = kept(request, DEVICE)
    try:
        password, agent = form.fields.get("password", ""), agent_of(request)
        visitor = await site.people.log_in(name, password, address, device, agent)
    except LockedFor as locked:
        return login_page(request, there, locked_out(request, locked), 429, name)
    except CodeWanted as wanted:
        return await second_step_page(request, there, wanted.ticket)
    except SecondFactorAway as failure:
        log.error("the second factor cannot be checked", why=str(failure))
        problem = _("The second factor cannot be checked: its key is missing.")
        return login_page(request, there, problem, 503, name)
    except RecordsUnavailable:
        problem = _("The database is not available. Nobody can log in now.")
        return login_page(request, there, problem, 503, name)
    if visitor is None:
        metrics.console_logins_total.labels("refused").inc()
        return login_page(request, there, _("Name or password is wrong."), 403, name)
    raise await let_in(request, visitor, there)


async def _log_out(request: web.Request, visitor: Visitor, form: Form) -> web.StreamResponse:
    begun = await request.app[SITE].people.log_out(visitor.token, visitor.person.name)
    page = await leave(request, begun) if begun is not None else None
    answer = page if page is not None else web.HTTPSeeOther("/login")
    drop(request, answer, ACCESS.cookie)
    if isinstance(answer, web.HTTPException):
        raise answer
    return answer


async def _choose_language(request: web.Request) -> web.StreamResponse:
    return await WORDS.choose(request, request.app[SITE].rules.public_url)


PAGES: PageModule[Role] = PageModule(routes)
