"""Logging in and out, and the language of the pages."""

from __future__ import annotations

from aiohttp import web

from ivr.console.door.forms import Form, must_be_ours, read_form
from ivr.console.door.guard import COOKIE, action
from ivr.console.rendering import LANGUAGE_COOKIE, LANGUAGES, render, words_for
from ivr.console.site import SITE, Site
from ivr.observe import metrics
from ivr.records.database import RecordsUnavailable
from ivr.records.people import LockedFor, Visitor
from ivr.records.roles import Role


def routes() -> list[web.RouteDef]:
    return [
        web.get("/login", _page),
        web.post("/login", _log_in),
        web.post("/language", _choose_language),
        web.post("/logout", action(Role.VIEWER, _log_out)),
    ]


async def _page(request: web.Request) -> web.StreamResponse:
    return _asked(request)


def _asked(request: web.Request, problem: str = "", status: int = 200) -> web.Response:
    there = _ours(request.query.get("next", "/"))
    return render(request, "login.html.j2", None, status=status, problem=problem, next=there)


async def _log_in(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    must_be_ours(request, site.rules.public_url)
    _ = words_for(request)
    address = address_of(request, site)
    if not site.throttle.allows(address):
        metrics.console_logins_total.labels("throttled").inc()
        return _asked(request, _("Too many log-ins from your address. Wait a minute."), 429)
    form = await read_form(request)
    name = form.text("name").lower()
    try:
        visitor = await site.people.log_in(name, form.fields.get("password", ""), address)
    except LockedFor as locked:
        metrics.console_logins_total.labels("locked").inc()
        minutes = max(1, round(locked.seconds / 60))
        problem = _("Too many log-ins failed. This account is locked for %(minutes)d min.")
        return _asked(request, problem % {"minutes": minutes}, 429)
    except RecordsUnavailable:
        return _asked(request, _("The database is away. Nobody can log in now."), 503)
    if visitor is None:
        metrics.console_logins_total.labels("refused").inc()
        return _asked(request, _("Name or password is wrong."), 403)
    metrics.console_logins_total.labels("good").inc()
    answer = web.HTTPSeeOther(_ours(form.text("next")))
    answer.set_cookie(
        COOKIE,
        visitor.token,
        httponly=True,
        samesite="Lax",
        secure=secure(request, site),
        path="/",
        max_age=int(site.rules.session_hours * 3600),
    )
    raise answer


async def _log_out(request: web.Request, visitor: Visitor, form: Form) -> web.StreamResponse:
    await request.app[SITE].people.log_out(visitor.token)
    answer = web.HTTPSeeOther("/login")
    answer.del_cookie(COOKIE, path="/")
    raise answer


async def _choose_language(request: web.Request) -> web.StreamResponse:
    """Changes nothing but the look, so it needs no log-in."""
    must_be_ours(request, request.app[SITE].rules.public_url)
    form = await read_form(request)
    chosen = form.text("language")
    answer = web.HTTPSeeOther(_ours(form.text("next")))
    if chosen in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, chosen, samesite="Lax", path="/", max_age=365 * 86400)
    raise answer


def secure(request: web.Request, site: Site) -> bool:
    """Whether the browser speaks TLS with us, or with a proxy before us."""
    return request.secure or site.rules.public_url.startswith("https:")


def address_of(request: web.Request, site: Site) -> str:
    """Where the browser is; what a proxy says is believed of one on this machine alone."""
    peer = request.remote or "?"
    named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    behind_proxy = site.rules.public_url and peer in ("127.0.0.1", "::1")
    return named if behind_proxy and named else peer


def _ours(path: str) -> str:
    """A path of this site; anything else leads to the first page."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or "\n" in path or "\r" in path:
        return "/"
    return path
