"""Logging in and out, and the language of the pages."""

from __future__ import annotations

from datetime import timedelta

import structlog
from aiohttp import web

from ground.web.forms import Form, check_same_origin, read_form
from ground.web.lockout import LockedFor
from ground.web.navigation import PageModule
from ground.web.requests import is_secure, own_path
from ivr.console.door.cookies import keep, kept
from ivr.console.door.guard import ACCESS, action, place_of_request
from ivr.console.rendering import render, words_for
from ivr.console.site import SITE
from ivr.console.words import WORDS
from ivr.observe import metrics
from ivr.records.database import RecordsUnavailable
from ivr.records.known_devices import DEVICE_KNOWN
from ivr.records.roles import Role
from ivr.records.second_factor import CodeWanted, SecondFactorAway
from ivr.records.visitor import Visitor

log = structlog.get_logger(__name__)

DEVICE = "rocars_device"
"""Cookie by which a browser is known that has logged in before."""


def routes() -> list[web.RouteDef]:
    return [
        web.get("/login", _page),
        web.post("/login", _log_in),
        web.post("/login/code", _give_code),
        web.post("/language", _choose_language),
        web.post("/logout", action(Role.VIEWER, _log_out)),
    ]


async def _page(request: web.Request) -> web.StreamResponse:
    return _asked(request, own_path(request.query.get("next", "/")))


def _asked(
    request: web.Request, there: str, problem: str = "", status: int = 200, name: str = ""
) -> web.Response:
    return render(
        request, "login.html.j2", None, status=status, problem=problem, next=there, name=name
    )


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
        return _asked(request, there, problem, 429, name)
    device = kept(request, DEVICE)
    try:
        password, agent = form.fields.get("password", ""), _agent(request)
        visitor = await site.people.log_in(name, password, address, device, agent)
    except LockedFor as locked:
        metrics.console_logins_total.labels("locked").inc()
        minutes = max(1, round(locked.seconds / 60))
        problem = _("Too many log-ins failed with this name. It is locked for %(minutes)d min.")
        return _asked(request, there, problem % {"minutes": minutes}, 429, name)
    except CodeWanted as wanted:
        return _asked_for_code(request, there, wanted.ticket)
    except SecondFactorAway as failure:
        log.error("the second factor cannot be checked", why=str(failure))
        problem = _("The second factor cannot be checked: its key is missing.")
        return _asked(request, there, problem, 503, name)
    except RecordsUnavailable:
        problem = _("The database is not available. Nobody can log in now.")
        return _asked(request, there, problem, 503, name)
    if visitor is None:
        metrics.console_logins_total.labels("refused").inc()
        return _asked(request, there, _("Name or password is wrong."), 403, name)
    raise _let_in(request, visitor, there)


def _asked_for_code(
    request: web.Request, there: str, ticket: str, problem: str = "", status: int = 200
) -> web.Response:
    return render(
        request, "code.html.j2", None, status=status, problem=problem, next=there, ticket=ticket
    )


async def _give_code(request: web.Request) -> web.StreamResponse:
    """The second step: the code of the authenticator."""
    site, _ = request.app[SITE], words_for(request)
    check_same_origin(request, site.rules.public_url)
    address = place_of_request(request)
    form = await read_form(request)
    ticket, there = form.text("ticket"), own_path(form.text("next"))
    if not site.throttle.allows(address):
        problem = _("Too many log-ins from your address. Wait a minute.")
        return _asked_for_code(request, there, ticket, problem, 429)
    device = kept(request, DEVICE)
    try:
        code, agent = form.text("code"), _agent(request)
        visitor = await site.people.with_code(ticket, code, address, device, agent)
    except LockedFor as locked:
        metrics.console_logins_total.labels("locked").inc()
        minutes = max(1, round(locked.seconds / 60))
        problem = _("Too many log-ins failed with this name. It is locked for %(minutes)d min.")
        return _asked_for_code(request, there, ticket, problem % {"minutes": minutes}, 429)
    except (SecondFactorAway, RecordsUnavailable) as failure:
        log.error("the second factor cannot be checked", why=str(failure))
        return _asked(request, there, _("Nobody can log in now. It was written to the log."), 503)
    if visitor is None:
        metrics.console_logins_total.labels("refused").inc()
        problem = _("The code is wrong, was used before, or came too late. Wait for the next.")
        return _asked_for_code(request, there, ticket, problem, 403)
    raise _let_in(request, visitor, there)


def _let_in(request: web.Request, visitor: Visitor, there: str) -> web.HTTPSeeOther:
    site = request.app[SITE]
    metrics.console_logins_total.labels("good").inc()
    answer = web.HTTPSeeOther(there)
    keep(request, answer, ACCESS.cookie, visitor.token, site.rules.session_hours * 3600)
    keep(request, answer, DEVICE, visitor.device, DEVICE_KNOWN / timedelta(seconds=1))
    return answer


def _agent(request: web.Request) -> str:
    """What the browser says that it is, without bytes that are no text."""
    given = request.headers.get("User-Agent", "")
    return "".join(letter for letter in given if letter.isprintable())


async def _log_out(request: web.Request, visitor: Visitor, form: Form) -> web.StreamResponse:
    await request.app[SITE].people.log_out(visitor.token, visitor.person.name)
    answer = web.HTTPSeeOther("/login")
    answer.del_cookie(
        ACCESS.cookie_name(request),
        path="/",
        secure=is_secure(request, request.app[SITE].rules.public_url),
    )
    raise answer


async def _choose_language(request: web.Request) -> web.StreamResponse:
    return await WORDS.choose(request, request.app[SITE].rules.public_url)


PAGES: PageModule[Role] = PageModule(routes)
