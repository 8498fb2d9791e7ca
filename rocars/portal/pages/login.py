"""Logging in and out, the language of the pages, and the first page."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ground.web.forms import Form, check_same_origin, read_form
from ground.web.navigation import PageModule
from ground.web.requests import is_secure, own_path
from rocars.entrance.web_login import WebVisitor
from rocars.portal.guard import ACCESS, action, page
from rocars.portal.rendering import WORDS, render, words_for
from rocars.portal.site import SITE
from rocars.refusals import Code, Problem
from rocars.typed import number

FIRST_PAGES = {"shipper": "/consignments", "driver": "/bundles"}


def routes() -> list[web.RouteDef]:
    return [
        web.get("/", page("any", _first_page)),
        web.get("/login", _page),
        web.post("/login", _log_in),
        web.post("/language", _choose_language),
        web.post("/logout", action("any", _log_out)),
    ]


async def _first_page(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    raise web.HTTPSeeOther(FIRST_PAGES[visitor.role])


async def _page(request: web.Request) -> web.StreamResponse:
    return _asked(request)


def _asked(
    request: web.Request, problem: str = "", status: int = 200, *, form: Form | None = None
) -> web.Response:
    """With what was sent before, but for the password."""
    there = form.text("next") if form is not None else request.query.get("next", "/")
    return render(
        request,
        "login.html.j2",
        None,
        status=status,
        problem=problem,
        next=own_path(there),
        user_id=form.text("user_id")[:32] if form is not None else "",
    )


async def _log_in(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    check_same_origin(request, site.public_url)
    _ = words_for(request)
    address = site.address_of(request)
    form = await read_form(request)
    if not await site.throttle.allows(address):
        problem = _("Too many log-ins from your address. Wait a minute.")
        return _asked(request, problem, 429, form=form)
    try:
        token = await site.service.web_login.log_in(
            number(form.text("user_id")[:32]), form.fields.get("password", "")[:256], address
        )
    except Problem as refused:
        if refused.code is Code.LOGIN_LOCKED:
            minutes = site.service.settings.auth.lock_minutes
            text = _("Too many log-ins failed. Wait %(minutes)d minutes.") % {"minutes": minutes}
            return _asked(request, text, 429, form=form)
        return _asked(request, _("User ID or password is wrong."), 403, form=form)
    except SQLAlchemyError:
        problem = _("The database is not available. Nobody can log in now.")
        return _asked(request, problem, 503, form=form)
    answer = web.HTTPSeeOther(own_path(form.text("next")))
    answer.set_cookie(
        ACCESS.cookie_name(request),
        token,
        httponly=True,
        samesite="Lax",
        secure=is_secure(request, site.public_url),
        path="/",
        max_age=int(site.service.settings.portal.session_hours * 3600),
    )
    raise answer


async def _log_out(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    await request.app[SITE].service.web_login.log_out(visitor.token)
    answer = web.HTTPSeeOther("/login")
    secure = is_secure(request, request.app[SITE].public_url)
    answer.del_cookie(ACCESS.cookie_name(request), path="/", secure=secure)
    raise answer


async def _choose_language(request: web.Request) -> web.StreamResponse:
    return await WORDS.choose(request, request.app[SITE].public_url)


PAGES: PageModule[str] = PageModule(routes)
